//! What a commit message says: Conventional Commits 1.0, reverts, numbers of pull requests and issues.
//!
//! A message that follows no convention is no error: its subject is its description. What a change means for the
//! version is told by [`Significance`](super::Significance).

use std::sync::LazyLock;

use regex::Regex;

use crate::git::Commit;

/// Type, scope, mark, and description. The colon needs its space, and the type is one word.
static HEADER: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"^(?P<type>[A-Za-z][A-Za-z0-9_-]*)(?:\((?P<scope>[^()]*)\))?(?P<mark>!)?: +(?P<text>\S.*)$")
});
/// A number at the end of a subject, as forges add it when they squash: `(#12)`, `(!12)`, `(pull request #12)`.
static NUMBER: LazyLock<Regex> = LazyLock::new(|| pattern(r"\s*\((?:pull request )?[#!](?P<number>\d+)\)$"));
static CLOSING: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?im)^(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):?[ \t]+(?P<numbers>#\d+(?:(?:,[ \t]*|[ \t]+and[ \t]+)#\d+)*)[.]?[ \t]*$",
    )
});
static FOOTER: LazyLock<Regex> = LazyLock::new(|| pattern(r"^[A-Za-z][A-Za-z0-9-]*(?:: | #)"));
static MERGE_NUMBER: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?m)^(?:Merge pull request #(?P<a>\d+)\b|Merged in .*\(pull request #(?P<b>\d+)\)|See merge request \S*!(?P<c>\d+)$)",
    )
});
static REVERTED_HASH: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?i)\breverts?\s+(?:commit\s+)?(?P<hash>[0-9a-f]{7,64})\b"));
static HASH: LazyLock<Regex> = LazyLock::new(|| pattern(r"\b[0-9a-f]{7,64}\b"));

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("the pattern is a constant that the tests compile")
}

/// A commit message, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The type, in lower case; `None` when the message follows no convention.
    pub kind: Option<String>,
    /// The scope, as written.
    pub scope: Option<String>,
    /// The subject without type, scope, and numbers.
    pub description: String,
    /// Whether the change breaks users: `!` before the colon, or a footer.
    pub breaking: bool,
    /// The text of the footers `BREAKING CHANGE` and `BREAKING-CHANGE`.
    pub breaking_note: Option<String>,
    /// The numbers of pull requests that the subject ends with.
    pub pull_requests: Vec<u64>,
    /// The numbers of issues that the body closes.
    pub closes: Vec<u64>,
    /// What the commit takes back.
    pub reverts: Option<Reverted>,
    /// Whether the commit only joins branches and says nothing of its own.
    pub merge: bool,
    /// Whether the commit is meant to be melted into an earlier one (`fixup!`, `squash!`, `amend!`).
    pub fixup: bool,
}

/// How a reverting commit names the ones that it takes back.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reverted {
    /// Hashes, perhaps shortened.
    pub hashes: Vec<String>,
    /// The subject of the reverted commit; decides only when there is no hash.
    pub subject: Option<String>,
}

impl Message {
    /// Takes the message of a commit apart.
    #[must_use]
    pub fn of(commit: &Commit) -> Self {
        let subject = told_subject(commit);
        let (text, mut pull_requests) = without_numbers(subject);
        let breaking_note = breaking_note(&commit.body);
        let header = HEADER.captures(text);
        let part = |name: &str| Some(header.as_ref()?.name(name)?.as_str().trim().to_owned());
        let kind = part("type").map(|kind| kind.to_lowercase());
        let mut description = part("text").unwrap_or_else(|| text.to_owned());
        let mut breaking = part("mark").is_some() || breaking_note.is_some();
        for mark in ["BREAKING CHANGE: ", "BREAKING-CHANGE: "] {
            if let Some(rest) = text.strip_prefix(mark) {
                (description, breaking) = (rest.to_owned(), true);
            }
        }
        let reverts = reverted(commit, text, kind.as_deref(), &description);
        if pull_requests.is_empty() {
            pull_requests.extend(merge_number(commit));
        }
        Self {
            fixup: ["fixup! ", "squash! ", "amend! "].iter().any(|mark| subject.starts_with(mark)),
            merge: commit.is_merge() && header.is_none(),
            scope: part("scope").filter(|scope| !scope.is_empty()),
            closes: closed(&commit.body),
            kind: kind.filter(|kind| kind != "breaking-change"),
            description,
            breaking,
            breaking_note,
            pull_requests,
            reverts,
        }
    }
}

/// Returns the number of the pull request that a merge commit names.
pub(super) fn merge_number(commit: &Commit) -> Option<u64> {
    let find = |text: &str| {
        let found = MERGE_NUMBER.captures(text)?;
        ["a", "b", "c"].iter().find_map(|name| found.name(name))?.as_str().parse().ok()
    };
    find(&commit.subject).or_else(|| find(&commit.body))
}

/// A pull request that was squashed under the subject of a merge tells its title in the body.
fn told_subject(commit: &Commit) -> &str {
    let is_squashed = !commit.is_merge() && MERGE_NUMBER.is_match(&commit.subject);
    let title = commit.body.lines().find(|line| !line.trim().is_empty()).filter(|_| is_squashed);
    title.unwrap_or(&commit.subject).trim()
}

fn without_numbers(subject: &str) -> (&str, Vec<u64>) {
    let mut text = subject;
    let mut numbers = Vec::new();
    while let Some(found) = NUMBER.captures(text) {
        let start = found.get(0).map_or(0, |whole| whole.start());
        let Some(number) = found["number"].parse().ok().filter(|_| start > 0) else { break };
        numbers.insert(0, number);
        text = &text[..start];
    }
    (text, numbers)
}

/// Returns the text of the breaking footers. Each runs to an empty line or the next footer.
fn breaking_note(body: &str) -> Option<String> {
    let mut notes: Vec<String> = Vec::new();
    let mut open = false;
    for line in body.lines() {
        let text = line.trim();
        let unmarked = text.trim_start_matches(['*', '-']).trim_start();
        let start = ["BREAKING CHANGE", "BREAKING-CHANGE"].iter().find_map(|token| {
            let rest = unmarked.strip_prefix(token)?;
            let rest = rest.strip_prefix(':').or_else(|| rest.strip_prefix(" #").map(|_| &rest[1..]))?;
            (rest.is_empty() || rest.starts_with([' ', '#'])).then(|| rest.trim())
        });
        if let Some(start) = start {
            notes.push(start.to_owned());
            open = true;
        } else if text.is_empty() || FOOTER.is_match(line) {
            open = open && notes.last().is_some_and(String::is_empty) && text.is_empty();
        } else if let Some(note) = notes.last_mut().filter(|_| open) {
            let space = if note.is_empty() { "" } else { " " };
            *note = format!("{note}{space}{text}");
        }
    }
    (!notes.is_empty()).then(|| notes.join("; ").trim_matches([';', ' ']).to_owned())
}

fn closed(body: &str) -> Vec<u64> {
    let mut numbers: Vec<u64> = Vec::new();
    for found in CLOSING.captures_iter(body) {
        let digits = found["numbers"].split(|c: char| !c.is_ascii_digit());
        for number in digits.filter_map(|digits| digits.parse().ok()) {
            if !numbers.contains(&number) {
                numbers.push(number);
            }
        }
    }
    numbers
}

fn reverted(commit: &Commit, text: &str, kind: Option<&str>, description: &str) -> Option<Reverted> {
    let quoted = |mark: &str| text.strip_prefix(mark)?.strip_suffix('"').map(str::to_owned);
    let undone = quoted("Revert \"");
    let redone = quoted("Reapply \"");
    if undone.is_none() && redone.is_none() && kind != Some("revert") {
        return None;
    }
    let mut hashes: Vec<String> =
        REVERTED_HASH.captures_iter(&commit.body).map(|found| found["hash"].to_lowercase()).collect();
    if hashes.is_empty() && kind == Some("revert") {
        let refs = commit.body.lines().filter(|line| line.to_lowercase().starts_with("refs"));
        hashes = refs.flat_map(|line| HASH.find_iter(line)).map(|found| found.as_str().to_owned()).collect();
    }
    let redone = redone.map(|subject| format!("Revert \"{subject}\""));
    Some(Reverted { hashes, subject: undone.or(redone).or_else(|| Some(description.to_owned())) })
}

#[cfg(test)]
pub(super) fn commit(subject: &str, body: &str) -> Commit {
    Commit {
        hash: "a".repeat(40),
        parents: vec!["b".repeat(40)],
        author_time: 0,
        subject: subject.to_owned(),
        body: body.to_owned(),
        paths: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(subject: &str, body: &str) -> Message {
        Message::of(&commit(subject, body))
    }

    #[test]
    fn the_header_is_taken_apart() {
        for (subject, kind, scope, description, breaking) in [
            ("feat: a thing", "feat", "", "a thing", false),
            ("Fix(API)!: x: y (z)", "fix", "API", "x: y (z)", true),
            ("feat(a,b): x", "feat", "a,b", "x", false),
            ("feat(): x", "feat", "", "x", false),
            ("feat!: x", "feat", "", "x", true),
            ("feat:x", "", "", "feat:x", false),
            ("feat (x): y", "", "", "feat (x): y", false),
            ("feat(x:) y", "", "", "feat(x:) y", false),
            ("two words: y", "", "", "two words: y", false),
            ("feat:", "", "", "feat:", false),
            (": x", "", "", ": x", false),
            ("BREAKING CHANGE: x", "", "", "x", true),
            ("BREAKING-CHANGE: x", "", "", "x", true),
            ("Add a thing", "", "", "Add a thing", false),
        ] {
            let message = of(subject, "");
            assert_eq!(message.kind.as_deref().unwrap_or(""), kind, "{subject}");
            assert_eq!(message.scope.as_deref().unwrap_or(""), scope, "{subject}");
            assert_eq!(
                (message.description.as_str(), message.breaking),
                (description, breaking),
                "{subject}"
            );
        }
    }

    #[test]
    fn numbers_of_pull_requests_and_issues_are_found() {
        let message =
            of("fix: x (#3) (#12)", "text\n\nCloses #4, #5\nfixes: #6\nResolves #7 and #8.\nsee closes #9");
        assert_eq!(message.description, "x");
        assert_eq!(message.pull_requests, [3, 12]);
        assert_eq!(message.closes, [4, 5, 6, 7, 8]);
        assert_eq!(of("Merge (!7)", "").pull_requests, [7]);
        assert_eq!(of("(#7)", "").description, "(#7)");
        assert_eq!(of("fix: x", "See merge request group/project!31").pull_requests, [31]);
        let squashed = of("Merge pull request #5 from a/b", "feat: real title\n\nmore");
        assert_eq!((squashed.kind.as_deref(), squashed.description.as_str()), (Some("feat"), "real title"));
        assert_eq!(squashed.pull_requests, [5]);
    }

    #[test]
    fn breaking_footers_are_read_as_the_specification_says() {
        for (body, note) in [
            ("BREAKING CHANGE: gone", Some("gone")),
            ("text\n\nBREAKING-CHANGE: gone\nfor good\nReviewed-by: Z", Some("gone for good")),
            ("BREAKING CHANGE #12", Some("#12")),
            ("* feat: x\n* BREAKING CHANGE: gone", Some("gone")),
            ("BREAKING CHANGE:\n\nall is new", Some("all is new")),
            ("BREAKING CHANGE: a\n\nBREAKING CHANGE: b", Some("a; b")),
            ("breaking change: no", None),
            ("This is no BREAKING CHANGE: none", None),
            ("BREAKING CHANGES ahead", None),
        ] {
            assert_eq!(of("fix: x", body).breaking_note.as_deref(), note, "{body}");
        }
    }

    #[test]
    fn reverts_name_what_they_take_back() {
        let hash = "0123456789abcdef0123456789abcdef01234567";
        let message = of("Revert \"feat: x (#3)\" (#4)", &format!("This reverts commit {hash}."));
        let reverts = message.reverts.unwrap();
        assert_eq!(reverts.hashes, [hash]);
        assert_eq!(reverts.subject.as_deref(), Some("feat: x (#3)"));
        assert_eq!(of("revert: feat: x", "Refs: 0123456, 89abcde").reverts.unwrap().hashes.len(), 2);
        let again = of("Reapply \"feat: x\"", "").reverts.unwrap();
        assert_eq!(again.subject.as_deref(), Some("Revert \"feat: x\""));
        assert_eq!(of("Revert to the old way", "").reverts, None);
    }
}
