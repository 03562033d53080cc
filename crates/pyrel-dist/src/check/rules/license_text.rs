//! A licence is named, but its text is not there.

use pyrel_model::Level;

use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;

pub(super) static RULE: Rule = Rule {
    name: "license-text",
    level: Level::Info,
    source: Source::Pyrel,
    summary: "an archive that names a licence has its text",
    docs: "\
### What it does
Looks for a file such as `LICENSE` or `COPYING` when the metadata has `License-Expression`, `License`, or a classifier of a licence.

### Why is this bad
Most licences ask for their text to go with every copy; without it nobody may pass the file on.

### Example
`License-Expression: MIT` and no `LICENSE`

### Source
pyrel
",
    check,
};

const STARTS: [&str; 6] = ["license", "licence", "copying", "copyright", "notice", "unlicense"];

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let named = |field: &str| subject.field(field).map(|_| field.to_owned());
    let classified = || {
        let found =
            subject.fields("Classifier").into_iter().any(|text| text.starts_with("License :: OSI Approved"));
        found.then(|| "Classifier".to_owned())
    };
    let Some(field) = named("License-Expression").or_else(|| named("License")).or_else(classified) else {
        return;
    };
    let mut members =
        subject.reading.archive.members.iter().filter(|member| member.is_file() && member.size > 0);
    if !subject.is_complete() || members.any(|member| is_text(&member.name)) {
        return;
    }
    let message = "the metadata names a licence, but the archive has no text of it";
    let hint = "add a `LICENSE` file, and name it in `project.license-files`";
    findings.add(Problem::new(message).hint(hint).at(field));
}

/// `LICENSE.txt`, `LICENSES/MIT.txt`, `demo-1.0.dist-info/licenses/COPYING`.
fn is_text(name: &str) -> bool {
    let lower = name.to_lowercase();
    let mut parts = lower.rsplit('/');
    let file = parts.next().unwrap_or_default();
    let starts = |text: &str| STARTS.iter().any(|start| text.starts_with(start));
    starts(file) && !file.ends_with(".py")
        || parts.next().is_some_and(|folder| matches!(folder, "licenses" | "licences"))
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    #[test]
    fn fires() {
        for fixture in Fixture::both() {
            let found = fixture.header("License-Expression: MIT").messages("license-text");
            assert_eq!(found, ["the metadata names a licence, but the archive has no text of it"]);
        }
        let old = Fixture::wheel().also("Classifier: License :: OSI Approved :: MIT License");
        assert_eq!(old.findings("license-text")[0].location.as_deref(), Some("Classifier"));
    }

    #[test]
    fn stays_silent() {
        let wheel = Fixture::wheel()
            .header("License-Expression: MIT")
            .file("demo-1.0.dist-info/licenses/LICENSE", "x");
        assert!(wheel.findings("license-text").is_empty());
        let sdist = Fixture::sdist().header("License: MIT").file("demo-1.0/LICENSES/MIT.txt", "x");
        assert!(sdist.findings("license-text").is_empty());
        assert!(Fixture::sdist().findings("license-text").is_empty());
    }
}
