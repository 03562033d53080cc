//! The document under construction: the tree, the messages so far, and the registers of names and references.
//!
//! Owns the bookkeeping that parsing and transforms share. It refuses to look at source text.

use std::collections::HashMap;

use super::escape::name_of;
use super::identifier::make_id;
use super::line::{Lines, Origin};
use super::message::{Gap, Message, Severity};
use super::node::{Kind, NodeId, Tree};
use super::unicode::collapse;

/// Messages that reach [`Severity::Warning`] and are kept; a hostile text must not buy an endless list.
const MOST_PROBLEMS: usize = 60;

/// What a message is about, from which its line follows.
#[derive(Debug, Clone, Copy)]
pub(super) enum About {
    /// A line of the source.
    Line(i64),
    /// A node, or the nearest one above it that knows its line.
    Node(NodeId),
    /// A place that was looked up before.
    Place(Option<i64>),
    /// Wherever the outermost parser is.
    Current,
}

/// A transform that a directive asked for.
#[derive(Debug, Clone)]
pub(super) enum Task {
    Class { names: Vec<String>, directive: String },
    Contents { depth: Option<i64>, is_local: bool, backlinks: Backlinks },
    Numbering { depth: Option<i64>, start: i64, prefix: String, suffix: String },
    TargetNotes { classes: Vec<String> },
}

/// Where the titles of sections link back to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Backlinks {
    Entry,
    Top,
    None,
}

/// Everything about the document.
pub(super) struct Document {
    pub(super) tree: Tree,
    pub(super) messages: Vec<Message>,
    pub(super) gap: Option<(usize, Gap)>,
    /// The source, for lines of messages.
    pub(super) source: Lines,
    /// Where the outermost parser is.
    pub(super) offset: i64,
    problems: usize,
    names: HashMap<String, Option<NodeId>>,
    is_explicit: HashMap<String, bool>,
    pub(super) nameids: HashMap<String, Option<String>>,
    pub(super) ids: HashMap<String, NodeId>,
    counters: HashMap<String, usize>,
    pub(super) refnames: HashMap<String, Vec<NodeId>>,
    pub(super) refids: HashMap<String, Vec<NodeId>>,
    pub(super) footnote_refs: HashMap<String, Vec<NodeId>>,
    pub(super) citation_refs: HashMap<String, Vec<NodeId>>,
    pub(super) autofootnotes: Vec<NodeId>,
    pub(super) autofootnote_refs: Vec<NodeId>,
    pub(super) symbol_footnotes: Vec<NodeId>,
    pub(super) symbol_footnote_refs: Vec<NodeId>,
    pub(super) footnotes: Vec<NodeId>,
    pub(super) citations: Vec<NodeId>,
    pub(super) indirect_targets: Vec<NodeId>,
    pub(super) substitutions: HashMap<String, NodeId>,
    pub(super) substitution_names: HashMap<String, String>,
    pub(super) tasks: Vec<(NodeId, Task)>,
}

/// Put before every identifier.
pub(super) const ID_PREFIX: &str = "user-content-";

impl Document {
    pub(super) fn new(source: Lines) -> Self {
        Self {
            tree: Tree::new(),
            messages: Vec::new(),
            gap: None,
            source,
            offset: -1,
            problems: 0,
            names: HashMap::new(),
            is_explicit: HashMap::new(),
            nameids: HashMap::new(),
            ids: HashMap::new(),
            counters: HashMap::new(),
            refnames: HashMap::new(),
            refids: HashMap::new(),
            footnote_refs: HashMap::new(),
            citation_refs: HashMap::new(),
            autofootnotes: Vec::new(),
            autofootnote_refs: Vec::new(),
            symbol_footnotes: Vec::new(),
            symbol_footnote_refs: Vec::new(),
            footnotes: Vec::new(),
            citations: Vec::new(),
            indirect_targets: Vec::new(),
            substitutions: HashMap::new(),
            substitution_names: HashMap::new(),
            tasks: Vec::new(),
        }
    }

    /// Tells whether there is nothing more to learn: no verdict, or problems enough.
    pub(super) fn is_halted(&self) -> bool {
        self.gap.is_some() || self.problems >= MOST_PROBLEMS
    }

    /// Notes a construct for which there is no verdict; reading ends there.
    pub(super) fn give_up(&mut self, line: i64, construct: impl Into<String>) {
        let gap = Gap { line, construct: construct.into() };
        let at = self.messages.len();
        self.gap.get_or_insert((at, gap));
    }

    fn line_of(&self, line: Option<i64>) -> Option<i64> {
        let offset = line.map_or(self.offset, |line| line - 1);
        match self.source.origin(offset) {
            Origin::At(origin) => Some(origin + 1),
            Origin::JustPast => Some(offset + 1),
            Origin::Nowhere => line,
        }
    }

    fn line_about(&self, about: About) -> Option<i64> {
        match about {
            About::Line(line) => self.line_of(Some(line)),
            About::Current => self.line_of(None),
            About::Place(line) => line,
            About::Node(node) => match self.tree.source_line(node) {
                (true, line) => line,
                (false, line) => self.line_of(line),
            },
        }
    }

    /// Makes a message and the node that stands for it in the tree.
    pub(super) fn report(
        &mut self,
        severity: Severity,
        text: impl Into<String>,
        details: &[&str],
        about: About,
    ) -> NodeId {
        let line = self.line_about(about);
        if severity >= Severity::Warning {
            self.problems += 1;
        }
        let details = details.iter().map(|detail| (*detail).to_owned()).collect();
        if self.gap.is_none() && self.problems <= MOST_PROBLEMS {
            self.messages.push(Message { line, severity, text: text.into(), details });
        }
        self.tree.add(Kind::SystemMessage)
    }

    pub(super) fn info(&mut self, text: impl Into<String>, about: About) -> NodeId {
        self.report(Severity::Info, text, &[], about)
    }

    pub(super) fn warning(&mut self, text: impl Into<String>, details: &[&str], about: About) -> NodeId {
        self.report(Severity::Warning, text, details, about)
    }

    pub(super) fn error(&mut self, text: impl Into<String>, details: &[&str], about: About) -> NodeId {
        self.report(Severity::Error, text, details, about)
    }

    /// Gives a node an identifier unless it has one, and registers it.
    pub(super) fn set_id(&mut self, node: NodeId) -> String {
        self.set_id_with(node, "")
    }

    pub(super) fn set_id_with(&mut self, node: NodeId, suggested: &str) -> String {
        if self.tree.attributes(node).ids.is_empty() {
            let id = self.create_id(node, suggested);
            self.tree.attributes_mut(node).ids.push(id);
        }
        let attributes = self.tree.attributes(node);
        for id in &attributes.ids {
            self.ids.entry(id.clone()).or_insert(node);
        }
        let id = attributes.ids.last().cloned().unwrap_or_default();
        for name in &attributes.names {
            self.nameids.insert(name.clone(), Some(id.clone()));
        }
        id
    }

    fn create_id(&mut self, node: NodeId, suggested: &str) -> String {
        let attributes = self.tree.attributes(node);
        let mut base = String::new();
        let mut id = String::new();
        for name in &attributes.names {
            base = make_id(&format!("x{name}")).get(1..).unwrap_or_default().to_owned();
            id = format!("{ID_PREFIX}{base}");
            if !base.is_empty() && !self.ids.contains_key(&id) {
                return id;
            }
        }
        let duplicate = attributes.dupnames.first().map(|name| make_id(name)).unwrap_or_default();
        let prefix = if !base.is_empty() {
            format!("{id}-")
        } else if !duplicate.is_empty() {
            format!("{duplicate}-")
        } else if suggested.is_empty() {
            format!("{ID_PREFIX}{}-", self.tree.kind(node).tag().replace('_', "-"))
        } else {
            format!("{ID_PREFIX}{suggested}-")
        };
        loop {
            let counter = self.counters.entry(prefix.clone()).or_default();
            *counter += 1;
            let id = format!("{prefix}{counter}");
            if !self.ids.contains_key(&id) {
                return id;
            }
        }
    }

    pub(super) fn has_name(&self, name: &str) -> bool {
        self.names.contains_key(name)
    }

    /// Returns the node that a name stands for; `Some(None)` when it stands for several.
    pub(super) fn named(&self, name: &str) -> Option<Option<NodeId>> {
        self.names.get(name).copied()
    }

    fn note_names(&mut self, node: NodeId, holder: Option<NodeId>, explicit: bool) {
        for name in self.tree.attributes(node).names.clone() {
            match self.names.get(&name) {
                Some(known) if *known != Some(node) => self.note_duplicate(node, &name, holder, explicit),
                _ => {
                    self.names.insert(name.clone(), Some(node));
                    self.is_explicit.entry(name).or_insert(explicit);
                }
            }
        }
    }

    fn note_duplicate(&mut self, node: NodeId, name: &str, holder: Option<NodeId>, explicit: bool) {
        let old = self.names.get(name).copied().flatten();
        let old_explicit = self.is_explicit.get(name).copied().unwrap_or(false);
        self.is_explicit.insert(name.to_owned(), old_explicit || explicit);
        let Some((severity, text)) = self.settle_duplicate(node, name, old, (old_explicit, explicit)) else {
            return;
        };
        let is_empty_target = self.tree.kind(node) == Kind::Target && self.tree.children(node).is_empty();
        if !is_empty_target {
            self.set_id(node);
        }
        let message = self.report(severity, text, &[], About::Node(node));
        if let Some(holder) = holder
            && self.tree.kind(holder).holds_blocks()
        {
            self.tree.append(holder, message);
        }
    }

    fn settle_duplicate(
        &mut self,
        node: NodeId,
        name: &str,
        old: Option<NodeId>,
        (old_explicit, explicit): (bool, bool),
    ) -> Option<(Severity, String)> {
        if let Some(reference) = old.and_then(|old| self.same_reference(node, old)) {
            self.make_dupname(node, name);
            let text = format!("Duplicate name \"{name}\" for external target \"{reference}\".");
            return Some((Severity::Info, text));
        }
        if !explicit {
            self.make_dupname(node, name);
            if let Some(old) = old.filter(|_| !old_explicit) {
                self.make_dupname(old, name);
                self.names.insert(name.to_owned(), None);
                self.nameids.insert(name.to_owned(), None);
                self.set_id(old);
            }
            return Some((Severity::Info, format!("Duplicate implicit target name: \"{name}\".")));
        }
        if old_explicit {
            self.make_dupname(node, name);
            if let Some(old) = old {
                self.make_dupname(old, name);
                self.names.insert(name.to_owned(), None);
                self.nameids.insert(name.to_owned(), None);
            }
            return Some((Severity::Warning, format!("Duplicate explicit target name: \"{name}\".")));
        }
        self.names.insert(name.to_owned(), Some(node));
        let old = old?;
        self.make_dupname(old, name);
        Some((Severity::Info, format!("Target name overrides implicit target name \"{name}\".")))
    }

    fn same_reference(&self, node: NodeId, old: NodeId) -> Option<String> {
        let (new, old) = (self.tree.attributes(node), self.tree.attributes(old));
        let same_name = new.refname.is_some() && new.refname == old.refname;
        let same_uri = new.refuri.is_some() && new.refuri == old.refuri;
        if !same_name && !same_uri {
            return None;
        }
        new.refuri.clone().filter(|uri| !uri.is_empty()).or_else(|| new.refname.clone())
    }

    pub(super) fn make_dupname(&mut self, node: NodeId, name: &str) {
        let attributes = self.tree.attributes_mut(node);
        attributes.dupnames.push(name.to_owned());
        if let Some(at) = attributes.names.iter().position(|known| known == name) {
            attributes.names.remove(at);
        }
        attributes.is_referenced = true;
    }

    pub(super) fn note_implicit_target(&mut self, node: NodeId, holder: Option<NodeId>) {
        self.note_names(node, holder, false);
        self.set_id(node);
    }

    pub(super) fn note_explicit_target(&mut self, node: NodeId, holder: Option<NodeId>) {
        self.note_names(node, holder, true);
        self.set_id(node);
    }

    pub(super) fn note_refname(&mut self, node: NodeId) {
        if let Some(name) = self.tree.attributes(node).refname.clone() {
            self.refnames.entry(name).or_default().push(node);
        }
    }

    pub(super) fn note_refid(&mut self, node: NodeId) {
        if let Some(id) = self.tree.attributes(node).refid.clone() {
            self.refids.entry(id).or_default().push(node);
        }
    }

    pub(super) fn note_indirect_target(&mut self, target: NodeId) {
        self.indirect_targets.push(target);
        if !self.tree.attributes(target).names.is_empty() {
            self.note_refname(target);
        }
    }

    pub(super) fn note_footnote_ref(&mut self, node: NodeId) {
        self.set_id(node);
        if let Some(name) = self.tree.attributes(node).refname.clone() {
            self.footnote_refs.entry(name).or_default().push(node);
        }
        self.note_refname(node);
    }

    pub(super) fn note_citation_ref(&mut self, node: NodeId) {
        self.set_id(node);
        if let Some(name) = self.tree.attributes(node).refname.clone() {
            self.citation_refs.entry(name).or_default().push(node);
        }
        self.note_refname(node);
    }

    pub(super) fn note_substitution(&mut self, node: NodeId, name: &str, holder: NodeId) {
        let name = collapse(name);
        if let Some(old) = self.substitutions.get(&name).copied() {
            let text = format!("Duplicate substitution definition name: \"{name}\".");
            let message = self.error(text, &[], About::Node(node));
            self.tree.append(holder, message);
            self.make_dupname(old, &name);
        }
        self.substitutions.insert(name.clone(), node);
        self.substitution_names.insert(name_of(&name), name);
    }

    /// Marks a piece of text as one that a message is about.
    pub(super) fn problematic(&mut self, text: &str, message: NodeId) -> NodeId {
        let refid = self.set_id(message);
        let node = self.tree.add_with_text(Kind::Problematic, text);
        self.tree.attributes_mut(node).refid = Some(refid);
        let id = self.set_id(node);
        self.tree.attributes_mut(message).backrefs.push(id);
        node
    }
}
