//! Why versions are not raised.

use std::fmt::Write as _;
use std::path::PathBuf;

use pyrel_model::{Diagnostic, PackageName, Version};

use super::place::Place;
use crate::changelog::ChangelogError;
use crate::edit::EditError;
use crate::git::GitError;

/// A bump that cannot be planned or carried out; the tree is as before, unless the error is one of [`EditError`] that
/// says otherwise.
#[derive(Debug, thiserror::Error)]
pub enum BumpError {
    /// The levels contradict each other.
    #[error("levels `{levels}` do not go together: {reason}")]
    Levels {
        /// The levels, from the largest.
        levels: String,
        /// Why not.
        reason: &'static str,
    },
    /// The version asked for is no version, or means different things in different schemes.
    #[error("`{text}` is not taken for a version: {reason}")]
    Spelling {
        /// The text as typed.
        text: String,
        /// Why not, and what to write.
        reason: String,
    },
    /// The version would not increase.
    #[error("`{to}` is not higher than `{from}`")]
    NotHigher {
        /// The present version.
        from: Box<Version>,
        /// The version asked for.
        to: Box<Version>,
        /// What to do.
        remedy: &'static str,
    },
    /// The version of a package is not known, or cannot be written.
    #[error("the version of `{package}` cannot be raised: {reason}")]
    Unwritable {
        /// The package.
        package: PackageName,
        /// Why not.
        reason: String,
    },
    /// The places of a version disagree.
    #[error("the version of `{package}` is not the same everywhere: {}", listed(places))]
    Mismatch {
        /// The package.
        package: PackageName,
        /// Every place.
        places: Vec<Place>,
    },
    /// A configured version file does not hold the version.
    #[error("`{}` of `{package}` holds no {what}", path.display())]
    NoVersion {
        /// The package.
        package: PackageName,
        /// The file.
        path: PathBuf,
        /// What was looked for.
        what: String,
    },
    /// A file that describes a project is broken.
    #[error("{0}")]
    File(Box<Diagnostic>),
    /// A file with a version is not UTF-8.
    #[error("not a UTF-8 text: `{}`", path.display())]
    NotText {
        /// The file.
        path: PathBuf,
    },
    /// Two places claim the same characters.
    #[error("two places of versions overlap in `{}`", path.display())]
    Overlap {
        /// The file.
        path: PathBuf,
    },
    /// The state of the repository forbids it.
    #[error(transparent)]
    Refused(#[from] super::Precondition),
    /// Files cannot be written.
    #[error(transparent)]
    Edit(#[from] EditError),
    /// A changelog cannot be written.
    #[error(transparent)]
    Changelog(#[from] ChangelogError),
    /// Git cannot be asked, or refuses to write.
    #[error(transparent)]
    Git(#[from] GitError),
}

impl BumpError {
    /// Returns what to do about it, where there is something.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NotHigher { remedy, .. } => Some((*remedy).to_owned()),
            Self::Unwritable { .. } => {
                Some("write the version as a literal, or leave the package out with `--exclude`".to_owned())
            }
            Self::Mismatch { .. } => Some("make them equal first; nothing was written".to_owned()),
            Self::NoVersion { .. } => Some("correct the file, or its entry under `version-files`".to_owned()),
            Self::File(diagnostic) => diagnostic.hint.clone(),
            Self::Overlap { .. } => Some("narrow the pattern of one `version-files` entry".to_owned()),
            Self::Refused(precondition) => precondition.hint(),
            Self::Edit(error) => error.hint(),
            Self::Changelog(error) => error.hint(),
            Self::Git(error) => error.hint(),
            Self::Levels { .. } | Self::Spelling { .. } | Self::NotText { .. } => None,
        }
    }
}

fn listed(places: &[Place]) -> String {
    let mut out = String::new();
    for place in places {
        let separator = if out.is_empty() { "" } else { ", " };
        let _ = write!(out, "{separator}`{}` in {}:{}", place.written, place.path.display(), place.line);
    }
    out
}
