//! The project has a name that nobody may have.

use pyrel_model::Level;

use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;
use crate::check::wording;

pub(super) static RULE: Rule = Rule {
    name: "prohibited-name",
    level: Level::Error,
    source: Source::Pypi,
    summary: "the project is not called `requirements.txt`",
    docs: "\
### What it does
Compares the name with the two that are always on the list of names that PyPI gives to nobody. The rest of that list is known
to PyPI only.

### Why is this bad
PyPI refuses the name, which people install by a slip: `pip install requirements.txt`.

### Example
`Name: requirements.txt`

### Source
PyPI (`warehouse/packaging/services.py`)
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let Some(Ok(name)) = subject.metadata().map(|metadata| metadata.name()) else { return };
    if matches!(name.normalized(), "requirements-txt" | "rrequirements-txt") {
        let message = format!(
            "The name {} isn't allowed. See https://pypi.org/help/#project-name for more information.",
            wording::repr(name.as_written())
        );
        findings.add(Problem::new(message).hint("choose another name").at("Name"));
    }
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    #[test]
    fn fires() {
        let found = Fixture::wheel().header("Name: requirements.txt").messages("prohibited-name");
        assert_eq!(
            found,
            [
                "The name 'requirements.txt' isn't allowed. See https://pypi.org/help/#project-name for more information."
            ]
        );
    }

    #[test]
    fn stays_silent() {
        for fixture in Fixture::both() {
            assert!(fixture.header("Name: requirements").findings("prohibited-name").is_empty());
        }
    }
}
