//! Where a string ends, by the grammar of PEP 701, and whether an older grammar would have read it too.

use super::feature::Feature;
use super::token::{Unknown, is_name, is_prefix};

/// Strings in fields of strings.
const DEEPEST: usize = 20;

/// Returns the end of a string without fields whose opening quote is at `start`.
pub(super) fn plain_end(source: &[u8], start: usize) -> Result<usize, Unknown> {
    let quote = Quote::at(source, start);
    let mut at = quote.body(start);
    loop {
        let rest = source.get(at..).ok_or(Unknown)?;
        at += memchr::memchr3(quote.byte, b'\\', b'\n', rest).ok_or(Unknown)?;
        match source[at] {
            b'\\' => at += 2,
            b'\n' if !quote.triple => return Err(Unknown),
            _ if quote.closes(source, at) => return Ok(quote.after(at)),
            _ => at += 1,
        }
    }
}

/// Returns the end of an f-string or t-string whose opening quote is at `start`; newer syntax is added to `found`.
pub(super) fn end(
    source: &[u8],
    start: usize,
    depth: usize,
    found: &mut Vec<Feature>,
) -> Result<usize, Unknown> {
    if depth > DEEPEST {
        return Err(Unknown);
    }
    let quote = Quote::at(source, start);
    let mut fields = Fields { source, quote, depth, found };
    let mut at = quote.body(start);
    loop {
        match source.get(at).ok_or(Unknown)? {
            b'\\' => at = fields.escape(at),
            b'\n' if !quote.triple => return Err(Unknown),
            b'{' | b'}' if source.get(at + 1) == Some(&source[at]) => at += 2,
            b'{' => at = fields.field(at + 1, 0)?,
            b'}' => return Err(Unknown),
            _ if quote.closes(source, at) => return Ok(quote.after(at)),
            _ => at += 1,
        }
    }
}

/// The quotes round a string.
#[derive(Clone, Copy)]
struct Quote {
    byte: u8,
    triple: bool,
}

impl Quote {
    fn at(source: &[u8], start: usize) -> Self {
        let byte = source[start];
        Self { byte, triple: source[start..].starts_with(&[byte; 3]) }
    }

    fn width(self) -> usize {
        if self.triple { 3 } else { 1 }
    }

    fn body(self, start: usize) -> usize {
        start + self.width()
    }

    fn after(self, at: usize) -> usize {
        at + self.width()
    }

    fn closes(self, source: &[u8], at: usize) -> bool {
        source[at..].starts_with(&[self.byte; 3][..self.width()])
    }
}

/// Reads the fields of one string.
struct Fields<'a> {
    source: &'a [u8],
    quote: Quote,
    depth: usize,
    found: &'a mut Vec<Feature>,
}

impl Fields<'_> {
    /// Passes a backslash of the literal part: `\N{NAME}` is no field.
    fn escape(&self, at: usize) -> usize {
        match self.source.get(at + 1) {
            Some(b'N') if self.source.get(at + 2) == Some(&b'{') => {
                let rest = &self.source[at..];
                at + memchr::memchr(b'}', rest).map_or(rest.len(), |end| end + 1)
            }
            Some(b'{' | b'}') => at + 1,
            _ => at + 2,
        }
    }

    /// Reads a field from behind its brace, and returns what stands behind its end. `level` counts fields in
    /// format specifications.
    fn field(&mut self, start: usize, level: usize) -> Result<usize, Unknown> {
        if level > DEEPEST {
            return Err(Unknown);
        }
        let end = self.expression(start)?;
        self.judge(start, end);
        match self.source[end] {
            b'}' => return Ok(end + 1),
            b'!' => {
                let mut at = end + 1;
                while self.source.get(at).is_some_and(|byte| is_name(*byte)) {
                    at += 1;
                }
                match self.source.get(at) {
                    Some(b'}') => return Ok(at + 1),
                    Some(b':') => return self.specification(at + 1, level),
                    _ => return Err(Unknown),
                }
            }
            _ => {}
        }
        self.specification(end + 1, level)
    }

    /// Returns the end of the expression: the place of `}`, `:`, or `!`.
    fn expression(&mut self, start: usize) -> Result<usize, Unknown> {
        let mut brackets = 0_usize;
        let mut at = start;
        loop {
            let byte = *self.source.get(at).ok_or(Unknown)?;
            match byte {
                b'}' | b':' if brackets == 0 => return Ok(at),
                b'!' if brackets == 0 && self.source.get(at + 1) != Some(&b'=') => return Ok(at),
                b'!' => at += 2,
                b'(' | b'[' | b'{' => {
                    brackets += 1;
                    at += 1;
                }
                b')' | b']' | b'}' => {
                    brackets = brackets.checked_sub(1).ok_or(Unknown)?;
                    at += 1;
                }
                b'"' | b'\'' => at = self.inner(at)?,
                b'#' => {
                    self.found.push(Feature::NestedFString);
                    let rest = &self.source[at..];
                    at += memchr::memchr(b'\n', rest).ok_or(Unknown)?;
                }
                _ => at += 1,
            }
        }
    }

    /// Returns the end of a string inside the expression.
    fn inner(&mut self, at: usize) -> Result<usize, Unknown> {
        let letters = self.source[..at].iter().rev().take_while(|byte| is_name(**byte)).take(3).count();
        let prefix = &self.source[at - letters..at];
        let has_fields = is_prefix(prefix) && prefix.iter().any(|b| matches!(b, b'f' | b'F' | b't' | b'T'));
        if has_fields { end(self.source, at, self.depth + 1, self.found) } else { plain_end(self.source, at) }
    }

    /// Reads a format specification up to the brace that ends its field.
    fn specification(&mut self, start: usize, level: usize) -> Result<usize, Unknown> {
        let mut at = start;
        loop {
            match self.source.get(at).ok_or(Unknown)? {
                b'}' => return Ok(at + 1),
                b'{' => at = self.field(at + 1, level + 1)?,
                b'\n' if !self.quote.triple => return Err(Unknown),
                _ if self.quote.closes(self.source, at) => return Err(Unknown),
                _ => at += 1,
            }
        }
    }

    /// What Python 3.11 refuses between the braces: the string's own quotes, backslashes, line ends, comments.
    fn judge(&mut self, start: usize, end: usize) {
        let expression = &self.source[start..end];
        let own = &[self.quote.byte; 3][..self.quote.width()];
        let newer = memchr::memchr(b'\\', expression).is_some()
            || memchr::memmem::find(expression, own).is_some()
            || (!self.quote.triple && memchr::memchr(b'\n', expression).is_some());
        if newer {
            self.found.push(Feature::NestedFString);
        }
        let trimmed = expression.trim_ascii_end();
        let shows = trimmed.strip_suffix(b"=").and_then(|rest| rest.last());
        if shows.is_some_and(|byte| !b"=!<>".contains(byte)) {
            self.found.push(Feature::DebugField);
        }
    }
}
