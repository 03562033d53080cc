//! An invalid value with braces, on which the server fails.

use pyrel_model::Level;

use crate::check::finding::{Findings, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;

pub(in crate::check) static RULE: Rule = Rule {
    name: "metadata-braces",
    level: Level::Error,
    source: Source::Pypi,
    summary: "no invalid value has the braces of a template",
    docs: "\
### What it does
Reports a metadata value that another rule would refuse and that has `{` or `}` in it.

### Why is this bad
PyPI formats its refusal as a template, fails on the braces of the value, and answers with status 500: the upload cannot succeed, and
nothing says why.

### Example
`Requires-Python: >={minimum}`

### Source
PyPI (core metadata, as the `packaging` library formats its errors)
",
    check,
};

/// The rules of the fields find these; the driver reports them here, because their own words are never said.
fn check(_subject: &Subject<'_>, _findings: &mut Findings) {}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    #[test]
    fn fires() {
        for (line, other) in [
            ("Requires-Python: >={minimum}", "requires-python"),
            ("Version: {version}", "project-version"),
            ("Requires-Dist: foo{bar}", "requires-dist"),
            ("Metadata-Version: {}", "metadata-version"),
            ("Dynamic: {field", "dynamic-field"),
        ] {
            let fixture = Fixture::wheel().header(line);
            let found = fixture.messages("metadata-braces");
            assert_eq!(found.len(), 1, "{line}");
            assert!(
                found[0].starts_with("PyPI fails with an internal error (500) on the braces"),
                "{found:?}"
            );
            assert!(fixture.findings(other).is_empty(), "the server never says the words of `{other}`");
        }
    }

    #[test]
    fn stays_silent() {
        let doubled = Fixture::wheel().header("Requires-Python: {{x}}");
        assert!(doubled.findings("metadata-braces").is_empty());
        assert!(
            doubled.messages("requires-python")[0].starts_with("'{x}' is invalid for 'requires-python'.")
        );
        let elsewhere = Fixture::sdist().header("Summary: braces { are } fine here");
        assert!(elsewhere.findings("metadata-braces").is_empty());
    }
}
