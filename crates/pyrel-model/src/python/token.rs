//! Splits Python source into logical lines of tokens. Owns the lexical rules; statements are another module's.

use super::feature::Feature;
use super::fstring;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An identifier or a keyword.
    Name,
    /// A number.
    Number,
    /// A string of any prefix.
    Text,
    /// An operator of one character, brackets and `=` included.
    Op(u8),
    /// `:=`
    Walrus,
    /// Any other operator of several characters.
    LongOp,
}

/// A token with its place.
#[derive(Debug, Clone, Copy)]
pub struct Token {
    /// What it is.
    pub kind: Kind,
    /// Where it starts in the source, in bytes.
    pub start: usize,
    /// Where it ends in the source, in bytes.
    pub end: usize,
    /// The line, from 1.
    pub line: usize,
    /// Open brackets round it; a bracket counts as outside of itself.
    pub depth: usize,
}

impl Token {
    /// Tells whether it is this operator.
    #[must_use]
    pub fn is_op(&self, op: u8) -> bool {
        self.kind == Kind::Op(op)
    }
}

/// The source is not what this lexer understands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unknown;

/// Reads tokens; a logical line at a time.
#[derive(Debug)]
pub struct Lexer<'a> {
    pub(super) source: &'a [u8],
    at: usize,
    line: usize,
    depth: usize,
    /// Syntax found inside strings, with its line.
    pub(super) found: Vec<(Feature, usize)>,
}

/// Brackets in brackets; more is no program.
const DEEPEST: usize = 200;

impl<'a> Lexer<'a> {
    /// Starts at the beginning of a source, behind a byte order mark.
    #[must_use]
    pub fn new(source: &'a [u8]) -> Self {
        let at = if source.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
        Self { source, at, line: 1, depth: 0, found: Vec::new() }
    }

    /// Reads the next logical line into `tokens` and returns its indentation; `None` at the end.
    ///
    /// # Errors
    /// When the source is no Python that this lexer understands.
    pub fn next_line(&mut self, tokens: &mut Vec<Token>) -> Result<Option<usize>, Unknown> {
        tokens.clear();
        let mut indent = self.indentation();
        loop {
            let Some(&byte) = self.source.get(self.at) else {
                let whole = self.depth == 0;
                return if whole { Ok((!tokens.is_empty()).then_some(indent)) } else { Err(Unknown) };
            };
            match byte {
                b' ' | b'\t' | b'\x0c' | b'\r' => self.at += 1,
                b'#' => self.skip_comment(),
                b'\n' => {
                    self.at += 1;
                    self.line += 1;
                    if self.depth == 0 {
                        if !tokens.is_empty() {
                            return Ok(Some(indent));
                        }
                        indent = self.indentation();
                    }
                }
                b'\\' => self.continuation()?,
                _ => {
                    let token = self.token(byte)?;
                    tokens.push(token);
                }
            }
        }
    }

    fn indentation(&mut self) -> usize {
        let mut width = 0;
        while let Some(byte) = self.source.get(self.at) {
            match byte {
                b' ' => width += 1,
                b'\t' => width = width / 8 * 8 + 8,
                b'\x0c' => width = 0,
                _ => break,
            }
            self.at += 1;
        }
        width
    }

    fn skip_comment(&mut self) {
        let rest = &self.source[self.at..];
        self.at += memchr::memchr(b'\n', rest).unwrap_or(rest.len());
    }

    fn continuation(&mut self) -> Result<(), Unknown> {
        let rest = &self.source[self.at + 1..];
        let length = if rest.starts_with(b"\r\n") { 2 } else { 1 };
        if !rest[..length.min(rest.len())].ends_with(b"\n") {
            return Err(Unknown);
        }
        self.at += 1 + length;
        self.line += 1;
        Ok(())
    }

    fn token(&mut self, byte: u8) -> Result<Token, Unknown> {
        let (start, line) = (self.at, self.line);
        let mut depth = self.depth;
        let kind = match byte {
            b'"' | b'\'' => self.text(b"")?,
            b'0'..=b'9' => self.number(),
            b'.' if self.source.get(self.at + 1).is_some_and(u8::is_ascii_digit) => self.number(),
            _ if is_name(byte) => self.name()?,
            b'(' | b'[' | b'{' => {
                self.depth += 1;
                if self.depth > DEEPEST {
                    return Err(Unknown);
                }
                self.one(byte)
            }
            b')' | b']' | b'}' => {
                self.depth = self.depth.checked_sub(1).ok_or(Unknown)?;
                depth = self.depth;
                self.one(byte)
            }
            _ => self.operator(byte)?,
        };
        Ok(Token { kind, start, end: self.at, line, depth })
    }

    fn one(&mut self, byte: u8) -> Kind {
        self.at += 1;
        Kind::Op(byte)
    }

    fn number(&mut self) -> Kind {
        loop {
            let rest = &self.source[self.at..];
            let is_over = |byte: &u8| !is_name(*byte) && *byte != b'.';
            self.at += rest.iter().position(is_over).unwrap_or(rest.len());
            if !self.is_at_sign_of_exponent() {
                return Kind::Number;
            }
            self.at += 1;
        }
    }

    fn is_at_sign_of_exponent(&self) -> bool {
        let (before, rest) = self.source.split_at(self.at);
        matches!(rest, [b'+' | b'-', digit, ..] if digit.is_ascii_digit())
            && matches!(before, [.., digit, b'e' | b'E'] if digit.is_ascii_digit() || *digit == b'.')
    }

    fn name(&mut self) -> Result<Kind, Unknown> {
        let start = self.at;
        let rest = &self.source[start..];
        self.at += rest.iter().position(|byte| !is_name(*byte)).unwrap_or(rest.len());
        let name = &self.source[start..self.at];
        match self.source.get(self.at) {
            Some(b'"' | b'\'') if name.len() <= 2 && is_prefix(name) => self.text(name),
            _ => Ok(Kind::Name),
        }
    }

    fn text(&mut self, prefix: &[u8]) -> Result<Kind, Unknown> {
        let has = |letter: u8| prefix.iter().any(|byte| byte.to_ascii_lowercase() == letter);
        if has(b't') {
            self.found.push((Feature::TemplateString, self.line));
        }
        let start = self.at;
        if has(b'f') || has(b't') {
            let mut found = Vec::new();
            self.at = fstring::end(self.source, start, 0, &mut found)?;
            // Up to Python 3.13 there is no template string, and so no template string that is too new inside.
            if has(b'f') {
                self.found.extend(found.into_iter().map(|feature| (feature, self.line)));
            }
        } else {
            self.at = fstring::plain_end(self.source, start)?;
        }
        self.line += memchr::memchr_iter(b'\n', &self.source[start..self.at]).count();
        Ok(Kind::Text)
    }

    fn operator(&mut self, byte: u8) -> Result<Kind, Unknown> {
        let rest = &self.source[self.at..];
        // Most are of one character.
        if !matches!(rest.get(1), Some(b'=' | b'*' | b'/' | b'<' | b'>' | b'.')) {
            return self.single(byte);
        }
        let long = [&b"**="[..], b"//=", b">>=", b"<<=", b"..."];
        if let Some(op) = long.into_iter().find(|op| rest.starts_with(op)) {
            self.at += op.len();
            return Ok(Kind::LongOp);
        }
        if rest.starts_with(b":=") {
            self.at += 2;
            return Ok(Kind::Walrus);
        }
        let second = rest.get(1).copied().unwrap_or_default();
        let pair = matches!((byte, second), (b'-', b'>') | (b'*', b'*') | (b'/', b'/') | (b'<', b'<' | b'>'))
            || (byte, second) == (b'>', b'>')
            || (second == b'=' && b"=!<>+-*/%&|^@".contains(&byte));
        if pair {
            self.at += 2;
            return Ok(Kind::LongOp);
        }
        self.single(byte)
    }

    fn single(&mut self, byte: u8) -> Result<Kind, Unknown> {
        if b"=:,;.+-*/%&|^~@<>".contains(&byte) { Ok(self.one(byte)) } else { Err(Unknown) }
    }
}

/// Bytes of letters beyond ASCII count as letters.
pub(super) fn is_name(byte: u8) -> bool {
    /// Looked up, because nearly every byte of a program comes here.
    const NAMES: [bool; 256] = {
        let mut names = [false; 256];
        let mut byte = 0;
        while byte < names.len() {
            #[expect(clippy::cast_possible_truncation, reason = "less than 256")]
            let letter = byte as u8;
            names[byte] = letter.is_ascii_alphanumeric() || letter == b'_' || letter >= 0x80;
            byte += 1;
        }
        names
    };
    NAMES[usize::from(byte)]
}

/// Tells whether letters before a quote are a prefix of the string.
pub(super) fn is_prefix(letters: &[u8]) -> bool {
    let lower = letters.to_ascii_lowercase();
    [&b"r"[..], b"b", b"u", b"f", b"t", b"rb", b"br", b"rf", b"fr", b"rt", b"tr"].contains(&&lower[..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(source: &str) -> Result<Vec<(usize, Vec<String>)>, Unknown> {
        let mut lexer = Lexer::new(source.as_bytes());
        let (mut tokens, mut all) = (Vec::new(), Vec::new());
        while let Some(indent) = lexer.next_line(&mut tokens)? {
            all.push((indent, tokens.iter().map(|t| source[t.start..t.end].to_owned()).collect()));
        }
        Ok(all)
    }

    #[test]
    fn logical_lines_and_tokens() {
        let found = lines(
            "\u{feff}# c\nx = (1,\n  2) # d\n\n\tif a: b\\\n  += 1.e-5j\nRb'''q\n'x''' and f\"{'a'}\"!=ä...\n",
        );
        let expected: Vec<(usize, Vec<&str>)> = vec![
            (0, vec!["x", "=", "(", "1", ",", "2", ")"]),
            (8, vec!["if", "a", ":", "b", "+=", "1.e-5j"]),
            (0, vec!["Rb'''q\n'x'''", "and", "f\"{'a'}\"", "!=", "ä", "..."]),
        ];
        let found = found.unwrap();
        let found: Vec<(usize, Vec<&str>)> =
            found.iter().map(|(i, t)| (*i, t.iter().map(String::as_str).collect())).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn what_is_no_python_is_unknown() {
        for source in ["x = 'abc\n", "x = (1\n", "x)\n", "$x\n", "`x`\n", "a \\ b\n", "'''", "f'{x'", "a!b\n"]
        {
            assert_eq!(lines(source), Err(Unknown), "{source:?}");
        }
        assert!(lines(&"(".repeat(10_000)).is_err());
        assert!(lines(&"f'{".repeat(10_000)).is_err());
    }
}
