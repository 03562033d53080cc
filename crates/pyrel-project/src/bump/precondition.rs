//! What must hold of a repository before a bump writes anything.

use std::path::PathBuf;

use super::BumpError;
use crate::config::Config;
use crate::git::Git;

/// A precondition that does not hold.
#[derive(Debug, thiserror::Error)]
pub enum Precondition {
    /// There is no repository to commit to.
    #[error("not a git repository: `{}`", directory.display())]
    NoRepository {
        /// The directory.
        directory: PathBuf,
    },
    /// Files are changed or untracked.
    #[error("the tree has uncommitted changes: {}", listed(paths))]
    Dirty {
        /// The files, relative to the top level.
        paths: Vec<PathBuf>,
    },
    /// No branch is checked out.
    #[error("`HEAD` is detached, so that a commit would belong to no branch")]
    Detached,
    /// The configuration does not allow the branch.
    #[error("releases are not made from the branch `{branch}`")]
    Branch {
        /// The branch.
        branch: String,
        /// What is allowed.
        allowed: Vec<String>,
    },
    /// A tag that the bump would make exists.
    #[error("the tag exists already: `{tag}`")]
    TagExists {
        /// The tag.
        tag: String,
    },
    /// Two packages would get one tag with different meanings.
    #[error("`{first}` and `{second}` would both be tagged `{tag}`")]
    SharedTag {
        /// A package.
        first: String,
        /// Another one.
        second: String,
        /// The tag.
        tag: String,
    },
    /// There is nothing to take back.
    #[error("there is no bump to take back")]
    NothingToUndo,
    /// The last bump cannot be taken back any more.
    #[error("the last bump is not taken back: {reason}")]
    NotUndone {
        /// Why.
        reason: String,
    },
    /// The branch moved while a bump was interrupted.
    #[error("the repository moved on after the bump was interrupted")]
    MovedOn,
    /// A version does not read as written.
    #[error(
        "after the bump the version of `{package}` reads `{found}` instead of `{expected}`; everything was taken back"
    )]
    NotAsWritten {
        /// The package.
        package: String,
        /// What was read.
        found: String,
        /// What was written.
        expected: String,
    },
}

impl Precondition {
    /// Returns what to do about it, where there is something.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NoRepository { .. } => Some("leave git out with `--no-git`".to_owned()),
            Self::Dirty { .. } => Some("commit or stash them, or leave git out with `--no-git`".to_owned()),
            Self::Detached => Some("check a branch out, or leave git out with `--no-git`".to_owned()),
            Self::Branch { allowed, .. } => Some(format!("allowed are `{}`", allowed.join("`, `"))),
            Self::TagExists { tag } => Some(format!(
                "name another version, or remove a tag that was never pushed: `git tag --delete {tag}`"
            )),
            Self::SharedTag { .. } => Some("give `tag` a `{name}`: `tag = \"{name}-v{version}\"`".to_owned()),
            Self::MovedOn => Some(
                "compare the tree with `git status`; when it is as you want it, remove `.pyrel/edit`"
                    .to_owned(),
            ),
            Self::NothingToUndo | Self::NotUndone { .. } | Self::NotAsWritten { .. } => None,
        }
    }
}

/// How many files a message names.
const SHOWN: usize = 5;

fn listed(paths: &[PathBuf]) -> String {
    let shown: Vec<String> = paths.iter().take(SHOWN).map(|path| format!("`{}`", path.display())).collect();
    let rest = paths.len().saturating_sub(SHOWN);
    let more = if rest > 0 { format!(" and {rest} more") } else { String::new() };
    format!("{}{more}", shown.join(", "))
}

/// Makes sure that a bump may be committed: a clean tree and an allowed branch.
///
/// # Errors
/// When that does not hold, or git cannot be asked.
pub fn check_repository(git: &Git, config: &Config) -> Result<(), BumpError> {
    let Some(branch) = git.branch()? else { return Err(Precondition::Detached.into()) };
    if !config.release.allows_branch(&branch) {
        let allowed = config.release.allowed_branches.clone();
        return Err(Precondition::Branch { branch, allowed }.into());
    }
    let whole = Git::discover(git.top_level()).unwrap_or_else(|| git.clone());
    let dirty = whole.uncommitted()?;
    if dirty.is_empty() {
        return Ok(());
    }
    let relative = |path: PathBuf| path.strip_prefix(git.top_level()).map(PathBuf::from).unwrap_or(path);
    Err(Precondition::Dirty { paths: dirty.into_iter().map(relative).collect() }.into())
}
