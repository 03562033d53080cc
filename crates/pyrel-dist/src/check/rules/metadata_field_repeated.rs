//! A single-valued field is given twice.

use std::collections::BTreeSet;

use pyrel_model::Level;
use pyrel_model::metadata::FIELDS;

use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;
use crate::check::wording;

pub(super) static RULE: Rule = Rule {
    name: "metadata-field-repeated",
    level: Level::Error,
    source: Source::Pypi,
    summary: "a field that has one value is given once",
    docs: "\
### What it does
Reports a single-valued field that is given twice, and two project URLs with the same label.

### Why is this bad
Readers take either the first or the last; PyPI refuses the file.

### Example
Two `Summary` headers

### Source
PyPI (core metadata, as the `packaging` library checks it)
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let hint = "leave one of them";
    for field in FIELDS.iter().filter(|field| !field.multiple) {
        // Of several descriptions the form has one, so that only twine objects.
        if subject.fields(field.header).len() > 1 {
            findings.add(Problem::new(message(field.form)).hint(hint).at(field.header));
        }
    }
    let mut labels = BTreeSet::new();
    for url in subject.fields("Project-URL") {
        let label = url.split(',').next().unwrap_or_default().trim();
        if !labels.insert(label) {
            findings.add(Problem::new(message("project_urls")).hint(hint).at("Project-URL"));
        }
    }
}

fn message(form: &str) -> String {
    wording::core_metadata(&format!("'{form}' has invalid data"))
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    #[test]
    fn fires() {
        let text = |form: &str| {
            format!(
                "'{form}' has invalid data. See https://packaging.python.org/specifications/core-metadata \
                 for more information."
            )
        };
        let twice = Fixture::wheel().also("Summary: again").messages("metadata-field-repeated");
        assert_eq!(twice, [text("summary")]);
        let urls = Fixture::wheel()
            .also("Project-URL: Home, https://example.org")
            .also("Project-URL:  Home , https://example.org/two");
        assert_eq!(urls.messages("metadata-field-repeated"), [text("project_urls")]);
    }

    #[test]
    fn stays_silent() {
        let urls = Fixture::wheel()
            .also("Project-URL: Home, https://example.org")
            .also("Project-URL: home, https://example.org");
        assert!(urls.findings("metadata-field-repeated").is_empty());
        assert!(Fixture::sdist().findings("metadata-field-repeated").is_empty());
    }
}
