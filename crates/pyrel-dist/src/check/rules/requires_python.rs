//! `Requires-Python` is no set of specifiers.

use pyrel_model::Level;
use pyrel_model::requirement::SpecifierSet;

use crate::check::finding::{Findings, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;
use crate::check::wording;

pub(super) static RULE: Rule = Rule {
    name: "requires-python",
    level: Level::Error,
    source: Source::Pypi,
    summary: "`Requires-Python` is a set of version specifiers",
    docs: "\
### What it does
Parses `Requires-Python` by PEP 440.

### Why is this bad
An installer could not tell for which Python the release is; PyPI refuses it.

### Example
`Requires-Python: 3.9` instead of `>=3.9`

### Source
PyPI (core metadata, as the `packaging` library checks it)
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let Some(value) = subject.field("Requires-Python") else { return };
    // PyPI's parser takes nothing behind `===` too.
    let is_taken = |text: &str| text.parse::<SpecifierSet>().is_ok();
    if !is_taken(value) && !is_taken(&value.replace("===", "===x")) {
        let text = format!("{} is invalid for {{field}}", wording::repr(value));
        let hint = "write comparisons such as `>=3.9,<4`";
        findings.add(wording::refused("requires-python", &text).hint(hint).at("Requires-Python"));
    }
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    #[test]
    fn fires() {
        for bad in ["3.9", "^3.9", "*", ">=3.8.*"] {
            let found =
                Fixture::wheel().header(&format!("Requires-Python: {bad}")).messages("requires-python");
            assert!(
                found[0].starts_with(&format!("'{bad}' is invalid for 'requires-python'. See")),
                "{found:?}"
            );
        }
    }

    #[test]
    fn stays_silent() {
        let odd = Fixture::wheel().header("Requires-Python: ===");
        assert!(odd.findings("requires-python").is_empty(), "PyPI takes it");
        for fixture in Fixture::both() {
            assert!(fixture.findings("requires-python").is_empty());
        }
    }
}
