//! A file that is made to hold secrets.

use pyrel_model::Level;

use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;
use crate::secret::{is_for_show, is_made_for_secrets};

pub(super) static RULE: Rule = Rule {
    name: "secret-file",
    level: Level::Error,
    source: Source::Pyrel,
    summary: "no member is a file that holds secrets by its purpose",
    docs: "\
### What it does
Looks for names such as `.env`, `.pypirc`, `.netrc`, `.git-credentials`, and the private keys of SSH. Templates such as `.env.example` are fine, and so are empty files and those of tests and examples.

### Why is this bad
These files hold passwords of the person who built the archive.

### Example
`.env` beside `pyproject.toml`, taken into the sdist

### Source
pyrel
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for member in subject.reading.archive.members.iter().filter(|member| member.is_file() && member.size > 0)
    {
        if is_made_for_secrets(&member.name) && !is_for_show(&member.name) {
            let message = format!("the archive has a file that is made for secrets: `{}`", member.name);
            let hint = "leave it out in the configuration of the build, and change what it gave away";
            findings.add(Problem::new(message).hint(hint).at(member.name.as_str()));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    #[test]
    fn fires() {
        for name in ["demo-1.0/.env", "demo-1.0/deploy/id_rsa", "demo-1.0/.aws/credentials"] {
            let messages = Fixture::sdist().file(name, "x").messages("secret-file");
            assert_eq!(messages, [format!("the archive has a file that is made for secrets: `{name}`")]);
        }
    }

    #[test]
    fn stays_silent() {
        let fine = Fixture::sdist()
            .file("demo-1.0/.env.example", "x")
            .file("demo-1.0/id_rsa.pub", "x")
            .file("demo-1.0/demo/env.py", "x")
            .file("demo-1.0/tests/.env", "x")
            .file("demo-1.0/.envrc", "");
        assert!(fine.findings("secret-file").is_empty());
    }
}
