//! A dependency of the same workspace is excluded by its bound.

use pyrel_model::Level;
use pyrel_model::requirement::SpecifierSet;
use pyrel_model::{Requirement, Version};

use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;

pub(super) static RULE: Rule = Rule {
    name: "internal-bound",
    level: Level::Warning,
    source: Source::Pyrel,
    summary: "the bound of a dependency of the same workspace allows its current version",
    docs: "\
### What it does
Compares each `Requires-Dist` on a package of the workspace with the version that this package has now.

### Why is this bad
The two are developed together but cannot be installed together: people get an older release of the one or of the other.

### Example
`Requires-Dist: demo-core<2` while `demo-core` is at 2.0

### Source
pyrel
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for text in subject.fields("Requires-Dist") {
        let Ok(requirement) = text.parse::<Requirement>() else { continue };
        let facts = subject.packages.get(&requirement.name);
        let Some(version) = facts.and_then(|facts| facts.version.as_ref()) else { continue };
        let bound = &requirement.specifiers;
        if !bound.is_empty() && !allows(bound, version) {
            let message = format!("`{text}` excludes the version that the workspace has: {version}");
            let hint = format!(
                "raise the bound; the key `internal-dependencies` says how `pyrel bump` does it for `{}`",
                requirement.name
            );
            findings.add(Problem::new(message).hint(hint).at("Requires-Dist"));
        }
    }
}

/// A pre-release counts as what it leads to, because its own bounds are written for that.
fn allows(bound: &SpecifierSet, version: &Version) -> bool {
    let release: Vec<String> = version.release().iter().map(u64::to_string).collect();
    let leads_to = || release.join(".").parse::<Version>().is_ok_and(|release| bound.contains(&release));
    bound.contains(version) || (version.is_pre_release() && leads_to())
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    use crate::check::PackageFacts;

    fn with(requirement: &str, version: &str) -> Vec<String> {
        let facts = PackageFacts { version: version.parse().ok(), ..PackageFacts::default() };
        let fixture = Fixture::wheel().also(&format!("Requires-Dist: {requirement}"));
        fixture.messages_with(&[("demo-core", facts)], "internal-bound")
    }

    #[test]
    fn fires() {
        let found = with("Demo_Core<2,>=1 ; extra == 'x'", "2.0");
        assert_eq!(
            found,
            ["`Demo_Core<2,>=1 ; extra == 'x'` excludes the version that the workspace has: 2.0"]
        );
    }

    #[test]
    fn stays_silent() {
        for (requirement, version) in
            [("demo-core>=1,<3", "2.0"), ("demo-core", "2.0"), ("other<1", "2.0"), ("demo-core>=2", "2.0rc1")]
        {
            assert!(with(requirement, version).is_empty(), "{requirement}");
        }
    }
}
