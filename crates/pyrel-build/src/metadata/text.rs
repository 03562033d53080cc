//! Text the way Python cuts it into lines.

/// Splits at everything that Python's `str.splitlines` takes for the end of a line.
pub(crate) fn python_lines(text: &str) -> Vec<&str> {
    let mut lines = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let Some(at) = rest.find(is_line_end) else {
            lines.push(rest);
            break;
        };
        let end = if rest[at..].starts_with("\r\n") {
            at + 2
        } else {
            at + rest[at..].chars().next().map_or(1, char::len_utf8)
        };
        lines.push(&rest[..at]);
        rest = &rest[end..];
    }
    lines
}

fn is_line_end(c: char) -> bool {
    matches!(
        c,
        '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{1c}' | '\u{1d}' | '\u{1e}' | '\u{85}' | '\u{2028}' | '\u{2029}'
    )
}

/// Joins the lines of a text by single spaces.
pub(crate) fn single_line(text: &str) -> String {
    python_lines(text).join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_where_python_ends_them() {
        assert_eq!(python_lines("a\r\nb\rc\n\nd\u{2028}e\n"), ["a", "b", "c", "", "d", "e"]);
        assert_eq!(python_lines(""), Vec::<&str>::new());
        assert_eq!(single_line("one\ntwo"), "one two");
    }
}
