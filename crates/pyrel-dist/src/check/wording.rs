//! The server's words: the parts that many of PyPI's messages share, so that each rule has them exactly.

use pyrel_model::suggestion::nearest;

use super::finding::Problem;

/// Finds the candidate nearest to a misspelt word, unless it is longer than anything that a person misspells.
pub(super) fn suggest(word: &str, candidates: impl Iterator<Item = &'static str>) -> Option<&'static str> {
    if word.len() > 200 { None } else { nearest(word, candidates) }
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
            _ if is_printable(c) => out.push(c),
            _ => out.push_str(&escape(c)),
        }
    }
    out.push(quote);
    out
}

fn is_printable(c: char) -> bool {
    let invisible = matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{feff}' | '\u{e000}'..='\u{f8ff}');
    c == ' ' || !(c.is_control() || c.is_whitespace() || invisible)
}

fn escape(c: char) -> String {
    match u32::from(c) {
        code @ 0..=0xff => format!("\\x{code:02x}"),
        code @ 0..=0xffff => format!("\\u{code:04x}"),
        code => format!("\\U{code:08x}"),
    }
}

/// Ends a message about metadata as the server does.
pub(super) fn core_metadata(text: &str) -> String {
    let stop = if text.ends_with('.') { "" } else { "." };
    format!(
        "{text}{stop} See https://packaging.python.org/specifications/core-metadata for more information."
    )
}

/// Makes the problem of a metadata value that the `packaging` library refuses. `text` may name the field as
/// `{field}`; what stands in it besides is the user's.
///
/// The library puts the field in with Python's `str.format_map`, after the user's value is in the text. So braces
/// of the value are read as placeholders, and one that stands for nothing makes the server fail instead of answer.
pub(super) fn refused(field: &str, text: &str) -> Problem {
    match format_map(text, &repr(field)) {
        Some(text) => Problem::new(core_metadata(&text)),
        None => Problem::crash(format!(
            "PyPI fails with an internal error (500) on the braces of a value that it would refuse: {}",
            text.replace("{field}", &repr(field))
        )),
    }
}

/// Formats as Python does when `field` is the only name; `None` when Python raises an error.
fn format_map(text: &str, field: &str) -> Option<String> {
    let mut out = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '{' | '}' if chars.peek() == Some(&c) => {
                chars.next();
                out.push(c);
            }
            '{' => {
                let name: String = std::iter::from_fn(|| chars.next_if(|c| *c != '}')).collect();
                if name != "field" || chars.next().is_none() {
                    return None;
                }
                out.push_str(field);
            }
            '}' => return None,
            c => out.push(c),
        }
    }
    Some(out)
}

/// Makes the message about a file that is no valid distribution.
pub(super) fn invalid_file(detail: &str) -> String {
    format!("Invalid distribution file. {detail}")
}

/// Makes the message about a zip whose records are not as they should be.
pub(super) fn zip_refused(detail: &str) -> String {
    invalid_file(&format!(
        "ZIP archive not accepted: {detail}. See https://docs.pypi.org/archives for more information"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn braces_are_read_as_python_reads_them() {
        let format = |text: &str| format_map(text, "'name'");
        assert_eq!(format("'a' is invalid for {field}").as_deref(), Some("'a' is invalid for 'name'"));
        assert_eq!(format("'{{x}}'").as_deref(), Some("'{x}'"));
        assert_eq!(format("'{field}'").as_deref(), Some("''name''"));
        for crash in ["{version}", "{}", "}", "{", "{field", "a}b", "{x} {{"] {
            assert_eq!(format(crash), None, "{crash}");
        }
    }

    #[test]
    fn repr_is_that_of_python() {
        for (text, shown) in [
            ("a", "'a'"),
            ("it's", "\"it's\""),
            ("'\"", "'\\'\"'"),
            ("a\\b\n\t\u{7f}", "'a\\\\b\\n\\t\\x7f'"),
            ("ü\u{a0}\u{200b}", "'ü\\xa0\\u200b'"),
        ] {
            assert_eq!(repr(text), shown);
        }
    }
}
