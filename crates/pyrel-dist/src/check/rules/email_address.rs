//! An e-mail address is not valid.

use pyrel_model::Level;

use crate::check::email;
use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;
use crate::check::wording;

pub(super) static RULE: Rule = Rule {
    name: "email-address",
    level: Level::Error,
    source: Source::Pypi,
    summary: "`Author-email` and `Maintainer-email` are addresses",
    docs: "\
### What it does
Checks a field that holds exactly one address: an `@`, a local part, and a domain with a period that can exist.

### Why is this bad
PyPI refuses an address to which nobody can write.

### Example
`Author-email: me@localhost`

### Source
PyPI (`warehouse/forklift/metadata.py`) with the `email-validator` library
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for header in ["Author-email", "Maintainer-email"] {
        let Some(address) = subject.field(header).and_then(email::only_address) else { continue };
        if let Err(reason) = email::validate(&address) {
            let text = format!("{} is not a valid email address: {reason}", wording::repr(&address));
            let hint = "write `Name <user@example.org>`";
            findings.add(Problem::new(wording::core_metadata(&text)).hint(hint).at(header));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    #[test]
    fn fires() {
        let found = Fixture::wheel().header("Author-email: Me <me@localhost>").messages("email-address");
        assert_eq!(
            found,
            [
                "'me@localhost' is not a valid email address: The part after the @-sign is not valid. It should \
              have a period. See https://packaging.python.org/specifications/core-metadata for more information."
            ]
        );
    }

    #[test]
    fn stays_silent() {
        for value in ["Me <me@example.org>", "a@b, c@d", "Me (x) <me@localhost>", "", "jörg@exämple.org"] {
            let fixture = Fixture::wheel().header(&format!("Author-email: {value}"));
            assert!(fixture.findings("email-address").is_empty(), "{value}");
        }
    }
}
