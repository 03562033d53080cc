//! One Python source as logical lines of tokens, and the statements in it that a move touches. Reads only.

use std::ops::Range;

use pyrel_model::python::{Kind, Lexer, Token};

use crate::version::unescaped;

/// A source that the lexer understands from its first to its last byte.
#[derive(Debug)]
pub(super) struct Source<'t> {
    pub(super) path: &'t str,
    pub(super) text: &'t str,
    pub(super) lines: Vec<Logical>,
}

/// A logical line.
#[derive(Debug)]
pub(super) struct Logical {
    /// Its indentation, in columns.
    pub(super) indent: usize,
    pub(super) tokens: Vec<Token>,
}

/// An import statement.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Import {
    /// The whole statement, in bytes.
    pub(super) span: Range<usize>,
    /// The line, from 1.
    pub(super) line: usize,
    /// What stands before it on its line, when that is white space only.
    pub(super) indent: Option<String>,
    pub(super) what: Imported,
}

/// What an import statement takes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Imported {
    /// `import a.b, c as d`
    Modules(Vec<Name>),
    /// `from ..a.b import c as d, e`
    From {
        /// How many dots.
        level: usize,
        /// The dotted name behind the dots.
        module: String,
        /// Dots and name, in bytes.
        span: Range<usize>,
        /// The names; `*` for all.
        names: Vec<Name>,
    },
}

/// A name and what it is bound to, if to another one.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Name {
    pub(super) dotted: String,
    pub(super) alias: Option<String>,
}

impl<'t> Source<'t> {
    /// Reads a source; `None` when it is not understood.
    pub(super) fn read(path: &'t str, text: &'t str) -> Option<Self> {
        let mut lexer = Lexer::new(text.as_bytes());
        let mut lines = Vec::new();
        loop {
            let mut tokens = Vec::new();
            match lexer.next_line(&mut tokens) {
                Ok(Some(indent)) => lines.push(Logical { indent, tokens }),
                Ok(None) => return Some(Self { path, text, lines }),
                Err(_) => return None,
            }
        }
    }

    pub(super) fn word(&self, token: &Token) -> &'t str {
        &self.text[token.start..token.end]
    }

    /// Returns the words of a logical line.
    pub(super) fn words(&self, line: &Logical) -> Vec<&'t str> {
        line.tokens.iter().map(|token| self.word(token)).collect()
    }

    /// Tells whether an identifier occurs anywhere, comments and plain strings aside.
    pub(super) fn mentions(&self, name: &str) -> bool {
        self.lines.iter().flat_map(|line| &line.tokens).any(|token| self.names_in(token).contains(&name))
    }

    /// Returns the identifiers of a token: a name itself, and all words of a string with fields.
    pub(super) fn names_in(&self, token: &Token) -> Vec<&'t str> {
        let word = self.word(token);
        match token.kind {
            Kind::Name => vec![word],
            Kind::Text => {
                let prefix = &word[..word.find(['"', '\'']).unwrap_or(0)];
                let has_fields = prefix.contains(['f', 'F', 't', 'T']);
                let words = word[prefix.len()..].split(|c: char| !(c.is_alphanumeric() || c == '_'));
                words.filter(|word| has_fields && !word.is_empty()).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Returns the line ending of the file.
    pub(super) fn eol(&self) -> &'static str {
        if self.text.contains("\r\n") { "\r\n" } else { "\n" }
    }

    /// Returns the string that the module begins with, when it is a plain one.
    pub(super) fn docstring(&self) -> Option<String> {
        let first = self.lines.first().filter(|line| line.tokens.len() == 1)?;
        literal(self.word(&first.tokens[0]))
    }

    /// Returns the import statements, at whatever depth.
    pub(super) fn imports(&self) -> Vec<Import> {
        self.lines.iter().flat_map(|line| self.imports_of(line)).collect()
    }

    fn imports_of(&self, line: &Logical) -> Vec<Import> {
        let tokens = &line.tokens;
        let starts = |index: usize| {
            index == 0
                || (tokens[index - 1].depth == 0
                    && (tokens[index - 1].is_op(b';') || tokens[index - 1].is_op(b':')))
        };
        let firsts = (0..tokens.len()).filter(|index| starts(*index));
        let firsts = firsts.filter(|index| tokens[*index].kind == Kind::Name);
        firsts
            .filter_map(|first| {
                let length = tokens[first..].iter().position(|token| token.depth == 0 && token.is_op(b';'));
                let end = length.map_or(tokens.len(), |length| first + length);
                self.import(&tokens[first..end])
            })
            .collect()
    }

    fn import(&self, tokens: &[Token]) -> Option<Import> {
        let what = match self.word(tokens.first()?) {
            "import" => Imported::Modules(self.names(&tokens[1..])),
            "from" => self.import_from(tokens)?,
            _ => return None,
        };
        let start = tokens[0].start;
        let line_start = self.text[..start].rfind('\n').map_or(0, |at| at + 1);
        let before = &self.text[line_start..start];
        Some(Import {
            span: start..tokens.last()?.end,
            line: tokens[0].line,
            indent: before.chars().all(|c| c == ' ' || c == '\t').then(|| before.to_owned()),
            what,
        })
    }

    fn import_from(&self, tokens: &[Token]) -> Option<Imported> {
        let at = tokens.iter().position(|token| self.word(token) == "import").filter(|at| *at > 1)?;
        let words: String = tokens[1..at].iter().map(|token| self.word(token)).collect();
        let module = words.trim_start_matches('.');
        Some(Imported::From {
            level: words.len() - module.len(),
            module: module.to_owned(),
            span: tokens[1].start..tokens[at - 1].end,
            names: self.names(&tokens[at + 1..]),
        })
    }

    /// Takes `a.b as c, d`, in brackets or not.
    fn names(&self, tokens: &[Token]) -> Vec<Name> {
        let inner: Vec<&Token> = tokens.iter().filter(|t| !t.is_op(b'(') && !t.is_op(b')')).collect();
        let parts = inner.split(|token| token.is_op(b',')).filter(|part| !part.is_empty());
        let name = |part: &[&Token]| {
            let words: Vec<&str> = part.iter().map(|token| self.word(token)).collect();
            let at = words.iter().position(|word| *word == "as");
            let alias = at.and_then(|at| words.get(at + 1)).map(|word| (*word).to_owned());
            Name { dotted: words[..at.unwrap_or(words.len())].concat(), alias }
        };
        parts.map(name).collect()
    }
}

/// Returns the value of a string literal without a prefix other than `r` or `u`; `None` for what it cannot tell.
pub(super) fn literal(word: &str) -> Option<String> {
    let start = word.find(['"', '\''])?;
    let raw = match word[..start].to_ascii_lowercase().as_str() {
        "" | "u" => false,
        "r" => true,
        _ => return None,
    };
    let body = &word[start..];
    let quote = &body[..1];
    let triple = quote.repeat(3);
    let fence = if body.starts_with(&triple) && body.len() >= 6 { triple.as_str() } else { quote };
    let inner = body.strip_prefix(fence)?.strip_suffix(fence)?;
    if raw || !inner.contains('\\') {
        return Some(inner.replace("\r\n", "\n"));
    }
    unescaped(inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(dotted: &str, alias: Option<&str>) -> Name {
        Name { dotted: dotted.to_owned(), alias: alias.map(str::to_owned) }
    }

    #[test]
    fn imports_are_found_wherever_they_stand() {
        let text = "import a.b as c, d; from . import e\nif x: from ...f.g import (h as i,\n  j,)\n\
                    try:\n\timport k\nexcept E:\n  pass\nyield_ = 'import z'\nraise X from y\n";
        let source = Source::read("m.py", text).unwrap();
        let imports = source.imports();
        let lines: Vec<usize> = imports.iter().map(|import| import.line).collect();
        assert_eq!(lines, [1, 1, 2, 5]);
        assert_eq!(imports[0].what, Imported::Modules(vec![name("a.b", Some("c")), name("d", None)]));
        let Imported::From { level, module, span, names } = &imports[2].what else { panic!() };
        assert_eq!((*level, module.as_str(), &text[span.clone()]), (3, "f.g", "...f.g"));
        assert_eq!(names, &[name("h", Some("i")), name("j", None)]);
        assert_eq!(&text[imports[2].span.clone()], "from ...f.g import (h as i,\n  j,)");
        assert_eq!(imports[3].indent.as_deref(), Some("\t"));
        assert_eq!((imports[0].indent.as_deref(), imports[1].indent.as_deref()), (Some(""), None));
    }

    #[test]
    fn literals_are_taken_as_python_takes_them() {
        for (word, value) in [
            ("'a'", Some("a")),
            ("\"\"\"a\"b\"\"\"", Some("a\"b")),
            ("r'\\d'", Some("\\d")),
            ("'a\\n'", Some("a\n")),
            ("''", Some("")),
            ("f'a'", None),
            ("b'a'", None),
            ("'\\x41'", None),
        ] {
            assert_eq!(literal(word).as_deref(), value, "{word}");
        }
    }
}
