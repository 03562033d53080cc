//! A reader over lines: where it stands, in which state, and how it cuts blocks out.
//!
//! Owns the place. It refuses to know any construct.

use super::document::Document;
use super::line::{Cut, Lines, Origin, Piece};
use super::node::{NodeId, Place};

/// What the reader expects at its line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Body,
    BulletList,
    Definition,
    DefinitionList,
    EnumeratedList,
    Explicit,
    ExtensionOptions,
    FieldList,
    Line,
    LineBlock,
    MetaBody,
    OptionList,
    QuotedLiteral,
    SubstitutionDef,
    Text,
}

/// How reading goes on after a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flow {
    /// In this state, with the next line.
    Next(State),
    /// Not at all: the construct ends here.
    End,
    /// With the same line, taken for text.
    AsText,
    /// With the same line, taken for text in the ordinary state.
    BackToText,
}

/// A reader of one run of lines.
pub(super) struct Machine {
    pub(super) lines: Lines,
    /// The place of the first line in the source, counted from 0.
    pub(super) input_offset: i64,
    /// The line at which the reader is, counted from 0 in its own lines.
    pub(super) at: i64,
    pub(super) state: State,
    /// Whether titles of sections may appear.
    pub(super) is_root: bool,
    /// Where nodes go.
    pub(super) node: NodeId,
    /// Lines read and not yet understood.
    pub(super) context: Vec<Piece>,
    /// Whether the last item ended with a blank line.
    pub(super) blank_finish: bool,
    pub(super) enumeration: Option<Enumeration>,
    pub(super) quote: Quote,
}

/// What the items of an enumerated list have in common, and the last number.
#[derive(Debug, Clone, Copy)]
pub(super) struct Enumeration {
    pub(super) format: Format,
    pub(super) sequence: Sequence,
    pub(super) last: i64,
    pub(super) is_auto: bool,
}

/// How an enumerator is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Parens,
    RightParen,
    Period,
}

/// What an enumerator counts with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sequence {
    Auto,
    Arabic,
    LowerAlpha,
    UpperAlpha,
    LowerRoman,
    UpperRoman,
}

/// The state of a quoted literal block.
#[derive(Debug, Default)]
pub(super) struct Quote {
    pub(super) mark: Option<char>,
    pub(super) first_line: i64,
    pub(super) messages: Vec<NodeId>,
}

/// A block that was cut out, with its place in the source.
pub(super) struct Block {
    pub(super) lines: Lines,
    pub(super) offset: i64,
    pub(super) blank_finish: bool,
}

impl Machine {
    pub(super) fn new(lines: Lines, input_offset: i64, node: NodeId, state: State) -> Self {
        Self {
            lines,
            input_offset,
            at: -1,
            state,
            is_root: false,
            node,
            context: Vec::new(),
            blank_finish: true,
            enumeration: None,
            quote: Quote::default(),
        }
    }

    fn index(&self) -> usize {
        usize::try_from(self.at).unwrap_or(0)
    }

    /// Returns the line at which the reader is.
    pub(super) fn line(&self) -> Piece {
        match self.lines.get(self.index()) {
            Some(line) if self.at >= 0 => line.text.clone(),
            _ => Piece::own(""),
        }
    }

    fn moved(&self, document: &mut Document) {
        document.tree.place = match self.lines.origin(self.at) {
            Origin::At(origin) => Place { has_source: true, line: Some(origin + 1) },
            Origin::JustPast => Place { has_source: true, line: None },
            Origin::Nowhere => Place::default(),
        };
        if self.is_root {
            document.offset = self.at;
        }
    }

    /// Moves forward; `false` past the end.
    pub(super) fn next_line(&mut self, count: usize, document: &mut Document) -> bool {
        self.at += i64::try_from(count).unwrap_or(i64::MAX);
        self.moved(document);
        !document.is_halted() && usize::try_from(self.at).is_ok_and(|at| at < self.lines.len())
    }

    pub(super) fn previous_line(&mut self, count: usize, document: &mut Document) {
        self.at -= i64::try_from(count).unwrap_or(i64::MAX);
        self.moved(document);
    }

    /// Moves to a line of the source.
    pub(super) fn go_to(&mut self, offset: i64, document: &mut Document) {
        self.at = offset - self.input_offset;
        self.moved(document);
    }

    pub(super) fn is_next_blank(&self) -> bool {
        usize::try_from(self.at + 1).map_or(true, |next| self.lines.is_blank(next))
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.at >= i64::try_from(self.lines.len()).unwrap_or(i64::MAX) - 1
    }

    pub(super) fn offset(&self) -> i64 {
        self.at + self.input_offset
    }

    pub(super) fn line_number(&self) -> i64 {
        self.at + self.input_offset + 1
    }

    /// Returns the line of the source that a number stands for; the current one when none is given.
    pub(super) fn source_line(&self, number: Option<i64>) -> Option<i64> {
        let offset = number.map_or(self.at, |number| number - self.input_offset - 1);
        match self.lines.origin(offset) {
            Origin::At(origin) => Some(origin + 1),
            Origin::JustPast => match self.lines.origin(offset - 1) {
                Origin::At(origin) => Some(origin + 2),
                _ => None,
            },
            Origin::Nowhere => None,
        }
    }

    /// Returns the lines from the next one on.
    pub(super) fn rest(&self) -> Lines {
        self.lines.from(usize::try_from(self.at + 1).unwrap_or(0))
    }

    /// Returns the lines from this one on.
    pub(super) fn here(&self) -> Lines {
        self.lines.from(self.index())
    }

    /// Reads up to a blank line; an error holds what came before an indented line, and that line's number.
    pub(super) fn text_block(
        &mut self,
        flush_left: bool,
        document: &mut Document,
    ) -> Result<Lines, (Lines, i64)> {
        let found = self.lines.text_block(self.index(), flush_left);
        let count = match &found {
            Ok(block) | Err((block, _)) => block.len(),
        };
        if count > 0 {
            self.next_line(count - 1, document);
        }
        found
    }

    /// Reads an indented block whose indent is not known.
    pub(super) fn indented(&mut self, document: &mut Document) -> Block {
        self.cut(Cut::default(), true, document)
    }

    /// Reads a block of which the indent of every line is known.
    pub(super) fn known_indented(&mut self, indent: usize, document: &mut Document) -> Block {
        self.cut(Cut { block_indent: Some(indent), ..Cut::default() }, true, document)
    }

    /// Reads a block of which the indent of the first line is known.
    pub(super) fn first_known(&mut self, indent: usize, document: &mut Document) -> Block {
        self.cut(Cut { first_indent: Some(indent), ..Cut::default() }, true, document)
    }

    /// Reads an indented block as told; leading blank lines are dropped when `strip_top` holds.
    pub(super) fn cut(&mut self, cut: Cut, strip_top: bool, document: &mut Document) -> Block {
        let mut offset = self.offset();
        let found = self.lines.indented(self.index(), cut);
        let mut lines = found.block;
        if !lines.is_empty() {
            self.next_line(lines.len() - 1, document);
        }
        if strip_top {
            offset += i64::try_from(lines.trim_start()).unwrap_or(i64::MAX);
        }
        Block { lines, offset, blank_finish: found.blank_finish }
    }
}
