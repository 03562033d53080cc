//! The version has a local part.

use pyrel_model::Level;

use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;

pub(super) static RULE: Rule = Rule {
    name: "local-version",
    level: Level::Error,
    source: Source::Pypi,
    summary: "the version has no local part",
    docs: "\
### What it does
Reports a version with a local part, the text behind `+`.

### Why is this bad
Local versions mark private builds; PyPI takes none.

### Example
`Version: 1.0+abc1234`

### Source
PyPI (`warehouse/forklift/metadata.py`)
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let Some(Ok(version)) = subject.metadata().map(|metadata| metadata.version()) else { return };
    if version.is_local() {
        let message = format!(
            "The use of local versions in '{version}' is not allowed. See https://packaging.python.org/en/\
             latest/specifications/version-specifiers/#local-version-identifiers for more information."
        );
        let hint = "release from a tagged, clean commit, so that no local part is made up";
        findings.add(Problem::new(message).hint(hint).at("Version"));
    }
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    #[test]
    fn fires() {
        let found = Fixture::wheel().header("Version: 1.0+abc.1").messages("local-version");
        assert_eq!(
            found,
            ["The use of local versions in '1.0+abc.1' is not allowed. See https://packaging.python.org/en/\
              latest/specifications/version-specifiers/#local-version-identifiers for more information."]
        );
    }

    #[test]
    fn stays_silent() {
        for fixture in Fixture::both() {
            assert!(fixture.findings("local-version").is_empty());
        }
    }
}
