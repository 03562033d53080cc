//! Carries out a plan: files, commit, tags, in this order, all or none.

use std::path::{Path, PathBuf};

use super::record::{BUMP, BumpRecord, GitRecord, LAST, payload};
use super::survey::{is_tagged, places};
use super::{BumpError, BumpPlan, Precondition, check_repository};
use crate::edit::{EditError, Observer, Transaction};
use crate::git::Git;
use crate::workspace::Workspace;

/// What a bump has done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bumped {
    /// The hash of the commit; `None` when git was left out or no file changed.
    pub commit: Option<String>,
    /// The tags that were made.
    pub tags: Vec<String>,
}

/// Writes the files of a plan; with `git` also one commit and the tags. After an error the tree is as before.
///
/// # Errors
/// When the repository is not in the state for it, a file changed since the plan, a hook refuses, or a signature fails.
pub fn carry_out(
    plan: &BumpPlan,
    workspace: &Workspace,
    git: Option<&Git>,
    observer: Observer,
) -> Result<Bumped, BumpError> {
    let record = record(plan, workspace, git)?;
    let mut transaction = Transaction::begin(plan.edits.clone(), BUMP, payload(&record), observer)?;
    transaction.write()?;
    if let Err(error) = verify(plan, workspace.root()) {
        transaction.roll_back()?;
        return Err(error);
    }
    let (Some(git), Some(in_git)) = (git, &record.git) else {
        transaction.finish_keeping(LAST)?;
        return Ok(Bumped { commit: None, tags: Vec::new() });
    };
    match commit_and_tag(git, in_git, workspace.root(), &transaction) {
        Ok(commit) => {
            transaction.finish_keeping(LAST)?;
            let tags = in_git.tags.iter().map(|(tag, _)| tag.clone()).collect();
            Ok(Bumped { commit, tags })
        }
        Err(error) => match take_back(git, in_git, workspace.root()) {
            Ok(()) => {
                // The tree was clean before: what hooks have made of the files since is not missed.
                transaction.roll_back_over()?;
                Err(error)
            }
            Err(source) => Err(not_restored(source)),
        },
    }
}

/// Settles what will happen in git, after making sure that it may.
fn record(plan: &BumpPlan, workspace: &Workspace, git: Option<&Git>) -> Result<BumpRecord, BumpError> {
    let packages =
        plan.packages.iter().map(|package| (package.name.to_string(), package.to.to_string())).collect();
    let Some(git) = git else { return Ok(BumpRecord { packages, git: None }) };
    check_repository(git, workspace.config())?;
    let existing = git.all_tags()?;
    if let Some((tag, _)) = plan.tags.iter().find(|(tag, _)| existing.contains_key(tag)) {
        return Err(Precondition::TagExists { tag: tag.clone() }.into());
    }
    let paths = plan.edits.paths();
    let ignored = git.ignored(&paths)?;
    let committed = paths.iter().filter(|path| !ignored.contains(*path));
    let relative = committed.map(|path| relative(workspace.root(), path)).collect::<Result<_, _>>()?;
    let in_git = GitRecord {
        head: git.commit("HEAD")?,
        message: plan.message.clone(),
        paths: relative,
        tags: plan.tags.clone(),
    };
    Ok(BumpRecord { packages, git: Some(in_git) })
}

fn relative(root: &Path, path: &Path) -> Result<String, EditError> {
    let inner = path.strip_prefix(root).unwrap_or(path);
    inner.to_str().map(str::to_owned).ok_or_else(|| EditError::NotUnicode { path: path.to_path_buf() })
}

/// Reads the tree again: every package must have its new version, in every place.
fn verify(plan: &BumpPlan, root: &Path) -> Result<(), BumpError> {
    let workspace = Workspace::discover(root).map_err(|error| not_as_written("the workspace", &error, ""))?;
    for bump in &plan.packages {
        let expected = bump.to.to_string();
        let Some(package) = workspace.package(&bump.name) else {
            return Err(not_as_written(bump.name.as_written(), &"nothing that can be read", &expected));
        };
        let found = places(package, workspace.config())?;
        if !found.agree() {
            return Err(BumpError::Mismatch { package: bump.name.clone(), places: found.places });
        }
        match found.version() {
            Some(version) if *version == bump.to => {}
            None if is_tagged(package) => {}
            other => {
                let read = other.map_or_else(|| "nothing".to_owned(), ToString::to_string);
                return Err(not_as_written(bump.name.as_written(), &read, &expected));
            }
        }
    }
    Ok(())
}

fn not_as_written(package: &str, found: &dyn std::fmt::Display, expected: &str) -> BumpError {
    let (package, found, expected) = (package.to_owned(), found.to_string(), expected.to_owned());
    BumpError::Refused(Precondition::NotAsWritten { package, found, expected })
}

fn commit_and_tag(
    git: &Git,
    record: &GitRecord,
    root: &Path,
    transaction: &Transaction,
) -> Result<Option<String>, BumpError> {
    let commit = if record.paths.is_empty() {
        None
    } else {
        let commit = git.commit_paths(&record.message, &absolute(root, &record.paths))?;
        transaction.note("commit");
        Some(commit)
    };
    let tagged = commit.as_ref().unwrap_or(&record.head);
    for (tag, message) in &record.tags {
        git.tag(tag, message, tagged)?;
        transaction.note(tag);
    }
    Ok(commit)
}

/// Returns paths of a record as absolute.
pub(super) fn absolute(root: &Path, paths: &[String]) -> Vec<PathBuf> {
    paths.iter().map(|path| root.join(path)).collect()
}

/// Takes tags, commit, and index back to where they were.
fn take_back(git: &Git, record: &GitRecord, root: &Path) -> Result<(), BumpError> {
    let commit = git.commit("HEAD")?;
    let tags = git.all_tags()?;
    for (tag, _) in record.tags.iter().filter(|(tag, _)| tags.get(tag) == Some(&commit)) {
        git.delete_tag(tag)?;
    }
    if commit != record.head {
        git.move_branch(&commit, &record.head, "pyrel bump: taken back")?;
    }
    if !record.paths.is_empty() {
        git.unstage(&absolute(root, &record.paths))?;
    }
    Ok(())
}

fn not_restored(source: BumpError) -> BumpError {
    let source = EditError::Io(std::io::Error::other(source));
    BumpError::Edit(EditError::NotRestored { source: Box::new(source) })
}
