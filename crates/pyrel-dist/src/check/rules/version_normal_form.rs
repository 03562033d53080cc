//! The version is not in normal form.

use pyrel_model::Level;

use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;

pub(super) static RULE: Rule = Rule {
    name: "version-normal-form",
    level: Level::Warning,
    source: Source::Pyrel,
    summary: "`Version` is written in the normal form of PEP 440",
    docs: "\
### What it does
Compares the version as written with its normal form.

### Why is this bad
Tools that compare file names as text do not find the release under its other spelling.

### Example
`Version: 1.0-RC1` instead of `1.0rc1`

### Source
pyrel (PEP 440)
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let Some(Ok(version)) = subject.metadata().map(|metadata| metadata.version()) else { return };
    if version.as_written() != version.normalized() {
        let message = format!("the version `{}` is not in normal form", version.as_written());
        findings.add(Problem::new(message).hint(format!("write `{version}`")).at("Version"));
    }
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    #[test]
    fn fires() {
        let found = Fixture::wheel().header("Version: v1.0").findings("version-normal-form");
        assert_eq!(found[0].message, "the version `v1.0` is not in normal form");
    }

    #[test]
    fn stays_silent() {
        for fixture in Fixture::both() {
            assert!(fixture.findings("version-normal-form").is_empty());
        }
    }
}
