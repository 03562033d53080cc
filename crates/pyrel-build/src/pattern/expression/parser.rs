//! From the text of an expression to that of the `regex` library, and what is known about it.

use std::collections::BTreeSet;

use super::search::{Flags, Needs};

/// Deeper groups are left to Python.
const MAX_DEPTH: usize = 32;

/// A piece of the translation.
enum Piece {
    Text(String),
    /// The content of the group that a back reference names, if one does.
    Group(usize, String),
    Back,
}

/// What is known about a part of an expression.
#[derive(Clone, Copy)]
pub(super) struct Shape {
    /// Whether it may match nothing.
    pub(super) may_be_empty: bool,
}

struct Group {
    name: Option<String>,
    /// The characters that it may match, if it is one of a few.
    choices: Option<BTreeSet<char>>,
    is_certain: bool,
    is_repeated: bool,
}

pub(super) struct Parser<'a> {
    characters: &'a [char],
    pub(super) at: usize,
    pieces: Vec<Piece>,
    groups: Vec<Group>,
    references: BTreeSet<usize>,
    has_top_alternatives: bool,
    pub(super) needs: Needs,
    pub(super) flags: Flags,
}

impl<'a> Parser<'a> {
    pub(super) fn new(characters: &'a [char], flags: Flags) -> Self {
        Self {
            characters,
            at: 0,
            pieces: Vec::new(),
            groups: Vec::new(),
            references: BTreeSet::new(),
            has_top_alternatives: false,
            needs: Needs::default(),
            flags,
        }
    }

    fn peek(&self) -> Option<char> {
        self.characters.get(self.at).copied()
    }

    fn take(&mut self, text: &str) -> bool {
        let length = text.chars().count();
        let is_next = self.characters[self.at..].iter().copied().take(length).eq(text.chars());
        if is_next {
            self.at += length;
        }
        is_next
    }

    fn emit(&mut self, text: &str) {
        match self.pieces.last_mut() {
            Some(Piece::Text(last)) => last.push_str(text),
            _ => self.pieces.push(Piece::Text(text.to_owned())),
        }
    }

    /// Reads flags at the very start.
    pub(super) fn flags(&mut self) -> Option<()> {
        let starts_with_flag = self.characters.starts_with(&['(', '?'])
            && self.characters.get(2).is_some_and(|c| c.is_ascii_lowercase());
        if !starts_with_flag {
            return Some(());
        }
        self.at = 2;
        loop {
            let flag = self.peek()?;
            self.at += 1;
            match flag {
                'i' => self.flags.ignore_case = true,
                's' => self.flags.dot_all = true,
                'm' => self.flags.multi_line = true,
                ')' => return Some(()),
                _ => return None,
            }
        }
    }

    pub(super) fn alternatives(&mut self, depth: usize) -> Option<Shape> {
        if depth > MAX_DEPTH {
            return None;
        }
        let mut whole = self.sequence(depth)?;
        while self.take("|") {
            self.has_top_alternatives |= depth == 0;
            self.emit("|");
            let next = self.sequence(depth)?;
            whole.may_be_empty |= next.may_be_empty;
        }
        Some(whole)
    }

    fn sequence(&mut self, depth: usize) -> Option<Shape> {
        let mut whole = Shape { may_be_empty: true };
        while self.peek().is_some_and(|c| c != '|' && c != ')') {
            let first_group = self.groups.len();
            let atom = self.atom(depth)?;
            let (may_be_empty, is_repeated) = match atom {
                Atom::Anchor => (true, false),
                Atom::Part(shape) => self.quantifier(shape, first_group)?,
            };
            if matches!(atom, Atom::Anchor) && self.peek().is_some_and(|c| "*+?{".contains(c)) {
                return None;
            }
            if is_repeated {
                self.groups[first_group..].iter_mut().for_each(|group| group.is_repeated = true);
            }
            whole.may_be_empty &= may_be_empty;
        }
        Some(whole)
    }

    fn atom(&mut self, depth: usize) -> Option<Atom> {
        let c = self.peek()?;
        self.at += 1;
        let one = Atom::Part(Shape { may_be_empty: false });
        match c {
            // Without lines, Python's `$` also stands before a line end at the very end.
            '$' if !self.flags.multi_line => None,
            '^' | '$' => {
                self.emit(&c.to_string());
                Some(Atom::Anchor)
            }
            '.' => {
                self.emit(".");
                Some(one)
            }
            '\\' => self.escape(one),
            '[' => {
                let (class, _) = self.class()?;
                self.emit(&class);
                Some(one)
            }
            '(' => self.group(depth).map(Atom::Part),
            '*' | '+' | '?' | '{' | '}' | ']' => None,
            c => {
                self.literal(c)?;
                Some(one)
            }
        }
    }

    /// Writes a character that stands for itself, and for its capital where these do not matter.
    fn literal(&mut self, c: char) -> Option<()> {
        if !self.flags.ignore_case || (c.is_ascii() && !c.is_ascii_alphabetic()) {
            self.emit(&regex::escape(&c.to_string()));
            return Some(());
        }
        let other = swapped(c)?;
        self.emit(&format!("[{c}{other}]"));
        Some(())
    }

    /// Notes a kind of characters by its letter.
    fn kind(&mut self, c: char) {
        match c {
            'd' | 'D' => self.needs.digits = true,
            's' | 'S' => self.needs.spaces = true,
            _ => self.needs.words = true,
        }
    }

    fn escape(&mut self, one: Atom) -> Option<Atom> {
        let c = self.peek()?;
        self.at += 1;
        match c {
            'd' | 'D' | 'w' | 'W' | 's' | 'S' => {
                self.kind(c);
                self.emit(&format!("\\{c}"));
                Some(one)
            }
            'b' | 'B' => {
                self.kind(c);
                self.emit(&format!("\\{c}"));
                Some(Atom::Anchor)
            }
            'A' => {
                self.emit("\\A");
                Some(Atom::Anchor)
            }
            'n' | 't' | 'r' => {
                self.emit(&format!("\\{c}"));
                Some(one)
            }
            '1'..='9' if !self.peek().is_some_and(|next| next.is_ascii_digit()) => {
                let number = usize::try_from(c.to_digit(10)?).ok()?;
                self.reference(number.checked_sub(1)?)?;
                Some(one)
            }
            c if c.is_ascii_punctuation() || c == ' ' => {
                self.emit(&regex::escape(&c.to_string()));
                Some(one)
            }
            _ => None,
        }
    }

    /// A reference to a group that is closed and one of a few characters.
    fn reference(&mut self, index: usize) -> Option<()> {
        let group = self.groups.get(index)?;
        if !group.is_certain || group.choices.is_none() {
            return None;
        }
        self.references.insert(index);
        self.pieces.push(Piece::Back);
        Some(())
    }

    fn group(&mut self, depth: usize) -> Option<Shape> {
        if self.take("?:") {
            self.emit("(?:");
            let shape = self.alternatives(depth + 1)?;
            self.emit(")");
            return self.take(")").then_some(shape);
        }
        if self.take("?P=") {
            let name = self.name(')')?;
            let index = self.groups.iter().position(|group| group.name.as_ref() == Some(&name))?;
            self.reference(index)?;
            return Some(Shape { may_be_empty: false });
        }
        let name = if self.take("?P<") { Some(self.name('>')?) } else { None };
        if self.peek() == Some('?') {
            return None;
        }
        let open = name.as_ref().map_or_else(|| "(".to_owned(), |name| format!("(?P<{name}>"));
        let index = self.groups.len();
        self.groups.push(Group { name, choices: None, is_certain: false, is_repeated: false });
        self.emit(&open);
        let start = self.at;
        let shape = match self.few()? {
            Some((class, choices)) => {
                self.pieces.push(Piece::Group(index, class));
                self.groups[index].choices = Some(choices);
                self.groups[index].is_certain = depth == 0;
                Shape { may_be_empty: false }
            }
            None => {
                self.at = start;
                self.alternatives(depth + 1)?
            }
        };
        self.emit(")");
        self.take(")").then_some(shape)
    }

    fn name(&mut self, end: char) -> Option<String> {
        let mut name = String::new();
        while let Some(c) = self.peek().filter(|c| c.is_ascii_alphanumeric() || *c == '_') {
            name.push(c);
            self.at += 1;
        }
        let starts_well = name.starts_with(|c: char| !c.is_ascii_digit());
        (starts_well && self.take(&end.to_string())).then_some(name)
    }

    /// Reads the content of a group that is nothing but a list of punctuation marks.
    fn few(&mut self) -> Option<Option<(String, BTreeSet<char>)>> {
        if !self.take("[") {
            return Some(None);
        }
        let (class, choices) = self.class()?;
        let choices = choices.filter(|choices| choices.len() <= 4 && self.peek() == Some(')'));
        Some(choices.map(|choices| (class, choices)))
    }

    /// Reads a class behind its bracket; returns it with its characters when all are punctuation marks.
    fn class(&mut self) -> Option<(String, Option<BTreeSet<char>>)> {
        let negated = self.take("^");
        let mut out = String::from(if negated { "[^" } else { "[" });
        let mut choices = BTreeSet::new();
        let mut is_few = !negated;
        if self.peek() == Some(']') {
            return None;
        }
        while !self.take("]") {
            let low = self.class_item(&mut out)?;
            let is_range = self.peek() == Some('-') && self.characters.get(self.at + 1) != Some(&']');
            match low {
                Some(c) if c.is_ascii_punctuation() && !is_range => drop(choices.insert(c)),
                _ => is_few = false,
            }
            if is_range {
                self.at += 1;
                out.push('-');
                let (low, high) = (low?, self.class_item(&mut out)??);
                if low > high {
                    return None;
                }
                self.swap_range(&mut out, low, high)?;
            } else if let Some(c) = low {
                self.swap_range(&mut out, c, c)?;
            }
        }
        out.push(']');
        Some((out, is_few.then_some(choices)))
    }

    /// Adds the other case of the letters of a range where it does not matter.
    fn swap_range(&self, out: &mut String, low: char, high: char) -> Option<()> {
        if !self.flags.ignore_case {
            return Some(());
        }
        if !high.is_ascii() {
            return None;
        }
        for (first, last) in [('a', 'z'), ('A', 'Z')] {
            let (low, high) = (low.max(first), high.min(last));
            if low <= high {
                out.push_str(&format!("{}-{}", swapped(low)?, swapped(high)?));
            }
        }
        Some(())
    }

    /// Reads one character of a class (`Some(None)`: a kind of characters).
    fn class_item(&mut self, out: &mut String) -> Option<Option<char>> {
        let c = self.peek()?;
        self.at += 1;
        if c != '\\' {
            push_literal(out, c);
            return Some(Some(c));
        }
        let c = self.peek()?;
        self.at += 1;
        match c {
            'd' | 'D' | 'w' | 'W' | 's' | 'S' => {
                self.kind(c);
                out.push('\\');
                out.push(c);
                Some(None)
            }
            'n' | 't' | 'r' => {
                out.push('\\');
                out.push(c);
                Some(None)
            }
            c if c.is_ascii_punctuation() || c == ' ' => {
                push_literal(out, c);
                Some(Some(c))
            }
            _ => None,
        }
    }

    /// Reads a quantifier, if there is one; tells whether the whole may be empty, and whether it is repeated.
    fn quantifier(&mut self, shape: Shape, first_group: usize) -> Option<(bool, bool)> {
        let start = self.at;
        let (may_be_empty, is_repeated) = match self.peek() {
            Some('?') => (true, false),
            Some('*') => (true, true),
            Some('+') => (shape.may_be_empty, true),
            Some('{') => (shape.may_be_empty | self.counted()?, true),
            _ => return Some((shape.may_be_empty, false)),
        };
        if self.at == start {
            self.at += 1;
        }
        if is_repeated && shape.may_be_empty {
            return None;
        }
        self.take("?");
        if self.peek().is_some_and(|c| "*+?{".contains(c)) {
            return None;
        }
        for group in &mut self.groups[first_group..] {
            group.is_certain = false;
        }
        let written: String = self.characters[start..self.at].iter().collect();
        self.emit(&written);
        Some((may_be_empty, is_repeated))
    }

    /// Reads `{2}`, `{2,}`, or `{2,4}`; tells whether the lowest number is zero.
    fn counted(&mut self) -> Option<bool> {
        self.at += 1;
        let low = self.number()?;
        if self.take(",") {
            let high = self.number();
            if high.is_some_and(|high| high < low) {
                return None;
            }
        }
        self.take("}").then_some(low == 0)
    }

    fn number(&mut self) -> Option<u32> {
        let start = self.at;
        while self.peek().is_some_and(|c| c.is_ascii_digit()) {
            self.at += 1;
        }
        let digits: String = self.characters[start..self.at].iter().collect();
        digits.parse().ok().filter(|number| *number <= 1000)
    }

    /// Returns the numbers of the groups that match again and again.
    pub(super) fn repeated_groups(&self) -> BTreeSet<usize> {
        let numbered = (1..).zip(&self.groups);
        numbered.filter(|(_, group)| group.is_repeated).map(|(number, _)| number).collect()
    }

    /// Writes the translation, once for each character that the back references can stand for.
    pub(super) fn patterns(&self) -> Option<Vec<String>> {
        let write = |choice: Option<char>| {
            let choice = choice.map(|c| regex::escape(&c.to_string()));
            let mut out = String::new();
            for piece in &self.pieces {
                match (piece, &choice) {
                    (Piece::Text(text), _) => out.push_str(text),
                    (Piece::Group(index, _), Some(choice)) if self.references.contains(index) => {
                        out.push_str(choice);
                    }
                    (Piece::Group(_, class), _) => out.push_str(class),
                    (Piece::Back, choice) => out.push_str(choice.as_deref().unwrap_or_default()),
                }
            }
            out
        };
        let mut references = self.references.iter();
        let Some(index) = references.next() else { return Some(vec![write(None)]) };
        let group = &self.groups[*index];
        if references.next().is_some() || self.has_top_alternatives || !group.is_certain {
            return None;
        }
        Some(group.choices.iter().flatten().map(|choice| write(Some(*choice))).collect())
    }
}

/// One element of a sequence.
enum Atom {
    /// Takes no character.
    Anchor,
    Part(Shape),
}

/// Returns an ASCII letter in the other case.
fn swapped(c: char) -> Option<char> {
    match c {
        'a'..='z' => Some(c.to_ascii_uppercase()),
        'A'..='Z' => Some(c.to_ascii_lowercase()),
        _ => None,
    }
}

fn push_literal(out: &mut String, c: char) {
    if matches!(c, '\\' | '[' | ']' | '^' | '-' | '&' | '~' | '|') {
        out.push('\\');
    }
    out.push(c);
}
