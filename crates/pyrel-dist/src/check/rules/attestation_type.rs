//! An attestation is of a kind that PyPI does not take, or of one that is there twice.

use pyrel_model::Level;

use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;

pub(super) static RULE: Rule = Rule {
    name: "attestation-type",
    level: Level::Error,
    source: Source::Pypi,
    summary: "attestations of a file are of the kinds that PyPI takes, one of each",
    docs: "\
### What it does
Compares the predicate type of each attestation with the two that PyPI knows: its own `publish` and SLSA provenance.

### Why is this bad
PyPI refuses the whole upload because of it.

### Example
The same `publish` attestation given under two names

### Source
PyPI (`warehouse/attestations/services.py`)
",
    check,
};

const KNOWN: [&str; 2] = ["https://docs.pypi.org/attestations/publish/v1", "https://slsa.dev/provenance/v1"];

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let mut seen: Vec<&str> = Vec::new();
    for attestation in subject.attestations {
        let Ok(statement) = &attestation.statement else { continue };
        let kind = statement.predicate_type().unwrap_or_default();
        let (fault, hint) = if !KNOWN.contains(&kind) {
            let fault = format!(
                "Could not verify the uploaded artifact using the included attestation: Verification failed: \
                 unknown attestation type: {kind}"
            );
            (fault, "upload the file without this attestation")
        } else if seen.contains(&kind) {
            let fault = format!(
                "Multiple attestations for the same file with the same predicate type ({kind}) are not supported"
            );
            (fault, "leave one of them")
        } else {
            seen.push(kind);
            continue;
        };
        let message = format!("Invalid attestations supplied during upload: {fault}");
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
        let text = |kind: &str| attestation_of(&statement(&fixture, kind)).to_string();
        let twice = fixture.clone().attested(&[&text(TYPE), &text(TYPE)]).messages("attestation-type");
        assert_eq!(
            twice,
            [
                "Invalid attestations supplied during upload: Multiple attestations for the same file with the same \
              predicate type (https://docs.pypi.org/attestations/publish/v1) are not supported"
            ]
        );
        let unknown =
            fixture.clone().attested(&[&text("https://example.org/own/v1")]).messages("attestation-type");
        assert!(unknown[0].ends_with("unknown attestation type: https://example.org/own/v1"), "{unknown:?}");
    }

    #[test]
    fn stays_silent() {
        let fixture = Fixture::sdist();
        let text = |kind: &str| attestation_of(&statement(&fixture, kind)).to_string();
        let both = fixture.clone().attested(&[&text(TYPE), &text("https://slsa.dev/provenance/v1")]);
        assert!(both.findings("attestation-type").is_empty());
    }
}
