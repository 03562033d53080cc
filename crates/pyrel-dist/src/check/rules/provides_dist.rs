//! A requirement that tells what is provided or obsoleted cannot be parsed.

use pyrel_model::requirement::InvalidRequirement;
use pyrel_model::{Level, Requirement};

use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;
use crate::check::wording;

pub(super) static RULE: Rule = Rule {
    name: "provides-dist",
    level: Level::Error,
    source: Source::Pypi,
    summary: "every `Provides-Dist` and `Obsoletes-Dist` is a requirement by PEP 508",
    docs: "\
### What it does
Parses each `Provides-Dist` and `Obsoletes-Dist`.

### Why is this bad
PyPI refuses what it cannot parse. Its message has several lines, which may break the answer: the refusal can come as a bare
server error.

### Example
`Provides-Dist: my thing`

### Source
PyPI (`warehouse/forklift/metadata.py`)
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for header in ["Provides-Dist", "Obsoletes-Dist"] {
        for value in subject.fields(header) {
            let Err(error) = value.parse::<Requirement>() else { continue };
            if findings.is_full() {
                findings.count_more();
                continue;
            }
            let (reason, column) = place(value, &error);
            let blanks = " ".repeat(column);
            let text = format!("{} is invalid: {}\n    {value}\n    {blanks}^", wording::repr(value), reason);
            let hint =
                "write a name, and perhaps a version: `other`, `other (==1.0)`; or leave the field out";
            findings.add(Problem::new(wording::core_metadata(&text)).hint(hint).at(header));
        }
    }
}

/// Says what is wrong and where, in the library's own words when the text does not even start with a name.
fn place<'a>(value: &str, error: &'a InvalidRequirement) -> (&'a str, usize) {
    let start = value.trim_start_matches([' ', '\t']);
    if start.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        (error.reason, error.column.saturating_sub(1).min(80))
    } else {
        ("Expected package name at the start of dependency specifier", value.len() - start.len())
    }
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    #[test]
    fn fires() {
        let found = Fixture::wheel().also("Provides-Dist: -").messages("provides-dist");
        assert_eq!(
            found,
            [
                "'-' is invalid: Expected package name at the start of dependency specifier\n    -\n    ^. See \
              https://packaging.python.org/specifications/core-metadata for more information."
            ]
        );
        let found = Fixture::sdist().also("Obsoletes-Dist: my thing").messages("provides-dist");
        assert!(found[0].starts_with("'my thing' is invalid: "), "{found:?}");
    }

    #[test]
    fn stays_silent() {
        let good = Fixture::wheel().also("Provides-Dist: other (==1.0)").also("Obsoletes-Dist: third");
        assert!(good.findings("provides-dist").is_empty());
    }
}
