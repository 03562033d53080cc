//! What to do about refusals whose words are known: those of PyPI's server, and of private ones where they tell more than
//! the status does. Others get no advice rather than a guess.

/// What a refusal is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Subject {
    /// The index takes nothing from anybody for now.
    Maintenance,
    /// Who uploads.
    Credentials,
    /// What is uploaded, or where to.
    Upload,
}

struct Known {
    /// Words of the message.
    words: &'static str,
    subject: Subject,
    advice: &'static str,
}

const fn known(words: &'static str, subject: Subject, advice: &'static str) -> Known {
    Known { words, subject, advice }
}

use Subject::{Credentials, Maintenance, Upload};

/// Refusals of PyPI, the more particular words first, and then those of private indexes.
const KNOWN: [Known; 28] = [
    known("Read-only mode", Maintenance, "the index is being maintained; resume the run later"),
    known(
        "New uploads are temporarily disabled",
        Maintenance,
        "the index takes no uploads for now; resume the run later",
    ),
    known(
        "New project registration temporarily disabled",
        Maintenance,
        "the index takes no new projects for now; resume the run later",
    ),
    known(
        "Username/Password authentication is no longer supported",
        Credentials,
        "make an API token in the account's settings, or publish from a CI that the project trusts",
    ),
    known(
        "Invalid or non-existent authentication information",
        Credentials,
        "the token is unknown here: tokens of PyPI and TestPyPI are separate, and `pyrel auth check` tells which one this is",
    ),
    known("token is expired", Credentials, "make a new token, or resume the run so that a new one is minted"),
    known(
        "OIDC scoped token is not valid for project",
        Credentials,
        "add this publisher to that project at the index; a token covers the projects that name the publisher",
    ),
    known(
        "project-scoped token is not valid for project",
        Credentials,
        "the token is limited to another project: use one for the account, or one token per project and run",
    ),
    known(
        "Invalid API Token",
        Credentials,
        "make a new token; `pyrel auth check` tells what this one says of itself",
    ),
    known(
        "does not have a verified primary email address",
        Credentials,
        "verify the account's primary e-mail address at the index, then resume the run",
    ),
    known(
        "does not have two-factor authentication enabled",
        Credentials,
        "switch two-factor authentication on for the account, then resume the run",
    ),
    known(
        "isn't allowed to upload to project",
        Credentials,
        "the project belongs to others, or is archived: ask its owner, or publish under another name",
    ),
    known(
        "Non-user identities cannot create new projects",
        Upload,
        "the pending publisher at the index must have exactly this project's name",
    ),
    known(
        "conflict with Python Standard Library module name",
        Upload,
        "publish under another name: this one is a module of the standard library",
    ),
    known(
        "is too similar to an existing project",
        Upload,
        "publish under another name: this one could be mistaken for another",
    ),
    known(
        "conflicts with an existing project",
        Upload,
        "somebody else took the name just now; resume the run",
    ),
    known("See https://pypi.org/help/#project-name", Upload, "publish under another name"),
    known(
        "Organization account owning this project is inactive",
        Upload,
        "ask the organisation's owners to settle its account",
    ),
    known(
        "Project size too large",
        Upload,
        "remove old files of the project, or ask the index for a higher limit",
    ),
    known("File too large", Upload, "make the file smaller, or ask the index for a higher limit"),
    known("Only one sdist", Upload, "the release already has an sdist under another name; bump the version"),
    known("previously used", Upload, "a deleted file's name is never free again; bump the version"),
    known("releases older than 14 days", Upload, "bump the version: an old release takes no new files"),
    known(
        "is not permitted to deploy",
        Credentials,
        "let the account deploy to this repository, or use a token of one that may",
    ),
    known(
        "needs DELETE permission",
        Credentials,
        "the repository has the file and shows it to nobody; bump the version",
    ),
    known(
        "include/exclude pattern",
        Upload,
        "let the repository's patterns include the path of the file, or upload to another repository",
    ),
    known(
        "No local repository was configured",
        Upload,
        "upload to a local repository, or give the virtual one a default deployment repository",
    ),
    known(
        "Package protected",
        Credentials,
        "a protection rule of the project keeps the name for other roles: use an account of one of them",
    ),
];

/// Returns what a refusal is about: its words decide, and its status where they are not known.
pub(super) fn subject(status: u16, message: &str) -> Subject {
    match find(message) {
        Some(known) => known.subject,
        None if matches!(status, 403 | 405 | 409 | 423) && is_maintenance(message) => Maintenance,
        None if matches!(status, 401 | 403) => Credentials,
        None => Upload,
    }
}

/// Tells whether a server says that it takes nothing from anybody for now.
pub(super) fn is_maintenance(message: &str) -> bool {
    let lower = message.to_lowercase();
    ["read-only mode", "readonly mode", "read only mode", "read-only instance", "maintenance"]
        .iter()
        .any(|words| lower.contains(words))
}

/// Returns what to do about a refusal.
pub(super) fn advice(message: &str) -> Option<&'static str> {
    find(message).map(|known| known.advice)
}

fn find(message: &str) -> Option<&'static Known> {
    KNOWN.iter().find(|known| message.contains(known.words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_decide_and_not_the_status_alone() {
        assert_eq!(subject(403, "Read-only mode: Uploads are temporarily disabled."), Maintenance);
        assert_eq!(subject(403, "The user 'a' isn't allowed to upload to project 'b'."), Credentials);
        assert_eq!(subject(403, "something else"), Credentials);
        assert_eq!(subject(400, "something else"), Upload);
        assert_eq!(subject(403, "This server is in maintenance mode"), Maintenance);
        assert_eq!(subject(405, "The repository is in Read-Only mode."), Maintenance);
        assert_eq!(
            subject(403, "You cannot perform write operations on a read-only instance"),
            Maintenance,
            "GitLab"
        );
        assert_eq!(subject(400, "Invalid classifier: read-only mode"), Upload);
        assert!(advice("something else").is_none());
    }

    #[test]
    fn particular_words_come_before_general_ones() {
        for (message, words) in [
            ("Invalid API Token: token is expired", "resume the run"),
            ("Invalid API Token: OIDC scoped token is not valid for project 'a'", "add this publisher"),
            ("Invalid API Token: project-scoped token is not valid for project: 'a'", "another project"),
            ("Invalid API Token: signatures do not match", "make a new token"),
        ] {
            assert!(advice(message).unwrap().contains(words), "{message}");
        }
    }

    #[test]
    fn every_entry_can_be_reached() {
        for known in &KNOWN {
            assert_eq!(advice(known.words), Some(known.advice), "{}", known.words);
        }
    }
}
