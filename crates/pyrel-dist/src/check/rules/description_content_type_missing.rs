//! The content type of the description is missing.

use pyrel_model::Level;

use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;

pub(super) static RULE: Rule = Rule {
    name: "description-content-type-missing",
    level: Level::Warning,
    source: Source::Twine,
    summary: "the description says its content type",
    docs: "\
### What it does
Reports a description without `Description-Content-Type`.

### Why is this bad
It is taken for reStructuredText then, and a Markdown README fails or looks wrong.

### Example
`readme` without a content type in `setup.py`

### Source
twine
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    if subject.metadata().is_some() && subject.field("Description-Content-Type").is_none() {
        let message = "`long_description_content_type` missing. defaulting to `text/x-rst`.";
        let hint =
            "set `project.readme` to a file that ends in `.md`, `.rst`, or `.txt`, or give its content type";
        findings.add(Problem::new(message).hint(hint).at("Description-Content-Type"));
    }
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    #[test]
    fn fires() {
        let found =
            Fixture::wheel().without("Description-Content-Type").findings("description-content-type-missing");
        assert_eq!(found[0].message, "`long_description_content_type` missing. defaulting to `text/x-rst`.");
    }

    #[test]
    fn stays_silent() {
        for fixture in Fixture::both() {
            assert!(fixture.findings("description-content-type-missing").is_empty());
        }
    }
}
