//! A dependency is a direct reference.

use pyrel_model::Level;
use pyrel_model::Requirement;

use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;
use crate::check::wording;

pub(super) static RULE: Rule = Rule {
    name: "direct-reference",
    level: Level::Error,
    source: Source::Pypi,
    summary: "no dependency is a direct reference",
    docs: "\
### What it does
Reports a dependency on a URL: `name @ url`, also behind an extra.

### Why is this bad
PyPI takes only what can be installed from PyPI alone.

### Example
`Requires-Dist: demo @ git+https://example.org/demo`

### Source
PyPI (`warehouse/forklift/metadata.py`)
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let hint = "depend on a released version, and keep the URL in the tool's own source table";
    for (header, is_normalised) in
        [("Requires-Dist", true), ("Provides-Dist", false), ("Obsoletes-Dist", false)]
    {
        for value in subject.fields(header) {
            let Ok(requirement) = value.parse::<Requirement>() else { continue };
            if requirement.url.is_some() {
                let shown = if is_normalised { requirement.to_string() } else { wording::repr(value) };
                let text = format!("Can't have direct dependency: {shown}");
                findings.add(Problem::new(wording::core_metadata(&text)).hint(hint).at(header));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    #[test]
    fn fires() {
        let found = Fixture::wheel()
            .also("Requires-Dist: other@git+https://example.org/other ; extra=='x'")
            .messages("direct-reference");
        assert_eq!(
            found,
            ["Can't have direct dependency: other @ git+https://example.org/other ; extra == \"x\". See \
              https://packaging.python.org/specifications/core-metadata for more information."]
        );
    }

    #[test]
    fn stays_silent() {
        for fixture in Fixture::both() {
            assert!(fixture.findings("direct-reference").is_empty());
        }
    }
}
