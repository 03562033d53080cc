//! A reStructuredText description has no verdict.

use pyrel_model::Level;

use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;

pub(super) static RULE: Rule = Rule {
    name: "description-rst",
    level: Level::Info,
    source: Source::Pyrel,
    summary: "a reStructuredText description is known to render",
    docs: "\
### What it does
Says that the description is reStructuredText, for which there is no verdict.

### Why is this bad
A mistake in it, such as an unknown directive, makes PyPI refuse the upload, and this check does not see it.

### Example
`Description-Content-Type: text/x-rst`

### Source
pyrel
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    if subject.field("Description").is_none() {
        return;
    }
    let kind = subject.field("Description-Content-Type").unwrap_or("text/x-rst");
    if kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("text/x-rst") {
        let message = "reStructuredText is not rendered yet: whether PyPI takes the description is unknown";
        let hint = "run `twine check` on the file, or write the README in Markdown";
        findings.add(Problem::new(message).hint(hint).at("Description"));
    }
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    #[test]
    fn fires() {
        let found = Fixture::wheel()
            .header("Description-Content-Type: text/x-rst")
            .body("Title\n=\n\n.. nonsense::\n")
            .report();
        let finding = found.findings.iter().find(|finding| finding.rule == "description-rst").unwrap();
        assert_eq!(finding.level, pyrel_model::Level::Info);
        assert!(finding.message.starts_with("reStructuredText is not rendered yet"));
        assert!(found.ok(true), "no verdict must not fail a file: {:?}", found.findings);
    }

    #[test]
    fn stays_silent() {
        for fixture in Fixture::both() {
            assert!(fixture.findings("description-rst").is_empty());
        }
        let plain = Fixture::wheel().header("Description-Content-Type: text/plain");
        assert!(plain.findings("description-rst").is_empty());
    }
}
