//! A private key is in the archive.

use pyrel_model::Level;

use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;
use crate::secret::{SecretKind, is_for_show};

pub(super) static RULE: Rule = Rule {
    name: "private-key",
    level: Level::Error,
    source: Source::Pyrel,
    summary: "no member holds a private key, outside tests and documentation",
    docs: "\
### What it does
Searches every member for a PEM block with a private key. Folders of tests, dummies, examples, and documentation are left out, because the keys there are made for them.

### Why is this bad
A published key is no secret any more, and whatever trusts it is open.

### Example
`deploy/server.key` in an sdist

### Source
pyrel
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for (member, secret) in &subject.reading.archive.secrets {
        if secret.kind == SecretKind::PrivateKey && !is_for_show(member) {
            let message = format!("line {} begins {}", secret.line, secret.kind.label());
            let hint = "take it out, build again, and replace the key if the file ever left this machine";
            findings.add(Problem::new(message).hint(hint).at(member.as_str()).line(secret.line));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    use crate::secret::{SecretKind, sample};

    #[test]
    fn fires() {
        let key = sample(SecretKind::PrivateKey);
        let found = Fixture::wheel().file("demo/server.key", format!("\n{key}")).findings("private-key");
        assert_eq!(found[0].message, "line 2 begins a private key");
        assert_eq!(found[0].location.as_deref(), Some("demo/server.key"));
    }

    #[test]
    fn stays_silent() {
        let key = sample(SecretKind::PrivateKey);
        for name in [
            "demo/tests/server.key",
            "demo/test_data/k.pem",
            "demo/docs/tls.md",
            "demo/dummyserver/certs/k.key",
        ] {
            assert!(Fixture::wheel().file(name, &key).findings("private-key").is_empty(), "{name}");
        }
        let public = key.replace("PRIVATE", "PUBLIC");
        assert!(Fixture::wheel().file("demo/server.pub", public).findings("private-key").is_empty());
    }
}
