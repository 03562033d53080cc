//! The release on the index is too old for new files.

use pyrel_model::Level;

use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;

pub(super) static RULE: Rule = Rule {
    name: "index-release-closed",
    level: Level::Error,
    source: Source::Pypi,
    summary: "the release is not on the index for more than 14 days (`--online`)",
    docs: "\
### What it does
Asks the index when the first file of the release was uploaded.

### Why is this bad
PyPI takes no new files for a release that is older, so that nobody can slip a file into a release that people trust.

### Example
A wheel for another platform, built a month after the release

### Source
PyPI (`warehouse/forklift/legacy.py`)
",
    check,
};

const OPEN: i64 = 14 * 24 * 60 * 60;

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let Some(facts) = subject.index.filter(|facts| facts.is_pypi) else { return };
    if facts.files.iter().any(|file| file.filename == subject.filename()) {
        return;
    }
    let oldest = subject.files_of_release().iter().filter_map(|file| file.uploaded).min();
    if oldest.is_some_and(|oldest| facts.now - oldest > OPEN) {
        let message = "Uploading new files to releases older than 14 days is not allowed.";
        let hint = format!("`{}` has the release for longer; raise the version", facts.index);
        findings.add(Problem::new(message).hint(hint));
    }
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;
    use crate::check::{IndexFacts, IndexFile};

    fn file(filename: &str) -> IndexFile {
        IndexFile {
            filename: filename.to_owned(),
            sha256: None,
            size: Some(10),
            uploaded: Some(0),
            members: None,
        }
    }

    fn messages(facts: IndexFacts) -> Vec<String> {
        let report = Fixture::sdist().report_online("demo", facts);
        let own = report.findings.into_iter().filter(|finding| finding.rule == "index-release-closed");
        own.map(|finding| finding.message).collect()
    }

    fn facts(files: Vec<IndexFile>) -> IndexFacts {
        let (index, is_pypi, exists) = ("pypi".to_owned(), true, true);
        IndexFacts { index, is_pypi, exists, files, ..IndexFacts::default() }
    }

    const DAY: i64 = 24 * 60 * 60;

    #[test]
    fn fires() {
        let old = IndexFacts { now: 15 * DAY, ..facts(vec![file("demo-1.0.0-py3-none-any.whl")]) };
        assert_eq!(messages(old), ["Uploading new files to releases older than 14 days is not allowed."]);
    }

    #[test]
    fn stays_silent() {
        let young = IndexFacts { now: 13 * DAY, ..facts(vec![file("demo-1.0-py3-none-any.whl")]) };
        assert!(messages(young).is_empty());
        let other = IndexFacts { now: 90 * DAY, ..facts(vec![file("demo-0.9.tar.gz")]) };
        assert!(messages(other.clone()).is_empty(), "another release");
        let elsewhere = IndexFacts {
            is_pypi: false,
            ..IndexFacts { files: vec![file("demo-1.0-py3-none-any.whl")], ..other }
        };
        assert!(messages(elsewhere).is_empty(), "other indexes have no such rule");
    }
}
