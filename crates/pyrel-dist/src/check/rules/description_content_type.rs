//! The content type of the description is not one that PyPI renders.

use pyrel_model::Level;

use crate::check::finding::{Findings, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;
use crate::check::wording;

pub(super) static RULE: Rule = Rule {
    name: "description-content-type",
    level: Level::Error,
    source: Source::Pypi,
    summary: "`Description-Content-Type` is one that PyPI renders",
    docs: "\
### What it does
Checks the type (`text/markdown`, `text/x-rst`, `text/plain`), its charset, and the Markdown variant.

### Why is this bad
PyPI cannot render any other type and refuses it.

### Example
`text/x-markdown`, `text/markdown; charset=utf8`

### Source
PyPI (core metadata, as the `packaging` library checks it)
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let Some(value) = subject.field("Description-Content-Type") else { return };
    let Some(fault) = fault(value) else { return };
    let hint = "use `text/markdown`, `text/x-rst`, or `text/plain`; `; charset=UTF-8` may follow";
    findings
        .add(wording::refused("description-content-type", &fault).hint(hint).at("Description-Content-Type"));
}

const TYPES: [&str; 3] = ["text/plain", "text/x-rst", "text/markdown"];

fn fault(value: &str) -> Option<String> {
    let (kind, parameters) = value.split_once(';').unwrap_or((value, ""));
    let kind = kind.trim().to_lowercase();
    if !TYPES.contains(&kind.as_str()) {
        // With comments or blanks in it Python's mail parser may still find a good type.
        let lower = value.to_lowercase();
        let is_token = |part: &str| {
            !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || "!#$&^_.+-".contains(c))
        };
        let is_plain = kind.split_once('/').is_some_and(|(a, b)| is_token(a) && is_token(b));
        let is_known = TYPES.iter().any(|known| lower.contains(known));
        let is_unclear = !is_plain && (is_known || lower.contains('('));
        return (!is_unclear).then(|| {
            format!(
                "{{field}} must be one of ['text/plain', 'text/x-rst', 'text/markdown'], not {}",
                wording::repr(value)
            )
        });
    }
    if !parameters.split(';').all(has_plain_quotes) {
        // Where a text begins and ends is Python's to say then.
        return None;
    }
    let parameter = |wanted: &str| {
        parameters
            .split(';')
            .filter_map(|part| part.split_once('='))
            .find(|(name, _)| name.trim().eq_ignore_ascii_case(wanted))
            .map(|(_, value)| value.trim().trim_matches('"'))
            // In other values Python's mail parser may see something else.
            .filter(|value| !value.is_empty() && value.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'))
    };
    match (parameter("charset"), parameter("variant")) {
        (Some(charset), _) if charset != "UTF-8" => {
            Some(format!("{{field}} can only specify the UTF-8 charset, not {}", wording::repr(charset)))
        }
        (_, Some(variant)) if kind == "text/markdown" && !matches!(variant, "GFM" | "CommonMark") => {
            Some(format!(
                "valid Markdown variants for {{field}} are ['GFM', 'CommonMark'], not {}",
                wording::repr(variant)
            ))
        }
        _ => None,
    }
}

/// Tells whether a parameter has no quotes, or two that are round its value.
fn has_plain_quotes(part: &str) -> bool {
    let value = part.split_once('=').map_or("", |(_, value)| value.trim());
    match part.matches('"').count() {
        0 => true,
        2 => value.len() > 1 && value.starts_with('"') && value.ends_with('"'),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    #[test]
    fn fires() {
        let found = |value: &str| {
            let header = format!("Description-Content-Type: {value}");
            Fixture::wheel().header(&header).messages("description-content-type")[0].clone()
        };
        assert!(found("text/html").starts_with(
            "'description-content-type' must be one of ['text/plain', 'text/x-rst', 'text/markdown'], \
                 not 'text/html'. See"
        ));
        assert!(found("text/plain; charset=latin-1").starts_with(
            "'description-content-type' can only specify the UTF-8 charset, not 'latin-1'. See"
        ));
        assert!(found("text/markdown; variant=gfm").starts_with(
            "valid Markdown variants for 'description-content-type' are ['GFM', 'CommonMark'], not 'gfm'. See"
        ));
    }

    #[test]
    fn stays_silent() {
        let open = "Description-Content-Type: text/markdown; c8\"; variant=GFFM";
        assert!(
            Fixture::wheel().header(open).findings("description-content-type").is_empty(),
            "PyPI takes it"
        );
        for value in [
            "text/plain",
            "Text/Markdown; charset=UTF-8; variant=GFM",
            "text/markdown; variant=\"CommonMark\"",
            "text/x-rst;",
        ] {
            assert_eq!(super::fault(value), None, "{value}");
        }
    }
}
