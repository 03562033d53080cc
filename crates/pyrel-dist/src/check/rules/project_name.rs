//! The name of the project is missing or invalid.

use pyrel_model::Level;
use pyrel_model::name::is_valid;

use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;
use crate::check::wording;

pub(super) static RULE: Rule = Rule {
    name: "project-name",
    level: Level::Error,
    source: Source::Pypi,
    summary: "`Name` is there and valid",
    docs: "\
### What it does
Checks that the metadata has a `Name` of ASCII letters, digits, `.`, `_`, and `-` that starts and ends with a letter or digit.

### Why is this bad
PyPI refuses any other name.

### Example
`Name: my pkg`

### Source
PyPI (`warehouse/forklift/metadata.py`)
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    if subject.metadata().is_none() {
        return;
    }
    let value = subject.field("Name").unwrap_or_default();
    if is_valid(value) {
        return;
    }
    let why = if value.is_empty() {
        "This field is required."
    } else {
        "Start and end with a letter or numeral containing only ASCII numeric and '.', '_' and '-'."
    };
    let text = format!("{} is an invalid value for Name. Error: {why}", wording::repr(&shorten(value)));
    let hint = "set `project.name` to letters, digits, `.`, `_`, and `-`";
    findings.add(Problem::new(wording::core_metadata(&text)).hint(hint).at("Name"));
}

/// Values of more than 60 characters are shown by their two ends.
fn shorten(value: &str) -> String {
    let chars: Vec<char> = value.chars().collect();
    if chars.len() <= 60 {
        return value.to_owned();
    }
    let text = |part: &[char]| part.iter().collect::<String>();
    format!("{}...{}", text(&chars[..30]), text(&chars[chars.len() - 30..]))
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    #[test]
    fn fires() {
        let bad = Fixture::wheel().header("Name: my pkg").messages("project-name");
        assert_eq!(
            bad,
            ["'my pkg' is an invalid value for Name. Error: Start and end with a letter or numeral \
              containing only ASCII numeric and '.', '_' and '-'. See \
              https://packaging.python.org/specifications/core-metadata for more information."]
        );
        let missing = Fixture::wheel().without("Name").messages("project-name");
        assert!(
            missing[0].starts_with("'' is an invalid value for Name. Error: This field is required. See")
        );
    }

    #[test]
    fn stays_silent() {
        for fixture in Fixture::both() {
            assert!(fixture.findings("project-name").is_empty());
        }
    }
}
