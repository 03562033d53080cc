//! Brings what was interrupted to an end: the tree is then as before the bump, or as after it.

use std::path::Path;

use serde::de::DeserializeOwned;

use super::carry_out::absolute;
use super::record::{BUMP, BumpRecord, GitRecord, GitUndo, LAST, UNDO, UndoRecord};
use super::{BumpError, Precondition};
use crate::adopt::{ADOPT, AdoptError, Adoption};
use crate::edit::{EditError, Recovery, Transaction};
use crate::git::Git;
use crate::own_folder::OWN_FOLDER;

/// How an interrupted command was brought to an end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovered {
    /// The command, such as `bump`.
    pub kind: String,
    /// Whether everything that it was to do is done; otherwise nothing of it is.
    pub completed: bool,
}

/// Finds a command that was interrupted while it wrote, and takes the tree to the nearer end: with the commit made,
/// forward, otherwise back. `None` when there is none.
///
/// # Errors
/// When a file or the branch changed since in a way that neither end explains.
pub fn recover(root: &Path) -> Result<Option<Recovered>, BumpError> {
    let Some(transaction) = Transaction::interrupted(root)? else { return Ok(None) };
    let kind = transaction.kind().to_owned();
    let completed = match kind.as_str() {
        BUMP => recover_bump(transaction, root)?,
        UNDO => recover_undo(transaction, root)?,
        // An adoption moves files besides.
        ADOPT => {
            drop(transaction);
            let git = Git::discover(root);
            let recovered = Adoption::recover(root, git.as_ref()).map_err(|error| match error {
                AdoptError::Edit(error) => BumpError::from(error),
                AdoptError::Git(error) => BumpError::from(error),
                other => BumpError::from(EditError::Io(std::io::Error::other(other))),
            })?;
            matches!(recovered, Some(Recovery::After { .. }))
        }
        _ => {
            drop(transaction);
            matches!(Transaction::recover(root)?, Some(Recovery::After { .. }))
        }
    };
    Ok(Some(Recovered { kind, completed }))
}

fn recover_bump(transaction: Transaction, root: &Path) -> Result<bool, BumpError> {
    let record: BumpRecord = read(&transaction, root)?;
    let Some(in_git) = record.git else {
        let completed = transaction.is_written()?;
        if completed {
            transaction.finish_keeping(LAST)?
        } else {
            transaction.roll_back()?
        }
        return Ok(completed);
    };
    let git = repository(root)?;
    match commit_of(&git, &in_git, &transaction)? {
        Some(commit) => {
            let tags = git.all_tags()?;
            for (tag, message) in in_git.tags.iter().filter(|(tag, _)| !tags.contains_key(tag)) {
                git.tag(tag, message, &commit)?;
            }
            transaction.finish_keeping(LAST)?;
            Ok(true)
        }
        None => {
            if !in_git.paths.is_empty() {
                git.unstage(&absolute(root, &in_git.paths))?;
            }
            transaction.roll_back()?;
            Ok(false)
        }
    }
}

/// Returns the commit that the tags belong to; `None` when it was not made.
fn commit_of(git: &Git, record: &GitRecord, transaction: &Transaction) -> Result<Option<String>, BumpError> {
    if record.paths.is_empty() {
        // Only tags are made, on the commit that was there; files that git ignores may be written besides.
        return Ok(transaction.is_written()?.then(|| record.head.clone()));
    }
    let head = git.commit("HEAD")?;
    if head == record.head {
        return Ok(None);
    }
    let commits = git.first_parents(&record.head, &head)?;
    let Some(first) = commits.first() else { return Err(Precondition::MovedOn.into()) };
    // Hooks may have added to the message, or even replaced it.
    if git.message(first)?.contains(record.message.trim()) || holds(git, first, transaction)? {
        return Ok(Some(first.clone()));
    }
    Err(Precondition::MovedOn.into())
}

/// Tells whether a commit holds every file as the transaction wrote it.
fn holds(git: &Git, commit: &str, transaction: &Transaction) -> Result<bool, BumpError> {
    for edit in transaction.edits().edits() {
        if git.file_at(commit, &edit.path)? != edit.after {
            return Ok(false);
        }
    }
    Ok(true)
}

fn recover_undo(transaction: Transaction, root: &Path) -> Result<bool, BumpError> {
    let record: UndoRecord = read(&transaction, root)?;
    let Some(in_git) = record.git else {
        let completed = transaction.is_written()?;
        if !completed {
            transaction.roll_back()?;
            return Ok(false);
        }
        Transaction::forget(root, LAST)?;
        transaction.finish()?;
        return Ok(true);
    };
    let git = repository(root)?;
    let head = git.commit("HEAD")?;
    let moved = in_git.commit != in_git.parent;
    let done = if moved { head == in_git.parent } else { transaction.is_written()? };
    if done {
        finish_undo(transaction, &git, &in_git, root)?;
        return Ok(true);
    }
    if head != in_git.commit {
        return Err(Precondition::MovedOn.into());
    }
    transaction.roll_back()?;
    Ok(false)
}

/// Does what is left of taking a bump back once the branch is where it was.
pub(super) fn finish_undo(
    transaction: Transaction,
    git: &Git,
    record: &GitUndo,
    root: &Path,
) -> Result<(), BumpError> {
    if !record.paths.is_empty() {
        git.unstage(&absolute(root, &record.paths))?;
    }
    let tags = git.all_tags()?;
    for tag in record.tags.iter().filter(|tag| tags.get(*tag) == Some(&record.commit)) {
        git.delete_tag(tag)?;
        transaction.note(tag);
    }
    Transaction::forget(root, LAST)?;
    Ok(transaction.finish()?)
}

fn read<T: DeserializeOwned>(transaction: &Transaction, root: &Path) -> Result<T, BumpError> {
    serde_json::from_value(transaction.payload().clone()).map_err(|_| {
        BumpError::Edit(EditError::BrokenRecord {
            path: root.join(OWN_FOLDER).join("edit").join("intent.json"),
        })
    })
}

fn repository(root: &Path) -> Result<Git, BumpError> {
    let none = || Precondition::NoRepository { directory: root.to_path_buf() };
    Git::discover(root).ok_or_else(|| none().into())
}
