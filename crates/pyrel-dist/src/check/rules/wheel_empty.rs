//! A wheel has no payload.

use pyrel_model::Level;

use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;

pub(super) static RULE: Rule = Rule {
    name: "wheel-empty",
    level: Level::Warning,
    source: Source::Pyrel,
    summary: "a wheel has a file outside its `.dist-info` directory",
    docs: "\
### What it does
Looks for any file besides the description of the wheel.

### Why is this bad
An installation would install nothing, most often because the build did not find the package.

### Example
A `src` layout with a backend that was told of no package.

### Source
pyrel
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    if !subject.is_wheel() || !subject.is_complete() {
        return;
    }
    let is_payload = |name: &str| !name.split('/').next().unwrap_or_default().ends_with(".dist-info");
    let members = &subject.reading.archive.members;
    if !members.iter().any(|member| member.is_file() && is_payload(&member.name)) {
        let hint =
            "tell the build where the package is; a package of dependencies only may set the level to `off`";
        findings.add(Problem::new("the wheel installs no file").hint(hint));
    }
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    #[test]
    fn fires() {
        let found = Fixture::wheel().missing("demo/__init__.py").messages("wheel-empty");
        assert_eq!(found, ["the wheel installs no file"]);
    }

    #[test]
    fn stays_silent() {
        assert!(Fixture::wheel().findings("wheel-empty").is_empty());
    }
}
