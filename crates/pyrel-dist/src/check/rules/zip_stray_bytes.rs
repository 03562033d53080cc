//! Bytes stand outside of the records of a zip.

use pyrel_model::Level;

use crate::check::finding::{Findings, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;
use crate::check::zip_faults;
use crate::fault::FaultKind;

pub(super) static RULE: Rule = Rule {
    name: "zip-stray-bytes",
    level: Level::Error,
    source: Source::Pypi,
    summary: "no bytes stand before, between, or behind the records of a zip",
    docs: "\
### What it does
Reports bytes that belong to no record: before the first, between two, or behind the last and its comment.

### Why is this bad
What stands there no reader shows, and another program may read it as something else than a zip.

### Example
A zip that is a script as well; two zips one behind the other.

### Source
PyPI (`warehouse/utils/zipfiles.py`)
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for fault in subject.faults(FaultKind::Structure) {
        if matches!(fault.detail.as_str(), "Unknown record signature" | "Trailing data") {
            findings.add(
                zip_faults::problem(fault)
                    .hint("build the wheel again, and add nothing to the file afterwards"),
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
        let stub = Fixture::wheel().patched(|bytes| {
            bytes.splice(0..0, *b"#!/usr/bin/python\n");
        });
        assert_eq!(stub.messages("zip-stray-bytes"), [message("Unknown record signature")]);
        let trailing = Fixture::wheel().patched(|bytes| {
            // An archive comment of two bytes, of which the end record declares one.
            let at = bytes.len() - 2;
            bytes[at] = 1;
            bytes.extend(*b"xy");
        });
        assert_eq!(trailing.messages("zip-stray-bytes"), [message("Trailing data")]);
    }

    #[test]
    fn stays_silent() {
        for fixture in Fixture::both() {
            assert!(fixture.findings("zip-stray-bytes").is_empty());
        }
        let size = Fixture::wheel().patched(|bytes| bytes[18] ^= 1);
        assert!(size.findings("zip-stray-bytes").is_empty(), "`zip-structure` says it");
    }
}
