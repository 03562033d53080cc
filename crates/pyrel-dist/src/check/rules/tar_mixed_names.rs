//! Absolute and relative names in one tarball, on which the server fails.

use pyrel_model::Level;

use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;

pub(super) static RULE: Rule = Rule {
    name: "tar-mixed-names",
    level: Level::Error,
    source: Source::Pypi,
    summary: "member names of an sdist are all relative",
    docs: "\
### What it does
Reports an sdist in which some member names start with `/` and others do not.

### Why is this bad
PyPI looks for the directory that all have in common, fails, and answers with status 500: the upload cannot succeed, and nothing
says why.

### Example
An sdist packed by hand with `tar -P`

### Source
PyPI (`warehouse/forklift/legacy.py`)
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    if !subject.is_sdist() || !subject.reading.mixes_names() {
        return;
    }
    let absolute = subject.reading.archive.members.iter().find(|member| member.name.starts_with('/'));
    let message =
        "PyPI fails with an internal error (500) on a tarball that mixes absolute and relative names";
    let problem = Problem::new(message).hint("pack all files below one directory, without a leading `/`");
    findings.add(match absolute {
        Some(member) => problem.at(&member.name),
        None => problem,
    });
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    #[test]
    fn fires() {
        let mixed = Fixture::sdist().file("/etc/demo.conf", "x");
        assert_eq!(
            mixed.messages("tar-mixed-names"),
            ["PyPI fails with an internal error (500) on a tarball that mixes absolute and relative names"]
        );
        assert!(mixed.findings("sdist-layout").is_empty(), "the server does not come so far");
    }

    #[test]
    fn stays_silent() {
        assert!(Fixture::sdist().findings("tar-mixed-names").is_empty());
        assert!(Fixture::wheel().file("/etc/demo.conf", "x").findings("tar-mixed-names").is_empty());
    }
}
