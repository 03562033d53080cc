//! A member name of a zip cannot be read by all.

use pyrel_model::Level;

use crate::check::finding::{Findings, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;
use crate::check::zip_faults;
use crate::fault::FaultKind;

pub(super) static RULE: Rule = Rule {
    name: "zip-member-name",
    level: Level::Error,
    source: Source::Pypi,
    summary: "member names of a zip are UTF-8 without control characters",
    docs: "\
### What it does
Reports a name with a control character or with bytes that are no UTF-8.

### Why is this bad
Readers decode such a name differently; PyPI refuses it.

### Example
A name written in the code page of an old system.

### Source
PyPI (`warehouse/utils/zipfiles.py`)
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for fault in subject.faults(FaultKind::Structure) {
        if matches!(
            fault.detail.as_str(),
            "Invalid character in filename" | "Filename not unicode" | "Filename not valid UTF-8"
        ) {
            findings.add(zip_faults::problem(fault).hint("rename the file, and write names as UTF-8"));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    #[test]
    fn fires() {
        let control = Fixture::wheel().patched(|bytes| {
            crate::check::fixture::replace(bytes, b"demo/__init__.py", b"demo/__\x01nit__.py");
        });
        assert_eq!(
            control.messages("zip-member-name"),
            ["Invalid distribution file. ZIP archive not accepted: Invalid character in filename. See \
              https://docs.pypi.org/archives for more information"]
        );
        let latin = Fixture::wheel().patched(|bytes| {
            crate::check::fixture::replace(bytes, b"demo/__init__.py", b"demo/__\xfcnit__.py");
        });
        assert_eq!(
            latin.messages("zip-member-name"),
            ["Invalid distribution file. ZIP archive not accepted: Filename not unicode. See \
              https://docs.pypi.org/archives for more information"]
        );
    }

    #[test]
    fn stays_silent() {
        for fixture in Fixture::both() {
            assert!(fixture.findings("zip-member-name").is_empty());
        }
    }
}
