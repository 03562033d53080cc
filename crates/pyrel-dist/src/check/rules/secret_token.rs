//! A token is in the archive.

use pyrel_model::Level;

use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;
use crate::secret::SecretKind;

pub(super) static RULE: Rule = Rule {
    name: "secret-token",
    level: Level::Error,
    source: Source::Pyrel,
    summary: "no member holds a token of PyPI, GitHub, AWS, Slack, or npm",
    docs: "\
### What it does
Searches every member for tokens by their shape, checksums included where the issuer has them. The token itself is never shown.

### Why is this bad
What is published cannot be taken back: the token must be revoked, because others search new releases for tokens.

### Example
`_authToken` in an `.npmrc`, a token in an example of the manual

### Source
pyrel
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for (member, secret) in &subject.reading.archive.secrets {
        if secret.kind != SecretKind::PrivateKey {
            let message = format!("line {} holds {}", secret.line, secret.kind.label());
            let hint = "take it out, build again, and revoke it if the file ever left this machine";
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
        let token = sample(SecretKind::Github);
        for fixture in [
            Fixture::wheel().file("demo/conf.py", format!("# c\nTOKEN = '{token}'\n")),
            Fixture::sdist().file("demo-1.0/conf.cfg", format!("\ntoken={token}")),
        ] {
            let found = fixture.findings("secret-token");
            assert_eq!(found[0].message, "line 2 holds a token of GitHub");
            assert_eq!(found[0].place.as_ref().unwrap().line, 2);
            let all = format!("{:?}", fixture.report().findings);
            assert!(!all.contains(&token), "the token is shown");
        }
        let readme = Fixture::wheel().body(&format!("# Demo\n\n{}\n", sample(SecretKind::Pypi)));
        assert_eq!(readme.messages("secret-token"), ["line 11 holds an API token of PyPI"]);
    }

    #[test]
    fn stays_silent() {
        let text =
            "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx pypi-AgEIcHlwaS5vcmc npm_install_with_dependencies";
        assert!(Fixture::wheel().file("demo/conf.py", text).findings("secret-token").is_empty());
    }
}
