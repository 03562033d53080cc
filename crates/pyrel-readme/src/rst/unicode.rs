//! Characters as Python sees them: white space, words, widths, line breaks. Owns no syntax.

use super::unicode_table::{ALPHANUMERIC, COMBINING, WIDE};

/// Tells whether one of the sorted ranges holds the character.
pub(super) fn is_in(ranges: &[(u32, u32)], c: char) -> bool {
    let code = u32::from(c);
    let after = ranges.partition_point(|(first, _)| *first <= code);
    after > 0 && ranges[after - 1].1 >= code
}

/// Tells whether Python's `str.isspace` holds.
pub(super) fn is_space(c: char) -> bool {
    match c {
        '\t'..='\r' | '\u{1c}'..='\u{20}' => true,
        _ if c.is_ascii() => false,
        '\u{85}' | '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' => true,
        '\u{2028}' | '\u{2029}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => true,
        _ => false,
    }
}

/// Tells whether Python's `str.isalnum` holds.
pub(super) fn is_alphanumeric(c: char) -> bool {
    if c.is_ascii() { c.is_ascii_alphanumeric() } else { is_in(&ALPHANUMERIC, c) }
}

/// Tells whether the character takes two columns.
pub(super) fn is_wide(c: char) -> bool {
    u32::from(c) >= 0x1100 && is_in(&WIDE, c)
}

/// Tells whether the character combines with the one before it.
pub(super) fn is_combining(c: char) -> bool {
    u32::from(c) >= 0x300 && is_in(&COMBINING, c)
}

/// Counts the columns that a text takes.
pub(super) fn column_width(text: &str) -> usize {
    if text.is_ascii() {
        return text.len();
    }
    let width: usize = text.chars().map(|c| if is_wide(c) { 2 } else { 1 }).sum();
    width.saturating_sub(text.chars().filter(|c| is_combining(*c)).count())
}

/// Trims both ends as Python's `str.strip` does.
pub(super) fn strip(text: &str) -> &str {
    text.trim_matches(is_space)
}

/// Trims the end as Python's `str.rstrip` does.
pub(super) fn rstrip(text: &str) -> &str {
    text.trim_end_matches(is_space)
}

/// Trims the start as Python's `str.lstrip` does.
pub(super) fn lstrip(text: &str) -> &str {
    text.trim_start_matches(is_space)
}

/// Splits at white space as Python's `str.split` does.
pub(super) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(is_space).filter(|word| !word.is_empty())
}

/// Collapses white space.
pub(super) fn collapse(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in words(text) {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}

/// Collapses white space and case: the form in which names of targets compare.
pub(super) fn normalize(text: &str) -> String {
    collapse(&text.to_lowercase())
}

/// Splits into lines as Python's `str.splitlines` does.
pub(super) fn split_lines(text: &str) -> Vec<&str> {
    let mut lines = Vec::new();
    let mut start = 0;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let is_break = matches!(
            c,
            '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{1c}'..='\u{1e}' | '\u{85}' | '\u{2028}' | '\u{2029}'
        );
        if is_break {
            lines.push(&text[start..at]);
            start = at + c.len_utf8();
            if c == '\r' && chars.next_if(|(_, next)| *next == '\n').is_some() {
                start += 1;
            }
        }
    }
    if start < text.len() {
        lines.push(&text[start..]);
    }
    lines
}

/// Puts a text as Python's `repr` does.
pub(super) fn repr(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut out = String::from(quote);
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            _ if c == quote => {
                out.push('\\');
                out.push(c);
            }
            ' ' => out.push(c),
            _ if c.is_control() || is_space(c) => match u32::from(c) {
                code @ 0..=0xff => out.push_str(&format!("\\x{code:02x}")),
                code => out.push_str(&format!("\\u{code:04x}")),
            },
            _ => out.push(c),
        }
    }
    out.push(quote);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_split_where_python_splits_them() {
        assert_eq!(split_lines("a\r\nb\rc\u{2028}d\n\ne"), ["a", "b", "c", "d", "", "e"]);
        assert_eq!(split_lines("a\n"), ["a"]);
        assert!(split_lines("").is_empty());
    }

    #[test]
    fn widths_and_words() {
        assert_eq!(column_width("a\u{301}"), 1);
        assert_eq!(column_width("\u{6f22}\u{5b57}"), 4);
        assert_eq!(column_width("\u{1f680}"), 2);
        assert!(is_alphanumeric('\u{e9}') && !is_alphanumeric('_') && !is_alphanumeric('\u{24b6}'));
        assert_eq!(normalize("  A\u{a0}b\tC "), "a b c");
    }

    #[test]
    fn repr_is_that_of_python() {
        assert_eq!(repr("it's"), "\"it's\"");
        assert_eq!(repr("a\n\u{a0}"), "'a\\n\\xa0'");
    }
}
