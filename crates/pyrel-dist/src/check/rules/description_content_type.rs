//! The content type of the description is not one that PyPI renders.

use pyrel_model::Level;

use crate::check::content_type::ContentType;
use crate::check::finding::{Findings, Problem, Source};
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
    let content_type = ContentType::parse(value);
    let problem = if content_type == ContentType::Crash {
        Problem::new(format!(
            "PyPI fails with an internal error (500) on a content type that Python's mail parser cannot read: {}",
            wording::repr(value)
        ))
    } else {
        let Some(fault) = fault(value, &content_type) else { return };
        wording::refused("description-content-type", &fault)
    };
    let hint = "use `text/markdown`, `text/x-rst`, or `text/plain`; `; charset=UTF-8` may follow";
    findings.add(problem.hint(hint).at("Description-Content-Type"));
}

/// Tells whether PyPI refuses a content type, or fails on it.
pub(super) fn is_refused(value: &str) -> bool {
    let content_type = ContentType::parse(value);
    content_type == ContentType::Crash || fault(value, &content_type).is_some()
}

const TYPES: [&str; 3] = ["text/plain", "text/x-rst", "text/markdown"];

fn fault(value: &str, content_type: &ContentType) -> Option<String> {
    let (kind, parameters) = match content_type {
        ContentType::Read(kind, parameters) => (kind, Some(parameters)),
        ContentType::Unclear(Some(kind)) => (kind, None),
        ContentType::Unclear(None) | ContentType::Crash => return None,
    };
    if !TYPES.contains(&kind.as_str()) {
        let types = "['text/plain', 'text/x-rst', 'text/markdown']";
        return Some(format!("{{field}} must be one of {types}, not {}", wording::repr(value)));
    }
    let charset = parameters?.get("charset").filter(|charset| *charset != "UTF-8");
    if let Some(charset) = charset {
        return Some(format!("{{field}} can only specify the UTF-8 charset, not {}", wording::repr(charset)));
    }
    let is_known = |variant: &&String| matches!(variant.as_str(), "GFM" | "CommonMark");
    let variant =
        parameters?.get("variant").filter(|variant| kind == "text/markdown" && !is_known(variant))?;
    Some(format!(
        "valid Markdown variants for {{field}} are ['GFM', 'CommonMark'], not {}",
        wording::repr(variant)
    ))
}

#[cfg(test)]
mod tests {
    use crate::check::content_type::ContentType;
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
    fn broken_ones_are_read_as_python_reads_them() {
        for (value, said) in [
            ("text/markdown; variant", "valid Markdown variants for"),
            ("text/markdown (GitHub)", "'description-content-type' must be one of"),
            ("text/plain; charset=UTF-8; Charset=ascii", "'description-content-type' can only specify"),
            ("text/plain; charset=\"utf 8\"", "'description-content-type' can only specify"),
            ("text/plain; charset*", "PyPI fails with an internal error (500)"),
        ] {
            let header = format!("Description-Content-Type: {value}");
            let found = Fixture::wheel().header(&header).messages("description-content-type");
            assert!(found[0].starts_with(said), "{value}: {found:?}");
        }
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
            let read = ContentType::parse(value);
            assert_eq!(super::fault(value, &read), None, "{value}");
        }
    }
}
