//! HTML's character references, both ways. Knows the five that escaping needs and numbers, not HTML's table.

/// Returns the text with `&`, `<`, `>`, and both quotes as character references, fit for text and attributes.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#x27;"),
            _ => out.push(c),
        }
    }
    out
}

/// Returns the text with character references resolved; unknown ones stay as they are.
pub(crate) fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let reference = rest.find(';').filter(|end| *end <= 10).and_then(|end| {
            let c = resolve(&rest[1..end])?;
            Some((c, end + 1))
        });
        if let Some((c, length)) = reference {
            out.push(c);
            rest = &rest[length..];
        } else {
            out.push('&');
            rest = &rest[1..];
        }
    }
    out.push_str(rest);
    out
}

fn resolve(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        "nbsp" => Some('\u{a0}'),
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unescape_undoes_escape() {
        let text = "<a href=\"x?a=1&b=2\">it's</a> &amp; é";
        assert_eq!(unescape(&escape(text)), text);
        assert!(!escape(text).contains(['<', '>', '"', '\'']));
    }

    #[test]
    fn broken_references_stay() {
        assert_eq!(unescape("a & b &nope; &#xZZ; &#62;=3 &"), "a & b &nope; &#xZZ; >=3 &");
    }
}
