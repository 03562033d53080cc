//! A wheel has no WHEEL file.

use pyrel_model::Level;

use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;
use crate::check::wording;

pub(super) static RULE: Rule = Rule {
    name: "wheel-file-missing",
    level: Level::Error,
    source: Source::Pypi,
    summary: "a wheel has `{name}-{version}.dist-info/WHEEL`, spelt as in its file name",
    docs: "\
### What it does
Looks for `WHEEL` in the directory that the first two parts of the file name spell.

### Why is this bad
PyPI and installers take no wheel without it. A renamed wheel fails here too, because the directory keeps the old spelling.

### Example
A wheel whose file was renamed.

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
    let path = format!("{directory}/WHEEL");
    if subject.reading.member(&path).is_none() {
        let message = wording::invalid_file(&format!("WHEEL not found at {path}"));
        let hint = "build the wheel again; do not rename wheels";
        findings.add(Problem::new(message).hint(hint).at(path));
    }
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    #[test]
    fn fires() {
        let found = Fixture::wheel().missing("demo-1.0.dist-info/WHEEL").messages("wheel-file-missing");
        assert_eq!(found, ["Invalid distribution file. WHEEL not found at demo-1.0.dist-info/WHEEL"]);
    }

    #[test]
    fn stays_silent() {
        assert!(Fixture::wheel().findings("wheel-file-missing").is_empty());
    }
}
