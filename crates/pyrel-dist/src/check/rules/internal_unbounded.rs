//! A dependency of the same workspace has no bound.

use pyrel_model::{Level, PackageName, Requirement};

use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;

pub(super) static RULE: Rule = Rule {
    name: "internal-unbounded",
    level: Level::Warning,
    source: Source::Pyrel,
    summary: "a dependency of the same workspace has a bound",
    docs: "\
### What it does
Looks for a `Requires-Dist` on a package of the workspace without a version specifier, unless another one bounds the same
package whatever the circumstances.

### Why is this bad
The two are developed together, but an installer may combine this release with any release of the other, past or future.

### Example
`Requires-Dist: demo-core`

### Source
pyrel
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    if subject.packages.is_empty() {
        return;
    }
    let fields = subject.fields("Requires-Dist");
    let parsed: Vec<(&str, Requirement)> =
        fields.into_iter().filter_map(|text| Some((text, text.parse().ok()?))).collect();
    let is_bounded = |name: &PackageName| {
        let mut others = parsed.iter().map(|(_, other)| other);
        others.any(|other| other.name == *name && other.marker.is_none() && !other.specifiers.is_empty())
    };
    for (text, requirement) in &parsed {
        let name = &requirement.name;
        let is_free = requirement.specifiers.is_empty() && requirement.url.is_none();
        let is_own = subject.name() == Some(name);
        if is_free && !is_own && subject.packages.contains_key(name) && !is_bounded(name) {
            let message = format!("`{text}` admits every version of a package of this workspace");
            let hint = "bound it, or set the key `internal-dependencies`: builds then bound it by the version that the \
                        workspace has";
            findings.add(Problem::new(message).hint(hint).at("Requires-Dist"));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::PackageFacts;
    use crate::check::fixture::Fixture;

    fn with(requirements: &[&str]) -> Vec<String> {
        let lines: Vec<String> = requirements.iter().map(|one| format!("Requires-Dist: {one}")).collect();
        let fixture = Fixture::wheel().also(&lines.join("\n"));
        let facts = |version: &str| PackageFacts { version: version.parse().ok(), ..PackageFacts::default() };
        fixture.messages_with(&[("demo-core", facts("2.0")), ("demo", facts("1.0"))], "internal-unbounded")
    }

    #[test]
    fn fires() {
        let found = with(&["Demo_Core[fast] ; extra == 'x'", "demo-core>=1 ; python_version < '3.9'"]);
        assert_eq!(
            found,
            ["`Demo_Core[fast] ; extra == 'x'` admits every version of a package of this workspace"]
        );
    }

    #[test]
    fn stays_silent() {
        for requirements in [
            ["demo-core>=1", "demo-core[fast] ; extra == 'x'"],
            ["other", "demo-core~=2.0"],
            ["demo-core @ https://example.org/demo-core.whl", "demo[all] ; extra == 'y'"],
        ] {
            assert!(with(&requirements).is_empty(), "{requirements:?}");
        }
    }
}
