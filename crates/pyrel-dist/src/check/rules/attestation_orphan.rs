//! An attestation is given without the file it is about.

use std::path::Path;

use pyrel_model::Level;

use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;

pub(in crate::check) static RULE: Rule = Rule {
    name: "attestation-orphan",
    level: Level::Warning,
    source: Source::Pyrel,
    summary: "attestations are given together with their files",
    docs: "\
### What it does
Reports a `*.attestation` file whose distribution is not checked with it.

### Why is this bad
Nothing is known of it, and it would not be uploaded.

### Example
`pyrel check dist/*.attestation`

### Source
pyrel
",
    check,
};

/// A subject is a distribution, so here is nothing to find; the driver calls [`problem`] instead.
fn check(_subject: &Subject<'_>, _findings: &mut Findings) {}

/// Makes the problem of an attestation about a file that is not checked.
pub(in crate::check) fn problem(path: &Path, dist: &str) -> Problem {
    Problem::new(format!("the file that it attests is not checked with it: `{dist}`"))
        .hint("name both files")
        .at(path.display().to_string())
}

#[cfg(test)]
mod tests {
    use crate::check::{CheckOptions, check_files};

    #[test]
    fn fires() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("demo-1.0.tar.gz.publish.attestation");
        fs_err::write(&path, "{}").unwrap();
        let report = check_files(&[path], &CheckOptions::default());
        let found = &report.files[0].findings;
        assert_eq!(found[0].message, "the file that it attests is not checked with it: `demo-1.0.tar.gz`");
        assert!(report.ok(false) && !report.ok(true));
    }

    #[test]
    fn stays_silent() {
        let report = crate::check::fixture::Fixture::sdist().attested(&["{}"]).report();
        assert!(!report.findings.iter().any(|finding| finding.rule == "attestation-orphan"));
    }
}
