//! Why git gave no answer.

use std::path::PathBuf;

use crate::process::ProcessError;

/// A question to git without an answer.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// The directory is in no repository.
    #[error("not a git repository: `{}`", directory.display())]
    NotARepository {
        /// The directory.
        directory: PathBuf,
    },
    /// There is no `git`.
    #[error("git is not installed")]
    NotInstalled(#[source] ProcessError),
    /// A revision does not exist.
    #[error("unknown git revision: `{revision}`")]
    UnknownRevision {
        /// The revision as asked for.
        revision: String,
    },
    /// No release was ever tagged.
    #[error("no release tag matches `{template}`")]
    NoReleaseTag {
        /// The template of release tags.
        template: String,
    },
    /// Git refuses to read a repository that belongs to another user.
    #[error("git refuses the repository, which belongs to another user: `{}`", directory.display())]
    ForeignOwner {
        /// The directory.
        directory: PathBuf,
    },
    /// A file in the repository's own directory cannot be written.
    #[error("cannot write into the repository")]
    Io(#[source] std::io::Error),
    /// The clone is shallow, and the commits that were asked for go beyond what it has.
    #[error("the clone is shallow: nothing is known before commit `{commit}`")]
    Shallow {
        /// The oldest commit that is there.
        commit: String,
    },
    /// A remote repository does not answer.
    #[error("the remote `{remote}` does not answer")]
    Unreachable {
        /// Its name.
        remote: String,
        /// What git says.
        #[source]
        source: Box<GitError>,
    },
    /// The command failed for another reason.
    #[error("git failed")]
    Failed(#[source] ProcessError),
}

impl GitError {
    /// Returns what to do about it, where there is something.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NotARepository { .. } => {
                Some("run `git init`, or leave out the option that needs history".to_owned())
            }
            Self::NotInstalled(_) => Some("install git, or add its folder to `PATH`".to_owned()),
            Self::UnknownRevision { .. } => {
                Some("in a shallow clone, fetch the history first: `git fetch --unshallow --tags`".to_owned())
            }
            Self::Shallow { .. } => Some(
                "fetch the history: `git fetch --unshallow --tags`, in GitHub Actions `fetch-depth: 0`"
                    .to_owned(),
            ),
            Self::NoReleaseTag { .. } => Some(
                "say what to compare with: `--changed --since REV`, such as `--since origin/main`".to_owned(),
            ),
            Self::ForeignOwner { directory } => {
                Some(format!("run `git config --global --add safe.directory '{}'`", directory.display()))
            }
            Self::Unreachable { .. } => {
                Some("try again when the network is there, or leave remotes out with `--offline`".to_owned())
            }
            Self::Failed(_) | Self::Io(_) => None,
        }
    }
}
