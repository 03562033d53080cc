//! Why an edit cannot be planned or applied.

use std::io;
use std::path::PathBuf;

/// An edit that was refused, or that failed; unless it says otherwise, the tree is as before.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    /// The path leaves the tree.
    #[error("a file outside the tree is not edited: `{}`", path.display())]
    Outside {
        /// The path, links resolved.
        path: PathBuf,
    },
    /// The path is a directory, a dangling link, or a device.
    #[error("not a regular file: `{}`", path.display())]
    NotAFile {
        /// The path.
        path: PathBuf,
    },
    /// The path cannot be kept in the record, which is JSON.
    #[error("the name of a file is not Unicode: `{}`", path.display())]
    NotUnicode {
        /// The path.
        path: PathBuf,
    },
    /// Two edits of one file do not follow from each other.
    #[error("two edits of one file start from different contents: `{}`", path.display())]
    Conflict {
        /// The file.
        path: PathBuf,
    },
    /// The file changed after the edit was planned, or after it was interrupted.
    #[error("the file was changed by somebody else meanwhile: `{}`", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// An earlier transaction was interrupted and is not recovered yet.
    #[error("an earlier `pyrel {kind}` was interrupted while it wrote")]
    Interrupted {
        /// What the earlier transaction was for.
        kind: String,
    },
    /// Another process edits the same tree.
    #[error("another pyrel edits this tree: `{}`", lock.display())]
    Busy {
        /// The lock that it holds.
        lock: PathBuf,
    },
    /// The record of an interrupted transaction cannot be read.
    #[error("the record of an interrupted edit is broken: `{}`", path.display())]
    BrokenRecord {
        /// The record.
        path: PathBuf,
    },
    /// The disk says no.
    #[error("cannot edit the tree")]
    Io(#[from] io::Error),
    /// The disk said no twice, and the tree is between before and after.
    #[error("cannot restore the tree, which is between before and after")]
    NotRestored {
        /// What stood in the way of the restoration.
        #[source]
        source: Box<EditError>,
    },
}

/// Returns the command that ends an interrupted write of a command.
#[must_use]
pub fn remedy(kind: &str) -> &'static str {
    if kind == "changelog" { "pyrel changelog --recover" } else { "pyrel bump --recover" }
}

impl EditError {
    /// Returns what to do about it, where there is something.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Changed { path } => Some(format!(
                "keep a copy of `{}`, restore it with `git checkout`, and run the command again",
                path.display()
            )),
            Self::Interrupted { kind } => {
                Some(format!("run `{}`, which says what it restores", remedy(kind)))
            }
            Self::Busy { .. } => Some("wait until it ends".to_owned()),
            Self::BrokenRecord { path } => Some(format!(
                "compare the tree with `git status`, then remove `{}`",
                path.parent().unwrap_or(path).display()
            )),
            Self::NotRestored { .. } => Some("mend the cause, then run `pyrel bump --recover`".to_owned()),
            _ => None,
        }
    }
}
