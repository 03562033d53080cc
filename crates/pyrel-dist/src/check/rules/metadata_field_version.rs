//! A field is newer than the metadata version.

use pyrel_model::Level;
use pyrel_model::metadata::FIELDS;

use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;
use crate::check::wording;

pub(super) static RULE: Rule = Rule {
    name: "metadata-field-version",
    level: Level::Error,
    source: Source::Pypi,
    summary: "no field is newer than `Metadata-Version`",
    docs: "\
### What it does
Compares each field with the metadata version that introduced it.

### Why is this bad
A reader of that version does not know the field; PyPI refuses the file.

### Example
`License-Expression` with `Metadata-Version: 2.1`

### Source
PyPI (core metadata, as the `packaging` library checks it)
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let Some(metadata) = subject.metadata() else { return };
    let Some(version) =
        subject.field("Metadata-Version").and_then(|text| KNOWN.iter().find(|known| **known == text))
    else {
        return;
    };
    for field in FIELDS {
        // Backends wrote `License-File` long before 2.4; clients leave it out then.
        let is_sent = field.header != "License-File" && !subject.fields(field.header).is_empty();
        if is_sent && rank(field.since) > rank(version) && metadata.get(field.header).is_some() {
            let header = field.header.to_lowercase();
            let text = format!("{header} introduced in metadata version {}, not {version}", field.since);
            let hint = "build with a newer backend, or leave the field out";
            findings.add(Problem::new(wording::core_metadata(&text)).hint(hint).at(field.header));
        }
    }
}

const KNOWN: [&str; 8] = ["1.0", "1.1", "1.2", "2.1", "2.2", "2.3", "2.4", "2.5"];

fn rank(version: &str) -> Option<usize> {
    KNOWN.iter().position(|known| *known == version)
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    #[test]
    fn fires() {
        let found = Fixture::wheel()
            .header("Metadata-Version: 2.1")
            .also("License-Expression: MIT")
            .messages("metadata-field-version");
        assert_eq!(
            found,
            ["license-expression introduced in metadata version 2.4, not 2.1. See \
              https://packaging.python.org/specifications/core-metadata for more information."]
        );
    }

    #[test]
    fn stays_silent() {
        let old = Fixture::wheel().header("Metadata-Version: 2.1").also("License-File: LICENSE");
        assert!(old.findings("metadata-field-version").is_empty());
        for fixture in Fixture::both() {
            assert!(fixture.findings("metadata-field-version").is_empty());
        }
    }
}
