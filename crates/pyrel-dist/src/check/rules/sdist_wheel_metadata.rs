//! Sdist and wheel say different things.

use std::collections::BTreeSet;

use pyrel_model::Level;
use pyrel_model::requirement::SpecifierSet;
use pyrel_model::{CoreMetadata, Requirement};

use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;

pub(super) static RULE: Rule = Rule {
    name: "sdist-wheel-metadata",
    level: Level::Warning,
    source: Source::Pyrel,
    summary: "the sdist and the wheels of a release have the same metadata",
    docs: "\
### What it does
Compares the fields that installers and people go by. A field that the sdist calls `Dynamic` may differ, and an sdist with metadata below 2.2 promises nothing.

### Why is this bad
What somebody gets depends on whether the wheel fits their machine. Resolvers take what the sdist says for all files.

### Example
`Requires-Dist: requests` in the wheel only

### Source
pyrel (PEP 643)
",
    check,
};

const FIELDS: [&str; 9] = [
    "Summary",
    "Requires-Python",
    "Requires-Dist",
    "Provides-Extra",
    "License-Expression",
    "License-File",
    "Classifier",
    "Keywords",
    "Project-URL",
];

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let Some(wheel) = subject.metadata().filter(|_| subject.is_wheel()) else { return };
    let Some(sdist) = subject.peers.sdist_of(subject.reading) else { return };
    let Some(metadata) = sdist.core_metadata().filter(|metadata| is_reliable(metadata)) else { return };
    let dynamic: Vec<String> = metadata.get_all("Dynamic").map(str::to_ascii_lowercase).collect();
    for field in FIELDS.into_iter().filter(|field| !dynamic.contains(&field.to_ascii_lowercase())) {
        let (theirs, ours) = (values(metadata, field), values(wheel, field));
        if theirs != ours {
            let only = |a: &BTreeSet<String>, b: &BTreeSet<String>| {
                a.difference(b).next().map_or_else(|| "nothing".to_owned(), |value| format!("`{value}`"))
            };
            let message = format!(
                "`{field}` of `{}` has {}, of the wheel {}",
                sdist.filename,
                only(&theirs, &ours),
                only(&ours, &theirs)
            );
            let hint = "build both again from the same tree, or declare the field dynamic";
            findings.add(Problem::new(message).hint(hint).at(field));
        }
    }
}

/// From 2.2 on, a field of an sdist that is not dynamic holds for all its wheels.
fn is_reliable(metadata: &CoreMetadata) -> bool {
    !matches!(metadata.get("Metadata-Version"), None | Some("1.0" | "1.1" | "1.2" | "2.0" | "2.1"))
}

fn values(metadata: &CoreMetadata, field: &str) -> BTreeSet<String> {
    metadata.get_all(field).map(|value| normal(field, value)).collect()
}

/// Requirements are compared by what they mean, all else by its words.
fn normal(field: &str, value: &str) -> String {
    match field {
        "Requires-Dist" => {
            value.parse().map_or_else(|_| value.to_owned(), |requirement| requirement_text(&requirement))
        }
        "Requires-Python" => value.parse().map_or_else(|_| value.to_owned(), |bound| bound_text(&bound)),
        "Provides-Extra" => value.to_lowercase().replace(['_', '.'], "-"),
        _ => value.split_whitespace().collect::<Vec<_>>().join(" "),
    }
}

/// The text that `packaging` prints, with the normal form of the name.
fn requirement_text(requirement: &Requirement) -> String {
    let name = &requirement.name;
    requirement.to_string().replacen(name.as_written(), name.normalized(), 1)
}

fn bound_text(bound: &SpecifierSet) -> String {
    let mut parts: Vec<String> =
        bound.specifiers().iter().map(|part| format!("{}{}", part.operator(), part.version())).collect();
    parts.sort_unstable();
    parts.join(",")
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    fn with(wheel: &Fixture, sdist: Fixture) -> Vec<String> {
        wheel.messages_beside(&[sdist], "sdist-wheel-metadata")
    }

    #[test]
    fn fires() {
        let wheel = Fixture::wheel().also("Requires-Dist: requests>=2");
        assert_eq!(
            with(&wheel, Fixture::sdist().also("Requires-Dist: requests")),
            ["`Requires-Dist` of `demo-1.0.tar.gz` has `requests`, of the wheel `requests>=2`"]
        );
        let summary = Fixture::wheel().header("Summary: Other");
        assert_eq!(with(&summary, Fixture::sdist()).len(), 1);
    }

    #[test]
    fn stays_silent() {
        let spelling = Fixture::wheel().also("Requires-Dist: Foo_Bar (>=1,<2) ; extra == 'x'");
        let other = Fixture::sdist().also("Requires-Dist: foo-bar<2,>=1; extra == \"x\"");
        assert!(with(&spelling, other).is_empty());
        let dynamic = Fixture::sdist().header("Summary: Other").also("Dynamic: Summary");
        assert!(with(&Fixture::wheel(), dynamic).is_empty());
        let old = Fixture::sdist().header("Metadata-Version: 2.1").header("Summary: Other");
        assert!(with(&Fixture::wheel(), old).is_empty());
        let other = Fixture::sdist().named("demo-0.9.tar.gz").header("Summary: Other");
        assert!(with(&Fixture::wheel(), other).is_empty());
    }
}
