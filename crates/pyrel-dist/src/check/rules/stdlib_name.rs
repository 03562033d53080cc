//! A new project is called like a module of the standard library.

use pyrel_model::Level;

use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;
use crate::check::wording;
use pyrel_model::stdlib::is_stdlib_name;

pub(super) static RULE: Rule = Rule {
    name: "stdlib-name",
    level: Level::Warning,
    source: Source::Pypi,
    summary: "a new project is not called like a module of the standard library",
    docs: "\
### What it does
Compares the name with the modules of every CPython since 2.6. Offline this is a warning, because a project that has the name
already keeps it; `--online` knows whether the project is new, and then it is an error.

### Why is this bad
PyPI refuses to create such a project.

### Example
`Name: test`, `Name: xml.etree`

### Source
PyPI (`warehouse/packaging/services.py`)
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let Some(Ok(name)) = subject.metadata().map(|metadata| metadata.name()) else { return };
    let exists = subject.index.map(|facts| facts.exists);
    if exists == Some(true) || !is_stdlib_name(name.normalized()) {
        return;
    }
    let message = format!(
        "The name {} isn't allowed (conflict with Python Standard Library module name). \
         See https://pypi.org/help/#project-name for more information.",
        wording::repr(name.as_written())
    );
    let problem = Problem::new(message).at("Name");
    findings.add(match exists {
        Some(_) => problem.level(Level::Error).hint("choose another name"),
        None => problem.hint("choose another name, unless the project exists already: `--online` finds out"),
    });
}

#[cfg(test)]
mod tests {
    use pyrel_model::Level;

    use crate::check::IndexFacts;
    use crate::check::fixture::Fixture;

    fn renamed() -> Fixture {
        Fixture::sdist().header("Name: Xml.Etree").named("xml_etree-1.0.tar.gz")
    }

    fn online(exists: bool) -> crate::FileReport {
        renamed().report_online("xml-etree", IndexFacts { exists, ..IndexFacts::default() })
    }

    #[test]
    fn fires() {
        let found = renamed().findings("stdlib-name");
        assert_eq!(
            (found[0].message.as_str(), found[0].level),
            (
                "The name 'Xml.Etree' isn't allowed (conflict with Python Standard Library module name). \
                 See https://pypi.org/help/#project-name for more information.",
                Level::Warning
            )
        );
        let report = online(false);
        let found = report.findings.iter().find(|finding| finding.rule == "stdlib-name").unwrap();
        assert_eq!(found.level, Level::Error, "the project would be new");
    }

    #[test]
    fn stays_silent() {
        assert!(Fixture::sdist().findings("stdlib-name").is_empty());
        let report = online(true);
        assert!(!report.findings.iter().any(|finding| finding.rule == "stdlib-name"));
    }
}
