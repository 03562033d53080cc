//! The metadata version is unknown to PyPI.

use pyrel_model::Level;

use crate::check::finding::{Findings, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;
use crate::check::wording;

pub(super) static RULE: Rule = Rule {
    name: "metadata-version",
    level: Level::Error,
    source: Source::Pypi,
    summary: "`Metadata-Version` is one that PyPI knows",
    docs: "\
### What it does
Compares `Metadata-Version` with 1.0, 1.1, 1.2, and 2.1 to 2.5. Version 2.0 never was one.

### Why is this bad
The version says which fields there are; PyPI refuses a version that it does not know.

### Example
`Metadata-Version: 2.0`

### Source
PyPI (core metadata, as the `packaging` library checks it)
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    if subject.metadata().is_none() {
        return;
    }
    let version = subject.field("Metadata-Version");
    if version.is_some_and(|version| KNOWN.contains(&version)) {
        return;
    }
    let shown = version.map_or("None".to_owned(), wording::repr);
    let problem = wording::refused("metadata-version", &format!("{shown} is not a valid metadata version"));
    let hint = "build again with a current backend, which writes 2.1 or later";
    findings.add(problem.hint(hint).at("Metadata-Version"));
}

/// The versions that PyPI takes.
const KNOWN: [&str; 8] = ["1.0", "1.1", "1.2", "2.1", "2.2", "2.3", "2.4", "2.5"];

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    #[test]
    fn fires() {
        let message = |fixture: Fixture| fixture.messages("metadata-version").join("\n");
        assert_eq!(
            message(Fixture::wheel().header("Metadata-Version: 2.0")),
            "'2.0' is not a valid metadata version. See \
             https://packaging.python.org/specifications/core-metadata for more information."
        );
        let missing = message(Fixture::sdist().without("Metadata-Version"));
        assert!(missing.starts_with("None is not a valid metadata version."), "{missing}");
    }

    #[test]
    fn stays_silent() {
        for fixture in Fixture::both() {
            assert!(fixture.findings("metadata-version").is_empty());
        }
    }
}
