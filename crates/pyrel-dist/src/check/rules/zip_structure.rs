//! The records of a zip do not agree.

use pyrel_model::Level;

use crate::check::finding::{Findings, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;
use crate::check::zip_faults;
use crate::fault::FaultKind;

pub(super) static RULE: Rule = Rule {
    name: "zip-structure",
    level: Level::Error,
    source: Source::Pypi,
    summary: "the records of a zip follow each other and agree",
    docs: "\
### What it does
Walks a wheel from its first byte to its last: local headers with their data, the central directory, the end records. Sizes, counts, and offsets must agree. Names that do not are the matter of `zip-hidden-member`, bytes in between that of `zip-stray-bytes`.

### Why is this bad
A reader that follows the local headers and one that follows the central directory would see different files; attacks hide code this way.

### Example
A wheel that was cut off; a zip updated in place.

### Source
PyPI (`warehouse/utils/zipfiles.py`)
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for fault in subject.faults(FaultKind::Structure) {
        if zip_faults::OWN_RULES.contains(&fault.detail.as_str()) {
            continue;
        }
        let hint = "write the wheel in one go, not by appending to or editing a zip: build it again";
        findings.add(zip_faults::problem(fault).hint(hint));
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
        let size = Fixture::wheel().patched(|bytes| bytes[18] ^= 1);
        assert_eq!(size.messages("zip-structure"), [message("Mis-matched data size")]);
        let size = Fixture::wheel().patched(|bytes| bytes[22] ^= 1);
        assert_eq!(size.messages("zip-structure"), [message("Mis-matched file size")]);
        let count = Fixture::wheel().patched(|bytes| {
            let at = bytes.len() - 12;
            bytes[at] += 1;
        });
        assert_eq!(count.messages("zip-structure"), [message("Malformed zip file")]);
        let count = Fixture::wheel().patched(|bytes| {
            let at = bytes.len() - 12;
            bytes[at] += 1;
            bytes[at - 2] += 1;
        });
        assert_eq!(count.messages("zip-structure"), [message("Mismatched central directory records")]);
    }

    #[test]
    fn stays_silent() {
        for fixture in Fixture::both() {
            assert!(fixture.findings("zip-structure").is_empty());
        }
    }
}
