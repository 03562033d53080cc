//! The top directory of an sdist has another name.

use pyrel_model::Level;

use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;

pub(super) static RULE: Rule = Rule {
    name: "sdist-directory-name",
    level: Level::Warning,
    source: Source::Pyrel,
    summary: "the top directory of an sdist is called like its file",
    docs: "\
### What it does
Compares the top directory with the file name without `.tar.gz`.

### Why is this bad
Older tools look for the directory by that name.

### Example
`demo-1.0.tar.gz` with the directory `demo`

### Source
pyrel (sdist specification)
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let Some(stem) = subject.filename().strip_suffix(".tar.gz").filter(|_| subject.is_complete()) else {
        return;
    };
    let top = subject.reading.common_path();
    if !top.is_empty() && !top.starts_with('/') && top != stem && !top.contains('/') {
        let message = format!("the top directory is called `{top}`, not `{stem}`");
        findings.add(Problem::new(message).hint("build again; do not rename sdists").at(top));
    }
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    #[test]
    fn fires() {
        let found = Fixture::sdist().named("demo-1.1.tar.gz").messages("sdist-directory-name");
        assert_eq!(found, ["the top directory is called `demo-1.0`, not `demo-1.1`"]);
    }

    #[test]
    fn stays_silent() {
        for fixture in Fixture::both() {
            assert!(fixture.findings("sdist-directory-name").is_empty());
        }
    }
}
