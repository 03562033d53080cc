//! The metadata file cannot be parsed.

use pyrel_model::Level;

use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;

pub(super) static RULE: Rule = Rule {
    name: "metadata-syntax",
    level: Level::Error,
    source: Source::Twine,
    summary: "the metadata file is a list of headers, a blank line, and a description",
    docs: "\
### What it does
Parses `METADATA` or `PKG-INFO`: UTF-8, `Field: value` lines, indented continuations.

### Why is this bad
No tool can read the metadata otherwise: nothing would be known of the project, and an upload could not be made.

### Example
A line of a licence text without indentation.

### Source
twine (`Invalid distribution metadata`)
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    if let Some((name, Err(error))) = &subject.reading.metadata {
        let problem = Problem::new(error.to_string())
            .hint("build again; a multi-line value must have its later lines indented")
            .at(name);
        findings.add(problem);
    }
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    #[test]
    fn fires() {
        for fixture in Fixture::both() {
            let found = fixture.metadata(b"Name: demo\nnonsense\n").findings("metadata-syntax");
            assert_eq!(found[0].message, "line 2 of the metadata is no `Field: value` header: `nonsense`");
        }
    }

    #[test]
    fn stays_silent() {
        for fixture in Fixture::both() {
            assert!(fixture.findings("metadata-syntax").is_empty());
        }
    }
}
