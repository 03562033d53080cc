//! A project URL has no label, or a long one.

use pyrel_model::Level;

use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;
use crate::check::wording;

pub(super) static RULE: Rule = Rule {
    name: "project-url-label",
    level: Level::Error,
    source: Source::Pypi,
    summary: "every `Project-URL` has a label of at most 32 characters",
    docs: "\
### What it does
Checks what stands before the comma of each entry: 1 to 32 characters.

### Why is this bad
PyPI shows the labels in the side bar and refuses others.

### Example
`Project-URL: , https://example.org`

### Source
PyPI (`warehouse/forklift/metadata.py`)
",
    check,
};

const LONGEST: usize = 32;

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for value in subject.fields("Project-URL") {
        let Some(text) = fault(value) else { continue };
        let hint = "write `Label, https://…`; in `project.urls` the label is the key";
        findings.add(Problem::new(wording::core_metadata(&text)).hint(hint).at("Project-URL"));
    }
}

/// Returns what PyPI says of the label of an entry.
pub(super) fn fault(value: &str) -> Option<String> {
    let label = value.split_once(',').map_or(value, |(label, _)| label).trim();
    if label.is_empty() {
        Some("Must have a label".to_owned())
    } else if label.chars().count() > LONGEST {
        Some(format!("{} must be 32 characters or less.", wording::repr(label)))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    #[test]
    fn fires() {
        let end = " See https://packaging.python.org/specifications/core-metadata for more information.";
        let long = "x".repeat(33);
        for (value, message) in [
            (", https://example.org".to_owned(), "Must have a label.".to_owned()),
            (format!("{long}, ftp://example.org"), format!("'{long}' must be 32 characters or less.")),
        ] {
            let found = Fixture::wheel().also(&format!("Project-URL: {value}")).messages("project-url-label");
            assert_eq!(found, [format!("{message}{end}")]);
        }
    }

    #[test]
    fn stays_silent() {
        let good =
            Fixture::wheel().also(&format!("Project-URL: {}, https://example.org/a,b", "ä".repeat(32)));
        assert!(good.findings("project-url-label").is_empty());
    }
}
