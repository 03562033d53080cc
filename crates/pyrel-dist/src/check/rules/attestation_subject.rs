//! An attestation is about another file.

use pyrel_model::Level;

use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;

pub(super) static RULE: Rule = Rule {
    name: "attestation-subject",
    level: Level::Error,
    source: Source::Pypi,
    summary: "every attestation is about the very file it is given with",
    docs: "\
### What it does
Reads the statement of each attestation: exactly one subject, with the name and the SHA-256 of the file.

### Why is this bad
PyPI refuses the whole upload because of it. Whether the signature is right only PyPI can tell, and Sigstore.

### Example
A file that was built again after it was signed

### Source
PyPI (`warehouse/attestations/services.py`)
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let sha256 = subject.reading.digests.sha256.to_hex();
    for attestation in subject.attestations {
        let Ok(statement) = &attestation.statement else { continue };
        let Some(fault) = statement.fault(subject.filename(), &sha256) else { continue };
        let message = format!(
            "Invalid attestations supplied during upload: Could not verify the uploaded artifact using the \
             included attestation: Verification failed: {fault}"
        );
        let hint = "sign the file as it is now, or upload it without the attestation";
        findings.add(Problem::new(message).hint(hint).at(&attestation.filename));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::check::attestation::tests::attestation_of;
    use crate::check::fixture::Fixture;

    const NAME: &str = "demo-1.0.tar.gz";
    const TYPE: &str = "https://docs.pypi.org/attestations/publish/v1";

    fn statement(fixture: &Fixture, predicate: &str) -> Value {
        json!({
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [{"name": NAME, "digest": {"sha256": fixture.sha256()}}],
            "predicateType": predicate,
            "predicate": null,
        })
    }

    #[test]
    fn fires() {
        let fixture = Fixture::sdist();
        let mut value = statement(&fixture, TYPE);
        value["subject"][0]["digest"]["sha256"] = json!("00");
        let found = fixture.attested(&[&attestation_of(&value).to_string()]).messages("attestation-subject");
        assert_eq!(
            found,
            [
                "Invalid attestations supplied during upload: Could not verify the uploaded artifact using the included \
              attestation: Verification failed: subject does not match distribution digest"
            ]
        );
    }

    #[test]
    fn stays_silent() {
        let fixture = Fixture::sdist();
        let value = attestation_of(&statement(&fixture, TYPE));
        assert!(fixture.attested(&[&value.to_string()]).findings("attestation-subject").is_empty());
    }
}
