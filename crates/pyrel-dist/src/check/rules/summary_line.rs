//! The summary has more than one line.

use pyrel_model::Level;

use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;
use crate::check::wording;

pub(super) static RULE: Rule = Rule {
    name: "summary-line",
    level: Level::Error,
    source: Source::Pypi,
    summary: "`Summary` is one line",
    docs: "\
### What it does
Reports a summary with a line break.

### Why is this bad
It is shown in one line; PyPI refuses more.

### Example
`description = \"\"\"two\\nlines\"\"\"`

### Source
PyPI (core metadata, as the `packaging` library checks it)
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    if subject.field("Summary").is_some_and(|summary| summary.contains('\n')) {
        let message = wording::core_metadata("'summary' must be a single line");
        let hint = "shorten `project.description` to one line; the long text belongs into the README";
        findings.add(Problem::new(message).hint(hint).at("Summary"));
    }
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    #[test]
    fn fires() {
        let found = Fixture::wheel().header("Summary: one\n        two").messages("summary-line");
        assert!(found[0].starts_with("'summary' must be a single line. See https://packaging"), "{found:?}");
    }

    #[test]
    fn stays_silent() {
        for fixture in Fixture::both() {
            assert!(fixture.findings("summary-line").is_empty());
        }
    }
}
