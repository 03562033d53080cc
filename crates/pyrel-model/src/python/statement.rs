//! One logical line of Python: which names it binds and which newer syntax it has.

use super::feature::Feature;
use super::token::{Kind, Token};

/// A logical line with its source.
#[derive(Clone, Copy)]
pub(super) struct Statement<'a> {
    pub(super) source: &'a [u8],
    pub(super) tokens: &'a [Token],
}

const COMPOUND: [&[u8]; 11] =
    [b"if", b"elif", b"else", b"try", b"except", b"finally", b"with", b"for", b"while", b"match", b"case"];

impl<'a> Statement<'a> {
    /// Returns the text of the token at a position, or nothing.
    pub(super) fn word(&self, index: usize) -> &'a [u8] {
        self.tokens.get(index).map_or(b"", |token| &self.source[token.start..token.end])
    }

    fn is_name(&self, index: usize) -> bool {
        self.tokens.get(index).is_some_and(|token| token.kind == Kind::Name)
    }

    fn op(&self, index: usize) -> Option<u8> {
        match self.tokens.get(index)?.kind {
            Kind::Op(op) => Some(op),
            _ => None,
        }
    }

    /// Leaves out a leading `async`.
    pub(super) fn without_async(self) -> Self {
        if self.word(0) == b"async" && self.is_name(1) {
            Self { tokens: &self.tokens[1..], ..self }
        } else {
            self
        }
    }

    /// Tells whether a block follows on the next lines.
    pub(super) fn opens_block(&self) -> bool {
        self.tokens.last().is_some_and(|token| token.is_op(b':') && token.depth == 0)
    }

    /// Tells whether it begins a function or a class, whose names are not the module's.
    pub(super) fn opens_scope(&self) -> bool {
        matches!(self.word(0), b"def" | b"class") && self.is_name(1)
    }

    /// Tells whether it looks like the head of a `match` statement; only a `case` below it makes it one.
    pub(super) fn may_match(&self) -> bool {
        self.word(0) == b"match" && self.tokens.len() > 2 && self.opens_block()
    }

    /// Adds the newer syntax of this line, strings left out.
    pub(super) fn features(&self, found: &mut Vec<(Feature, usize)>) {
        let Some(first) = self.tokens.first() else { return };
        let mut tell = |feature| found.push((feature, first.line));
        if self.tokens.iter().any(|token| token.kind == Kind::Walrus) {
            tell(Feature::Walrus);
        }
        match self.word(0) {
            b"def" if self.is_name(1) => {
                if self.op(2) == Some(b'[') {
                    tell(Feature::TypeParameters);
                }
                if self.has_positional_only() {
                    tell(Feature::PositionalOnly);
                }
            }
            b"class" if self.is_name(1) && self.op(2) == Some(b'[') => tell(Feature::TypeParameters),
            b"except" if self.op(1) == Some(b'*') => tell(Feature::ExceptStar),
            b"type" if self.is_name(1) && matches!(self.op(2), Some(b'=' | b'[')) => {
                tell(Feature::TypeStatement);
            }
            b"with" if self.has_parenthesized_items() => tell(Feature::ParenthesizedWith),
            _ => {}
        }
    }

    /// `(a, /)` or `(a, /, b)`: a slash where no division can stand.
    fn has_positional_only(&self) -> bool {
        let lone = |window: &[Token]| {
            window[0].is_op(b',')
                && window[1].is_op(b'/')
                && window[1].depth == 1
                && (window[2].is_op(b',') || window[2].is_op(b')'))
        };
        self.tokens.windows(3).any(lone)
    }

    /// `with (` … `as` …, the `as` being right inside these parentheses.
    fn has_parenthesized_items(&self) -> bool {
        let Some(close) = self.tokens.iter().skip(2).position(|token| token.depth == 0) else { return false };
        let inside = self.tokens.iter().enumerate().skip(2).take(close);
        self.op(1) == Some(b'(')
            && inside.into_iter().any(|(index, token)| token.depth == 1 && self.word(index) == b"as")
            && self.op(close + 3) == Some(b':')
    }

    /// Adds the names that it binds. Rather too many than too few: what is said of a module is what it lacks.
    pub(super) fn names(&self, names: &mut Vec<&'a [u8]>, star: &mut bool) {
        for (index, token) in self.tokens.iter().enumerate() {
            if self.word(index) == b"as" && self.is_name(index + 1) {
                names.push(self.word(index + 1));
            }
            if token.kind == Kind::Walrus && index > 0 {
                names.push(self.word(index - 1));
            }
        }
        match self.word(0) {
            b"def" | b"class" | b"type" if self.is_name(1) => names.push(self.word(1)),
            word if COMPOUND.contains(&word) && self.has_colon() => self.compound(names, star),
            _ => self.simple(names, star),
        }
    }

    fn has_colon(&self) -> bool {
        self.head_end().is_some()
    }

    /// Returns the position of the colon that ends the head of a compound statement.
    fn head_end(&self) -> Option<usize> {
        let mut lambdas = 0_usize;
        for (index, token) in self.tokens.iter().enumerate().filter(|(_, token)| token.depth == 0) {
            if self.word(index) == b"lambda" {
                lambdas += 1;
            } else if token.is_op(b':') {
                match lambdas.checked_sub(1) {
                    Some(left) => lambdas = left,
                    None => return Some(index),
                }
            }
        }
        None
    }

    fn compound(&self, names: &mut Vec<&'a [u8]>, star: &mut bool) {
        let Some(colon) = self.head_end() else { return };
        let until = match self.word(0) {
            b"for" => (1..colon).find(|index| self.word(*index) == b"in"),
            b"case" => Some(colon),
            _ => None,
        };
        names.extend(
            (1..until.unwrap_or(1)).filter(|index| self.is_name(*index)).map(|index| self.word(index)),
        );
        Self { tokens: &self.tokens[colon + 1..], ..*self }.simple(names, star);
    }

    fn simple(&self, names: &mut Vec<&'a [u8]>, star: &mut bool) {
        for tokens in self.tokens.split(|token| token.is_op(b';') && token.depth == 0) {
            let part = Self { tokens, ..*self };
            match part.word(0) {
                b"import" => part.import(names),
                b"from" => part.import_from(names, star),
                b"global" => {
                    let bound = (1..tokens.len()).filter(|index| part.is_name(*index));
                    names.extend(bound.map(|index| part.word(index)));
                }
                _ => part.assignment(names),
            }
        }
    }

    /// `import a.b, c as d`
    fn import(&self, names: &mut Vec<&'a [u8]>) {
        let first = |index: &usize| *index == 1 || self.op(index - 1) == Some(b',');
        let bound = (1..self.tokens.len()).filter(first).filter(|index| self.is_name(*index));
        names.extend(bound.map(|index| self.word(index)));
    }

    /// `from a import b, c as d` or `*`; without `as`, the name itself is bound.
    fn import_from(&self, names: &mut Vec<&'a [u8]>, star: &mut bool) {
        let Some(import) = (1..self.tokens.len()).find(|index| self.word(*index) == b"import") else {
            return;
        };
        *star |= self.op(import + 1) == Some(b'*');
        let bound = (import + 1..self.tokens.len()).filter(|index| self.is_name(*index));
        names.extend(bound.map(|index| self.word(index)).filter(|word| *word != b"as"));
    }

    /// `a = b, *c = d`, `a: int = 1`, `a += 1`.
    fn assignment(&self, names: &mut Vec<&'a [u8]>) {
        let last = self.tokens.iter().rposition(|token| token.is_op(b'=') && token.depth == 0);
        let annotated = self.is_name(0) && self.op(1) == Some(b':');
        let end = if annotated { 1 } else { last.unwrap_or(0) };
        names.extend((0..end).filter(|index| self.is_name(*index)).map(|index| self.word(index)));
    }
}
