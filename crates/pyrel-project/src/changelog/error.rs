//! Why a changelog cannot be written or quoted.

use std::path::PathBuf;

use pyrel_model::Version;

use crate::git::GitError;

/// A changelog that cannot be written or quoted.
#[derive(Debug, thiserror::Error)]
pub enum ChangelogError {
    /// A file cannot be read.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// The history cannot be read.
    #[error(transparent)]
    Git(#[from] GitError),
    /// The changelog is no Markdown.
    #[error("only Markdown can be written into a changelog: `{}`", path.display())]
    Markup {
        /// The file.
        path: PathBuf,
    },
    /// The changelog is no text in UTF-8.
    #[error("the changelog is not UTF-8 text: `{}:{line}`", path.display())]
    Encoding {
        /// The file.
        path: PathBuf,
        /// The line of the first byte that is none, from 1.
        line: usize,
    },
    /// A code block or a comment in the changelog never ends, so that an entry would be a part of it.
    #[error("a code block or a comment never ends: `{}:{line}`", path.display())]
    Unclosed {
        /// The file.
        path: PathBuf,
        /// The line where it starts, from 1.
        line: usize,
    },
    /// The name of a fragment does not tell what kind of change it is.
    #[error("the name of a change fragment must end in a type, as in `123.fixed.md`: `{}`", path.display())]
    FragmentName {
        /// The file.
        path: PathBuf,
        /// The types that there are.
        known: Vec<String>,
    },
    /// A fragment says nothing, or is no text.
    #[error("the change fragment {what}: `{}`", path.display())]
    FragmentText {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        what: &'static str,
    },
    /// A fragment at the root names no package.
    #[error("the change fragment belongs to no package: `{}`", path.display())]
    FragmentOwner {
        /// The file.
        path: PathBuf,
    },
    /// There is no changelog to quote.
    #[error("there is no changelog: `{}`", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// The changelog has no entry about a version.
    #[error("`{}` has no entry for {version}", path.display())]
    NoEntry {
        /// The file.
        path: PathBuf,
        /// The version.
        version: Version,
    },
}

impl ChangelogError {
    /// Returns what to do about it, where there is something.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Git(error) => error.hint(),
            Self::Markup { .. } => {
                Some("name a Markdown file with the key `changelog`, or set `changelog = false`".to_owned())
            }
            Self::Unclosed { .. } => Some("close it, so that what follows is text again".to_owned()),
            Self::Encoding { .. } => Some("save the file as UTF-8".to_owned()),
            Self::FragmentName { known, .. } => Some(format!("known types are `{}`", known.join("`, `"))),
            Self::FragmentText { .. } => {
                Some("say in a sentence what changed for users, or delete the file".to_owned())
            }
            Self::FragmentOwner { .. } => {
                Some("start its name with that of a package, as in `PACKAGE.123.fixed.md`".to_owned())
            }
            Self::Missing { .. } | Self::NoEntry { .. } => {
                Some("write the entry with `pyrel changelog PACKAGE --version VERSION`".to_owned())
            }
            Self::Io(_) => None,
        }
    }
}
