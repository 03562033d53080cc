//! One description read as a whole, under the settings of one renderer.

use super::document::{About, Document};
use super::line::Lines;
use super::message::{Gap, Message};
use super::node::{Kind, Tree};
use super::parser::Parser;
use super::transform::{self, Settings};

/// Characters that a line may have.
const LONGEST_LINE: usize = 10_000;

/// What came of reading.
pub(crate) struct Reading {
    document: Document,
    is_title_alone: bool,
}

/// Reads a description; `promotes_title` is what the older renderer does with the title of a lone section.
pub(crate) fn read(source: &str, promotes_title: bool) -> Reading {
    let lines = Lines::of_source(source);
    let too_long = lines.iter().position(|line| is_too_long(&line.text));
    let mut parser = Parser::new(lines);
    let mut is_title_alone = false;
    if let Some(at) = too_long {
        let text = format!("Line {} exceeds the line-length-limit.", at + 1);
        parser.document.error(text, &[], About::Place(None));
    } else {
        parser.read_all();
        is_title_alone = transform::is_title_alone(&parser.document);
        if !parser.document.is_halted() {
            transform::apply(&mut parser, Settings { promotes_title });
        }
    }
    Reading { document: parser.document, is_title_alone }
}

fn is_too_long(line: &str) -> bool {
    line.len() > LONGEST_LINE && line.chars().count() > LONGEST_LINE
}

impl Reading {
    /// Returns the messages in docutils' order.
    pub(crate) fn messages(&self) -> &[Message] {
        &self.document.messages
    }

    /// Returns the construct at which reading gave up, with the number of messages before it.
    pub(crate) fn gap(&self) -> Option<&(usize, Gap)> {
        self.document.gap.as_ref()
    }

    /// Tells whether the older renderer would treat the first title in another way.
    pub(crate) fn is_title_alone(&self) -> bool {
        self.is_title_alone
    }

    /// Tells whether nothing is left to show.
    pub(crate) fn is_empty(&self) -> bool {
        let tree = &self.document.tree;
        !tree.children(Tree::ROOT).iter().any(|node| match tree.kind(*node) {
            Kind::Target => {
                let attributes = tree.attributes(*node);
                attributes.refuri.is_none() && attributes.refid.is_none() && attributes.refname.is_none()
            }
            kind => !kind.is_prebibliographic(),
        })
    }

    /// Writes the document as PyPI would show it.
    pub(crate) fn html(&self) -> String {
        super::html::write(&self.document.tree)
    }
}
