//! What a transaction remembers about the bump that it belongs to, for the process that finds it later.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The name under `.pyrel/` of the last bump's record.
pub(super) const LAST: &str = "last-bump";
/// The kind of a transaction that raises versions.
pub(super) const BUMP: &str = "bump";
/// The kind of a transaction that takes a bump back.
pub(super) const UNDO: &str = "bump --undo";

/// What a bump is about to do besides writing files.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct BumpRecord {
    /// Packages with their new versions.
    pub(super) packages: Vec<(String, String)>,
    /// What happens in git; `None` when it is left out.
    pub(super) git: Option<GitRecord>,
}

/// The commit and the tags of a bump.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct GitRecord {
    /// `HEAD` before.
    pub(super) head: String,
    /// The message of the commit.
    pub(super) message: String,
    /// Files that are committed, relative to the root; none when only tags are made.
    pub(super) paths: Vec<String>,
    /// Tags with their messages.
    pub(super) tags: Vec<(String, String)>,
}

/// What taking a bump back is about to do besides writing files.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct UndoRecord {
    /// What happens in git; `None` when it had been left out.
    pub(super) git: Option<GitUndo>,
}

/// The commit and the tags that go.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct GitUndo {
    /// The commit of the bump.
    pub(super) commit: String,
    /// Its parent; the same commit when only tags had been made.
    pub(super) parent: String,
    /// The files of the commit, relative to the root.
    pub(super) paths: Vec<String>,
    /// The tags.
    pub(super) tags: Vec<String>,
}

/// Turns a record into what a transaction keeps.
pub(super) fn payload(record: &impl Serialize) -> Value {
    serde_json::to_value(record).expect("texts and lists of texts are always JSON")
}
