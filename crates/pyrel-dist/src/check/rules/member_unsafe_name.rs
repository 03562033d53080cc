//! A member has a name that leads outside.

use pyrel_model::Level;

use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;

pub(super) static RULE: Rule = Rule {
    name: "member-unsafe-name",
    level: Level::Error,
    source: Source::Pyrel,
    summary: "no member would be written outside the target directory",
    docs: "\
### What it does
Reports names that are absolute, have `..` in them, a backslash, or a drive letter, and in an sdist names outside the top directory.

### Why is this bad
Unpacking writes where the archive wants, not where the user wants.

### Example
`../../.bashrc`

### Source
pyrel
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for member in &subject.reading.archive.members {
        if let Some(fault) = fault(&member.name) {
            let message = format!("the name of a member {fault}: `{}`", member.name);
            findings.add(Problem::new(message).hint("build again from a clean tree").at(&member.name));
        }
    }
}

fn fault(name: &str) -> Option<&'static str> {
    let bytes = name.as_bytes();
    if name.is_empty() {
        return Some("is empty");
    }
    if name.starts_with('/') {
        return Some("is absolute");
    }
    if bytes.get(1) == Some(&b':') && bytes[0].is_ascii_alphabetic() {
        return Some("has a drive letter");
    }
    if name.contains('\\') {
        return Some("has a backslash");
    }
    let path = name.strip_prefix("./").unwrap_or(name).trim_end_matches('/');
    path.split('/').find_map(|part| match part {
        ".." => Some("has `..` in it"),
        "." => Some("has a part that is `.`"),
        "" if !path.is_empty() => Some("has an empty part"),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    #[test]
    fn fires() {
        let found = Fixture::wheel().file("../evil.py", "x").messages("member-unsafe-name");
        assert_eq!(found, ["the name of a member has `..` in it: `../evil.py`"]);
        for (name, fault) in [
            ("/etc/passwd", "is absolute"),
            ("C:/x", "has a drive letter"),
            ("a\\b", "has a backslash"),
            ("a/../../b", "has `..` in it"),
            ("a//b", "has an empty part"),
            ("a/./b", "has a part that is `.`"),
            ("", "is empty"),
        ] {
            assert_eq!(super::fault(name), Some(fault), "{name}");
        }
        let sdist = Fixture::sdist().file("/demo-1.0/x", "x").messages("member-unsafe-name");
        assert_eq!(sdist, ["the name of a member is absolute: `/demo-1.0/x`"]);
    }

    #[test]
    fn stays_silent() {
        for fixture in Fixture::both() {
            assert!(fixture.findings("member-unsafe-name").is_empty());
        }
        assert_eq!(super::fault("a/b..c/d/"), None);
        assert_eq!(super::fault("./a"), None, "a leading `./` is harmless");
    }
}
