//! The file is a zip and a tar at once.

use pyrel_model::Level;

use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;
use crate::check::wording;
use crate::fault::FaultKind;

pub(super) static RULE: Rule = Rule {
    name: "two-formats",
    level: Level::Error,
    source: Source::Pypi,
    summary: "the file is not a zip and a tar at once",
    docs: "\
### What it does
Looks whether the bytes can be read as a zip and as a tar.

### Why is this bad
Two readers would see two different contents.

### Example
A zip appended to a tarball.

### Source
PyPI (`warehouse/forklift/legacy.py`)
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for fault in subject.faults(FaultKind::TwoFormats) {
        let hint = "build the file again; nothing may stand before or behind the archive";
        findings.add(Problem::new(wording::invalid_file(&fault.detail)).hint(hint));
    }
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    #[test]
    fn fires() {
        let both = Fixture::sdist().patched(|bytes| {
            let zip = Fixture::wheel().bytes();
            bytes.extend(zip);
        });
        assert_eq!(
            both.messages("two-formats"),
            ["Invalid distribution file. File is both a zip and a tar file"]
        );
    }

    #[test]
    fn stays_silent() {
        for fixture in Fixture::both() {
            assert!(fixture.findings("two-formats").is_empty());
        }
    }
}
