//! Top-level assignments of Python modules, found by scanning the text. No Python is run, nothing is evaluated
//! but literals.

use std::ops::Range;

/// The value of a literal expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Literal {
    /// A string; adjacent strings are joined.
    Text(String),
    /// A number, as written.
    Number(String),
    /// A tuple or a list of literals.
    Sequence(Vec<Literal>),
}

/// What a module assigns to a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Assignment {
    /// Nothing, at its top level.
    Absent,
    /// A literal.
    Literal(Literal),
    /// Something that only Python can evaluate.
    Computed,
}

/// Returns what the first top-level assignment to `name` assigns, plain or annotated.
#[must_use]
pub fn find_assignment(module: &str, name: &str) -> Assignment {
    let text = module.replace("\r\n", "\n").replace('\r', "\n");
    match find_value(&text, name).map(|value| parse_literal(&text[value])) {
        Some(Some(literal)) => Assignment::Literal(literal),
        Some(None) => Assignment::Computed,
        None => Assignment::Absent,
    }
}

/// Returns where the value of the first top-level assignment to `name` stands, up to the end of its statement.
fn find_value(text: &str, name: &str) -> Option<Range<usize>> {
    let mut rest = text;
    // Whether statements of this line are at the top level: not indented, not behind `if …:` and the like.
    let mut top_level = true;
    let mut line_starts = true;
    while !rest.is_empty() {
        let length = statement_length(rest);
        let statement = &rest[..length];
        if line_starts {
            top_level = !statement.starts_with([' ', '\t', '\x0c']) && !is_compound(statement);
        }
        if top_level && let Some(value) = assigned_value(statement, name) {
            let end = text.len() - rest.len() + statement.len();
            return Some(end - value.len()..end);
        }
        line_starts = !statement.ends_with(';');
        rest = &rest[length..];
    }
    None
}

/// Returns the bytes of the module that spell the literal which [`find_assignment`] finds: one range inside the quotes
/// of a string, or one for each element of a sequence. None for a number, which prints otherwise than it is written
/// (`1.10` is `1.1`), for joined strings, and for escapes.
#[must_use]
pub fn assigned_spans(module: &str, name: &str) -> Vec<Range<usize>> {
    let text = module.replace("\r\n", "\n").replace('\r', "\n");
    let Some(value) = find_value(&text, name) else { return Vec::new() };
    let expression = &text[value.clone()];
    let Some(literal) = parse_literal(expression) else { return Vec::new() };
    let tokens = literal_tokens(expression);
    let spelt = |range: &Range<usize>, part: &Literal| match part {
        Literal::Text(text) | Literal::Number(text) => expression[range.clone()] == *text,
        Literal::Sequence(_) => false,
    };
    let agrees = match &literal {
        Literal::Text(_) => tokens.len() == 1 && spelt(&tokens[0], &literal),
        Literal::Number(_) => false,
        Literal::Sequence(parts) => {
            tokens.len() == parts.len() && tokens.iter().zip(parts).all(|(token, part)| spelt(token, part))
        }
    };
    if !agrees {
        return Vec::new();
    }
    let in_module = |at: usize| at + value.start + carriage_returns_before(module, at + value.start);
    tokens.into_iter().map(|token| in_module(token.start)..in_module(token.end)).collect()
}

/// Returns how many characters the module lost before a place when its line ends were made equal.
fn carriage_returns_before(module: &str, place: usize) -> usize {
    let mut lost = 0;
    for (at, _) in module.match_indices("\r\n") {
        if at - lost >= place {
            break;
        }
        lost += 1;
    }
    lost
}

/// Returns the insides of the strings, and the numbers, of a literal expression.
fn literal_tokens(expression: &str) -> Vec<Range<usize>> {
    let bytes = expression.as_bytes();
    let mut tokens = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let rest = &expression[at..];
        let length = match bytes[at] {
            b'#' => rest.find('\n').unwrap_or(rest.len()),
            quote @ (b'\'' | b'"') => {
                let length = string_length(rest);
                let fence = if rest.as_bytes().starts_with(&[quote; 3]) { 3 } else { 1 };
                if length >= 2 * fence {
                    tokens.push(at + fence..at + length - fence);
                }
                length
            }
            byte if byte.is_ascii_digit() => {
                let length =
                    rest.find(|c: char| !c.is_ascii_digit() && c != '.' && c != '_').unwrap_or(rest.len());
                tokens.push(at..at + length);
                length
            }
            b';' => break,
            _ => rest.chars().next().map_or(1, char::len_utf8),
        };
        at += length;
    }
    tokens
}

/// Tells whether a statement has a body, which may follow on the same line.
fn is_compound(statement: &str) -> bool {
    const WORDS: &[&str] =
        &["if", "elif", "else", "for", "while", "with", "try", "except", "finally", "def", "class", "async"];
    let end = statement.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(statement.len());
    WORDS.contains(&&statement[..end])
}

/// Returns the length of the first logical line, its newline or `;` included.
fn statement_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let (mut at, mut depth) = (0, 0_usize);
    while at < bytes.len() {
        match bytes[at] {
            b'#' => {
                at += text[at..].find('\n').unwrap_or(text.len() - at);
                continue;
            }
            b'\'' | b'"' => {
                at += string_length(&text[at..]);
                continue;
            }
            b'\\' if bytes.get(at + 1) == Some(&b'\n') => at += 1,
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            b'\n' | b';' if depth == 0 => return at + 1,
            _ => {}
        }
        at += 1;
    }
    bytes.len()
}

/// Returns the length of the string literal that starts at a quote; an open one ends with the line or text.
fn string_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let quote = bytes[0];
    let triple = bytes.len() >= 3 && bytes[1] == quote && bytes[2] == quote;
    let mut at = if triple { 3 } else { 1 };
    while at < bytes.len() {
        match bytes[at] {
            // In a raw string, too, a backslash keeps the quote after it from ending the string.
            b'\\' => at += 1,
            b'\n' if !triple => return at,
            byte if byte == quote && !triple => return at + 1,
            byte if byte == quote && bytes[at..].starts_with(&[quote; 3]) => return at + 3,
            _ => {}
        }
        at += 1;
    }
    bytes.len()
}

/// Returns the text right of the last `=` when one of the targets is `name`.
fn assigned_value<'t>(statement: &'t str, name: &str) -> Option<&'t str> {
    let mut rest = statement;
    let mut found = false;
    while let Some((target, value)) = split_assignment(rest) {
        let target = target.trim();
        let plain = target.split_once(':').map_or(target, |(plain, _)| plain.trim_end());
        found |= plain == name;
        rest = value;
    }
    found.then_some(rest)
}

/// Splits at the first `=` outside brackets and strings that is no part of another operator.
fn split_assignment(text: &str) -> Option<(&str, &str)> {
    let bytes = text.as_bytes();
    let (mut at, mut depth) = (0, 0_usize);
    while at < bytes.len() {
        match bytes[at] {
            b'#' => return None,
            b'\'' | b'"' => {
                at += string_length(&text[at..]);
                continue;
            }
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            b'=' if depth == 0 => {
                let before = at.checked_sub(1).map(|before| bytes[before]);
                let is_operator = bytes.get(at + 1) == Some(&b'=')
                    || before.is_some_and(|byte| b"=!<>:+-*/%&|^@".contains(&byte));
                return (!is_operator).then(|| (&text[..at], &text[at + 1..]));
            }
            _ => {}
        }
        at += 1;
    }
    None
}

fn parse_literal(text: &str) -> Option<Literal> {
    let mut parser = Parser { rest: text, depth: 0 };
    let literal = parser.expression()?;
    parser.skip_space();
    (parser.rest.is_empty() || parser.rest.starts_with(';')).then_some(literal)
}

/// Brackets nested deeper than this are not a version.
const MAX_DEPTH: usize = 16;

struct Parser<'t> {
    rest: &'t str,
    depth: usize,
}

impl Parser<'_> {
    /// A literal, or a tuple without brackets.
    fn expression(&mut self) -> Option<Literal> {
        let first = self.value()?;
        self.skip_space();
        if !self.rest.starts_with(',') {
            return Some(first);
        }
        let mut parts = vec![first];
        while self.take(',') {
            self.skip_space();
            if self.rest.is_empty() || self.rest.starts_with([')', ']', ';']) {
                break;
            }
            parts.push(self.value()?);
            self.skip_space();
        }
        Some(Literal::Sequence(parts))
    }

    fn value(&mut self) -> Option<Literal> {
        self.skip_space();
        match self.rest.chars().next()? {
            '(' => self.brackets('(', ')'),
            '[' => match self.brackets('[', ']')? {
                Literal::Sequence(parts) => Some(Literal::Sequence(parts)),
                one => Some(Literal::Sequence(vec![one])),
            },
            c if c.is_ascii_digit() || c == '.' => self.number(),
            _ => self.strings(),
        }
    }

    fn brackets(&mut self, open: char, close: char) -> Option<Literal> {
        self.depth += 1;
        if self.depth > MAX_DEPTH || !self.take(open) {
            return None;
        }
        self.skip_space();
        let inner =
            if self.rest.starts_with(close) { Literal::Sequence(Vec::new()) } else { self.expression()? };
        self.skip_space();
        self.depth -= 1;
        self.take(close).then_some(inner)
    }

    fn number(&mut self) -> Option<Literal> {
        let end = self
            .rest
            .find(|c: char| !(c.is_ascii_digit() || c == '.' || c == '_'))
            .unwrap_or(self.rest.len());
        let (digits, rest) = self.rest.split_at(end);
        // `1e5`, `0x1`, and `1j` are numbers, too, but print otherwise than written.
        if rest.starts_with(|c: char| c.is_alphanumeric()) || digits.matches('.').count() > 1 {
            return None;
        }
        let digits = digits.replace('_', "");
        // Python prints a float with a digit on both sides of the point and no trailing zeros.
        let text = match digits.split_once('.') {
            Some((whole, fraction)) => {
                let whole = if whole.is_empty() { "0" } else { whole };
                let fraction = fraction.trim_end_matches('0');
                format!("{whole}.{}", if fraction.is_empty() { "0" } else { fraction })
            }
            None => digits,
        };
        self.rest = rest;
        Some(Literal::Number(text))
    }

    fn strings(&mut self) -> Option<Literal> {
        let mut text = self.string()?;
        loop {
            self.skip_space();
            match self.rest.chars().next() {
                Some('\'' | '"' | 'r' | 'R' | 'u' | 'U') => text.push_str(&self.string()?),
                _ => return Some(Literal::Text(text)),
            }
        }
    }

    fn string(&mut self) -> Option<String> {
        let start = self.rest.find(['\'', '"'])?;
        let raw = match self.rest[..start].to_ascii_lowercase().as_str() {
            "" | "u" => false,
            "r" => true,
            _ => return None,
        };
        let body = &self.rest[start..];
        let length = string_length(body);
        let quote = &body[..1];
        let triple = format!("{quote}{quote}{quote}");
        let fence = if body.starts_with(&triple) { triple.as_str() } else { quote };
        let inner = body[..length].strip_prefix(fence)?.strip_suffix(fence)?;
        self.rest = &self.rest[start + length..];
        if raw { Some(inner.to_owned()) } else { unescaped(inner) }
    }

    fn take(&mut self, c: char) -> bool {
        match self.rest.strip_prefix(c) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn skip_space(&mut self) {
        loop {
            self.rest = self.rest.trim_start();
            if let Some(rest) = self.rest.strip_prefix("\\\n") {
                self.rest = rest;
            } else if self.rest.starts_with('#') {
                self.rest = self.rest.find('\n').map_or("", |end| &self.rest[end..]);
            } else {
                return;
            }
        }
    }
}

/// Resolves the escapes that versions and names have; `None` for the others.
pub(crate) fn unescaped(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next()? {
            'n' => out.push('\n'),
            't' => out.push('\t'),
            '\n' => {}
            same @ ('\\' | '\'' | '"') => out.push(same),
            _ => return None,
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: &str) -> Assignment {
        Assignment::Literal(Literal::Text(value.to_owned()))
    }

    fn number(value: &str) -> Literal {
        Literal::Number(value.to_owned())
    }

    #[test]
    fn literals_are_found() {
        for (module, version) in [
            ("__version__ = '1.0'", "1.0"),
            ("\"\"\"doc\n__version__ = '9'\n\"\"\"\n__version__: str = \"1.0\"  # note\n", "1.0"),
            ("__version__ = version = '1.0'\n", "1.0"),
            ("version = __version__ = '1.0'\n", "1.0"),
            ("__version__ = (\n  '1.'  # a\n  '0'\n)\n", "1.0"),
            ("__version__ = \\\n  '1.0'\r\n", "1.0"),
            ("import x; __version__ = '1.0'; y = 2", "1.0"),
            ("__version__ = r'1.0'", "1.0"),
            ("__version__ = '''1.0'''", "1.0"),
            ("f(__version__='9')\nx = {'a': 1,\n__version__: 2}\n__version__ = u'1.0'", "1.0"),
            ("if True:\n    __version__ = '9'\n__version__ = '1.0'", "1.0"),
            ("x = 'it\\'s'\n__version__ = '1.0'", "1.0"),
            ("__version__ == '9'\n__version__ = '1.0'", "1.0"),
        ] {
            assert_eq!(find_assignment(module, "__version__"), text(version), "{module}");
        }
    }

    #[test]
    fn numbers_and_sequences_are_found() {
        let found = |module: &str| find_assignment(module, "V");
        assert_eq!(found("V = 1.50"), Assignment::Literal(number("1.5")));
        let three = vec![number("1"), number("2"), Literal::Text("rc1".into())];
        for module in
            ["V = (1, 2, 'rc1')", "V = [1, 2, 'rc1',]", "V = 1, 2, 'rc1'", "V: tuple = (1, 2, 'rc1')"]
        {
            assert_eq!(found(module), Assignment::Literal(Literal::Sequence(three.clone())), "{module}");
        }
        assert_eq!(found("V = (1,)"), Assignment::Literal(Literal::Sequence(vec![number("1")])));
        assert_eq!(found("V = [1]"), Assignment::Literal(Literal::Sequence(vec![number("1")])));
        assert_eq!(found("V = (1)"), Assignment::Literal(number("1")));
    }

    #[test]
    fn what_spells_a_literal_is_found() {
        for (module, spelt) in [
            ("__version__ = '1.0'", &["1.0"][..]),
            ("\"\"\"é\r\n\"\"\"\r\nx = 'y'\r\n__version__: str = \"1.0\"  # 2.0\r\n", &["1.0"]),
            ("__version__ = v = (\r\n  # note '9'\r\n  u'1.0'\r\n)\r\n", &["1.0"]),
            ("x = 1; __version__ = \\\r\n  '''1.0'''; y = '2'", &["1.0"]),
            ("__version__ = (1, 20, 'rc1')", &["1", "20", "rc1"]),
            ("__version__ = [ 1,\r\n 2 ]", &["1", "2"]),
            ("__version__ = '1.' '0'", &[]),
            ("__version__ = '1.\\t'", &[]),
            ("__version__ = 1.5", &[]),
            ("__version__ = (1, (2, 3))", &[]),
            ("__version__ = f()", &[]),
            ("", &[]),
        ] {
            let spans = assigned_spans(module, "__version__");
            let texts: Vec<&str> = spans.into_iter().map(|span| &module[span]).collect();
            assert_eq!(texts, spelt, "{module}");
        }
    }

    #[test]
    fn what_is_no_literal_is_computed() {
        for module in [
            "V = '.'.join(x)",
            "V = f'{a}'",
            "V = version('x')",
            "V = '1' + '2'",
            "V = b'1'",
            "V = 1e5",
            "V = '\\x31'",
            "V = ((((((((((((((((((((1",
            "V =",
            "V = 'open",
        ] {
            assert_eq!(find_assignment(module, "V"), Assignment::Computed, "{module}");
        }
    }

    #[test]
    fn what_is_not_at_the_top_is_absent() {
        for module in [
            "",
            "  V = '1'",
            "def f():\n  V = '1'\n",
            "# V = '1'",
            "V += '1'",
            "x.V = '1'",
            "V: str",
            "VV = 1",
            "if x: y = 1; V = '1'",
        ] {
            assert_eq!(find_assignment(module, "V"), Assignment::Absent, "{module}");
        }
    }
}
