//! Expressions of Python's `re`, as far as they certainly mean the same to the `regex` library.
//!
//! Both find the leftmost match and prefer alternatives in the order written. Left out is whatever only one of them has
//! (looking around, possessive repetition, conditions), whatever they read differently (sets of characters in sets,
//! repetition of what may be empty), and texts in which they disagree about kinds of characters. A back reference
//! to a group of single characters, such as the quote around a version, is tried once for each of them.

use std::collections::BTreeSet;
use std::ops::Range;

use regex::bytes::{Captures, Regex, RegexBuilder};

/// Bigger automata are left to Python.
const MAX_SIZE: usize = 1 << 20;
/// Deeper groups are left to Python.
const MAX_DEPTH: usize = 32;

/// Flags that are given beside an expression.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Flags {
    /// `^` and `$` are at every line.
    pub(crate) multi_line: bool,
    /// `.` takes the ends of lines.
    pub(crate) dot_all: bool,
    /// Capitals do not matter.
    pub(crate) ignore_case: bool,
}

/// A compiled expression.
#[derive(Debug)]
pub(crate) struct PythonExpression {
    /// One for each character that a back reference can stand for.
    variants: Vec<Regex>,
    needs: Needs,
    may_be_empty: bool,
}

/// What an expression asks about characters.
#[derive(Debug, Clone, Copy, Default)]
struct Needs {
    digits: bool,
    spaces: bool,
    words: bool,
    cases: bool,
}

impl Needs {
    /// Tells whether both libraries say the same about a character.
    fn are_certain_of(self, c: char) -> bool {
        let kinds = self.digits || self.spaces || self.words;
        match c {
            '\u{1c}'..='\u{1f}' => !kinds,
            c if c.is_ascii() => true,
            // Letters that are an ASCII letter in other guise.
            '\u{130}' | '\u{131}' | '\u{17f}' | '\u{212a}' => !(self.cases || self.words),
            // Signs without letters, digits, or marks among them.
            '\u{2010}'..='\u{2027}'
            | '\u{2190}'..='\u{23ff}'
            | '\u{2500}'..='\u{2767}'
            | '\u{1f300}'..='\u{1faff}' => true,
            c => !(self.words || self.digits && c.is_numeric()),
        }
    }
}

/// What a search found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Found {
    /// The place of the group.
    At(Range<usize>),
    /// The expression does not match, or not through the group.
    Nothing,
    /// Only Python can tell.
    Uncertain,
}

impl PythonExpression {
    /// Compiles an expression; `None` for one that only Python can evaluate.
    pub(crate) fn new(text: &str, flags: Flags) -> Option<Self> {
        let characters: Vec<char> = text.chars().collect();
        let mut parser = Parser::new(&characters, flags);
        parser.flags()?;
        let shape = parser.alternatives(0)?;
        if parser.at < characters.len() {
            return None;
        }
        let mut variants = Vec::new();
        for pattern in parser.patterns()? {
            let mut builder = RegexBuilder::new(&pattern);
            builder.multi_line(parser.flags.multi_line).dot_matches_new_line(parser.flags.dot_all);
            variants.push(builder.size_limit(MAX_SIZE).build().ok()?);
        }
        let needs = Needs { cases: parser.flags.ignore_case, ..parser.needs };
        Some(Self { variants, needs, may_be_empty: shape.may_be_empty })
    }

    /// Tells whether there is a group of this name.
    pub(crate) fn has_group(&self, name: &str) -> bool {
        self.variants.iter().all(|regex| regex.capture_names().flatten().any(|own| own == name))
    }

    /// Returns where a group of the first match is.
    pub(crate) fn find(&self, text: &str, group: &str) -> Found {
        self.search(text, |captures| captures.name(group).map(|place| place.range()))
    }

    /// Returns where the first group of the first match is.
    pub(crate) fn find_first_group(&self, text: &str) -> Found {
        self.search(text, |captures| captures.get(1).map(|place| place.range()))
    }

    fn search(&self, text: &str, group: impl Fn(&Captures<'_>) -> Option<Range<usize>>) -> Found {
        if !self.is_certain_of(text) {
            return Found::Uncertain;
        }
        let found: Vec<Captures<'_>> =
            self.variants.iter().filter_map(|regex| regex.captures(text.as_bytes())).collect();
        let start = |captures: &Captures<'_>| captures.get(0).map(|whole| whole.start());
        let Some(first) = found.iter().map(start).min() else { return Found::Nothing };
        let mut leftmost = found.iter().filter(|captures| start(captures) == first);
        match (leftmost.next().and_then(group), leftmost.next()) {
            (Some(place), None) => Found::At(place),
            (None, None) => Found::Nothing,
            _ => Found::Uncertain,
        }
    }

    fn is_certain_of(&self, text: &str) -> bool {
        text.chars().all(|c| self.needs.are_certain_of(c))
    }

    /// Replaces every match by a template of `re`; `None` where only Python knows the outcome.
    pub(crate) fn replace_all(&self, text: &str, template: &str) -> Option<String> {
        let [regex] = self.variants.as_slice() else { return None };
        if self.may_be_empty || !self.is_certain_of(text) {
            return None;
        }
        let template = parse_template(template, regex)?;
        let mut out = String::new();
        let mut end = 0;
        for captures in regex.captures_iter(text.as_bytes()) {
            let whole = captures.get(0)?.range();
            out.push_str(&text[end..whole.start]);
            for part in &template {
                match part {
                    TemplatePart::Text(text) => out.push_str(text),
                    TemplatePart::Group(index) => {
                        out.push_str(captures.get(*index).map_or("", |place| &text[place.range()]));
                    }
                }
            }
            end = whole.end;
        }
        out.push_str(&text[end..]);
        Some(out)
    }
}

/// A piece of what a match is replaced by.
enum TemplatePart {
    Text(String),
    Group(usize),
}

/// Reads a template with `\\1`, `\\g<1>`, `\\g<name>`, `\\n`, `\\t`, `\\\\`; `None` for anything else behind a backslash.
fn parse_template(template: &str, regex: &Regex) -> Option<Vec<TemplatePart>> {
    let mut parts = Vec::new();
    let mut rest = template;
    while let Some((text, behind)) = rest.split_once('\\') {
        parts.push(TemplatePart::Text(text.to_owned()));
        let c = behind.chars().next()?;
        rest = &behind[c.len_utf8()..];
        match c {
            'n' => parts.push(TemplatePart::Text("\n".to_owned())),
            't' => parts.push(TemplatePart::Text("\t".to_owned())),
            '\\' => parts.push(TemplatePart::Text("\\".to_owned())),
            '1'..='9' if !rest.starts_with(|next: char| next.is_ascii_digit()) => {
                parts.push(TemplatePart::Group(usize::try_from(c.to_digit(10)?).ok()?));
            }
            'g' => {
                let (name, behind) = rest.strip_prefix('<')?.split_once('>')?;
                let by_name = || regex.capture_names().position(|own| own == Some(name));
                let is_number = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit());
                let index = if is_number { name.parse().ok() } else { by_name() };
                parts.push(TemplatePart::Group(index?));
                rest = behind;
            }
            _ => return None,
        }
    }
    parts.push(TemplatePart::Text(rest.to_owned()));
    let known =
        |part: &TemplatePart| !matches!(part, TemplatePart::Group(index) if *index >= regex.captures_len());
    parts.iter().all(known).then_some(parts)
}

/// A piece of the translation.
enum Piece {
    Text(String),
    /// The content of the group that a back reference names, if one does.
    Group(usize, String),
    Back,
}

/// What is known about a part of an expression.
#[derive(Clone, Copy)]
struct Shape {
    /// Whether it may match nothing.
    may_be_empty: bool,
    /// Whether it has groups that are captured.
    captures: bool,
}

struct Group {
    name: Option<String>,
    /// The characters that it may match, if it is one of a few.
    choices: Option<BTreeSet<char>>,
    is_certain: bool,
}

struct Parser<'a> {
    characters: &'a [char],
    at: usize,
    pieces: Vec<Piece>,
    groups: Vec<Group>,
    references: BTreeSet<usize>,
    has_top_alternatives: bool,
    needs: Needs,
    flags: Flags,
}

impl<'a> Parser<'a> {
    fn new(characters: &'a [char], flags: Flags) -> Self {
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
    fn flags(&mut self) -> Option<()> {
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

    fn alternatives(&mut self, depth: usize) -> Option<Shape> {
        if depth > MAX_DEPTH {
            return None;
        }
        let mut whole = self.sequence(depth)?;
        while self.take("|") {
            self.has_top_alternatives |= depth == 0;
            self.emit("|");
            let next = self.sequence(depth)?;
            whole.may_be_empty |= next.may_be_empty;
            whole.captures |= next.captures;
        }
        Some(whole)
    }

    fn sequence(&mut self, depth: usize) -> Option<Shape> {
        let mut whole = Shape { may_be_empty: true, captures: false };
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
            let captures = matches!(atom, Atom::Part(Shape { captures: true, .. }));
            if captures && is_repeated {
                return None;
            }
            whole.may_be_empty &= may_be_empty;
            whole.captures |= captures;
        }
        Some(whole)
    }

    fn atom(&mut self, depth: usize) -> Option<Atom> {
        let c = self.peek()?;
        self.at += 1;
        let one = Atom::Part(Shape { may_be_empty: false, captures: false });
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
            return Some(Shape { may_be_empty: false, captures: false });
        }
        let name = if self.take("?P<") { Some(self.name('>')?) } else { None };
        if self.peek() == Some('?') {
            return None;
        }
        let open = name.as_ref().map_or_else(|| "(".to_owned(), |name| format!("(?P<{name}>"));
        let index = self.groups.len();
        self.groups.push(Group { name, choices: None, is_certain: false });
        self.emit(&open);
        let start = self.at;
        let shape = match self.few()? {
            Some((class, choices)) => {
                self.pieces.push(Piece::Group(index, class));
                self.groups[index].choices = Some(choices);
                self.groups[index].is_certain = depth == 0;
                Shape { may_be_empty: false, captures: true }
            }
            None => {
                self.at = start;
                Shape { captures: true, ..self.alternatives(depth + 1)? }
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

    /// Writes the translation, once for each character that the back references can stand for.
    fn patterns(&self) -> Option<Vec<String>> {
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

#[cfg(test)]
mod tests {
    use super::*;

    const LINES: Flags = Flags { multi_line: true, dot_all: false, ignore_case: false };

    fn find(pattern: &str, text: &str) -> Option<String> {
        match PythonExpression::new(pattern, LINES).unwrap().find(text, "version") {
            Found::At(range) => Some(text[range].to_owned()),
            Found::Nothing => None,
            Found::Uncertain => Some("?".to_owned()),
        }
    }

    #[test]
    fn finds_what_python_finds() {
        for (pattern, text, expected) in [
            ("version: (?P<version>.+)$", "x\nversion: 1.0\ny", Some("1.0")),
            (r#"(?i)^(__version__|VERSION) *= *(['"])v?(?P<version>.+?)\2"#, "Version = 'v1\"'", Some("1\"")),
            (r#"^V = (?P<q>['"])(?P<version>[^'"]+)(?P=q)"#, "V = \"1'\nV = '2'", Some("2")),
            (r"(?P<version>\d+(?:\.\d+)*)", "a 1.2.3 b", Some("1.2.3")),
            (r"(?P<version>[0-9a-z.]{2,4}?)", "ab.1", Some("ab")),
            (r"(?s)a(?P<version>.*)z", "ä a\nz", Some("\n")),
            (r"(?P<version>\w+)", "ä", Some("?")),
            (r"(?P<version>\w+)", "🚀 a – b", Some("a")),
            (r"(?P<version>\d+)", "ä 1", Some("1")),
            (r"(?P<version>\d+)", "² 1", Some("?")),
            (r"(?i)k(?P<version>[b-d1]+)", "ä KBcD1", Some("BcD1")),
            (r"(?i)k(?P<version>.)", "\u{212a}1", Some("?")),
            (r"[^a]=(?P<version>.)", "ä=ö", Some("ö")),
            (r"x|(?P<version>y)", "x y", None),
            (r"no (?P<version>.)", "x", None),
            (r"(?P<version>[\-\]&&~~]+)", "a-]&~", Some("-]&~")),
            (r"\$\{(?P<version>.)\}", "${1}", Some("1")),
        ] {
            assert_eq!(find(pattern, text).as_deref(), expected, "{pattern}");
        }
    }

    #[test]
    fn what_only_python_can_evaluate() {
        for pattern in [
            "a++",
            "a*+",
            "a?+",
            "(?=a)",
            "(?<!a)b",
            "(?<n>a)",
            "(?x)a",
            "a(?i)b",
            "(?i:a)",
            "(a*)*",
            "(?:a?)+",
            "(a)+",
            "\\Z",
            "\\z",
            "\\1",
            "(a)\\1",
            "(['\"])?\\1",
            "(x(['\"]))\\2",
            "(['\"])a|\\1",
            "a{,3}",
            "a{2",
            "{",
            "[]a]",
            "[a",
            "(a",
            "a)",
            "[z-a]",
            "\\p{L}",
            "[\\b]",
            "^*",
            "(?#c)",
            "*a",
            "a**",
            "\\N{DASH}",
            "[a-\\d]",
            "(['\"])\\1(['\"])\\2",
        ] {
            assert!(PythonExpression::new(pattern, LINES).is_none(), "{pattern}");
        }
    }

    #[test]
    fn every_match_is_replaced() {
        let replace = |pattern: &str, template: &str, text: &str| {
            PythonExpression::new(pattern, Flags::default())?.replace_all(text, template)
        };
        let issue = (r"#(\d+)", r"[#\1](https://example.org/\g<1>)\n");
        assert_eq!(replace(issue.0, issue.1, "ä #12 b").unwrap(), "ä [#12](https://example.org/12)\n b");
        assert_eq!(replace("(?P<x>a)|b", r"<\g<x>>", "abc").unwrap(), "<a><>c");
        assert_eq!(replace("^a", "x", "a\na").unwrap(), "x\na");
        assert_eq!(replace(r"a\.", r"\\", "a.").unwrap(), "\\");
        for (pattern, template) in [
            ("a$", "x"),
            ("a*", "x"),
            ("a", r"\1"),
            ("(a)", r"\12"),
            ("a", r"\."),
            ("a", r"\g<x>"),
            ("a", "\\"),
            (r"(['])\1|a", "x"),
        ] {
            assert_eq!(replace(pattern, template, "a"), None, "{pattern} {template}");
        }
    }
}
