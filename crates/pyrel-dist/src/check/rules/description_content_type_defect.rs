//! The content type of the description has a defect that newer versions of PyPI's library refuse.

use pyrel_model::Level;

use super::description_content_type::is_refused;
use crate::check::content_type::ContentType;
use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;
use crate::check::wording;

pub(super) static RULE: Rule = Rule {
    name: "description-content-type-defect",
    level: Level::Error,
    source: Source::Twine,
    summary: "`Description-Content-Type` is well formed",
    docs: "\
### What it does
Reports a content type that Python's mail parser reads, but not without a defect: a parameter twice or without value, an open quote, text where none belongs. What PyPI refuses is the matter of `description-content-type`.

### Why is this bad
`twine` 7 refuses the whole file because of it. PyPI takes it, and passes over what it cannot read.

### Example
`text/markdown; charset=UTF-8; charset=UTF-8`

### Source
twine (core metadata, as `packaging` from version 26.3 on checks it)
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let Some(value) = subject.field("Description-Content-Type") else { return };
    let Some(defect) = ContentType::defect(value).filter(|_| !is_refused(value)) else { return };
    let message = format!(
        "Invalid distribution metadata: {} is not a valid content type for 'description-content-type'",
        wording::repr(value)
    );
    let hint = format!("{defect}; write the type, and at most `; charset=UTF-8` and a `variant`");
    findings.add(Problem::new(message).hint(hint).at("Description-Content-Type"));
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    fn messages(value: &str) -> Vec<String> {
        let header = format!("Description-Content-Type: {value}");
        Fixture::wheel().header(&header).messages("description-content-type-defect")
    }

    #[test]
    fn fires() {
        assert_eq!(
            messages("text/markdown; charset=UTF-8; charset=UTF-8"),
            [
                "Invalid distribution metadata: 'text/markdown; charset=UTF-8; charset=UTF-8' is not a valid content \
              type for 'description-content-type'"
            ]
        );
        for value in ["text/plain; charset=\"UTF-8", "a/text/plain", "text/x-rst; x"] {
            assert_eq!(messages(value).len(), 1, "{value}");
        }
    }

    #[test]
    fn stays_silent() {
        for value in
            ["text/markdown; charset=UTF-8; variant=GFM", "text/x-rst;", "text/plain; charset=UTF-8 (a)"]
        {
            assert!(messages(value).is_empty(), "{value}");
        }
        for value in ["text/markdown; variant", "text/plain; charset*", "text/html; x"] {
            assert!(messages(value).is_empty(), "PyPI refuses {value}");
        }
    }
}
