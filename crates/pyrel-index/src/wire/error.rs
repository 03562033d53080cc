//! What an index says when it refuses: finds the sentence in a JSON, HTML, or plain body or in the reason phrase.
//! The text is foreign: it comes out on one line, without control characters, and of bounded length.

use serde_json::Value;

use super::entity::unescape;

/// How much of a foreign sentence is shown, in characters.
const LONGEST: usize = 500;

/// Returns the sentence of an error answer. Never empty.
///
/// Looked at in this order: JSON `code` (PyPI: `400 {message}`) and its relatives, the section of Nexus' page, the HTML
/// title, the reason phrase, a `<pre>` or `<p>` of the page, the first line of a plain body. A text that only repeats the status
/// is passed over.
pub(crate) fn message_of(status: reqwest::StatusCode, reason: Option<&str>, body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let text = text.trim_start_matches('\u{feff}').trim();
    let mut candidates = Vec::new();
    if text.starts_with(['{', '[', '"']) {
        candidates.extend(serde_json::from_str::<Value>(text).ok().as_ref().and_then(json_sentence));
        candidates.extend(reason.map(str::to_owned));
    } else if text.starts_with('<') {
        candidates.extend(section(text, "content-section"));
        candidates.extend(element(text, "title"));
        candidates.extend(reason.map(str::to_owned));
        candidates.extend(element(text, "pre"));
        candidates.extend(element(text, "p"));
    } else {
        candidates.extend(text.lines().next().map(str::to_owned));
        candidates.extend(reason.map(str::to_owned));
    }
    candidates
        .iter()
        .map(|candidate| without_status(&clean(candidate), status).to_owned())
        .find(|sentence| !says_only_the_status(sentence, status))
        .unwrap_or_else(|| status.canonical_reason().unwrap_or("no reason given").to_owned())
}

fn json_sentence(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Array(items) => items.iter().find_map(json_sentence),
        Value::Object(_) => {
            // A `code` is PyPI's sentence, or some other index's bare word.
            let code = value.get("code").and_then(json_sentence).filter(|code| code.contains(' '));
            code.or_else(|| {
                ["message", "detail", "description", "error", "errors", "result"]
                    .iter()
                    .find_map(|key| value.get(*key).and_then(json_sentence))
            })
        }
        _ => None,
    }
}

/// Returns the text of the first element of that name, tags inside it dropped.
fn element(html: &str, name: &str) -> Option<String> {
    let lower = html.to_ascii_lowercase();
    let open = lower
        .match_indices(&format!("<{name}"))
        .map(|(at, tag)| at + tag.len())
        .find(|end| lower[*end..].starts_with(|c: char| c == '>' || c.is_ascii_whitespace()))?;
    let start = open + lower[open..].find('>')? + 1;
    let end = lower[start..].find(&format!("</{name}")).map_or(html.len(), |at| start + at);
    // A title holds no tags, and PyPI does not escape it.
    plain_text(&html[start..end], name != "title")
}

/// Returns the text of the first `div` of that class, tags inside it dropped.
fn section(html: &str, class: &str) -> Option<String> {
    let (_, after) = html.split_once(&format!("class=\"{class}\""))?;
    let (_, content) = after.split_once('>')?;
    plain_text(content.split("</div").next().unwrap_or_default(), true)
}

/// Returns what is left of a piece of HTML without tags; nothing when that is blank.
fn plain_text(html: &str, has_tags: bool) -> Option<String> {
    let mut text = String::new();
    let mut in_tag = false;
    for c in html.chars() {
        match c {
            '<' if has_tags => in_tag = true,
            '>' if in_tag => in_tag = false,
            _ if !in_tag => text.push(c),
            _ => {}
        }
    }
    Some(unescape(&text)).filter(|text| !text.trim().is_empty())
}

fn without_status(text: &str, status: reqwest::StatusCode) -> &str {
    let text = text.strip_prefix("Error:").unwrap_or(text).trim();
    text.strip_prefix(status.as_str()).map_or(text, |rest| rest.trim_start_matches([' ', ':', '-']))
}

fn says_only_the_status(text: &str, status: reqwest::StatusCode) -> bool {
    text.is_empty()
        || text.eq_ignore_ascii_case("error")
        || status.canonical_reason().is_some_and(|canonical| canonical.eq_ignore_ascii_case(text))
}

/// Returns foreign text on one line: control and direction-changing characters become spaces, runs of spaces
/// one, and what is over 500 characters is cut.
pub(crate) fn clean(text: &str) -> String {
    let harmless = |c: char| {
        let hidden = c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if hidden { ' ' } else { c }
    };
    let plain: String = text.chars().take(LONGEST * 8).map(harmless).collect();
    let words: Vec<&str> = plain.split_whitespace().collect();
    let line = words.join(" ");
    match line.char_indices().nth(LONGEST) {
        Some((cut, _)) => format!("{}…", &line[..cut]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use reqwest::StatusCode;

    use super::*;

    fn of(body: &str, reason: Option<&str>) -> String {
        message_of(StatusCode::BAD_REQUEST, reason, body.as_bytes())
    }

    #[test]
    fn json_code_comes_first() {
        let body = r#"{"message": "The server could not comply\n\n\nNo.\n\n", "code": "400 File is bad.", "title": "Bad Request"}"#;
        assert_eq!(of(body, Some("Other")), "File is bad.");
        assert_eq!(of(r#"{"code": 400, "message": "Validation failed"}"#, None), "Validation failed");
        assert_eq!(of(r#"{"errors":[{"status":400,"message":"No such thing"}]}"#, None), "No such thing");
        assert_eq!(of(r#"{"errors":[{"code":"invalid","description":"Not so"}]}"#, None), "Not so");
    }

    #[test]
    fn html_title_then_reason_then_text() {
        assert_eq!(
            of("<html><head><title>400 Bad &lt;name&gt;</title></head></html>", Some("Bad Request")),
            "Bad <name>"
        );
        assert_eq!(of("<html><title>400 Bad Request</title>", Some("Name taken")), "Name taken");
        assert_eq!(
            of(
                "<html><title>Error: 400 Bad Request</title><pre>Already <b>there</b></pre>",
                Some("Bad Request")
            ),
            "Already there"
        );
        assert_eq!(of("400 Plain words\nmore", None), "Plain words");
        let page = "<html><title>400 - Nexus Repository Manager</title><div class=\"content-body\">\
                    <div class=\"content-section\">\n   a.whl <b>cannot</b> be updated\n </div></div>";
        assert_eq!(of(page, Some("Bad Request")), "a.whl cannot be updated");
        assert_eq!(of("<html><title>No</title><p class=\"content-section\"> </p>", None), "No");
    }

    #[test]
    fn nothing_said_gives_the_status() {
        assert_eq!(of("", None), "Bad Request");
        assert_eq!(of("<p></p>", Some("Bad Request")), "Bad Request");
        assert_eq!(of("{broken", None), "Bad Request");
    }

    #[test]
    fn control_characters_and_length_are_tamed() {
        assert_eq!(clean("a\u{1b}[31mred\r\n\u{202e}b\0"), "a [31mred b");
        let long = clean(&"x".repeat(100_000));
        assert_eq!(long.chars().count(), LONGEST + 1);
    }
}
