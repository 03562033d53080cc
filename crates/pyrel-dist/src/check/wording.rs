//! The server's words: the parts that many of PyPI's messages share, so that each rule has them exactly.

use pyrel_model::suggestion::nearest;

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
