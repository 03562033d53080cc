//! A member name is twice in a zip.

use pyrel_model::Level;

use crate::check::finding::{Findings, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;
use crate::check::zip_faults;
use crate::fault::FaultKind;

pub(super) static RULE: Rule = Rule {
    name: "zip-duplicate-member",
    level: Level::Error,
    source: Source::Pypi,
    summary: "no name is twice in a zip",
    docs: "\
### What it does
Reports a wheel that has a member name twice.

### Why is this bad
Which of the two is installed depends on the installer.

### Example
A build that packs a file from two sources.

### Source
PyPI (`warehouse/utils/zipfiles.py`)
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for fault in subject.faults(FaultKind::Structure) {
        if matches!(
            fault.detail.as_str(),
            "Duplicate filename in local headers" | "Duplicate filename in central directory"
        ) {
            findings.add(
                zip_faults::problem(fault).hint("find out which two sources give this file, and build again"),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    #[test]
    fn fires() {
        let twice = Fixture::wheel().another("demo/__init__.py", "VALUE = 1\n");
        assert_eq!(
            twice.messages("zip-duplicate-member"),
            [
                "Invalid distribution file. ZIP archive not accepted: Duplicate filename in local headers. See \
              https://docs.pypi.org/archives for more information"
            ]
        );
    }

    #[test]
    fn stays_silent() {
        for fixture in Fixture::both() {
            assert!(fixture.findings("zip-duplicate-member").is_empty());
        }
    }
}
