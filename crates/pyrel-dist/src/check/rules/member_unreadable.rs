//! A member that the server reads is damaged or encrypted.

use pyrel_model::Level;

use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;
use crate::fault::{Fault, FaultKind};

pub(super) static RULE: Rule = Rule {
    name: "member-unreadable",
    level: Level::Error,
    source: Source::Pypi,
    summary: "the server can read the describing files and licences of a wheel",
    docs: "\
### What it does
Reports `RECORD`, `METADATA`, `entry_points.txt`, and the licence files when they are damaged or encrypted, and `WHEEL` when it
is encrypted.

### Why is this bad
PyPI reads them, fails, and answers with status 500: the upload cannot succeed, and nothing says why.

### Example
A wheel whose `METADATA` was changed in place, so that its checksum is no longer right

### Source
PyPI (`warehouse/forklift/legacy.py`)
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let Some(directory) = subject.reading.dist_info() else { return };
    let read =
        |files: &[&str]| -> Vec<String> { files.iter().map(|file| format!("{directory}/{file}")).collect() };
    let mut members = read(&["RECORD", "METADATA", "entry_points.txt"]);
    members.extend(subject.fields("License-File").iter().map(|file| format!("{directory}/licenses/{file}")));
    for fault in subject.faults(FaultKind::Damaged) {
        report(fault, &members, "damaged", findings);
    }
    members.extend(read(&["WHEEL"]));
    for fault in subject.faults(FaultKind::Encrypted) {
        report(fault, &members, "encrypted", findings);
    }
}

fn report(fault: &Fault, members: &[String], what: &str, findings: &mut Findings) {
    let Some(member) = fault.member.as_ref().filter(|member| members.contains(member)) else { return };
    let message = format!("PyPI fails with an internal error (500) on `{member}`, which is {what}");
    findings.add(Problem::new(message).hint("build the wheel again").at(member));
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    /// Sets a bit of the general purpose flags, or spoils the checksum, of a member in both of its headers.
    fn patched(fixture: Fixture, patch: fn(&mut Vec<u8>)) -> Vec<String> {
        fixture.patched(patch).messages("member-unreadable")
    }

    fn places(bytes: &[u8], name: &[u8]) -> Vec<usize> {
        bytes.windows(name.len()).enumerate().filter(|(_, part)| *part == name).map(|(at, _)| at).collect()
    }

    #[test]
    fn fires() {
        let damaged = patched(Fixture::wheel(), |bytes| {
            let at = *places(bytes, b"demo-1.0.dist-info/METADATA").last().unwrap();
            bytes[at - 30] ^= 0xff;
        });
        assert_eq!(
            damaged,
            ["PyPI fails with an internal error (500) on `demo-1.0.dist-info/METADATA`, which is damaged"]
        );
        let encrypted = patched(Fixture::wheel(), |bytes| {
            let at = *places(bytes, b"demo-1.0.dist-info/WHEEL").last().unwrap();
            bytes[at - 38] |= 1;
        });
        assert_eq!(
            encrypted,
            ["PyPI fails with an internal error (500) on `demo-1.0.dist-info/WHEEL`, which is encrypted"]
        );
    }

    #[test]
    fn stays_silent() {
        assert!(Fixture::wheel().findings("member-unreadable").is_empty());
        let elsewhere = patched(Fixture::wheel().file("demo/data.bin", "x"), |bytes| {
            let at = *places(bytes, b"demo/data.bin").last().unwrap();
            bytes[at - 30] ^= 0xff;
        });
        assert!(elsewhere.is_empty(), "the server never reads it");
    }
}
