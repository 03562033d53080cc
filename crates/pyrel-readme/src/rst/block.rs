//! What the first line of a block starts, told from that line alone.

use super::machine::Format;
use super::unicode::is_alphanumeric;

/// What a line starts. Lengths are in characters and count the marker with the blanks behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Opening {
    Blank,
    Indent,
    Bullet { length: usize },
    Enumerator { format: Format, text: String, length: usize },
    Field { name: String, length: usize },
    Options { length: usize },
    Doctest,
    LineBlock { length: usize },
    GridTable,
    SimpleTable,
    Explicit { length: usize },
    Anonymous { length: usize },
    Rule,
    Text,
}

/// Tells what a line starts.
pub(super) fn opening(line: &str) -> Opening {
    let Some(first) = line.chars().next() else { return Opening::Blank };
    match first {
        ' ' if line.bytes().all(|b| b == b' ') => return Opening::Blank,
        ' ' => return Opening::Indent,
        _ if first.is_alphabetic() && !first.is_ascii() => return Opening::Text,
        _ => {}
    }
    if matches!(first, '-' | '+' | '*' | '\u{2022}' | '\u{2023}' | '\u{2043}')
        && let Some(blanks) = blanks_or_end(&line[first.len_utf8()..])
    {
        return Opening::Bullet { length: 1 + blanks };
    }
    if let Some(found) = enumerator(line) {
        return found;
    }
    special(first, line).unwrap_or(Opening::Text)
}

fn special(first: char, line: &str) -> Option<Opening> {
    match first {
        ':' => {
            if let Some((name, length)) = field_marker(line) {
                return Some(Opening::Field { name, length });
            }
        }
        '-' | '+' | '/' => {
            if let Some(length) = option_marker(line) {
                return Some(Opening::Options { length });
            }
            if is_grid_border(line) {
                return Some(Opening::GridTable);
            }
        }
        '>' if line.strip_prefix(">>>").is_some_and(|rest| blanks_or_end(rest).is_some()) => {
            return Some(Opening::Doctest);
        }
        '|' => {
            if let Some(blanks) = blanks_or_end(&line[1..]) {
                return Some(Opening::LineBlock { length: 1 + blanks });
            }
        }
        '=' if is_simple_top(line) => return Some(Opening::SimpleTable),
        '.' | '_' => {
            if let Some(blanks) = line.strip_prefix("..").and_then(blanks_or_end) {
                return Some(Opening::Explicit { length: 2 + blanks });
            }
            if let Some(blanks) = line.strip_prefix("__").and_then(blanks_or_end) {
                return Some(Opening::Anonymous { length: 2 + blanks });
            }
        }
        _ => {}
    }
    is_rule(line).then_some(Opening::Rule)
}

/// Counts the blanks that follow a marker; none at all will do only at the end of the line.
fn blanks_or_end(rest: &str) -> Option<usize> {
    let blanks = rest.len() - rest.trim_start_matches(' ').len();
    (blanks > 0 || rest.is_empty()).then_some(blanks)
}

/// Tells whether a line is one punctuation character over and over.
pub(super) fn is_rule(line: &str) -> bool {
    let line = line.trim_end_matches(' ');
    let Some(first) = line.bytes().next() else { return false };
    first.is_ascii_punctuation() && line.bytes().all(|b| b == first)
}

/// Tells whether a line is the top or bottom of a grid table.
pub(super) fn is_grid_border(line: &str) -> bool {
    let line = line.trim_end_matches(' ');
    line.len() >= 5
        && line.starts_with("+-")
        && line.ends_with("-+")
        && line.bytes().all(|b| matches!(b, b'-' | b'+'))
}

fn is_simple_top(line: &str) -> bool {
    let line = line.trim_end_matches(' ');
    line.contains(' ') && line.bytes().all(|b| matches!(b, b'=' | b' '))
}

fn enumerator(line: &str) -> Option<Opening> {
    let (open, rest) = match line.strip_prefix('(') {
        Some(rest) => (true, rest),
        None => (false, line),
    };
    let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '#'))?;
    let text = &rest[..end];
    if !is_enumerator_text(text) {
        return None;
    }
    let format = match (open, rest.as_bytes()[end]) {
        (true, b')') => Format::Parens,
        (false, b')') => Format::RightParen,
        (false, b'.') => Format::Period,
        _ => return None,
    };
    let blanks = blanks_or_end(&rest[end + 1..])?;
    Some(Opening::Enumerator { format, text: text.to_owned(), length: usize::from(open) + end + 1 + blanks })
}

fn is_enumerator_text(text: &str) -> bool {
    let all = |set: &str| !text.is_empty() && text.chars().all(|c| set.contains(c));
    text == "#"
        || all("0123456789")
        || (text.len() == 1 && text.chars().all(|c| c.is_ascii_alphabetic()))
        || all("ivxlcdm")
        || all("IVXLCDM")
}

/// Reads `:name:`; returns the name as written and the length of the marker.
pub(super) fn field_marker(line: &str) -> Option<(String, usize)> {
    let body = line.strip_prefix(':')?;
    if body.starts_with([':', ' ']) {
        return None;
    }
    let mut previous = ':';
    let mut chars = body.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => {
                previous = chars.next()?.1;
                continue;
            }
            ':' => match chars.peek().map(|(_, next)| *next) {
                None | Some(' ') if previous == ' ' => return None,
                None | Some(' ') => {
                    let blanks = blanks_or_end(&body[at + 1..])?;
                    let length = line[..at + 2].chars().count() + blanks;
                    return Some((body[..at].to_owned(), length));
                }
                Some('`') => return None,
                Some(_) => {}
            },
            _ => {}
        }
        previous = c;
    }
    None
}

fn option_marker(line: &str) -> Option<usize> {
    let mut rest = one_option(line)?;
    while let Some(more) = rest.strip_prefix(", ").and_then(one_option) {
        rest = more;
    }
    let after = rest.trim_start_matches(' ');
    let blanks = rest.len() - after.len();
    (blanks >= 2 || (after.is_empty() && blanks <= 1)).then(|| line.len() - after.len())
}

fn one_option(text: &str) -> Option<&str> {
    let is_name = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
    if let Some(name) = text.strip_prefix("--").or_else(|| text.strip_prefix('/')) {
        if !name.bytes().next()?.is_ascii_alphanumeric() {
            return None;
        }
        let end = name.bytes().position(|b| !is_name(b)).unwrap_or(name.len());
        let rest = &name[end..];
        let argument = rest.strip_prefix([' ', '=']).and_then(option_argument);
        return Some(argument.unwrap_or(rest));
    }
    let name = text.strip_prefix(['-', '+'])?;
    if !name.bytes().next()?.is_ascii_alphanumeric() {
        return None;
    }
    let rest = &name[1..];
    let argument = option_argument(rest.strip_prefix(' ').unwrap_or(rest));
    Some(argument.unwrap_or(rest))
}

fn option_argument(text: &str) -> Option<&str> {
    if let Some(inner) = text.strip_prefix('<') {
        let end = inner.find(['<', '>'])?;
        return (end > 0 && inner.as_bytes()[end] == b'>').then(|| &inner[end + 1..]);
    }
    if !text.bytes().next()?.is_ascii_alphabetic() {
        return None;
    }
    let end = text.bytes().position(|b| !(b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-')));
    Some(&text[end.unwrap_or(text.len())..])
}

/// Returns the end of the simple name at the start of a text: words joined by single marks.
pub(super) fn simple_name(text: &str) -> Option<usize> {
    let mut end = 0;
    loop {
        let word = text[end..]
            .char_indices()
            .find(|(_, c)| !is_alphanumeric(*c))
            .map_or(text.len(), |(at, _)| end + at);
        if word == end {
            return None;
        }
        end = word;
        match text[end..].bytes().next() {
            Some(b'-' | b'.' | b'_' | b'+' | b':')
                if text[end + 1..].chars().next().is_some_and(is_alphanumeric) =>
            {
                end += 1;
            }
            _ => return Some(end),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn openings_of_lines() {
        for (line, wanted) in [
            ("", Opening::Blank),
            ("  a", Opening::Indent),
            ("- a", Opening::Bullet { length: 2 }),
            ("\u{2022}  a", Opening::Bullet { length: 3 }),
            ("-a b  c", Opening::Options { length: 6 }),
            ("-a, --all=X  c", Opening::Options { length: 13 }),
            ("--a b", Opening::Options { length: 5 }),
            ("-ab c", Opening::Text),
            ("1. a", Opening::Enumerator { format: Format::Period, text: "1".into(), length: 3 }),
            ("(iv) a", Opening::Enumerator { format: Format::Parens, text: "iv".into(), length: 5 }),
            ("ab. c", Opening::Text),
            (":a b: c", Opening::Field { name: "a b".into(), length: 6 }),
            (r":a\: b: c", Opening::Field { name: r"a\: b".into(), length: 8 }),
            (":a :", Opening::Text),
            (":a:`b`", Opening::Text),
            (">>> x", Opening::Doctest),
            ("|", Opening::LineBlock { length: 1 }),
            ("+--+--+", Opening::GridTable),
            ("== ==", Opening::SimpleTable),
            (".. a", Opening::Explicit { length: 3 }),
            ("__ a", Opening::Anonymous { length: 3 }),
            ("====", Opening::Rule),
            ("...", Opening::Rule),
            ("a", Opening::Text),
        ] {
            assert_eq!(opening(line), wanted, "{line:?}");
        }
    }

    #[test]
    fn simple_names_end_before_doubled_marks() {
        assert_eq!(simple_name("a-b.c rest"), Some(5));
        assert_eq!(simple_name("a__b"), Some(1));
        assert_eq!(simple_name("_a"), None);
        assert_eq!(simple_name("a_"), Some(1));
    }
}
