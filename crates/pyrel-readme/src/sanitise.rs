//! Takes out of HTML what PyPI does not let through: a strict reader of tags that writes only what it knows.
//!
//! Every `<` of the output is written here, every attribute value is resolved and escaped anew, and tags are balanced.

use crate::html::{is_safe_address, push_attribute, push_text};

const TAGS: [&str; 53] = [
    "a",
    "abbr",
    "acronym",
    "aside",
    "b",
    "blockquote",
    "br",
    "caption",
    "cite",
    "code",
    "col",
    "colgroup",
    "dd",
    "del",
    "details",
    "div",
    "dl",
    "dt",
    "em",
    "figcaption",
    "figure",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "i",
    "img",
    "input",
    "kbd",
    "li",
    "nav",
    "ol",
    "p",
    "picture",
    "pre",
    "section",
    "span",
    "strong",
    "sub",
    "summary",
    "sup",
    "table",
    "tbody",
    "td",
    "th",
    "thead",
    "tr",
    "tt",
    "ul",
    "var",
];
const VOID: [&str; 5] = ["br", "col", "hr", "img", "input"];
/// Elements that go with all that is in them.
const DROPPED: [&str; 2] = ["script", "style"];

fn is_allowed(tag: &str, attribute: &str) -> bool {
    let allowed: &[&str] = match tag {
        "a" => &["href", "title"],
        "abbr" | "acronym" => &["title"],
        "img" => &["src", "width", "height", "alt", "align", "class"],
        "th" => &["align", "class"],
        "td" => &["align", "colspan", "rowspan"],
        "div" | "p" => &["align", "class"],
        "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => &["align"],
        "pre" => &["class", "lang"],
        "ol" => &["start"],
        "input" => &["type", "checked", "disabled"],
        "aside" | "code" | "dd" | "dl" | "dt" | "figure" | "hr" | "nav" | "span" | "ul" => &["class"],
        _ => &[],
    };
    attribute == "id" || allowed.contains(&attribute)
}

/// A tag as it was read.
struct Tag<'a> {
    name: String,
    is_end: bool,
    attributes: Vec<(String, String)>,
    rest: &'a str,
}

/// Rewrites HTML with only what PyPI lets through.
pub(crate) fn sanitise(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let mut open: Vec<&'static str> = Vec::new();
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        push_text(&mut out, &resolve(&rest[..at]));
        rest = &rest[at..];
        if let Some(after) = skip_declaration(rest) {
            rest = after;
            continue;
        }
        let Some(tag) = read_tag(rest) else {
            out.push_str("&lt;");
            rest = &rest[1..];
            continue;
        };
        rest = tag.rest;
        if DROPPED.contains(&tag.name.as_str()) {
            if !tag.is_end {
                rest = skip_element(rest, &tag.name);
            }
        } else {
            write_tag(&mut out, &tag, &mut open);
        }
    }
    push_text(&mut out, &resolve(rest));
    for name in open.into_iter().rev() {
        close(&mut out, name);
    }
    out
}

fn close(out: &mut String, name: &str) {
    out.push_str("</");
    out.push_str(name);
    out.push('>');
}

fn write_tag(out: &mut String, tag: &Tag<'_>, open: &mut Vec<&'static str>) {
    let Some(name) = TAGS.iter().find(|known| **known == tag.name) else { return };
    if tag.is_end {
        // An end tag closes what is still open within; one without a start means nothing.
        if let Some(at) = open.iter().rposition(|known| known == name) {
            for inner in open.drain(at..).rev() {
                close(out, inner);
            }
        }
        return;
    }
    out.push('<');
    out.push_str(name);
    let mut seen: Vec<&str> = Vec::new();
    for (attribute, value) in &tag.attributes {
        let is_address = matches!(attribute.as_str(), "href" | "src");
        if !is_allowed(name, attribute)
            || seen.contains(&attribute.as_str())
            || (is_address && !is_safe_address(value))
        {
            continue;
        }
        seen.push(attribute);
        push_attribute(out, attribute, value);
    }
    match *name {
        "a" => push_attribute(out, "rel", "nofollow"),
        "input" if !seen.contains(&"disabled") => push_attribute(out, "disabled", ""),
        _ => {}
    }
    out.push('>');
    if !VOID.contains(name) {
        open.push(name);
    }
}

/// Skips comments, declarations, and processing instructions.
fn skip_declaration(text: &str) -> Option<&str> {
    if let Some(comment) = text.strip_prefix("<!--") {
        return Some(comment.find("-->").map_or("", |end| &comment[end + 3..]));
    }
    let is_declaration = text.starts_with("<!") || text.starts_with("<?");
    is_declaration.then(|| text.find('>').map_or("", |end| &text[end + 1..]))
}

fn skip_element<'a>(text: &'a str, name: &str) -> &'a str {
    let mut rest = text;
    while let Some(at) = rest.find("</") {
        rest = &rest[at + 2..];
        let is_end = rest.get(..name.len()).is_some_and(|found| found.eq_ignore_ascii_case(name));
        if is_end {
            return rest.find('>').map_or("", |end| &rest[end + 1..]);
        }
    }
    ""
}

/// Reads a tag at the start of a text; what is not one, or never ends, is text.
fn read_tag(text: &str) -> Option<Tag<'_>> {
    let body = &text[1..];
    let (is_end, body) = body.strip_prefix('/').map_or((false, body), |body| (true, body));
    if !body.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return None;
    }
    let end = body.find(|c: char| c.is_ascii_whitespace() || matches!(c, '/' | '>'))?;
    let name = body[..end].to_ascii_lowercase();
    let mut rest = &body[end..];
    let mut attributes = Vec::new();
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '/');
        if let Some(rest) = rest.strip_prefix('>') {
            return Some(Tag { name, is_end, attributes, rest });
        }
        let end = rest
            .char_indices()
            .find(|(at, c)| c.is_ascii_whitespace() || matches!(c, '/' | '>') || (*c == '=' && *at > 0))?
            .0;
        let attribute = rest[..end].to_ascii_lowercase();
        rest = rest[end..].trim_start_matches(|c: char| c.is_ascii_whitespace());
        let mut value = "";
        if let Some(after) = rest.strip_prefix('=') {
            (value, rest) = read_value(after.trim_start_matches(|c: char| c.is_ascii_whitespace()))?;
        }
        attributes.push((attribute, resolve(value)));
    }
}

fn read_value(text: &str) -> Option<(&str, &str)> {
    for quote in ['"', '\''] {
        if let Some(body) = text.strip_prefix(quote) {
            let end = body.find(quote)?;
            return Some((&body[..end], &body[end + 1..]));
        }
    }
    let end = text.find(|c: char| c.is_ascii_whitespace() || c == '>')?;
    Some((&text[..end], &text[end..]))
}

/// Resolves character references; one that is not known stays as it is, to be escaped.
fn resolve(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        match reference(rest) {
            Some((c, length)) => {
                out.push(c);
                rest = &rest[length..];
            }
            None => {
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

fn reference(text: &str) -> Option<(char, usize)> {
    let end = text.bytes().take(12).position(|b| b == b';')?;
    let body = &text[1..end];
    let c = if let Some(digits) = body.strip_prefix("#x").or_else(|| body.strip_prefix("#X")) {
        char::from_u32(u32::from_str_radix(digits, 16).ok()?)?
    } else if let Some(digits) = body.strip_prefix('#') {
        char::from_u32(digits.parse().ok()?)?
    } else {
        match body {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "apos" => '\'',
            "nbsp" => '\u{a0}',
            "copy" => '\u{a9}',
            "reg" => '\u{ae}',
            "trade" => '\u{2122}',
            "mdash" => '\u{2014}',
            "ndash" => '\u{2013}',
            "hellip" => '\u{2026}',
            "bull" => '\u{2022}',
            "middot" => '\u{b7}',
            "rarr" => '\u{2192}',
            "larr" => '\u{2190}',
            "colon" => ':',
            "Tab" => '\t',
            "NewLine" => '\n',
            _ => return None,
        }
    };
    Some((c, end + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_styles_and_handlers_go() {
        for (html, wanted) in [
            ("<script>alert(1)</script>a", "a"),
            ("<SCRIPT src=x></ScRiPt >a", "a"),
            ("<script>a", ""),
            ("<style>p{}</style>a", "a"),
            ("<p onclick=\"a()\" style='x' class=c>b</p>", "<p class=\"c\">b</p>"),
            ("<a href=\"javascript:a\">b</a>", "<a rel=\"nofollow\">b</a>"),
            ("<a href=\"java&#x0A;script&colon;a\">b</a>", "<a rel=\"nofollow\">b</a>"),
            ("<a href=' &#1;javascript:a'>b</a>", "<a rel=\"nofollow\">b</a>"),
            ("<img src=data:image/png;base64,x alt=a>", "<img alt=\"a\">"),
            ("<iframe src=x>a</iframe>", "a"),
            ("<svg><script>a</script></svg>b", "b"),
            ("<!-- <b> -->a<!doctype x><?php ?>", "a"),
            ("<img src=x onerror=a><b", "<img src=\"x\">&lt;b"),
            ("<scr<script>ipt>a", "ipt&gt;a"),
            (
                "<a title='\"><script>a</script>'>b</a>",
                "<a title=\"&quot;&gt;&lt;script&gt;a&lt;/script&gt;\" rel=\"nofollow\">b</a>",
            ),
        ] {
            assert_eq!(sanitise(html), wanted, "{html}");
        }
    }

    #[test]
    fn what_is_harmless_stays_and_is_balanced() {
        for (html, wanted) in [
            ("<p align=center>a<br/>b", "<p align=\"center\">a<br>b</p>"),
            ("<div><b>a</div></b>c", "<div><b>a</b></div>c"),
            ("a & b &amp; c &lt; d &bogus;", "a &amp; b &amp; c &lt; d &amp;bogus;"),
            ("<input type=checkbox checked>", "<input type=\"checkbox\" checked=\"\" disabled=\"\">"),
            ("1 < 2 > 0", "1 &lt; 2 &gt; 0"),
        ] {
            assert_eq!(sanitise(html), wanted, "{html}");
        }
    }
}
