//! Texts as `repr` of Python prints them.
//!
//! What depends on the version of Unicode that Python knows is not printed.

/// Characters beyond ASCII that every Python of today takes for printable.
const PRINTABLE: [(u32, u32); 30] = [
    (0xa1, 0xac),
    (0xae, 0x36f),
    (0x391, 0x3a1),
    (0x3a3, 0x52f),
    (0x5d0, 0x5ea),
    (0x620, 0x64a),
    (0x1e00, 0x1eff),
    (0x2010, 0x2027),
    (0x2030, 0x205e),
    (0x2074, 0x208e),
    (0x20a0, 0x20bd),
    (0x2100, 0x218b),
    (0x2190, 0x23fa),
    (0x2460, 0x2b73),
    (0x3001, 0x303f),
    (0x3041, 0x3096),
    (0x3099, 0x30ff),
    (0x3400, 0x4db5),
    (0x4e00, 0x9fcc),
    (0xac00, 0xd7a3),
    (0xfe0e, 0xfe0f),
    (0xff01, 0xff9f),
    (0x1f1e6, 0x1f1ff),
    (0x1f300, 0x1f64f),
    (0x1f680, 0x1f6d2),
    (0x1f910, 0x1f93a),
    (0x1f940, 0x1f945),
    (0x1f950, 0x1f96b),
    (0x1f980, 0x1f997),
    (0x1f9d0, 0x1f9e6),
];
/// Spaces and invisible characters, which `repr` escapes.
const ESCAPED: [(u32, u32); 7] = [
    (0x80, 0xa0),
    (0xad, 0xad),
    (0x2000, 0x200f),
    (0x2028, 0x202f),
    (0x205f, 0x2064),
    (0x3000, 0x3000),
    (0xfeff, 0xfeff),
];

fn is_in(ranges: &[(u32, u32)], code: u32) -> bool {
    ranges.iter().any(|(first, last)| (*first..=*last).contains(&code))
}

/// Prints a text in quotes; `None` where that depends on the version of Python.
pub(super) fn repr(text: &str) -> Option<String> {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut out = String::from(quote);
    for c in text.chars() {
        let code = u32::from(c);
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            _ if c == quote => out.extend(['\\', c]),
            ' '..='~' => out.push(c),
            _ if c.is_ascii() || (code < 0x100 && is_in(&ESCAPED, code)) => {
                out.push_str(&format!("\\x{code:02x}"));
            }
            _ if is_in(&ESCAPED, code) => out.push_str(&format!("\\u{code:04x}")),
            _ if is_in(&PRINTABLE, code) => out.push(c),
            _ => return None,
        }
    }
    out.push(quote);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_quoted_as_python_quotes_them() {
        for (text, expected) in [
            ("", "''"),
            ("it's", "\"it's\""),
            ("it's \"x\"", "'it\\'s \"x\"'"),
            ("a\\b\n\t\r\u{1}\u{7f}", "'a\\\\b\\n\\t\\r\\x01\\x7f'"),
            ("\u{e4}\u{a0}\u{200b}\u{1f600}\u{feff}", "'\u{e4}\\xa0\\u200b\u{1f600}\\ufeff'"),
        ] {
            assert_eq!(repr(text).as_deref(), Some(expected), "{text:?}");
        }
        assert_eq!(repr("\u{1fae8}"), None, "new in Unicode 15");
    }
}
