//! The version is missing or invalid.

use pyrel_model::Level;
use pyrel_model::Version;

use crate::check::finding::{Findings, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;
use crate::check::wording;

pub(super) static RULE: Rule = Rule {
    name: "project-version",
    level: Level::Error,
    source: Source::Pypi,
    summary: "`Version` is there and a version by PEP 440",
    docs: "\
### What it does
Checks that the metadata has a `Version` that PEP 440 allows.

### Why is this bad
PyPI refuses a release whose version it cannot order.

### Example
`Version: 1.0-final`

### Source
PyPI (core metadata, as the `packaging` library checks it)
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    if subject.metadata().is_none() {
        return;
    }
    let text = match subject.field("Version") {
        None => "{field} is a required field".to_owned(),
        Some(value) if value.parse::<Version>().is_err() => {
            format!("{} is invalid for {{field}}", wording::repr(value))
        }
        Some(_) => return,
    };
    let hint = "write a version such as `1.2.3`, `1.2.3rc1`, or `1.2.3.post1`";
    findings.add(wording::refused("version", &text).hint(hint).at("Version"));
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    #[test]
    fn fires() {
        let bad = Fixture::wheel().header("Version: 1.0.x").messages("project-version");
        assert!(bad[0].starts_with("'1.0.x' is invalid for 'version'. See https://packaging"), "{bad:?}");
        let missing = Fixture::sdist().without("Version").messages("project-version");
        assert!(missing[0].starts_with("'version' is a required field. See"), "{missing:?}");
    }

    #[test]
    fn stays_silent() {
        for fixture in Fixture::both() {
            assert!(fixture.findings("project-version").is_empty());
        }
    }
}
