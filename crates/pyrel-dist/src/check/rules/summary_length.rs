//! The summary is too long.

use pyrel_model::Level;

use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;
use crate::check::wording;

pub(super) static RULE: Rule = Rule {
    name: "summary-length",
    level: Level::Error,
    source: Source::Pypi,
    summary: "`Summary` has at most 512 characters",
    docs: "\
### What it does
Counts the characters of the summary.

### Why is this bad
PyPI stores no more.

### Example
A README pasted into `project.description`.

### Source
PyPI (`warehouse/forklift/metadata.py`)
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    if subject.field("Summary").is_some_and(|summary| summary.chars().count() > 512) {
        let message = wording::core_metadata("'summary' field must be 512 characters or less");
        let hint = "shorten `project.description`; the long text belongs into the README";
        findings.add(Problem::new(message).hint(hint).at("Summary"));
    }
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    #[test]
    fn fires() {
        let long = format!("Summary: {}", "ä".repeat(513));
        let found = Fixture::wheel().header(&long).messages("summary-length");
        assert!(found[0].starts_with("'summary' field must be 512 characters or less. See"), "{found:?}");
    }

    #[test]
    fn stays_silent() {
        let long = format!("Summary: {}", "ä".repeat(512));
        assert!(Fixture::wheel().header(&long).findings("summary-length").is_empty());
    }
}
