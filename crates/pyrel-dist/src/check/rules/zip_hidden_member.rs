//! A member of a zip is not in both of its lists.

use pyrel_model::Level;

use crate::check::finding::{Findings, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;
use crate::check::zip_faults;
use crate::fault::FaultKind;

pub(super) static RULE: Rule = Rule {
    name: "zip-hidden-member",
    level: Level::Error,
    source: Source::Pypi,
    summary: "the local headers and the directory of a zip name the same members",
    docs: "\
### What it does
Compares the names in the local headers, which stand before the data, with those of the central directory.

### Why is this bad
A reader that follows the one list and one that follows the other would see different files; attacks hide code this way.

### Example
A zip from which a member was deleted by changing its directory only.

### Source
PyPI (`warehouse/utils/zipfiles.py`)
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for fault in subject.faults(FaultKind::Structure) {
        if matches!(
            fault.detail.as_str(),
            "Filename not in central directory" | "Missing filename in local headers"
        ) {
            findings.add(
                zip_faults::problem(fault)
                    .hint("write the wheel in one go, not by appending to or editing a zip: build it again"),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    #[test]
    fn fires() {
        let message = |detail: &str| {
            format!(
                "Invalid distribution file. ZIP archive not accepted: {detail}. See \
                 https://docs.pypi.org/archives for more information"
            )
        };
        let hidden = Fixture::wheel().patched(|bytes| bytes[30] = b'D');
        assert_eq!(hidden.messages("zip-hidden-member"), [message("Filename not in central directory")]);
        assert!(hidden.findings("zip-structure").is_empty(), "said once");
    }

    #[test]
    fn stays_silent() {
        for fixture in Fixture::both() {
            assert!(fixture.findings("zip-hidden-member").is_empty());
        }
        let size = Fixture::wheel().patched(|bytes| bytes[18] ^= 1);
        assert!(size.findings("zip-hidden-member").is_empty(), "`zip-structure` says it");
    }
}
