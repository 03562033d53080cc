//! The tree as HTML, in the shape that docutils' HTML 5 writer gives it and PyPI lets through.
//!
//! Only tags and attributes that PyPI allows are written here, every text is escaped, and addresses are looked at.

mod block;
mod inline;

use super::escape::unescape;
use super::node::{Kind, NodeId, Tree};
use crate::html::{push_attribute, push_text};

/// Writes a tree.
pub(super) struct Writer<'a> {
    tree: &'a Tree,
    out: String,
    /// Sections around.
    level: usize,
}

/// Writes the whole document.
pub(super) fn write(tree: &Tree) -> String {
    let mut writer = Writer { tree, out: String::new(), level: 0 };
    writer.children(Tree::ROOT);
    writer.out
}

impl Writer<'_> {
    fn children(&mut self, node: NodeId) {
        let mut list = None;
        for child in self.tree.children(node) {
            let kind = self.tree.kind(*child);
            let is_note = matches!(kind, Kind::Footnote | Kind::Citation);
            if list != Some(kind).filter(|_| is_note) {
                self.notes_border(list, is_note.then_some(kind));
                list = is_note.then_some(kind);
            }
            self.node(*child);
        }
        self.notes_border(list, None);
    }

    /// Closes one list of notes and opens another.
    fn notes_border(&mut self, before: Option<Kind>, after: Option<Kind>) {
        match before {
            Some(Kind::Footnote) => self.end_line("aside"),
            Some(_) => self.end_line("div"),
            None => {}
        }
        match after {
            Some(Kind::Footnote) => self.out.push_str("<aside class=\"footnote-list brackets\">\n"),
            Some(_) => self.out.push_str("<div class=\"citation-list\">\n"),
            None => {}
        }
    }

    fn node(&mut self, node: NodeId) {
        let kind = self.tree.kind(node);
        if kind == Kind::Text {
            push_text(&mut self.out, &unescape(&self.tree.node(node).text));
        } else if kind.is_inline() {
            self.inline(node);
        } else {
            self.block(node);
        }
    }

    /// Writes a start tag with the first identifier of a node; further ones get elements of their own.
    fn start(&mut self, tag: &str, node: NodeId, class: &str) {
        self.start_with(tag, node, class, &[]);
    }

    fn start_with(&mut self, tag: &str, node: NodeId, class: &str, attributes: &[(&str, &str)]) {
        let ids = &self.tree.attributes(node).ids;
        self.out.push('<');
        self.out.push_str(tag);
        if let Some(id) = ids.first() {
            push_attribute(&mut self.out, "id", id);
        }
        if !class.is_empty() {
            push_attribute(&mut self.out, "class", class);
        }
        for (name, value) in attributes {
            push_attribute(&mut self.out, name, value);
        }
        self.out.push('>');
        for id in ids.iter().skip(1) {
            self.out.push_str("<span");
            push_attribute(&mut self.out, "id", id);
            self.out.push_str("></span>");
        }
    }

    fn end(&mut self, tag: &str) {
        self.out.push_str("</");
        self.out.push_str(tag);
        self.out.push('>');
    }

    fn end_line(&mut self, tag: &str) {
        self.end(tag);
        self.out.push('\n');
    }

    /// Writes an element with all that is in it.
    fn element(&mut self, tag: &str, node: NodeId, class: &str) {
        self.start(tag, node, class);
        self.children(node);
        self.end(tag);
    }

    fn element_line(&mut self, tag: &str, node: NodeId, class: &str) {
        self.element(tag, node, class);
        self.out.push('\n');
    }

    /// Joins the classes of a node behind those given.
    fn classes(&self, node: NodeId, first: &str) -> String {
        let own = self.tree.attributes(node).classes.iter().map(String::as_str);
        std::iter::once(first).chain(own).filter(|class| !class.is_empty()).collect::<Vec<_>>().join(" ")
    }
}
