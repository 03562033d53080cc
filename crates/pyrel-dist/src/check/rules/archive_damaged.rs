//! A member is damaged.

use pyrel_model::Level;

use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;
use crate::fault::FaultKind;

pub(super) static RULE: Rule = Rule {
    name: "archive-damaged",
    level: Level::Error,
    source: Source::Pyrel,
    summary: "every member can be unpacked and has its checksum",
    docs: "\
### What it does
Unpacks every member and compares size and CRC-32; looks at every tar header.

### Why is this bad
An installation fails, or installs something else than was built.

### Example
A download with flipped bits.

### Source
pyrel
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for fault in subject.faults(FaultKind::Damaged) {
        let mut problem = Problem::new(&fault.detail).hint("build or download the file again");
        if let Some(member) = &fault.member {
            problem = Problem::new(format!("the member `{member}` is damaged: {}", fault.detail))
                .hint("build or download the file again")
                .at(member);
        }
        findings.add(problem);
    }
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    #[test]
    fn fires() {
        let found = Fixture::wheel().file("demo/data.bin", [0x5a; 3]).patched(|bytes| {
            // Stored or deflated, the checksum stands at offset 14 of the local and 16 of the central header.
            let at = bytes.windows(13).rposition(|part| part == b"demo/data.bin").unwrap();
            bytes[at - 30] ^= 0xff;
        });
        assert_eq!(
            found.messages("archive-damaged"),
            ["the member `demo/data.bin` is damaged: its CRC-32 checksum does not match its data"]
        );
    }

    #[test]
    fn stays_silent() {
        for fixture in Fixture::both() {
            assert!(fixture.findings("archive-damaged").is_empty());
        }
    }
}
