//! A field is called dynamic that cannot be.

use pyrel_model::Level;
use pyrel_model::metadata::Field;

use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;
use crate::check::wording;

pub(super) static RULE: Rule = Rule {
    name: "dynamic-field",
    level: Level::Error,
    source: Source::Pypi,
    summary: "every `Dynamic` names a field that may be dynamic",
    docs: "\
### What it does
Compares each value of `Dynamic` with the fields.

### Why is this bad
PyPI refuses a field that does not exist or must be static.

### Example
`Dynamic: name`

### Source
PyPI (core metadata, as the `packaging` library checks it)
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for value in subject.fields("Dynamic") {
        let name = value.to_lowercase();
        let shown = wording::repr(&name);
        let problem = if matches!(name.as_str(), "name" | "version" | "metadata-version") {
            wording::refused("dynamic", &format!("{shown} is not allowed as a dynamic field"))
        } else if Field::by_header(&name).is_none() {
            wording::refused("dynamic", &format!("{shown} is not a valid dynamic field"))
        } else if name == "dynamic" {
            let text = format!("Dynamic field {shown} is not a valid dynamic field.");
            Problem::new(wording::core_metadata(&text))
        } else {
            continue;
        };
        let hint = "leave it out; fields are named with hyphens, as in the metadata";
        findings.add(problem.hint(hint).at("Dynamic"));
    }
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    #[test]
    fn fires() {
        let found = Fixture::wheel()
            .also("Dynamic: Name")
            .also("Dynamic: requires_dist")
            .also("Dynamic: dynamic")
            .messages("dynamic-field");
        assert!(found[0].starts_with("'name' is not allowed as a dynamic field. See"), "{found:?}");
        assert!(found[1].starts_with("'requires_dist' is not a valid dynamic field. See"), "{found:?}");
        assert!(
            found[2].starts_with("Dynamic field 'dynamic' is not a valid dynamic field. See"),
            "{found:?}"
        );
    }

    #[test]
    fn stays_silent() {
        assert!(Fixture::wheel().also("Dynamic: Requires-Dist").findings("dynamic-field").is_empty());
    }
}
