//! An sdist cannot be built.

use pyrel_model::Level;

use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;

pub(super) static RULE: Rule = Rule {
    name: "sdist-build-file",
    level: Level::Error,
    source: Source::Pyrel,
    summary: "an sdist has `pyproject.toml` or `setup.py`",
    docs: "\
### What it does
Looks for the file that says how to build the project.

### Why is this bad
Nobody could build a wheel from the sdist.

### Example
An sdist from an include list that forgot `pyproject.toml`.

### Source
pyrel (sdist specification)
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    if !subject.is_sdist() || !subject.is_complete() {
        return;
    }
    let top = subject.reading.common_path();
    let has = |name: &str| subject.reading.member(&format!("{top}/{name}")).is_some();
    if subject.metadata().is_some() && !has("pyproject.toml") && !has("setup.py") {
        let message = "the sdist has neither `pyproject.toml` nor `setup.py`, so that nobody can build it";
        findings.add(Problem::new(message).hint("add the file to what goes into the sdist"));
    }
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    #[test]
    fn fires() {
        let found = Fixture::sdist().missing("demo-1.0/pyproject.toml").messages("sdist-build-file");
        assert_eq!(
            found,
            ["the sdist has neither `pyproject.toml` nor `setup.py`, so that nobody can build it"]
        );
    }

    #[test]
    fn stays_silent() {
        assert!(Fixture::sdist().findings("sdist-build-file").is_empty());
        let old = Fixture::sdist().missing("demo-1.0/pyproject.toml").file("demo-1.0/setup.py", "");
        assert!(old.findings("sdist-build-file").is_empty());
    }
}
