//! The project on the index would grow over its limit.

use pyrel_model::Level;

use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;
use crate::check::wording;

pub(super) static RULE: Rule = Rule {
    name: "index-project-size",
    level: Level::Warning,
    source: Source::Pypi,
    summary: "all files of the project on the index have at most 10 GiB (`--online`)",
    docs: "\
### What it does
Adds up the sizes of the files that the index has of the project. A warning, because PyPI raises the limit for some.

### Why is this bad
PyPI refuses a file that takes the project over its limit.

### Example
Daily builds with large wheels

### Source
PyPI (`warehouse/forklift/legacy.py`)
",
    check,
};

const LIMIT: u64 = 10 * 1024 * 1024 * 1024;

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let Some(facts) = subject.index.filter(|facts| facts.is_pypi) else { return };
    if facts.files.iter().any(|file| file.filename == subject.filename()) {
        return;
    }
    let there = facts.files.iter().filter_map(|file| file.size).fold(0_u64, u64::saturating_add);
    let Some(Ok(name)) = subject.metadata().map(|metadata| metadata.name()) else { return };
    // What is there already above the limit shows that it is another one.
    if there <= LIMIT && there.saturating_add(subject.reading.digests.size) > LIMIT {
        let message = format!(
            "Project size too large. Limit for project {} total size is 10 GB. See https://docs.pypi.org/\
             project-management/storage-limits#requesting-a-project-size-limit-increase",
            wording::repr(name.as_written())
        );
        let hint =
            format!("`{}` has {there} bytes of it; delete old files, or ask for more room", facts.index);
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
        let own = report.findings.into_iter().filter(|finding| finding.rule == "index-project-size");
        own.map(|finding| finding.message).collect()
    }

    fn facts(files: Vec<IndexFile>) -> IndexFacts {
        let (index, is_pypi, exists) = ("pypi".to_owned(), true, true);
        IndexFacts { index, is_pypi, exists, files, ..IndexFacts::default() }
    }

    #[test]
    fn fires() {
        let large = IndexFile { size: Some(10 * 1024 * 1024 * 1024), ..file("demo-0.9.tar.gz") };
        let found = messages(facts(vec![large]));
        assert!(
            found[0].starts_with("Project size too large. Limit for project 'demo' total size is 10 GB.")
        );
    }

    #[test]
    fn stays_silent() {
        assert!(messages(facts(vec![file("demo-0.9.tar.gz")])).is_empty());
        let raised = IndexFile { size: Some(super::LIMIT + 1), ..file("demo-0.9.tar.gz") };
        assert!(messages(facts(vec![raised])).is_empty(), "PyPI has raised the limit");
    }
}
