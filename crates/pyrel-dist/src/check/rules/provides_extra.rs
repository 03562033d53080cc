//! An extra has an invalid name.

use pyrel_model::Level;
use pyrel_model::name::is_valid;

use crate::check::finding::{Findings, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;
use crate::check::wording;

pub(super) static RULE: Rule = Rule {
    name: "provides-extra",
    level: Level::Error,
    source: Source::Pypi,
    summary: "every extra has a valid name",
    docs: "\
### What it does
Checks the name of each extra as that of a project.

### Why is this bad
An extra with another name cannot be asked for; PyPI refuses it.

### Example
`Provides-Extra: my extra`

### Source
PyPI (core metadata, as the `packaging` library checks it)
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for value in subject.fields("Provides-Extra") {
        if !is_valid(value) {
            let text = format!("{} is invalid for {{field}}", wording::repr(value));
            let hint = "use letters, digits, `.`, `_`, and `-`";
            findings.add(wording::refused("provides-extra", &text).hint(hint).at("Provides-Extra"));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    #[test]
    fn fires() {
        let found = Fixture::wheel().also("Provides-Extra: my extra").messages("provides-extra");
        assert!(found[0].starts_with("'my extra' is invalid for 'provides-extra'. See"), "{found:?}");
    }

    #[test]
    fn stays_silent() {
        assert!(Fixture::wheel().also("Provides-Extra: My_Extra").findings("provides-extra").is_empty());
    }
}
