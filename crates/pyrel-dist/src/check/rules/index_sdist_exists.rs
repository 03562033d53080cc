//! The release on the index has another sdist.

use pyrel_model::Level;

use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;

pub(super) static RULE: Rule = Rule {
    name: "index-sdist-exists",
    level: Level::Error,
    source: Source::Pypi,
    summary: "the index has no other sdist of the release (`--online`)",
    docs: "\
### What it does
Asks the index for the files of the release.

### Why is this bad
PyPI takes one sdist for a release, and `1.0` and `1.0.0` are the same release.

### Example
`demo-1.0.0.tar.gz` after `demo-1.0.tar.gz`

### Source
PyPI (`warehouse/forklift/legacy.py`)
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let Some(facts) = subject.index.filter(|facts| facts.is_pypi && subject.is_sdist()) else { return };
    let files = subject.files_of_release();
    let is_sdist = |name: &str| name.ends_with(".tar.gz") || name.ends_with(".zip");
    if files.iter().any(|file| file.filename == subject.filename()) {
        return;
    }
    if let Some(other) = files.iter().find(|file| is_sdist(&file.filename)) {
        let hint = format!("`{}` has `{}`; raise the version", facts.index, other.filename);
        findings.add(Problem::new("Only one sdist may be uploaded per release.").hint(hint));
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
        let own = report.findings.into_iter().filter(|finding| finding.rule == "index-sdist-exists");
        own.map(|finding| finding.message).collect()
    }

    fn facts(files: Vec<IndexFile>) -> IndexFacts {
        let (index, is_pypi, exists) = ("pypi".to_owned(), true, true);
        IndexFacts { index, is_pypi, exists, files, ..IndexFacts::default() }
    }

    #[test]
    fn fires() {
        let found = messages(facts(vec![file("demo-1.0.0.tar.gz")]));
        assert_eq!(found, ["Only one sdist may be uploaded per release."]);
    }

    #[test]
    fn stays_silent() {
        assert!(messages(facts(vec![file("demo-1.0-py3-none-any.whl"), file("demo-1.1.tar.gz")])).is_empty());
        assert!(messages(facts(vec![file("demo-1.0.tar.gz")])).is_empty(), "that is another rule's");
    }
}
