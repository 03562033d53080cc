//! HTML as PyPI would show it: escaping, and which addresses may stay.

use std::fmt;

/// The body of a project page, safe to be put into one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Html(pub(crate) String);

impl Html {
    /// Returns the markup.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Html {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Appends text with the characters that mean something replaced.
pub(crate) fn push_text(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\u{a0}' => out.push_str("&nbsp;"),
            _ => out.push(c),
        }
    }
}

/// Appends an attribute.
pub(crate) fn push_attribute(out: &mut String, name: &str, value: &str) {
    out.push(' ');
    out.push_str(name);
    out.push_str("=\"");
    for c in value.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            _ => out.push(c),
        }
    }
    out.push('"');
}

/// Tells whether an address may stay: it is relative, or its scheme is one that PyPI lets through.
pub(crate) fn is_safe_address(address: &str) -> bool {
    // Browsers leave out white space and control characters before they look for a scheme.
    let plain: String = address.chars().filter(|c| !c.is_whitespace() && !c.is_control()).collect();
    let head = plain.split(['/', '?', '#']).next().unwrap_or_default();
    match head.split_once(':') {
        Some((scheme, _)) => {
            ["http", "https", "mailto"].iter().any(|allowed| scheme.eq_ignore_ascii_case(allowed))
        }
        None => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_harmless_addresses_stay() {
        for address in ["https://a.b", "MAILTO:a@b.c", "#a", "/a:b", "a/b", "?a:b", ""] {
            assert!(is_safe_address(address), "{address}");
        }
        for address in
            ["javascript:a", " java\nscript:a", "data:text/html,a", "\u{1}javascript:a", "vbscript:a"]
        {
            assert!(!is_safe_address(address), "{address:?}");
        }
    }
}
