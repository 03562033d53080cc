//! The sdist beside the wheel is of another version.

use pyrel_model::Level;

use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;

pub(super) static RULE: Rule = Rule {
    name: "sdist-wheel-version",
    level: Level::Warning,
    source: Source::Pyrel,
    summary: "a wheel that is checked together with sdists of its project has one of its version",
    docs: "\
### What it does
Reports a wheel when sdists of the same project are checked with it, but none of the same version.

### Why is this bad
One of them is stale, and the release would be made of two versions.

### Example
`demo-1.1-py3-none-any.whl` beside `demo-1.0.tar.gz`

### Source
pyrel
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let (true, Ok(own)) = (subject.is_wheel(), &subject.reading.parsed) else { return };
    let Some(versions) = subject.peers.sdist_versions(own.name()) else { return };
    let version = own.version().normalized();
    if !versions.contains(&version) {
        let others: Vec<&str> = versions.iter().map(String::as_str).collect();
        let message = format!("the wheel is of version {version}, the sdist of {}", others.join(", "));
        findings.add(Problem::new(message).hint("run `pyrel clean` and `pyrel build`").at("Version"));
    }
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    #[test]
    fn fires() {
        let old = Fixture::sdist().named("demo-0.9.tar.gz");
        let found = Fixture::wheel().messages_beside(&[old], "sdist-wheel-version");
        assert_eq!(found, ["the wheel is of version 1.0, the sdist of 0.9"]);
    }

    #[test]
    fn stays_silent() {
        let both = [Fixture::sdist(), Fixture::sdist().named("demo-0.9.tar.gz")];
        assert!(Fixture::wheel().messages_beside(&both, "sdist-wheel-version").is_empty());
        let other = Fixture::sdist().named("other-0.9.tar.gz");
        assert!(Fixture::wheel().messages_beside(&[other], "sdist-wheel-version").is_empty());
    }
}
