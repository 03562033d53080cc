//! The changelog does not have this version.

use pyrel_model::Level;
use pyrel_model::changelog::{Document, Markup};

use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;

pub(super) static RULE: Rule = Rule {
    name: "changelog-entry",
    level: Level::Warning,
    source: Source::Pyrel,
    summary: "the changelog of the package has this version",
    docs: "\
### What it does
Looks for a heading with the version in the changelog of the package (key `changelog` of the configuration), when there is one.

### Why is this bad
People look there for what changed before they upgrade.

### Example
`CHANGELOG.md` ends at 1.0, and the file is of 1.1

### Source
pyrel
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let Some(changelog) = subject.package.and_then(|package| package.changelog.as_ref()) else { return };
    let Some(Ok(version)) = subject.metadata().map(|metadata| metadata.version()) else { return };
    let document = Document::parse(changelog.text.as_bytes(), Markup::of(&changelog.path));
    if document.section(&version).is_some() {
        return;
    }
    let message = format!("`{}` has no heading for {version}", changelog.path);
    findings.add(Problem::new(message).hint("add what changed since the last release"));
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    use crate::check::{ChangelogFacts, PackageFacts};

    fn with(text: &str) -> Vec<String> {
        let changelog = ChangelogFacts { path: "CHANGELOG.md".to_owned(), text: text.to_owned() };
        let facts = PackageFacts { changelog: Some(changelog), ..PackageFacts::default() };
        Fixture::wheel().messages_with(&[("demo", facts)], "changelog-entry")
    }

    #[test]
    fn fires() {
        for text in ["# Changelog\n\n## 0.9\n\n1.0 is next\n", "", "## [Unreleased]\n"] {
            assert_eq!(with(text), ["`CHANGELOG.md` has no heading for 1.0"], "{text}");
        }
    }

    #[test]
    fn stays_silent() {
        for text in ["## [1.0] - 2026-01-01\n", "# v1.0.0\n", "Demo 1.0 (2026)\n======\n", "## demo 1.0:\n"] {
            assert!(with(text).is_empty(), "{text}");
        }
        assert!(Fixture::wheel().findings("changelog-entry").is_empty());
    }
}
