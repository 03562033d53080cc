//! The metadata has a header that is no field.

use pyrel_model::Level;
use pyrel_model::metadata::FIELDS;

use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;
use crate::check::wording::{self, suggest};

pub(super) static RULE: Rule = Rule {
    name: "metadata-unknown-field",
    level: Level::Error,
    source: Source::Twine,
    summary: "every header of the metadata is a known field, and the description is given once",
    docs: "\
### What it does
Reports a header that is no core metadata field, and a description that is given as a header and as text behind
the headers.

### Why is this bad
`twine` refuses the whole file because of it. An index ignores it, so that what it says is lost.

### Example
`Licence: MIT` instead of `License: MIT`

### Source
twine (`unrecognized or malformed field`)
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let Some(metadata) = subject.metadata() else { return };
    let descriptions = metadata.get_all("Description").count();
    if descriptions > 1 || (descriptions == 1 && !metadata.body().trim().is_empty()) {
        let hint = "leave the header out; the description is the text behind the headers";
        findings.add(Problem::new(malformed("description")).hint(hint).at("Description"));
    }
    let names = || FIELDS.iter().map(|field| field.header);
    for header in metadata.unknown_headers() {
        if findings.is_full() {
            findings.count_more();
            continue;
        }
        let hint = match suggest(header, names()) {
            Some(known) => format!("did you mean `{known}`?"),
            None => "remove it; own data has no place in core metadata".to_owned(),
        };
        findings.add(Problem::new(malformed(header)).hint(hint).at(header));
    }
}

fn malformed(header: &str) -> String {
    let field = wording::repr(&header.to_lowercase());
    format!("Invalid distribution metadata: unrecognized or malformed field {field}")
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    #[test]
    fn fires() {
        let found = Fixture::wheel().also("Licence: MIT").findings("metadata-unknown-field");
        assert_eq!(
            found[0].message,
            "Invalid distribution metadata: unrecognized or malformed field 'licence'"
        );
        assert_eq!(found[0].hint.as_deref(), Some("did you mean `License`?"));
        let twice = Fixture::wheel().also("Description: text").messages("metadata-unknown-field");
        assert_eq!(twice, ["Invalid distribution metadata: unrecognized or malformed field 'description'"]);
    }

    #[test]
    fn stays_silent() {
        for fixture in Fixture::both() {
            assert!(fixture.findings("metadata-unknown-field").is_empty());
        }
    }
}
