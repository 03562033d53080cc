//! A member of a zip has a comment.

use pyrel_model::Level;

use crate::check::finding::{Findings, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;
use crate::check::zip_faults;
use crate::fault::FaultKind;

pub(super) static RULE: Rule = Rule {
    name: "zip-member-comment",
    level: Level::Error,
    source: Source::Pypi,
    summary: "no member of a zip has a comment",
    docs: "\
### What it does
Reports a comment in the central directory. A comment of the whole archive is allowed.

### Why is this bad
Data can hide in it; PyPI refuses it.

### Example
A wheel packed with a tool that adds comments.

### Source
PyPI (`warehouse/utils/zipfiles.py`)
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for fault in subject.faults(FaultKind::Structure) {
        if matches!(fault.detail.as_str(), "Comment in central directory") {
            findings.add(zip_faults::problem(fault).hint("pack the wheel without comments"));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    #[test]
    fn fires() {
        let found = Fixture::wheel().patched(|bytes| {
            let at = bytes.windows(4).position(|part| part == b"PK\x01\x02").unwrap();
            // The last member's comment is taken from the end record's bytes, which then must move.
            bytes[at + 32] = 1;
            let name = usize::from(bytes[at + 28]) + usize::from(bytes[at + 30]);
            bytes.insert(at + 46 + name, b'x');
            let size = bytes.len() - 10;
            bytes[size] += 1;
        });
        assert_eq!(
            found.messages("zip-member-comment"),
            ["Invalid distribution file. ZIP archive not accepted: Comment in central directory. See \
              https://docs.pypi.org/archives for more information"]
        );
    }

    #[test]
    fn stays_silent() {
        for fixture in Fixture::both() {
            assert!(fixture.findings("zip-member-comment").is_empty());
        }
    }
}
