//! An attestation has not the shape of one.

use pyrel_model::Level;

use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;

pub(super) static RULE: Rule = Rule {
    name: "attestation-format",
    level: Level::Error,
    source: Source::Pypi,
    summary: "every attestation given with a file is a JSON object of the fixed shape",
    docs: "\
### What it does
Parses each `*.attestation` file that is given with its distribution: version, certificate, transparency entries, statement,
signature.

### Why is this bad
PyPI refuses the whole upload because of it.

### Example
An attestation that was cut off

### Source
PyPI (`warehouse/attestations/services.py`)
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for attestation in subject.attestations {
        let Err(fault) = &attestation.statement else { continue };
        let message = format!("Invalid attestations supplied during upload: Malformed attestations: {fault}");
        let hint = "sign the file again, or upload it without the attestation";
        findings.add(Problem::new(message).hint(hint).at(&attestation.filename));
    }
}

#[cfg(test)]
mod tests {
    use crate::check::attestation::tests::attestation_of;
    use crate::check::fixture::Fixture;

    #[test]
    fn fires() {
        let found = Fixture::sdist().attested(&["{}"]).messages("attestation-format");
        assert_eq!(
            found,
            ["Invalid attestations supplied during upload: Malformed attestations: `version` is not 1"]
        );
    }

    #[test]
    fn stays_silent() {
        let text = attestation_of(&serde_json::Value::Null).to_string();
        assert!(Fixture::sdist().attested(&[&text]).findings("attestation-format").is_empty());
        assert!(Fixture::wheel().findings("attestation-format").is_empty());
    }
}
