//! A wheel has no METADATA file.

use pyrel_model::Level;

use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;

pub(super) static RULE: Rule = Rule {
    name: "wheel-metadata-missing",
    level: Level::Error,
    source: Source::Pypi,
    summary: "a wheel has `{name}-{version}.dist-info/METADATA`",
    docs: "\
### What it does
Looks for `METADATA` in the directory that the first two parts of the file name spell.

### Why is this bad
Nothing would be known of the project.

### Example
A zip that was renamed to `.whl`.

### Source
PyPI (`warehouse/forklift/legacy.py`)
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    if !subject.is_wheel() || !subject.is_complete() {
        return;
    }
    let Some(directory) = subject.reading.dist_info() else { return };
    let path = format!("{directory}/METADATA");
    if subject.reading.member(&path).is_none() {
        let filename = subject.filename();
        let message = format!("Wheel '{filename}' does not contain the required METADATA file: {path}");
        findings.add(Problem::new(message).hint("build the wheel again").at(path));
    }
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    #[test]
    fn fires() {
        let found = Fixture::wheel().metadata(b"").messages("wheel-metadata-missing");
        assert_eq!(
            found,
            ["Wheel 'demo-1.0-py3-none-any.whl' does not contain the required METADATA file: \
              demo-1.0.dist-info/METADATA"]
        );
    }

    #[test]
    fn stays_silent() {
        assert!(Fixture::wheel().findings("wheel-metadata-missing").is_empty());
    }
}
