//! Gates on the text of the sources: length, headers, words that stay out.

use crate::failure::Failure;
use crate::repository::Repository;

/// Most lines of a source file that nobody generated.
const LINES: usize = 600;

/// Words that stay out of every source file. Written in two halves, so that this file passes its own gate.
const WORDS: [&str; 2] = [concat!("TO", "DO"), concat!("FIX", "ME")];

/// What stays out of Rust code: stubs, leftovers, and exceptions from lints that nothing checks.
const RUST: [&str; 5] = [
    concat!("unimplement", "ed!"),
    concat!("to", "do!("),
    concat!("db", "g!("),
    concat!("#[all", "ow("),
    concat!("#![all", "ow("),
];

/// What a host is named that serves packages.
const REGISTRY: [&str; 8] =
    ["pypi", "pythonhosted", "mirror", "registry", "artifactory", "nexus", "npmjs", "devpi"];

/// Hosts that may be named: the two indexes that the product knows, and their documentation.
const KNOWN: [&str; 4] = ["pypi.org", "test.pypi.org", "upload.pypi.org", "docs.pypi.org"];

/// Ends of hosts that exist nowhere (RFC 2606, RFC 6761), or only on this machine.
const RESERVED: [&str; 9] = [
    ".example",
    ".test",
    ".invalid",
    ".localhost",
    "localhost",
    "127.0.0.1",
    "example.com",
    "example.org",
    "example.net",
];

/// Holds every file of the checkout to the gates.
///
/// # Errors
///
/// Fails naming every finding with its file and line.
pub(crate) fn check(repository: &Repository) -> Result<(), Failure> {
    let mut findings = Vec::new();
    for path in repository.files()? {
        if let Some(text) = repository.text(&path)? {
            inspect(&path, &text, &mut findings);
        }
    }
    Failure::from_findings("findings in the sources", &findings)
}

/// Adds the findings of one file.
fn inspect(path: &str, text: &str, findings: &mut Vec<String>) {
    let rust = path.ends_with(".rs");
    let source = rust || path.ends_with(".py");
    if source && !is_generated(text) && text.lines().count() > LINES {
        findings.push(format!("{path}: more than {LINES} lines: {}", text.lines().count()));
    }
    if rust && !text.trim_start().starts_with("//!") {
        findings.push(format!("{path}:1: lacks a `//!` header that says what the file owns"));
    }
    for (index, line) in text.lines().enumerate() {
        let mut tell = |what: String| findings.push(format!("{path}:{}: {what}", index + 1));
        if source {
            WORDS
                .iter()
                .filter(|word| has_word(line, word))
                .for_each(|word| tell(format!("contains `{word}`")));
        }
        if rust {
            RUST.iter()
                .filter(|code| line.contains(*code))
                .for_each(|code| tell(format!("contains `{code}`")));
        }
        if path != "Cargo.lock" {
            hosts(line)
                .filter(|host| is_foreign_registry(host))
                .for_each(|host| tell(format!("names a package registry: {host}")));
        }
    }
}

/// Whether the file says in its first lines that a program wrote it.
fn is_generated(text: &str) -> bool {
    text.lines().take(5).any(|line| line.contains("@generated"))
}

/// Whether `word` stands alone in `line`.
fn has_word(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(start, _)| {
        let before = line[..start].chars().next_back();
        let after = line[start + word.len()..].chars().next();
        !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
    })
}

/// Hosts of the URLs in a line.
fn hosts(line: &str) -> impl Iterator<Item = &str> {
    line.split("://").skip(1).map(|rest| {
        let end =
            rest.find(|c: char| !(c.is_ascii_alphanumeric() || "-._@:".contains(c))).unwrap_or(rest.len());
        let authority = &rest[..end];
        let host = authority.rsplit('@').next().unwrap_or(authority);
        host.split(':').next().unwrap_or(host).trim_end_matches('.')
    })
}

fn is_foreign_registry(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    REGISTRY.iter().any(|name| host.contains(name))
        && !KNOWN.contains(&host.as_str())
        && !RESERVED.iter().any(|end| host.ends_with(end))
        && host.contains('.')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(path: &str, text: &str) -> Vec<String> {
        let mut findings = Vec::new();
        inspect(path, text, &mut findings);
        findings
    }

    #[test]
    fn a_clean_file_is_silent() {
        assert_eq!(findings("a.rs", "//! Owns nothing.\nfn main() {}\n"), Vec::<String>::new());
        assert_eq!(findings("a.py", "x = 1\n"), Vec::<String>::new());
    }

    #[test]
    fn a_header_is_asked_of_rust_alone() {
        assert_eq!(
            findings("a.rs", "fn main() {}\n"),
            ["a.rs:1: lacks a `//!` header that says what the file owns"]
        );
        assert_eq!(findings("a.md", "text\n"), Vec::<String>::new());
    }

    #[test]
    fn a_long_file_is_told_unless_a_program_wrote_it() {
        let long = format!("//! x\n{}", "\n".repeat(LINES));
        assert_eq!(findings("a.rs", &long), ["a.rs: more than 600 lines: 601"]);
        assert_eq!(findings("a.rs", &long.replacen("//! x", "//! @generated", 1)), Vec::<String>::new());
        assert_eq!(findings("a.md", &long), Vec::<String>::new());
    }

    #[test]
    fn words_are_told_where_they_stand_alone() {
        let word = WORDS[0];
        assert_eq!(findings("a.py", &format!("# {word}: later\n")), [format!("a.py:1: contains `{word}`")]);
        assert_eq!(findings("a.py", &format!("PLAY{word}S = 1\n")), Vec::<String>::new());
        assert_eq!(
            findings("a.rs", &format!("//! x\n{}\n", RUST[3])),
            [format!("a.rs:2: contains `{}`", RUST[3])]
        );
    }

    #[test]
    fn hosts_of_registries_are_told_unless_known_or_reserved() {
        let host = "packages-mirror.net";
        let foreign = format!("https://{host}/simple/");
        assert_eq!(
            findings("a.md", &format!("see {foreign}\n")),
            [format!("a.md:1: names a package registry: {host}")]
        );
        for known in [
            "https://upload.pypi.org/legacy/",
            "http://user@mirror.example:80/x",
            "http://127.0.0.1:3141/pypi",
            "https://github.com/pypi/warehouse",
        ] {
            assert_eq!(findings("a.md", &format!("<{known}>\n")), Vec::<String>::new(), "{known}");
        }
        assert_eq!(findings("Cargo.lock", &foreign), Vec::<String>::new());
    }
}
