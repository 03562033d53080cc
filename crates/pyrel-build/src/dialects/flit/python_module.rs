//! A Python module that consists of comments, strings, imports, and constants, parsed in full.
//!
//! flit parses modules with Python's own parser and takes the docstring and a constant from the tree. Here every
//! line has to be understood: one statement of another kind, or a spelling that is not everyday, and the module
//! is flit's business.

use std::sync::LazyLock;

use regex::Regex;

/// What a module says.
#[derive(Debug, Default)]
pub(super) struct PythonModule {
    /// The string that the module begins with.
    pub(super) docstring: Option<String>,
    constants: Vec<(String, Value)>,
}

/// The right side of an assignment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    /// A string.
    Text(String),
    /// A number, truth value, or `None`.
    Other,
    /// A tuple or list, which is no constant in Python's tree.
    Sequence,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Name(String),
    Number,
    Text(String),
    Mark(char),
    LineEnd,
}

/// The number of a line that is not understood.
type Step<T> = Result<T, usize>;

const KEYWORDS: &[&str] = &[
    "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue", "def",
    "del", "elif", "else", "except", "finally", "for", "from", "global", "if", "import", "in", "is",
    "lambda", "nonlocal", "not", "or", "pass", "raise", "return", "try", "while", "with", "yield",
];

/// Brackets deeper than this are not followed.
const MAX_DEPTH: usize = 32;

impl PythonModule {
    /// Parses the bytes of a module; an error is the number of a line that is not understood.
    pub(super) fn parse(bytes: &[u8]) -> Step<Self> {
        let text = std::str::from_utf8(bytes).map_err(|_| 1usize)?.replace("\r\n", "\n");
        if let Some(line) = first_odd_line(&text) {
            return Err(line);
        }
        let tokens = Lexer { rest: &text, line: 1, depth: 0, tokens: Vec::new() }.run()?;
        let mut parser = Parser { tokens: &tokens, at: 0, depth: 0 };
        let mut module = Self::default();
        let mut is_first = true;
        while !parser.is_done() {
            parser.statement(&mut module, is_first)?;
            is_first = false;
        }
        Ok(module)
    }

    /// Returns the first constant that is assigned to a name.
    pub(super) fn constant(&self, name: &str) -> Option<&Value> {
        self.constants
            .iter()
            .find(|(own, value)| own == name && *value != Value::Sequence)
            .map(|(_, value)| value)
    }
}

/// Finds a declared encoding other than UTF-8, a byte order mark, or a control character.
fn first_odd_line(text: &str) -> Option<usize> {
    static CODING: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^[ \t]*#.*?coding[:=][ \t]*([-_.a-zA-Z0-9]+)").expect("a constant expression")
    });
    let odd = |c: char| (c.is_control() && c != '\t') || c == '\u{feff}';
    let declares_another =
        |line: &str| CODING.captures(line).is_some_and(|found| !found[1].eq_ignore_ascii_case("utf-8"));
    text.split('\n')
        .enumerate()
        .find(|(index, line)| line.contains(odd) || (*index < 2 && declares_another(line)))
        .map(|(index, _)| index + 1)
}

struct Lexer<'t> {
    rest: &'t str,
    line: usize,
    /// How many brackets are open.
    depth: usize,
    tokens: Vec<(Token, usize)>,
}

impl Lexer<'_> {
    fn run(mut self) -> Step<Vec<(Token, usize)>> {
        while let Some(c) = self.rest.chars().next() {
            match c {
                '\n' => self.line_end()?,
                ' ' | '\t' if self.at_line_start() => self.blank_line()?,
                ' ' | '\t' => self.skip(1),
                '#' => self.skip(self.rest.find('\n').unwrap_or(self.rest.len())),
                '\'' | '"' => self.string(c)?,
                '(' | '[' => self.mark(c, 1),
                ')' | ']' => {
                    self.depth = self.depth.checked_sub(1).ok_or(self.line)?;
                    self.mark(c, 0);
                }
                '=' | ':' | ',' | '.' | '*' => self.mark(c, 0),
                c if c.is_ascii_digit() => self.number()?,
                c if c.is_ascii_alphabetic() || c == '_' => self.name()?,
                _ => return Err(self.line),
            }
        }
        if self.depth > 0 {
            return Err(self.line);
        }
        self.push(Token::LineEnd);
        Ok(self.tokens)
    }

    fn push(&mut self, token: Token) {
        let is_blank = matches!(self.tokens.last(), None | Some((Token::LineEnd, _)));
        if token != Token::LineEnd || !is_blank {
            self.tokens.push((token, self.line));
        }
    }

    fn skip(&mut self, length: usize) {
        self.rest = &self.rest[length..];
    }

    fn mark(&mut self, c: char, opened: usize) {
        self.depth += opened;
        self.push(Token::Mark(c));
        self.skip(c.len_utf8());
    }

    fn at_line_start(&self) -> bool {
        self.depth == 0 && matches!(self.tokens.last(), None | Some((Token::LineEnd, _)))
    }

    /// Lets through white space before a comment or nothing; before a statement it would be an indent.
    fn blank_line(&mut self) -> Step<()> {
        self.rest = self.rest.trim_start_matches([' ', '\t']);
        if self.rest.is_empty() || self.rest.starts_with(['#', '\n']) { Ok(()) } else { Err(self.line) }
    }

    fn line_end(&mut self) -> Step<()> {
        if self.depth == 0 {
            self.push(Token::LineEnd);
        }
        self.line += 1;
        self.skip(1);
        Ok(())
    }

    fn name(&mut self) -> Step<()> {
        let end = self.rest.find(|c: char| !is_word(c)).unwrap_or(self.rest.len());
        let name = self.rest[..end].to_owned();
        self.skip(end);
        // A letter before a quote makes another kind of string; letters beyond ASCII are folded by Python.
        if self.rest.starts_with(|c: char| matches!(c, '\'' | '"') || !c.is_ascii()) {
            return Err(self.line);
        }
        self.push(Token::Name(name));
        Ok(())
    }

    /// Takes `0`, `12`, and `1.5`.
    fn number(&mut self) -> Step<()> {
        let end = self.rest.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(self.rest.len());
        let digits = &self.rest[..end];
        let mut parts = digits.split('.');
        let whole = parts.next().unwrap_or_default();
        let fraction = parts.next();
        let plain =
            (whole == "0" || !whole.starts_with('0')) && fraction != Some("") && parts.next().is_none();
        // Python refuses whole numbers of more than 4,300 digits.
        if !plain
            || digits.len() > 1000
            || self.rest[end..].starts_with(|c: char| is_word(c) || !c.is_ascii())
        {
            return Err(self.line);
        }
        self.skip(end);
        self.push(Token::Number);
        Ok(())
    }

    fn string(&mut self, quote: char) -> Step<()> {
        let start = self.line;
        let triple = quote.to_string().repeat(3);
        let fence = if self.rest.starts_with(&triple) { triple } else { quote.to_string() };
        self.skip(fence.len());
        let mut value = String::new();
        while !self.rest.starts_with(&fence) {
            let mut characters = self.rest.chars();
            let c = characters.next().ok_or(start)?;
            let mut length = c.len_utf8();
            match c {
                '\n' if fence.len() == 1 => return Err(start),
                '\n' => {
                    self.line += 1;
                    value.push(c);
                }
                '\\' => {
                    let escaped = characters.next().filter(|c| matches!(c, '\\' | '\'' | '"'));
                    let escaped = escaped.ok_or(self.line)?;
                    value.push(escaped);
                    length += escaped.len_utf8();
                }
                other => value.push(other),
            }
            self.skip(length);
        }
        self.skip(fence.len());
        if self.rest.starts_with(is_word) {
            return Err(self.line);
        }
        self.push(Token::Text(value));
        Ok(())
    }
}

fn is_word(c: char) -> bool {
    c == '_' || c.is_ascii_alphanumeric()
}

struct Parser<'t> {
    tokens: &'t [(Token, usize)],
    at: usize,
    depth: usize,
}

impl Parser<'_> {
    fn is_done(&self) -> bool {
        self.at >= self.tokens.len()
    }

    fn peek(&self, ahead: usize) -> Option<&Token> {
        self.tokens.get(self.at + ahead).map(|(token, _)| token)
    }

    fn fault<T>(&self) -> Step<T> {
        let token = self.tokens.get(self.at).or(self.tokens.last());
        Err(token.map_or(1, |(_, line)| *line))
    }

    fn take(&mut self, token: &Token) -> bool {
        let is_next = self.peek(0) == Some(token);
        self.at += usize::from(is_next);
        is_next
    }

    fn take_mark(&mut self, mark: char) -> bool {
        self.take(&Token::Mark(mark))
    }

    fn take_word(&mut self, word: &str) -> bool {
        self.take(&Token::Name(word.to_owned()))
    }

    fn expect_mark(&mut self, mark: char) -> Step<()> {
        if self.take_mark(mark) { Ok(()) } else { self.fault() }
    }

    /// Takes a name that is no keyword.
    fn name(&mut self) -> Step<String> {
        match self.peek(0) {
            Some(Token::Name(name)) if !KEYWORDS.contains(&name.as_str()) => {
                let name = name.clone();
                self.at += 1;
                Ok(name)
            }
            _ => self.fault(),
        }
    }

    fn dotted(&mut self) -> Step<()> {
        self.name()?;
        while self.take_mark('.') {
            self.name()?;
        }
        Ok(())
    }

    fn statement(&mut self, module: &mut PythonModule, is_first: bool) -> Step<()> {
        if let Some(Token::Text(_)) = self.peek(0) {
            let text = self.strings();
            if is_first {
                module.docstring = Some(text);
            }
        } else if self.take_word("import") {
            self.imported(Self::dotted)?;
        } else if self.take_word("from") {
            self.import_from()?;
        } else {
            self.assignment(module)?;
        }
        if self.take(&Token::LineEnd) { Ok(()) } else { self.fault() }
    }

    /// Takes `name [as name], …`, of names that `item` takes.
    fn imported<T>(&mut self, item: fn(&mut Self) -> Step<T>) -> Step<()> {
        loop {
            item(self)?;
            if self.take_word("as") {
                self.name()?;
            }
            if !self.take_mark(',') {
                return Ok(());
            }
            if self.peek(0) == Some(&Token::Mark(')')) {
                return Ok(());
            }
        }
    }

    fn import_from(&mut self) -> Step<()> {
        let mut is_relative = false;
        while self.take_mark('.') {
            is_relative = true;
        }
        if !is_relative || !matches!(self.peek(0), Some(Token::Name(word)) if word == "import") {
            self.dotted()?;
        }
        if !self.take_word("import") {
            return self.fault();
        }
        if self.take_mark('*') {
            return Ok(());
        }
        let in_brackets = self.take_mark('(');
        self.imported(Self::name)?;
        if in_brackets { self.expect_mark(')') } else { Ok(()) }
    }

    /// Takes `name = … = value` and `name: annotation = value`.
    fn assignment(&mut self, module: &mut PythonModule) -> Step<()> {
        let mut targets = vec![self.name()?];
        if self.take_mark(':') {
            self.name()?;
            self.expect_mark('=')?;
        } else {
            self.expect_mark('=')?;
            while self.peek(1) == Some(&Token::Mark('=')) {
                targets.push(self.name()?);
                self.expect_mark('=')?;
            }
        }
        let value = self.value()?;
        module.constants.extend(targets.into_iter().map(|target| (target, value.clone())));
        Ok(())
    }

    fn value(&mut self) -> Step<Value> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return self.fault();
        }
        let value = match self.peek(0) {
            Some(Token::Text(_)) => Value::Text(self.strings()),
            Some(Token::Number) => self.other(),
            Some(Token::Name(name)) if ["None", "True", "False"].contains(&name.as_str()) => self.other(),
            Some(Token::Mark('[')) => {
                self.elements(']')?;
                Value::Sequence
            }
            // `('1')` is the string itself.
            Some(Token::Mark('(')) => match self.elements(')')? {
                (Some(only), false) => only,
                _ => Value::Sequence,
            },
            _ => return self.fault(),
        };
        self.depth -= 1;
        Ok(value)
    }

    fn other(&mut self) -> Value {
        self.at += 1;
        Value::Other
    }

    /// Takes what stands in brackets: the first element, and whether there is a comma.
    fn elements(&mut self, close: char) -> Step<(Option<Value>, bool)> {
        self.at += 1;
        let mut first = None;
        let mut has_comma = false;
        while !self.take_mark(close) {
            if first.is_some() && !has_comma {
                return self.fault();
            }
            let value = self.value()?;
            first.get_or_insert(value);
            if self.take_mark(',') {
                has_comma = true;
            } else {
                self.expect_mark(close)?;
                break;
            }
        }
        Ok((first, has_comma))
    }

    /// Joins the strings that stand beside each other.
    fn strings(&mut self) -> String {
        let mut out = String::new();
        while let Some(Token::Text(text)) = self.peek(0) {
            out.push_str(text);
            self.at += 1;
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(source: &str) -> Option<Value> {
        PythonModule::parse(source.as_bytes()).unwrap().constant("__version__").cloned()
    }

    #[test]
    fn the_first_constant_counts() {
        let text = |value: &str| Some(Value::Text(value.to_owned()));
        for (source, expected) in [
            ("__version__ = '1'\n__version__ = '2'\n", text("1")),
            (
                "\"\"\"Doc\n__version__ = '0'\n\"\"\"\r\nimport a.b as c, d\n__version__: str = \"1\"  # note",
                text("1"),
            ),
            ("from . import (x,\n  y as z,\n)\nfrom ..m import *\nx = __version__ = ('1' '2')\n", text("12")),
            ("__version__ = (\n    '1'  # a\n)\n", text("1")),
            ("__version__ = ('1',)\n__version__ = 'it\\'s'\n", text("it's")),
            ("__all__ = ['__version__', \"x\", ]\n  # indented\n\t\n__version__ = 1.5\n", Some(Value::Other)),
            ("__version__ = ()\n", None),
            ("", None),
        ] {
            assert_eq!(version(source), expected, "{source}");
        }
    }

    #[test]
    fn only_the_first_statement_is_a_docstring() {
        let docstring = |source: &str| PythonModule::parse(source.as_bytes()).unwrap().docstring;
        assert_eq!(docstring("# c\n\n'One.' ' Two.'\n'x'\n").as_deref(), Some("One. Two."));
        assert_eq!(docstring("'''\n  One.\n'''\n").as_deref(), Some("\n  One.\n"));
        assert_eq!(docstring("x = 1\n'One.'\n"), None);
        assert_eq!(docstring("# -*- coding: UTF-8 -*-\n'Ä'\n").as_deref(), Some("Ä"));
    }

    #[test]
    fn everything_else_is_refused_with_its_line() {
        for (source, line) in [
            ("x = 1\n__version__ = f'1'\n", 2),
            ("__version__ = '1' + '2'\n", 1),
            ("__version__ = v\n", 1),
            ("__version__ = b'1'\n", 1),
            ("__version__ = '\\x31'\n", 1),
            ("x = 1; __version__ = '2'\n", 1),
            ("if x:\n    __version__ = '1'\n", 2),
            ("  __version__ = '1'\n", 1),
            ("x = [\n", 2),
            ("x = 1)\n", 1),
            ("x = (]\n", 1),
            ("x = 'a\n", 1),
            ("x == 1\n", 1),
            ("x = 01\n", 1),
            ("x = 1.\n", 1),
            ("x = 1e5\n", 1),
            ("x = ['a' 1]\n", 1),
            ("x = [,]\n", 1),
            ("class = 1\n", 1),
            ("import class\n", 1),
            ("from import x\n", 1),
            ("from a import x,\n", 1),
            ("from a import (x,,)\n", 1),
            ("from a import ()\n", 1),
            ("import (a)\n", 1),
            ("import a,\n", 1),
            ("import a.b.\n", 1),
            ("x: str\n", 1),
            ("x\n", 1),
            ("ä = 1\n", 1),
            ("def f(): pass\n", 1),
            ("print('x')\n", 1),
            ("\u{feff}x = 1\n", 1),
            ("x = 1\n\u{c}y = 1\n", 2),
            ("# coding: latin-1\n", 1),
            ("x = '''a\n", 1),
            ("x = 1 \\\n", 1),
        ] {
            assert_eq!(PythonModule::parse(source.as_bytes()).err(), Some(line), "{source:?}");
        }
        assert_eq!(PythonModule::parse(b"\xff").err(), Some(1));
        assert!(PythonModule::parse(format!("x = {}", "(".repeat(5000)).as_bytes()).is_err());
        assert!(
            PythonModule::parse(format!("x = {}1{}", "(".repeat(50), ")".repeat(50)).as_bytes()).is_err()
        );
    }
}
