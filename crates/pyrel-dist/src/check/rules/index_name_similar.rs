//! A new project has a name that looks like another one.

use pyrel_model::Level;

use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;
use crate::check::wording;

pub(super) static RULE: Rule = Rule {
    name: "index-name-similar",
    level: Level::Error,
    source: Source::Pypi,
    summary: "a new name does not look like that of another project (`--online`)",
    docs: "\
### What it does
Compares the name with all names of the index when the project is new: `.`, `_`, and `-` left out, `l`, `I`, and `1` alike, `O`
and `0` alike.

### Why is this bad
PyPI refuses to create a project that people would take for another.

### Example
`dem0` when there is `demo`

### Source
PyPI (`warehouse/packaging/services.py`)
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let Some(facts) = subject.index.filter(|facts| facts.is_pypi && !facts.exists) else { return };
    let (Some(other), Some(Ok(name))) = (&facts.similar, subject.metadata().map(|metadata| metadata.name()))
    else {
        return;
    };
    let message = format!(
        "The name {} is too similar to an existing project. See https://pypi.org/help/#project-name for more \
         information.",
        wording::repr(name.as_written())
    );
    findings.add(Problem::new(message).hint(format!("there is `{other}`; choose another name")).at("Name"));
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
        let own = report.findings.into_iter().filter(|finding| finding.rule == "index-name-similar");
        own.map(|finding| finding.message).collect()
    }

    fn facts(files: Vec<IndexFile>) -> IndexFacts {
        let (index, is_pypi, exists) = ("pypi".to_owned(), true, true);
        IndexFacts { index, is_pypi, exists, files, ..IndexFacts::default() }
    }

    #[test]
    fn fires() {
        let new = IndexFacts { exists: false, similar: Some("dem0".to_owned()), ..facts(Vec::new()) };
        assert_eq!(
            messages(new),
            [
                "The name 'demo' is too similar to an existing project. See https://pypi.org/help/#project-name for more \
              information."
            ]
        );
    }

    #[test]
    fn stays_silent() {
        assert!(messages(facts(vec![file("demo-0.9.tar.gz")])).is_empty());
        assert!(messages(IndexFacts { exists: false, ..facts(Vec::new()) }).is_empty());
    }
}
