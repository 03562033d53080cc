//! A wheel has more than one .dist-info directory.

use std::collections::BTreeSet;

use pyrel_model::Level;

use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;

pub(super) static RULE: Rule = Rule {
    name: "dist-info-directory",
    level: Level::Error,
    source: Source::Pyrel,
    summary: "a wheel has exactly one `.dist-info` directory",
    docs: "\
### What it does
Counts the `.dist-info` directories at the top of a wheel.

### Why is this bad
Installers refuse a wheel with two, because they cannot tell which one describes it.

### Example
A wheel that was packed over an old build directory.

### Source
pyrel (binary distribution format)
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    if !subject.is_wheel() {
        return;
    }
    let names = subject.reading.archive.members.iter().map(|member| member.name.as_str());
    let directories: BTreeSet<&str> = names
        .filter_map(|name| name.split_once('/'))
        .map(|(top, _)| top)
        .filter(|top| top.ends_with(".dist-info"))
        .collect();
    if directories.len() > 1 {
        let list: Vec<&str> = directories.into_iter().collect();
        let message =
            format!("the wheel has {} `.dist-info` directories: `{}`", list.len(), list.join("`, `"));
        findings.add(Problem::new(message).hint("remove the `build` directory and build again"));
    }
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    #[test]
    fn fires() {
        let found = Fixture::wheel().file("old-1.0.dist-info/x", "").messages("dist-info-directory");
        assert_eq!(
            found,
            ["the wheel has 2 `.dist-info` directories: `demo-1.0.dist-info`, `old-1.0.dist-info`"]
        );
    }

    #[test]
    fn stays_silent() {
        assert!(Fixture::wheel().findings("dist-info-directory").is_empty());
    }
}
