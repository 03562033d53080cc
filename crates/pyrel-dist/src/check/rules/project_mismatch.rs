//! The file is of another project or version than expected.

use pyrel_model::Level;

use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;

pub(super) static RULE: Rule = Rule {
    name: "project-mismatch",
    level: Level::Error,
    source: Source::Pyrel,
    summary: "the file belongs to the project it is checked for",
    docs: "\
### What it does
Compares name and version of the metadata with those of the project the file is checked for.

### Why is this bad
A stale or foreign file in `dist/` would be published under the wrong release.

### Example
`dist/demo-1.0.tar.gz` while the project is at version 1.1

### Source
pyrel
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let (Some(project), Some(metadata)) = (subject.project, subject.metadata()) else { return };
    if let Ok(name) = metadata.name()
        && name != project.name
    {
        let message = format!("the file is of `{name}`, not of the project `{}`", project.name);
        findings.add(Problem::new(message).hint("remove it from the directory of built files").at("Name"));
    }
    if let (Ok(version), Some(expected)) = (metadata.version(), &project.version)
        && version != *expected
    {
        let message = format!("the file is version {version}, but the project is at {expected}");
        findings.add(Problem::new(message).hint("run `pyrel clean` and `pyrel build`").at("Version"));
    }
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;
    use std::path::PathBuf;

    use crate::check::{CheckOptions, ProjectFacts};

    /// The fixture puts the facts of `demo` to its own path.
    fn options(name: &str, version: &str) -> CheckOptions {
        let facts = ProjectFacts { name: name.parse().unwrap(), version: version.parse().ok() };
        CheckOptions { projects: [(PathBuf::from("demo"), facts)].into(), ..CheckOptions::default() }
    }

    #[test]
    fn fires() {
        let report = Fixture::wheel().report_with(&mut options("other", "1.1"));
        let messages: Vec<&str> = report
            .findings
            .iter()
            .filter(|finding| finding.rule == "project-mismatch")
            .map(|finding| finding.message.as_str())
            .collect();
        assert_eq!(
            messages,
            [
                "the file is of `demo`, not of the project `other`",
                "the file is version 1.0, but the project is at 1.1"
            ]
        );
    }

    #[test]
    fn stays_silent() {
        assert!(Fixture::wheel().report_with(&mut options("Demo", "1.0.0")).findings.is_empty());
    }
}
