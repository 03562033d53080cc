//! `RECORD`: the list of a wheel's files with their digests and sizes. Parses as Python's `csv` does; judges nothing.

/// One row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    /// Line of the file, from 1.
    pub(crate) line: usize,
    /// Path of the member, backslashes as slashes.
    pub(crate) path: String,
    /// `algorithm=digest` as written; empty when the row has none.
    pub(crate) hash: String,
    /// Size as written; empty when the row has none.
    pub(crate) size: String,
    /// Number of fields in the row.
    pub(crate) fields: usize,
}

impl Row {
    /// Returns the algorithm in lower case and the digest as written.
    pub(crate) fn hash_parts(&self) -> Option<(String, &str)> {
        self.hash.split_once('=').map(|(algorithm, digest)| (algorithm.to_ascii_lowercase(), digest))
    }
}

/// The parsed file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Record {
    pub(crate) rows: Vec<Row>,
    /// Lines without any field, from 1.
    pub(crate) blank_lines: Vec<usize>,
    /// Set when the bytes are not UTF-8 or a field is longer than Python's `csv` takes.
    pub(crate) broken: Option<&'static str>,
}

/// The longest field that Python's `csv` reads, in characters.
const LONGEST_FIELD: usize = 131_072;

/// Parses the bytes of a `RECORD`.
pub(crate) fn parse(bytes: &[u8]) -> Record {
    let mut record = Record::default();
    let Ok(text) = std::str::from_utf8(bytes) else {
        record.broken = Some("it is not UTF-8");
        return record;
    };
    let mut lines = split_lines(text).enumerate();
    while let Some((index, line)) = lines.next() {
        if line.is_empty() {
            record.blank_lines.push(index + 1);
            continue;
        }
        let mut reader = RowReader::default();
        reader.feed(line);
        while reader.quoted {
            match lines.next() {
                Some((_, next)) => reader.feed(next),
                None => break,
            }
        }
        let fields = reader.finish();
        if fields.iter().any(|field| field.chars().count() > LONGEST_FIELD) {
            record.broken = Some("a field is longer than 131072 characters");
        }
        record.rows.push(to_row(index + 1, &fields));
    }
    record
}

fn to_row(line: usize, fields: &[String]) -> Row {
    let field = |at: usize| fields.get(at).cloned().unwrap_or_default();
    Row { line, path: field(0).replace('\\', "/"), hash: field(1), size: field(2), fields: fields.len() }
}

/// Splits as Python's `str.splitlines` does for the line ends that occur in practice.
fn split_lines(text: &str) -> impl Iterator<Item = &str> {
    let text = text.strip_suffix('\n').unwrap_or(text);
    let text = text.strip_suffix('\r').unwrap_or(text);
    let whole = (!text.is_empty()).then_some(text);
    whole.into_iter().flat_map(|text| text.split('\n')).map(|line| line.strip_suffix('\r').unwrap_or(line))
}

/// Collects the fields of one row: comma, double quotes, doubled quotes inside.
#[derive(Default)]
struct RowReader {
    fields: Vec<String>,
    field: String,
    quoted: bool,
}

impl RowReader {
    fn feed(&mut self, line: &str) {
        let mut chars = line.chars().peekable();
        let mut at_start = !self.quoted;
        while let Some(c) = chars.next() {
            match (self.quoted, c) {
                (true, '"') if chars.peek() == Some(&'"') => {
                    chars.next();
                    self.field.push('"');
                }
                (true, '"') => self.quoted = false,
                (false, '"') if at_start => self.quoted = true,
                (false, ',') => {
                    self.fields.push(std::mem::take(&mut self.field));
                    at_start = true;
                    continue;
                }
                _ => self.field.push(c),
            }
            at_start = false;
        }
    }

    fn finish(mut self) -> Vec<String> {
        self.fields.push(self.field);
        self.fields
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_quotes_and_blank_lines() {
        let record = parse(b"a.py,sha256=xx,3\r\n\"b,\"\"c.py\",,\n\nd\\e.py,,\n");
        let paths: Vec<&str> = record.rows.iter().map(|row| row.path.as_str()).collect();
        assert_eq!(paths, ["a.py", "b,\"c.py", "d/e.py"]);
        assert_eq!(record.rows[0].hash_parts(), Some(("sha256".to_owned(), "xx")));
        assert_eq!((record.rows[0].size.as_str(), record.rows[0].fields), ("3", 3));
        assert_eq!(record.blank_lines, [3]);
        assert_eq!(parse(b""), Record::default());
    }

    #[test]
    fn two_line_feeds_at_the_end_are_a_blank_line() {
        assert_eq!(parse(b"a,,\n\n").blank_lines, [2]);
        assert!(parse(b"\xff,,\n").broken.is_some());
    }
}
