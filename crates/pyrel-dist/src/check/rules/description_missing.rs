//! The description is missing.

use pyrel_model::Level;

use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;

pub(super) static RULE: Rule = Rule {
    name: "description-missing",
    level: Level::Warning,
    source: Source::Twine,
    summary: "there is a description",
    docs: "\
### What it does
Reports metadata without a description.

### Why is this bad
The project page stays empty.

### Example
A `pyproject.toml` without `readme`

### Source
twine
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let missing = match subject.field("Description") {
        None => subject.metadata().is_some(),
        Some(text) => text.trim_end() == "UNKNOWN",
    };
    if missing {
        let hint = "set `project.readme`";
        findings.add(Problem::new("`long_description` missing.").hint(hint).at("Description"));
    }
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    #[test]
    fn fires() {
        for body in ["", "UNKNOWN\n"] {
            let found = Fixture::wheel().body(body).messages("description-missing");
            assert_eq!(found, ["`long_description` missing."]);
        }
    }

    #[test]
    fn stays_silent() {
        for fixture in Fixture::both() {
            assert!(fixture.findings("description-missing").is_empty());
        }
    }
}
