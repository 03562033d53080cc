//! A member is encrypted.

use pyrel_model::Level;

use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;
use crate::fault::FaultKind;

pub(super) static RULE: Rule = Rule {
    name: "member-encrypted",
    level: Level::Error,
    source: Source::Pyrel,
    summary: "no member is encrypted",
    docs: "\
### What it does
Reports encrypted members of a wheel.

### Why is this bad
Nobody can install them; PyPI fails on an encrypted `WHEEL`, `RECORD`, or `METADATA`.

### Example
A zip with a password.

### Source
pyrel
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for fault in subject.faults(FaultKind::Encrypted) {
        let member = fault.member.clone().unwrap_or_default();
        let message = format!("the member is encrypted: `{member}`");
        findings.add(Problem::new(message).hint("pack the wheel without a password").at(member));
    }
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    #[test]
    fn fires() {
        let found = Fixture::wheel().patched(|bytes| {
            let at = bytes.windows(4).position(|part| part == b"PK\x01\x02").unwrap();
            bytes[at + 8] |= 1;
        });
        assert_eq!(found.messages("member-encrypted"), ["the member is encrypted: `demo/__init__.py`"]);
    }

    #[test]
    fn stays_silent() {
        for fixture in Fixture::both() {
            assert!(fixture.findings("member-encrypted").is_empty());
        }
    }
}
