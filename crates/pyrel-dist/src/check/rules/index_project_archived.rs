//! The project on the index is archived.

use pyrel_model::Level;

use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;
use crate::check::wording;

pub(super) static RULE: Rule = Rule {
    name: "index-project-archived",
    level: Level::Error,
    source: Source::Pypi,
    summary: "the project is not archived on the index (`--online`)",
    docs: "\
### What it does
Asks the index for the status of the project.

### Why is this bad
PyPI takes no files for an archived project, whoever sends them.

### Example
A release of a project that was archived years ago

### Source
PyPI (`warehouse/packaging/models.py`)
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let Some(facts) = subject.index.filter(|facts| facts.is_pypi && facts.is_archived) else { return };
    let Some(Ok(name)) = subject.metadata().map(|metadata| metadata.name()) else { return };
    let message = format!(
        "The given token isn't allowed to upload to project {}. See https://pypi.org/help/#project-name for more \
         information.",
        wording::repr(name.as_written())
    );
    let hint = format!("the project is archived on `{}`; an owner can take that back", facts.index);
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
        let own = report.findings.into_iter().filter(|finding| finding.rule == "index-project-archived");
        own.map(|finding| finding.message).collect()
    }

    fn facts(files: Vec<IndexFile>) -> IndexFacts {
        let (index, is_pypi, exists) = ("pypi".to_owned(), true, true);
        IndexFacts { index, is_pypi, exists, files, ..IndexFacts::default() }
    }

    #[test]
    fn fires() {
        let archived = IndexFacts { is_archived: true, ..facts(vec![file("demo-0.9.tar.gz")]) };
        assert_eq!(
            messages(archived),
            [
                "The given token isn't allowed to upload to project 'demo'. See https://pypi.org/help/#project-name for \
              more information."
            ]
        );
    }

    #[test]
    fn stays_silent() {
        assert!(messages(facts(vec![file("demo-0.9.tar.gz")])).is_empty());
    }
}
