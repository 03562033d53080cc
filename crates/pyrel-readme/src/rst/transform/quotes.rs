//! Typographic quotes, dashes, and ellipses; a language without quotes of its own is a warning.

use std::collections::HashSet;

use super::super::document::{About, Document};
use super::super::node::{Kind, NodeId, Tree};
use super::super::unicode::is_space;

/// Languages with quotes, sorted.
const LANGUAGES: [&str; 48] = [
    "af", "bg", "ca", "cs", "da", "de", "de-ch", "el", "en", "eo", "es", "et", "eu", "fi", "fr", "fr-ch",
    "gl", "he", "hr", "hsb", "hu", "is", "it", "it-ch", "ja", "ko", "lt", "lv", "mk", "nb", "nl", "nn", "no",
    "pl", "pt", "pt-br", "ro", "ru", "sh", "sk", "sl", "sq", "sr", "sv", "tr", "uk", "zh-cn", "zh-tw",
];

/// Replaces plain marks in running text.
pub(super) fn apply(document: &mut Document) {
    let mut unknown = HashSet::new();
    visit(document, Tree::ROOT, "en", &mut unknown);
}

fn visit(document: &mut Document, node: NodeId, language: &str, unknown: &mut HashSet<String>) {
    let classes = &document.tree.attributes(node).classes;
    let own = classes.iter().find_map(|class| class.strip_prefix("language-")).map(str::to_owned);
    let language = own.as_deref().unwrap_or(language);
    let kind = document.tree.kind(node);
    if matches!(
        kind,
        Kind::LiteralBlock | Kind::DoctestBlock | Kind::MathBlock | Kind::Comment | Kind::SystemMessage
    ) || kind.is_invisible()
    {
        return;
    }
    if kind.holds_text() {
        text_block(document, node, language, unknown);
        return;
    }
    for child in document.tree.children(node).to_vec() {
        visit(document, child, language, unknown);
    }
}

fn text_block(document: &mut Document, node: NodeId, language: &str, unknown: &mut HashSet<String>) {
    if !is_supported(language) {
        if !unknown.contains(language) {
            let text = format!("No smart quotes defined for language \"{language}\".");
            document.warning(text, &[], About::Node(node));
            unknown.insert(language.to_owned());
        }
        return;
    }
    if language != "en" || document.tree.kind(node) == Kind::OptionString {
        return;
    }
    let mut before = ' ';
    for below in document.tree.walk(node) {
        if document.tree.kind(below) != Kind::Text {
            continue;
        }
        let text = document.tree.node(below).text.clone();
        let last = text.chars().next_back().unwrap_or(before);
        if !is_literal(document, below) {
            document.tree.node_mut(below).text = educate(&text, before);
        }
        before = last;
    }
}

fn is_literal(document: &Document, text: NodeId) -> bool {
    let parent = document.tree.parent(text);
    let above = parent.and_then(|parent| document.tree.parent(parent));
    [parent, above].into_iter().flatten().any(|node| {
        matches!(
            document.tree.kind(node),
            Kind::Literal | Kind::Math | Kind::Problematic | Kind::LiteralBlock | Kind::Target
        )
    })
}

fn is_supported(language: &str) -> bool {
    let tag = language.to_lowercase().replace('_', "-");
    let base = tag.split('-').next().unwrap_or_default();
    LANGUAGES.binary_search(&tag.as_str()).is_ok() || LANGUAGES.binary_search(&base).is_ok()
}

/// Makes marks typographic; an escaped one stays.
fn educate(text: &str, before: char) -> String {
    if !text.contains(['"', '\'', '-', '.']) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len() + 8);
    let mut previous = before;
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let after = rest[c.len_utf8()..].chars().next();
        let (shown, length) = match c {
            _ if previous == '\0' => (c, c.len_utf8()),
            '-' if rest.starts_with("---") => ('\u{2014}', 3),
            '-' if rest.starts_with("--") => ('\u{2013}', 2),
            '.' if rest.starts_with("...") => ('\u{2026}', 3),
            '"' if opens(previous, after) => ('\u{201c}', 1),
            '"' => ('\u{201d}', 1),
            '\'' if opens(previous, after) => ('\u{2018}', 1),
            '\'' => ('\u{2019}', 1),
            _ => (c, c.len_utf8()),
        };
        out.push(shown);
        previous = if shown == '\u{2014}' || shown == '\u{2013}' { '-' } else { c };
        rest = &rest[length..];
    }
    out
}

fn opens(previous: char, after: Option<char>) -> bool {
    let at_start = is_space(previous) || matches!(previous, '(' | '[' | '{' | '<' | '-' | '"' | '\'');
    at_start && after.is_none_or(|c| !is_space(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_become_typographic() {
        assert_eq!(educate("\"a\" -- it's...", ' '), "\u{201c}a\u{201d} \u{2013} it\u{2019}s\u{2026}");
        assert_eq!(educate("\0\"a", ' '), "\0\"a");
        assert!(LANGUAGES.is_sorted());
        assert!(is_supported("de_AT") && !is_supported("xx"));
    }
}
