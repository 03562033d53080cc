//! The file name has characters that PyPI cannot store.

use pyrel_model::Level;

use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;

pub(super) static RULE: Rule = Rule {
    name: "filename-characters",
    level: Level::Error,
    source: Source::Pypi,
    summary: "the file name has no control character and no separator",
    docs: "\
### What it does
Reports a file name with a character below 32, the character 127, `/`, or `\\`.

### Why is this bad
PyPI stores files under their names and refuses names that its store cannot hold.

### Example
`demo\\-1.0.tar.gz`

### Source
PyPI (`warehouse/forklift/legacy.py`)
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let name = subject.filename();
    if name.chars().any(|c| c.is_ascii_control()) {
        let message = "Cannot upload a file with non-printable characters (ordinals 0-31) or the DEL \
            character (ordinal 127) in the name.";
        findings.add(Problem::new(message).hint("rename the file to what the build called it"));
    } else if name.contains(['/', '\\']) {
        let message = "Cannot upload a file with '/' or '\\' in the name.";
        findings.add(Problem::new(message).hint("rename the file to what the build called it"));
    }
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    #[test]
    fn fires() {
        let found = Fixture::sdist().named("demo\u{7f}-1.0.tar.gz").messages("filename-characters");
        assert!(found[0].starts_with("Cannot upload a file with non-printable characters (ordinals 0-31)"));
        #[cfg(unix)]
        assert_eq!(
            Fixture::sdist().named("de\\mo-1.0.tar.gz").messages("filename-characters"),
            ["Cannot upload a file with '/' or '\\' in the name."]
        );
    }

    #[test]
    fn stays_silent() {
        assert!(Fixture::sdist().findings("filename-characters").is_empty());
    }
}
