//! Escapes in text: a backslash becomes NUL while text is read, so that what it guards is told from what it does not.

use super::unicode::{normalize, words};

/// Resolves escapes: an escaped blank vanishes, any other escaped character stays.
pub(super) fn unescape(text: &str) -> String {
    if !text.contains('\0') {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '\0' {
            out.push(c);
        } else {
            chars.next_if(|next| matches!(next, ' ' | '\n'));
        }
    }
    out
}

/// Puts the backslashes back.
pub(super) fn restore(text: &str) -> String {
    text.replace('\0', "\\")
}

/// Turns each escaping backslash into NUL.
pub(super) fn escape(text: &str) -> String {
    if !text.contains('\\') {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c == '\\' {
            out.push('\0');
            out.extend(chars.next());
        } else {
            out.push(c);
        }
    }
    out
}

/// Joins the parts of an address: white space goes unless it is escaped.
pub(super) fn join_address(escaped: &str) -> String {
    let parts = escaped.split("\0 ").flat_map(|part| part.split("\0\n"));
    let joined: Vec<String> = parts.map(|part| words(&unescape(part)).collect::<String>()).collect();
    joined.join(" ")
}

/// Makes the form in which names compare.
pub(super) fn name_of(text: &str) -> String {
    normalize(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_go_and_come_back() {
        let escaped = escape(r"a\*b\ c\\");
        assert_eq!(escaped, "a\0*b\0 c\0\\");
        assert_eq!(unescape(&escaped), "a*bc\\");
        assert_eq!(restore(&escaped), r"a\*b\ c\\");
        assert_eq!(join_address("a b\0 c\nd"), "ab cd");
    }
}
