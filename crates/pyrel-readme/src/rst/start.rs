//! Where inline markup starts: the next start-string or whole construct of a text.
//!
//! Owns the recognition rules for starts. Texts are escaped: NUL stands before each escaped character.

use super::block::simple_name;
use super::punctuation::{is_pair, may_follow, may_precede};
use super::unicode::{is_alphanumeric, is_space};

/// What a start-string starts, or the whole construct that was found. Ranges are bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Start {
    Emphasis,
    Strong,
    Literal,
    InlineTarget,
    Substitution,
    /// A backquote, perhaps with a role before it.
    Backquote {
        role: Option<(usize, usize)>,
    },
    /// `name_` or `name__`.
    Reference {
        name_end: usize,
        is_anonymous: bool,
    },
    /// `[label]_`.
    Note {
        label: (usize, usize),
        is_citation: bool,
    },
}

/// A start with its place: the whole match, in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) what: Start,
}

/// Looks for starts in one text; what was found out about words is kept from one search to the next.
pub(super) struct Starts<'a> {
    text: &'a str,
    /// The end of the last word that turned out to be no reference.
    dull_until: usize,
}

impl<'a> Starts<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, dull_until: 0 }
    }

    /// Finds the next start at or after a place, at which a text is taken to begin.
    pub(super) fn find(&mut self, base: usize) -> Option<Found> {
        let mut may_start = true;
        for (offset, c) in self.text[base..].char_indices() {
            if may_start && let Some(found) = self.at(base + offset, c) {
                return Some(found);
            }
            may_start = may_precede(c);
        }
        None
    }

    fn at(&mut self, start: usize, c: char) -> Option<Found> {
        let rest = &self.text[start..];
        match c {
            '*' if rest.starts_with("**") => self.simple(start, 2, Start::Strong),
            '*' => self.simple(start, 1, Start::Emphasis),
            '`' if rest.starts_with("``") => self.simple(start, 2, Start::Literal),
            '`' => self.simple(start, 1, Start::Backquote { role: None }),
            '_' if rest.starts_with("_`") => self.simple(start, 2, Start::InlineTarget),
            '|' if !rest.starts_with("||") => self.simple(start, 1, Start::Substitution),
            '[' => self.note(start),
            ':' => self.role(start),
            _ if is_alphanumeric(c) => self.reference(start),
            _ => None,
        }
    }

    fn simple(&self, start: usize, length: usize, what: Start) -> Option<Found> {
        let end = start + length;
        let is_open = !self.text[end..].chars().next().is_some_and(is_space);
        is_open.then_some(Found { start, end, what })
    }

    fn reference(&mut self, start: usize) -> Option<Found> {
        if start < self.dull_until {
            return None;
        }
        let name_end = start + simple_name(&self.text[start..])?;
        let marks = self.text[name_end..].bytes().take_while(|b| *b == b'_').take(2).count();
        let end = name_end + marks;
        if marks == 0 || !self.is_followed(end) {
            self.dull_until = name_end;
            return None;
        }
        Some(Found { start, end, what: Start::Reference { name_end, is_anonymous: marks == 2 } })
    }

    fn is_followed(&self, at: usize) -> bool {
        self.text[at..].chars().next().is_none_or(may_follow)
    }

    fn note(&self, start: usize) -> Option<Found> {
        let label = start + 1;
        let rest = &self.text[label..];
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let closes = |length: usize| rest[length..].starts_with("]_") && self.is_followed(label + length + 2);
        let (length, is_citation) = if digits > 0 && closes(digits) {
            (digits, false)
        } else if let Some(name) = rest.strip_prefix('#') {
            (1 + simple_name(name).unwrap_or(0), false)
        } else if rest.starts_with('*') {
            (1, false)
        } else {
            (simple_name(rest)?, true)
        };
        closes(length).then(|| Found {
            start,
            end: label + length + 2,
            what: Start::Note { label: (label, label + length), is_citation },
        })
    }

    fn role(&self, start: usize) -> Option<Found> {
        let name = start + 1;
        let end = name + simple_name(&self.text[name..])?;
        let tick = self.text[end..].strip_prefix(":`")?;
        if tick.starts_with('`') || tick.chars().next().is_some_and(is_space) {
            return None;
        }
        Some(Found { start, end: end + 2, what: Start::Backquote { role: Some((name, end)) } })
    }

    /// Tells whether a start-string is enclosed in a pair of brackets or quotes, or ends the text.
    pub(super) fn is_quoted(&self, base: usize, found: &Found) -> bool {
        if found.start == base {
            return false;
        }
        let Some(before) = self.text[..found.start].chars().next_back() else { return false };
        match self.text[found.end..].chars().next() {
            Some(after) => is_pair(before, after),
            None => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(text: &str) -> Option<Start> {
        Starts::new(text).find(0).map(|found| found.what)
    }

    #[test]
    fn starts_need_their_surroundings() {
        assert_eq!(first("a *b*"), Some(Start::Emphasis));
        assert_eq!(first("a*b*"), None);
        assert_eq!(first("2 * 3"), None);
        assert_eq!(first("(**b**)"), Some(Start::Strong));
        assert_eq!(first("see my_var."), None);
        assert_eq!(first("my_var_."), Some(Start::Reference { name_end: 6, is_anonymous: false }));
        assert_eq!(first("a :b:`c`"), Some(Start::Backquote { role: Some((3, 4)) }));
        assert_eq!(first("[12]_"), Some(Start::Note { label: (1, 3), is_citation: false }));
        assert_eq!(first("[12a]_"), Some(Start::Note { label: (1, 4), is_citation: true }));
        assert_eq!(first("[a]_b"), None);
    }
}
