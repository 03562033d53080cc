//! A file has more attestations than PyPI takes.

use pyrel_model::Level;

use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;

pub(super) static RULE: Rule = Rule {
    name: "attestation-count",
    level: Level::Error,
    source: Source::Pypi,
    summary: "a file has at most two attestations",
    docs: "\
### What it does
Counts the `*.attestation` files that are given with their distribution.

### Why is this bad
PyPI takes one of each of its two kinds, and refuses the whole upload when there are more.

### Example
Three files `demo-1.0.tar.gz.*.attestation`

### Source
PyPI (`warehouse/attestations/services.py`)
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    if subject.attestations.len() > 2 {
        let message =
            "Invalid attestations supplied during upload: A maximum of 2 attestations per file are supported";
        let hint = format!("there are {}; leave one for each kind", subject.attestations.len());
        findings.add(Problem::new(message).hint(hint));
    }
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    #[test]
    fn fires() {
        let found = Fixture::sdist().attested(&["{}", "{}", "{}"]).messages("attestation-count");
        assert_eq!(
            found,
            [
                "Invalid attestations supplied during upload: A maximum of 2 attestations per file are supported"
            ]
        );
    }

    #[test]
    fn stays_silent() {
        assert!(Fixture::sdist().attested(&["{}", "{}"]).findings("attestation-count").is_empty());
    }
}
