//! The index has other bytes under the name of the file.

use pyrel_model::Level;

use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;
use crate::check::wording;

pub(super) static RULE: Rule = Rule {
    name: "index-file-exists",
    level: Level::Error,
    source: Source::Pypi,
    summary: "the index has no other bytes under the name of a file (`--online`)",
    docs: "\
### What it does
Asks the index for the files of the project, and compares hashes.

### Why is this bad
A name is given once and for ever; PyPI refuses other bytes under it.

### Example
A file that was built again after its version was published

### Source
PyPI (`warehouse/forklift/legacy.py`)
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let Some(facts) = subject.index else { return };
    let Some(there) = facts.files.iter().find(|file| file.filename == subject.filename()) else { return };
    if there.sha256 == Some(subject.reading.digests.sha256) {
        return;
    }
    // A file that changed since it was read is named by the hash of what was judged.
    let (kind, hash) = match subject.reading.blake2b() {
        Ok(blake2b) => ("blake2_256", blake2b.to_hex()),
        Err(_) => ("sha256", subject.reading.digests.sha256.to_hex()),
    };
    let message = format!(
        "File already exists ({}, with {kind} hash {}). See https://pypi.org/help/#file-name-reuse for more \
         information.",
        wording::repr(subject.filename()),
        wording::repr(&hash)
    );
    let hint = format!("`{}` has other bytes under this name; raise the version", facts.index);
    findings.add(Problem::new(message).hint(hint));
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
        let own = report.findings.into_iter().filter(|finding| finding.rule == "index-file-exists");
        own.map(|finding| finding.message).collect()
    }

    fn facts(files: Vec<IndexFile>) -> IndexFacts {
        let (index, is_pypi, exists) = ("pypi".to_owned(), true, true);
        IndexFacts { index, is_pypi, exists, files, ..IndexFacts::default() }
    }

    #[test]
    fn fires() {
        let found = messages(facts(vec![file("demo-1.0.tar.gz")]));
        assert!(
            found[0].starts_with("File already exists ('demo-1.0.tar.gz', with blake2_256 hash '"),
            "{found:?}"
        );
    }

    #[test]
    fn stays_silent() {
        assert!(messages(facts(vec![file("demo-0.9.tar.gz")])).is_empty());
        let same =
            IndexFile { sha256: Some(Fixture::sdist().sha256().parse().unwrap()), ..file("demo-1.0.tar.gz") };
        assert!(messages(facts(vec![same])).is_empty(), "the same bytes are a success");
    }
}
