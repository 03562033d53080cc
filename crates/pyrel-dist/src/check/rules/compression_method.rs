//! A member is compressed in another way than deflate.

use pyrel_model::Level;

use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;
use crate::check::wording;
use crate::fault::FaultKind;

pub(super) static RULE: Rule = Rule {
    name: "compression-method",
    level: Level::Error,
    source: Source::Pypi,
    summary: "members of a wheel are stored or deflated",
    docs: "\
### What it does
Checks the compression method of every member.

### Why is this bad
Installers need not know any other; PyPI refuses it.

### Example
A wheel packed with Zstandard.

### Source
PyPI (`warehouse/forklift/legacy.py`)
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let mut faults = subject.faults(FaultKind::Method).peekable();
    let first = faults.next();
    if let Some(fault) = first {
        let member = fault.member.clone().unwrap_or_default();
        let message = wording::invalid_file("File does not use a supported compression type");
        let hint = format!("`{member}` has {}; pack it with deflate", fault.detail);
        findings.add(Problem::new(message).hint(hint).at(member));
    }
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    #[test]
    fn fires() {
        let found = Fixture::wheel().patched(|bytes| {
            let at = bytes.windows(4).position(|part| part == b"PK\x01\x02").unwrap();
            bytes[at + 10] = 93;
        });
        assert_eq!(
            found.messages("compression-method"),
            ["Invalid distribution file. File does not use a supported compression type"]
        );
    }

    #[test]
    fn stays_silent() {
        for fixture in Fixture::both() {
            assert!(fixture.findings("compression-method").is_empty());
        }
    }
}
