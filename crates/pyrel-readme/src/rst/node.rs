//! The document tree: nodes in one arena, with the attributes that transforms and the writer read.
//!
//! Owns shape and order. It refuses to resolve anything: names and references are the registry's.

use super::escape::unescape;

/// A node's place in the arena.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct NodeId(u32);

/// What a node is; the names are those of the document tree's elements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Abbreviation,
    Acronym,
    Admonition,
    Attribution,
    Author,
    Authors,
    Biblio,
    BlockQuote,
    BulletList,
    Caption,
    Citation,
    CitationReference,
    Classifier,
    Colspec,
    Comment,
    Compound,
    Container,
    Decoration,
    Definition,
    DefinitionList,
    DefinitionListItem,
    Description,
    Docinfo,
    DoctestBlock,
    Document,
    Emphasis,
    Entry,
    EnumeratedList,
    Field,
    FieldBody,
    FieldList,
    FieldName,
    Figure,
    Footer,
    Footnote,
    FootnoteReference,
    Fragment,
    Generated,
    Header,
    Image,
    Inline,
    Label,
    Legend,
    Line,
    LineBlock,
    ListItem,
    Literal,
    LiteralBlock,
    Math,
    MathBlock,
    Meta,
    Option,
    OptionArgument,
    OptionGroup,
    OptionList,
    OptionListItem,
    OptionString,
    Paragraph,
    Pending,
    Problematic,
    Reference,
    Row,
    Rubric,
    Section,
    Sidebar,
    Strong,
    Subscript,
    SubstitutionDefinition,
    SubstitutionReference,
    Subtitle,
    Superscript,
    SystemMessage,
    Table,
    Target,
    Tbody,
    Term,
    Text,
    Tgroup,
    Thead,
    Title,
    TitleReference,
    Topic,
    Transition,
}

/// Names, identifiers, and references of a node, and whatever else only few nodes have.
#[derive(Debug, Clone, Default)]
pub(super) struct Attributes {
    pub(super) ids: Vec<String>,
    pub(super) names: Vec<String>,
    pub(super) dupnames: Vec<String>,
    pub(super) classes: Vec<String>,
    pub(super) refname: Option<String>,
    pub(super) refuri: Option<String>,
    pub(super) refid: Option<String>,
    pub(super) raw: String,
    pub(super) is_anonymous: bool,
    pub(super) auto: Option<char>,
    pub(super) is_resolved: bool,
    pub(super) is_referenced: bool,
    pub(super) indent: Option<usize>,
    pub(super) origin: Option<NodeId>,
    pub(super) backrefs: Vec<String>,
    values: Vec<(&'static str, String)>,
}

impl Attributes {
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.values.iter().find(|(key, _)| *key == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn set(&mut self, name: &'static str, value: impl Into<String>) {
        self.remove(name);
        self.values.push((name, value.into()));
    }

    pub(super) fn remove(&mut self, name: &str) {
        self.values.retain(|(key, _)| *key != name);
    }
}

/// One node.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) kind: Kind,
    pub(super) parent: Option<NodeId>,
    pub(super) children: Vec<NodeId>,
    /// The text of a text node, with escapes shown as NUL.
    pub(super) text: String,
    /// The line in the source, counted from 1.
    pub(super) line: Option<i64>,
    pub(super) has_source: bool,
    is_in_document: bool,
    attributes: Option<Box<Attributes>>,
}

/// Where the parser is in the source; nodes that enter the document take it over.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Place {
    pub(super) has_source: bool,
    pub(super) line: Option<i64>,
}

/// The arena.
#[derive(Debug)]
pub(super) struct Tree {
    nodes: Vec<Node>,
    /// Where the parser is.
    pub(super) place: Place,
}

impl Tree {
    /// The document itself.
    pub(super) const ROOT: NodeId = NodeId(0);

    pub(super) fn new() -> Self {
        let mut tree = Self { nodes: Vec::new(), place: Place::default() };
        let root = tree.add(Kind::Document);
        tree.node_mut(root).is_in_document = true;
        tree
    }

    /// Adds a node that is nowhere yet.
    pub(super) fn add(&mut self, kind: Kind) -> NodeId {
        let id = NodeId(u32::try_from(self.nodes.len()).unwrap_or(u32::MAX));
        self.nodes.push(Node {
            kind,
            parent: None,
            children: Vec::new(),
            text: String::new(),
            line: None,
            has_source: false,
            is_in_document: false,
            attributes: None,
        });
        id
    }

    pub(super) fn add_text(&mut self, text: impl Into<String>) -> NodeId {
        let id = self.add(Kind::Text);
        self.node_mut(id).text = text.into();
        id
    }

    /// Adds a node that holds one text.
    pub(super) fn add_with_text(&mut self, kind: Kind, text: impl Into<String>) -> NodeId {
        let text = text.into();
        let id = self.add(kind);
        if !text.is_empty() {
            let child = self.add_text(text);
            self.append(id, child);
        }
        id
    }

    pub(super) fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0 as usize]
    }

    pub(super) fn node_mut(&mut self, id: NodeId) -> &mut Node {
        &mut self.nodes[id.0 as usize]
    }

    pub(super) fn kind(&self, id: NodeId) -> Kind {
        self.node(id).kind
    }

    pub(super) fn children(&self, id: NodeId) -> &[NodeId] {
        &self.node(id).children
    }

    pub(super) fn parent(&self, id: NodeId) -> Option<NodeId> {
        self.node(id).parent
    }

    pub(super) fn parent_kind(&self, id: NodeId) -> Option<Kind> {
        self.parent(id).map(|parent| self.kind(parent))
    }

    /// Returns the attributes; a node without any has none that differ from the default.
    pub(super) fn attributes(&self, id: NodeId) -> &Attributes {
        static NONE: Attributes = Attributes {
            ids: Vec::new(),
            names: Vec::new(),
            dupnames: Vec::new(),
            classes: Vec::new(),
            refname: None,
            refuri: None,
            refid: None,
            raw: String::new(),
            is_anonymous: false,
            auto: None,
            is_resolved: false,
            is_referenced: false,
            indent: None,
            origin: None,
            backrefs: Vec::new(),
            values: Vec::new(),
        };
        self.node(id).attributes.as_deref().unwrap_or(&NONE)
    }

    pub(super) fn attributes_mut(&mut self, id: NodeId) -> &mut Attributes {
        self.node_mut(id).attributes.get_or_insert_default()
    }

    pub(super) fn set_place(&mut self, id: NodeId, line: Option<i64>) {
        let node = self.node_mut(id);
        node.line = line;
        node.has_source = line.is_some();
    }

    fn is_in_document(&self, id: NodeId) -> bool {
        let mut at = Some(id);
        while let Some(id) = at {
            let node = self.node(id);
            if node.is_in_document {
                return true;
            }
            at = node.parent;
        }
        false
    }

    fn adopt(&mut self, parent: NodeId, child: NodeId) {
        let enters = self.is_in_document(parent);
        let place = self.place;
        let node = self.node_mut(child);
        node.parent = Some(parent);
        if enters {
            node.is_in_document = true;
            node.has_source |= place.has_source;
            node.line = node.line.or(place.line);
        }
    }

    pub(super) fn append(&mut self, parent: NodeId, child: NodeId) {
        self.adopt(parent, child);
        self.node_mut(parent).children.push(child);
    }

    pub(super) fn extend(&mut self, parent: NodeId, children: impl IntoIterator<Item = NodeId>) {
        for child in children {
            self.append(parent, child);
        }
    }

    pub(super) fn insert(&mut self, parent: NodeId, at: usize, child: NodeId) {
        self.adopt(parent, child);
        let children = &mut self.node_mut(parent).children;
        let at = at.min(children.len());
        children.insert(at, child);
    }

    /// Returns a node's place among its siblings.
    pub(super) fn index(&self, id: NodeId) -> Option<usize> {
        self.children(self.parent(id)?).iter().position(|child| *child == id)
    }

    /// Takes a node out of its parent.
    pub(super) fn remove(&mut self, id: NodeId) {
        if let (Some(parent), Some(index)) = (self.parent(id), self.index(id)) {
            self.node_mut(parent).children.remove(index);
        }
    }

    /// Puts other nodes where a node is.
    pub(super) fn replace(&mut self, id: NodeId, others: &[NodeId]) {
        let (Some(parent), Some(index)) = (self.parent(id), self.index(id)) else { return };
        for other in others {
            self.adopt(parent, *other);
        }
        self.node_mut(parent).children.splice(index..=index, others.iter().copied());
    }

    /// Lists a node and all below it, in the order of the text.
    pub(super) fn walk(&self, from: NodeId) -> Vec<NodeId> {
        let mut found = Vec::new();
        let mut stack = vec![from];
        while let Some(id) = stack.pop() {
            found.push(id);
            stack.extend(self.children(id).iter().rev());
        }
        found
    }

    /// Lists the nodes of a kind in the order of the text.
    pub(super) fn find(&self, kind: Kind) -> Vec<NodeId> {
        let mut found = self.walk(Self::ROOT);
        found.retain(|id| self.kind(*id) == kind);
        found
    }

    /// Copies a node and all below it.
    pub(super) fn copy(&mut self, id: NodeId) -> NodeId {
        let source = self.node(id).clone();
        let copy = self.add(source.kind);
        let node = self.node_mut(copy);
        node.text = source.text;
        node.line = source.line;
        node.has_source = source.has_source;
        node.attributes = source.attributes;
        for child in source.children {
            let child = self.copy(child);
            self.append(copy, child);
        }
        copy
    }

    /// Returns the text below a node, escapes resolved.
    pub(super) fn as_text(&self, id: NodeId) -> String {
        let mut out = String::new();
        self.write_text(id, &mut out);
        out
    }

    fn write_text(&self, id: NodeId, out: &mut String) {
        match self.kind(id) {
            Kind::Text => out.push_str(&unescape(&self.node(id).text)),
            Kind::Image => out.push_str(self.attributes(id).get("alt").unwrap_or_default()),
            Kind::OptionArgument => {
                out.push_str(self.attributes(id).get("delimiter").unwrap_or(" "));
                self.children(id).iter().for_each(|child| self.write_text(*child, out));
            }
            kind => {
                for (at, child) in self.children(id).iter().enumerate() {
                    if at > 0 && !kind.holds_text() {
                        out.push_str("\n\n");
                    }
                    self.write_text(*child, out);
                }
            }
        }
    }

    /// Returns the line of a node or of the nearest one above it that knows its source.
    pub(super) fn source_line(&self, id: NodeId) -> (bool, Option<i64>) {
        let mut at = Some(id);
        while let Some(id) = at {
            let node = self.node(id);
            if node.has_source || node.line.is_some_and(|line| line != 0) {
                return (node.has_source, node.line);
            }
            at = node.parent;
        }
        (false, None)
    }

    /// Returns the first text node of a kind of element, for tests of shape.
    pub(super) fn only_child(&self, id: NodeId, kind: Kind) -> Option<NodeId> {
        match self.children(id) {
            [only] if self.kind(*only) == kind => Some(*only),
            _ => None,
        }
    }

    /// Lists the sections that hold a node, itself included, from the outermost on.
    pub(super) fn sections(&self, id: NodeId) -> Vec<NodeId> {
        let mut sections = Vec::new();
        let mut at = id;
        while let Some(parent) = self.parent(at) {
            if self.kind(at) == Kind::Section {
                sections.push(at);
            }
            at = parent;
        }
        sections.reverse();
        sections
    }
}

impl Kind {
    /// Tells whether the element directly holds text.
    pub(super) fn holds_text(self) -> bool {
        use Kind::{
            Abbreviation, Acronym, Attribution, Author, Biblio, Caption, CitationReference, Classifier,
            Comment, DoctestBlock, Emphasis, FieldName, FootnoteReference, Generated, Inline, Label, Line,
            Literal, LiteralBlock, Math, MathBlock, OptionArgument, OptionString, Paragraph, Problematic,
            Reference, Rubric, Strong, Subscript, SubstitutionDefinition, SubstitutionReference, Subtitle,
            Superscript, Target, Term, Title, TitleReference,
        };
        matches!(
            self,
            Abbreviation
                | Acronym
                | Attribution
                | Author
                | Biblio
                | Caption
                | CitationReference
                | Classifier
                | Comment
                | DoctestBlock
                | Emphasis
                | FieldName
                | FootnoteReference
                | Generated
                | Inline
                | Label
                | Line
                | Literal
                | LiteralBlock
                | Math
                | MathBlock
                | OptionArgument
                | OptionString
                | Paragraph
                | Problematic
                | Reference
                | Rubric
                | Strong
                | Subscript
                | SubstitutionDefinition
                | SubstitutionReference
                | Subtitle
                | Superscript
                | Target
                | Term
                | Title
                | TitleReference
        )
    }

    /// Tells whether messages may be put among the element's children.
    pub(super) fn holds_blocks(self) -> bool {
        matches!(
            self,
            Self::Admonition
                | Self::BlockQuote
                | Self::Citation
                | Self::Compound
                | Self::Container
                | Self::Definition
                | Self::Description
                | Self::Document
                | Self::Entry
                | Self::FieldBody
                | Self::Footer
                | Self::Footnote
                | Self::Header
                | Self::Legend
                | Self::ListItem
                | Self::Section
                | Self::Sidebar
                | Self::SystemMessage
                | Self::Topic
        )
    }

    /// Tells whether the element does not show.
    pub(super) fn is_invisible(self) -> bool {
        matches!(self, Self::Comment | Self::SubstitutionDefinition | Self::Target | Self::Pending)
    }

    /// Tells whether the element may stand before the bibliographic fields.
    pub(super) fn is_prebibliographic(self) -> bool {
        self.is_invisible()
            || matches!(
                self,
                Self::SystemMessage | Self::Title | Self::Subtitle | Self::Meta | Self::Decoration
            )
    }

    /// Tells whether the element is one of running text.
    pub(super) fn is_inline(self) -> bool {
        matches!(
            self,
            Self::Abbreviation
                | Self::Acronym
                | Self::CitationReference
                | Self::Emphasis
                | Self::FootnoteReference
                | Self::Generated
                | Self::Image
                | Self::Inline
                | Self::Literal
                | Self::Math
                | Self::Problematic
                | Self::Reference
                | Self::Strong
                | Self::Subscript
                | Self::SubstitutionReference
                | Self::Superscript
                | Self::Target
                | Self::TitleReference
        )
    }

    /// Returns the element's name in the document tree.
    pub(super) fn tag(self) -> String {
        let name = format!("{self:?}");
        let mut out = String::with_capacity(name.len() + 2);
        for (at, c) in name.char_indices() {
            if c.is_ascii_uppercase() && at > 0 {
                out.push('_');
            }
            out.push(c.to_ascii_lowercase());
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replaced_node_gives_its_place() {
        let mut tree = Tree::new();
        let paragraph = tree.add_with_text(Kind::Paragraph, "a");
        tree.append(Tree::ROOT, paragraph);
        let others = [tree.add(Kind::Comment), tree.add(Kind::Transition)];
        tree.replace(paragraph, &others);
        assert_eq!(tree.children(Tree::ROOT), others);
        assert_eq!(Kind::FootnoteReference.tag(), "footnote_reference");
    }
}
