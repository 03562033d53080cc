//! Elements that stand for themselves: sections, lists, tables, notes, and boxes.

use super::super::node::{Kind, NodeId, Tree};
use super::Writer;
use crate::html::{push_attribute, push_text};

impl Writer<'_> {
    pub(super) fn block(&mut self, node: NodeId) {
        match self.tree.kind(node) {
            Kind::Section => {
                self.level += 1;
                self.element_line("section", node, "");
                self.level -= 1;
            }
            Kind::Title => self.title(node),
            Kind::Subtitle => self.element_line("p", node, "subtitle"),
            Kind::Paragraph => self.element_line("p", node, &self.classes(node, "")),
            Kind::Rubric => self.element_line("p", node, &self.classes(node, "rubric")),
            Kind::Transition => self.out.push_str("<hr class=\"docutils\">\n"),
            Kind::BulletList => self.element_line("ul", node, &self.classes(node, "")),
            Kind::EnumeratedList => self.enumerated(node),
            Kind::ListItem => self.element_line("li", node, ""),
            Kind::BlockQuote => self.element_line("blockquote", node, ""),
            Kind::Attribution => {
                self.start("p", node, "attribution");
                self.out.push('\u{2014}');
                self.children(node);
                self.end_line("p");
            }
            Kind::LiteralBlock => self.literal_block(node),
            Kind::DoctestBlock => self.element_line("pre", node, "code python doctest"),
            Kind::MathBlock => self.math_block(node),
            Kind::LineBlock => self.element_line("div", node, &self.classes(node, "line-block")),
            Kind::Line => self.line(node),
            Kind::Admonition | Kind::Topic | Kind::Sidebar => self.boxed(node),
            Kind::Compound => self.element_line("div", node, &self.classes(node, "compound")),
            Kind::Container => self.element_line("div", node, &self.classes(node, "docutils container")),
            Kind::Footnote | Kind::Citation => self.note(node),
            Kind::Figure => self.figure(node),
            Kind::Table => self.table(node),
            Kind::Fragment => self.children(node),
            _ => self.list_part(node),
        }
    }

    /// Writes the parts of definition lists, field lists, and option lists.
    fn list_part(&mut self, node: NodeId) {
        match self.tree.kind(node) {
            Kind::DefinitionList => self.element_line("dl", node, &self.classes(node, "")),
            Kind::FieldList | Kind::Docinfo => {
                self.element_line("dl", node, &self.classes(node, "field-list"))
            }
            Kind::OptionList => self.element_line("dl", node, "option-list"),
            Kind::Term => self.term(node),
            Kind::Definition | Kind::FieldBody | Kind::Description => self.element_line("dd", node, ""),
            Kind::FieldName => {
                self.start("dt", node, "");
                self.children(node);
                self.out.push_str("<span class=\"colon\">:</span></dt>\n");
            }
            Kind::OptionGroup => self.options(node),
            Kind::Biblio | Kind::Authors => self.fact(node),
            Kind::DefinitionListItem | Kind::Field | Kind::OptionListItem => self.children(node),
            // Classifiers are written with their term; what is left does not show.
            _ => {}
        }
    }

    fn title(&mut self, node: NodeId) {
        let parent = self.tree.parent(node);
        match parent.map(|parent| self.tree.kind(parent)) {
            Some(Kind::Section) => {
                let tag = format!("h{}", self.level.clamp(1, 6));
                self.start(&tag, node, "");
                let back = self.tree.attributes(node).refid.as_deref();
                if let Some(id) = back {
                    self.anchor(id);
                }
                self.children(node);
                if back.is_some() {
                    self.end("a");
                }
                let section = parent.and_then(|parent| self.tree.attributes(parent).ids.first());
                if let Some(id) = section {
                    self.out.push_str("<a title=\"link to this section\"");
                    push_attribute(&mut self.out, "href", &format!("#{id}"));
                    self.out.push_str(" rel=\"nofollow\"></a>");
                }
                self.end_line(&tag);
            }
            Some(Kind::Topic) => {
                let classes = parent.map(|parent| &self.tree.attributes(parent).classes);
                let is_contents =
                    classes.is_some_and(|classes| classes.iter().any(|class| class == "contents"));
                self.start("p", node, "topic-title");
                if is_contents {
                    self.anchor("top");
                }
                self.children(node);
                if is_contents {
                    self.end("a");
                }
                self.end_line("p");
            }
            Some(Kind::Sidebar) => self.element_line("p", node, "sidebar-title"),
            Some(Kind::Admonition) => self.element_line("p", node, "admonition-title"),
            Some(Kind::Table) => self.element_line("caption", node, ""),
            // The title of the document is not part of the body.
            _ => {}
        }
    }

    fn anchor(&mut self, id: &str) {
        self.out.push_str("<a");
        push_attribute(&mut self.out, "href", &format!("#{id}"));
        self.out.push_str(" rel=\"nofollow\">");
    }

    fn enumerated(&mut self, node: NodeId) {
        let start = self.tree.attributes(node).get("start").map(str::to_owned);
        let attributes: Vec<(&str, &str)> =
            start.as_deref().map(|start| ("start", start)).into_iter().collect();
        self.start_with("ol", node, "", &attributes);
        self.children(node);
        self.end_line("ol");
    }

    fn literal_block(&mut self, node: NodeId) {
        let is_code = self.tree.attributes(node).classes.iter().any(|class| class == "code");
        let class = self.classes(node, "");
        let class = format!("{class} literal-block");
        self.start("pre", node, class.trim_start());
        if is_code {
            self.out.push_str("<code>");
        }
        match self.tree.attributes(node).get("number-lines").and_then(|start| start.parse().ok()) {
            Some(start) => self.numbered(node, start),
            None => self.children(node),
        }
        if is_code {
            self.end("code");
        }
        self.end_line("pre");
    }

    /// Writes a text with the number of each line before it.
    fn numbered(&mut self, node: NodeId, start: i64) {
        let text = self.tree.as_text(node);
        let count = i64::try_from(text.split('\n').count()).unwrap_or(i64::MAX);
        let width = start.saturating_add(count).to_string().len();
        for (number, line) in (start..).zip(text.split('\n')) {
            if number > start {
                self.out.push('\n');
            }
            push_text(&mut self.out, &format!("{number:>width$} {line}"));
        }
    }

    fn math_block(&mut self, node: NodeId) {
        let text = self.tree.as_text(node);
        self.start("div", node, "math");
        push_text(&mut self.out, &format!("\n\\begin{{equation*}}\n{text}\n\\end{{equation*}}\n"));
        self.end_line("div");
    }

    fn line(&mut self, node: NodeId) {
        self.start("div", node, "line");
        self.children(node);
        if self.tree.children(node).is_empty() {
            self.out.push_str("<br>");
        }
        self.end_line("div");
    }

    fn boxed(&mut self, node: NodeId) {
        let attributes = self.tree.attributes(node);
        let is_contents = attributes.classes.iter().any(|class| class == "contents");
        let (tag, class) = match self.tree.kind(node) {
            Kind::Topic if is_contents => ("nav", self.classes(node, "")),
            Kind::Topic => ("aside", self.classes(node, "topic")),
            Kind::Sidebar => ("aside", self.classes(node, "sidebar")),
            _ => {
                let kind = attributes.get("type").unwrap_or_default();
                ("aside", self.classes(node, format!("admonition {kind}").trim_end()))
            }
        };
        self.start(tag, node, &class);
        if let Some(kind) = attributes.get("type") {
            let mut title = kind.to_owned();
            title.get_mut(..1).into_iter().for_each(str::make_ascii_uppercase);
            if matches!(kind, "attention" | "caution" | "danger") {
                title.push('!');
            }
            self.out.push_str("<p class=\"admonition-title\">");
            push_text(&mut self.out, &title);
            self.end_line("p");
        }
        self.children(node);
        self.end_line(tag);
    }

    fn note(&mut self, node: NodeId) {
        let is_footnote = self.tree.kind(node) == Kind::Footnote;
        let (tag, class) = if is_footnote { ("aside", "footnote brackets") } else { ("div", "citation") };
        self.start(tag, node, class);
        let backrefs = &self.tree.attributes(node).backrefs;
        for child in self.tree.children(node) {
            if self.tree.kind(*child) != Kind::Label {
                self.node(*child);
                continue;
            }
            self.out.push_str("<span class=\"label\"><span class=\"fn-bracket\">[</span>");
            if let [only] = &**backrefs {
                self.anchor(only);
                self.children(*child);
                self.end("a");
            } else {
                self.children(*child);
            }
            self.out.push_str("<span class=\"fn-bracket\">]</span></span>\n");
        }
        self.end_line(tag);
    }

    fn figure(&mut self, node: NodeId) {
        let align = self.tree.attributes(node).get("align").map(|align| format!("align-{align}"));
        let class = self.classes(node, align.as_deref().unwrap_or_default());
        self.start("figure", node, &class);
        let mut has_caption = false;
        for child in self.tree.children(node) {
            match self.tree.kind(*child) {
                Kind::Caption | Kind::Legend => {
                    if !has_caption {
                        self.out.push_str("<figcaption>\n");
                        has_caption = true;
                    }
                    if self.tree.kind(*child) == Kind::Caption {
                        self.element_line("p", *child, "");
                    } else {
                        self.element_line("div", *child, "legend");
                    }
                }
                _ => self.node(*child),
            }
        }
        if has_caption {
            self.end_line("figcaption");
        }
        self.end_line("figure");
    }

    fn term(&mut self, node: NodeId) {
        self.start("dt", node, "");
        self.children(node);
        let parent = self.tree.parent(node).unwrap_or(Tree::ROOT);
        for child in self.tree.children(parent) {
            if self.tree.kind(*child) == Kind::Classifier {
                self.element("span", *child, "classifier");
            }
        }
        self.end_line("dt");
    }

    fn options(&mut self, node: NodeId) {
        self.out.push_str("<dt><kbd>");
        for (at, option) in self.tree.children(node).iter().enumerate() {
            if at > 0 {
                self.out.push_str(", ");
            }
            self.out.push_str("<span class=\"option\">");
            for part in self.tree.children(*option) {
                if self.tree.kind(*part) == Kind::OptionArgument {
                    let delimiter = self.tree.attributes(*part).get("delimiter").unwrap_or(" ");
                    push_text(&mut self.out, delimiter);
                    self.element("var", *part, "");
                } else {
                    self.children(*part);
                }
            }
            self.end("span");
        }
        self.out.push_str("</kbd></dt>\n");
    }

    fn fact(&mut self, node: NodeId) {
        let name = self.tree.attributes(node).get("name").unwrap_or("authors");
        let mut label = name.to_owned();
        label.get_mut(..1).into_iter().for_each(str::make_ascii_uppercase);
        self.out.push_str("<dt>");
        push_text(&mut self.out, &label);
        self.out.push_str("<span class=\"colon\">:</span></dt>\n<dd>");
        if self.tree.kind(node) == Kind::Authors {
            for author in self.tree.children(node) {
                self.element_line("p", *author, "");
            }
        } else {
            self.element("p", node, "");
        }
        self.end_line("dd");
    }

    fn table(&mut self, node: NodeId) {
        self.start("table", node, "");
        let mut stubs = Vec::new();
        for child in self.tree.children(node) {
            if self.tree.kind(*child) == Kind::Title {
                self.node(*child);
                continue;
            }
            for part in self.tree.children(*child) {
                let tag = match self.tree.kind(*part) {
                    Kind::Colspec => {
                        stubs.push(self.tree.attributes(*part).get("stub").is_some());
                        continue;
                    }
                    Kind::Thead => "thead",
                    _ => "tbody",
                };
                self.start(tag, *part, "");
                for row in self.tree.children(*part) {
                    self.row(*row, tag == "thead", &stubs);
                }
                self.end_line(tag);
            }
        }
        self.end_line("table");
    }

    fn row(&mut self, row: NodeId, is_head: bool, stubs: &[bool]) {
        self.start("tr", row, "");
        let mut column = 0;
        for entry in self.tree.children(row) {
            let attributes = self.tree.attributes(*entry);
            let more = |name: &str| attributes.get(name).and_then(|count| count.parse::<usize>().ok());
            let is_head = is_head || stubs.get(column).copied().unwrap_or(false);
            let (tag, class) = if is_head { ("th", "head") } else { ("td", "") };
            let rows = more("morerows").map(|count| (count + 1).to_string());
            let columns = more("morecols").map(|count| (count + 1).to_string());
            let mut spans = Vec::new();
            if !is_head {
                spans.extend(rows.as_deref().map(|count| ("rowspan", count)));
                spans.extend(columns.as_deref().map(|count| ("colspan", count)));
            }
            self.start_with(tag, *entry, class, &spans);
            self.children(*entry);
            self.end_line(tag);
            column += more("morecols").unwrap_or(0) + 1;
        }
        self.end_line("tr");
    }
}
