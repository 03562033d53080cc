//! The project is not on the index yet.

use pyrel_model::Level;

use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;

pub(super) static RULE: Rule = Rule {
    name: "index-project-new",
    level: Level::Info,
    source: Source::Pyrel,
    summary: "the project is on the index already (`--online`)",
    docs: "\
### What it does
Says that an upload would create the project.

### Why is this bad
A slip in the name creates a project that nobody wanted; and a token for one project cannot create another.

### Example
`Name: demoo`

### Source
pyrel
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let Some(facts) = subject.index.filter(|facts| !facts.exists) else { return };
    let message = format!("the project is not on `{}` yet: an upload creates it", facts.index);
    findings.add(Problem::new(message).hint("make sure that the name is right").at("Name"));
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
        let own = report.findings.into_iter().filter(|finding| finding.rule == "index-project-new");
        own.map(|finding| finding.message).collect()
    }

    fn facts(files: Vec<IndexFile>) -> IndexFacts {
        let (index, is_pypi, exists) = ("pypi".to_owned(), true, true);
        IndexFacts { index, is_pypi, exists, files, ..IndexFacts::default() }
    }

    #[test]
    fn fires() {
        let new = IndexFacts { exists: false, ..facts(Vec::new()) };
        assert_eq!(messages(new), ["the project is not on `pypi` yet: an upload creates it"]);
    }

    #[test]
    fn stays_silent() {
        assert!(messages(facts(vec![file("demo-0.9.tar.gz")])).is_empty());
    }
}
