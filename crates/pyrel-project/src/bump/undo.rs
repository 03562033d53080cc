//! Takes the last bump back, as long as nobody else can have seen it.

use std::path::Path;

use super::record::{BumpRecord, GitRecord, GitUndo, LAST, UNDO, UndoRecord, payload};
use super::recovery::finish_undo;
use super::{BumpError, Precondition};
use crate::edit::{EditError, EditSet, Observer, Transaction};
use crate::git::Git;
use crate::own_folder::OWN_FOLDER;

/// What was taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undone {
    /// Packages with the versions that they no longer have.
    pub packages: Vec<(String, String)>,
    /// The commit that is no longer on the branch.
    pub commit: Option<String>,
    /// The tags that are gone.
    pub tags: Vec<String>,
}

/// Takes the last bump back: files, commit, and tags. With `ask_remotes` the remotes are asked whether they have the
/// tags; without it only what was fetched counts.
///
/// # Errors
/// When there is none, it was pushed, commits came after it, or the tree is not clean.
pub fn undo(root: &Path, ask_remotes: bool, observer: Observer) -> Result<Undone, BumpError> {
    let Some((kept, recorded)) = Transaction::kept(root, LAST)? else {
        return Err(Precondition::NothingToUndo.into());
    };
    let record: BumpRecord = serde_json::from_value(recorded).map_err(|_| {
        BumpError::Edit(EditError::BrokenRecord {
            path: root.join(OWN_FOLDER).join(LAST).join("intent.json"),
        })
    })?;
    let Some(in_git) = &record.git else {
        let transaction = written(kept.reversed(), &UndoRecord { git: None }, observer)?;
        Transaction::forget(root, LAST)?;
        transaction.finish()?;
        return Ok(Undone { packages: record.packages, commit: None, tags: Vec::new() });
    };
    let git =
        Git::discover(root).ok_or_else(|| Precondition::NoRepository { directory: root.to_path_buf() })?;
    let going = check(&git, in_git, ask_remotes)?;
    // What hooks made of the files on the way into the commit goes, too: the tree is clean.
    let mut edits = EditSet::new(root)?;
    for edit in kept.edits() {
        edits.set(&edit.path, edit.before.clone())?;
    }
    let transaction = written(edits, &UndoRecord { git: Some(going.clone()) }, observer)?;
    let moved = going.commit != going.parent;
    if moved {
        git.move_branch(&going.commit, &going.parent, "pyrel bump --undo")?;
        transaction.note("branch");
    }
    finish_undo(transaction, &git, &going, root)?;
    Ok(Undone { packages: record.packages, commit: moved.then_some(going.commit), tags: going.tags })
}

fn written(edits: EditSet, record: &UndoRecord, observer: Observer) -> Result<Transaction, BumpError> {
    let mut transaction = Transaction::begin(edits, UNDO, payload(record), observer)?;
    transaction.write()?;
    Ok(transaction)
}

/// Makes sure that nobody else can have seen the bump and nothing was built on it.
fn check(git: &Git, record: &GitRecord, ask_remotes: bool) -> Result<GitUndo, BumpError> {
    let refuse = |reason: String| Err(BumpError::Refused(Precondition::NotUndone { reason }));
    let commit = git.commit("HEAD")?;
    let only_tags = record.paths.is_empty();
    let parent = if only_tags { commit.clone() } else { git.commit("HEAD^").unwrap_or_default() };
    if parent != record.head {
        return refuse("commits came after it, or the branch is another one".to_owned());
    }
    let whole = Git::discover(git.top_level()).unwrap_or_else(|| git.clone());
    let dirty = whole.uncommitted()?;
    if !dirty.is_empty() {
        return Err(Precondition::Dirty { paths: dirty }.into());
    }
    if !only_tags && let Some(branch) = git.remote_branches_with(&commit)?.first() {
        return refuse(format!("it was pushed to `{branch}`"));
    }
    let existing = git.all_tags()?;
    let mut tags = Vec::new();
    for (tag, _) in &record.tags {
        match existing.get(tag) {
            Some(tagged) if *tagged == commit => tags.push(tag.clone()),
            Some(_) => return refuse(format!("the tag `{tag}` was moved to another commit")),
            None => {}
        }
    }
    for remote in if ask_remotes { git.remotes()? } else { Vec::new() } {
        if let Some(tag) = git.remote_tags(&remote, &tags)?.first() {
            return refuse(format!("its tag `{tag}` was pushed to `{remote}`"));
        }
    }
    Ok(GitUndo { commit, parent, paths: record.paths.clone(), tags })
}
