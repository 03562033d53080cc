//! Carries a plan out: writes every file as one transaction, then moves. After an error or a `SIGKILL` the project is
//! as before or as after; the record of what was there is kept, so that it can be taken back.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use fs_err as fs;
use serde_json::{Value, json};

use super::{AdoptError, Move, Plan, Tree};
use crate::edit::{Edit, EditError, EditSet, Observer, Recovery, Transaction};
use crate::git::Git;

/// The name of the transaction, and of its record under `.pyrel`.
pub(crate) const ADOPT: &str = "adopt";

/// A plan that is about to be carried out.
#[derive(Debug)]
pub struct Adoption<'p> {
    plan: &'p Plan,
    git: Option<Git>,
}

/// What was taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undone {
    /// The files that have their old content again, relative to the root.
    pub files: Vec<PathBuf>,
    /// The moves that were made back.
    pub moves: Vec<Move>,
}

impl<'p> Adoption<'p> {
    /// Prepares a plan; with a repository, moves are made by `git mv`.
    #[must_use]
    pub fn new(plan: &'p Plan, git: Option<Git>) -> Self {
        Self { plan, git }
    }

    /// Returns everything that changes as a diff that `git apply` takes, moves as renames.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn diff(&self, tree: &Tree) -> Result<Vec<u8>, AdoptError> {
        let root = &self.plan.root;
        let top = self.git.as_ref().map_or(root.as_path(), Git::top_level);
        let prefix = root.strip_prefix(top).unwrap_or(Path::new("")).to_string_lossy().replace('\\', "/");
        let named = |path: &str| super::tree::join(&prefix, path);
        let mut out = Vec::new();
        for change in &self.plan.changes {
            let mut one = EditSet::new(root)?;
            one.insert(edit(root, change))?;
            let text = one.diff(top);
            let after = self.plan.path_after(&change.path);
            if after == change.path {
                out.extend(text);
            } else {
                let (old, new) = (named(&change.path), named(&after));
                out.extend(renamed(&old, &new, "").into_bytes());
                out.extend(format!("--- a/{old}\n+++ b/{new}\n").into_bytes());
                out.extend(hunks(&text));
            }
        }
        for one in &self.plan.moves {
            let whole = tree.has_file(&one.from).then_some(one.from.as_str());
            for path in tree.below(&one.from).chain(whole) {
                if !self.plan.changes.iter().any(|change| change.path == path) {
                    let header =
                        renamed(&named(path), &named(&self.plan.path_after(path)), "similarity index 100%\n");
                    out.extend(header.into_bytes());
                }
            }
        }
        Ok(out)
    }

    /// Carries the plan out.
    ///
    /// # Errors
    /// When a file changed since the plan was made, or cannot be written or moved; then the project is as before.
    pub fn carry_out(&self) -> Result<(), AdoptError> {
        self.carry_out_observed(Arc::new(|_| ()))
    }

    /// Carries the plan out, and tells each step that was taken.
    ///
    /// # Errors
    /// As [`carry_out`](Self::carry_out).
    pub fn carry_out_observed(&self, observer: Observer) -> Result<(), AdoptError> {
        let root = &self.plan.root;
        let mut edits = EditSet::new(root)?;
        for change in &self.plan.changes {
            edits.insert(edit(root, change))?;
        }
        let moves: Vec<Value> = self.plan.moves.iter().map(|one| json!([one.from, one.to])).collect();
        let mut transaction = Transaction::begin(edits, ADOPT, json!({ "moves": moves }), observer)?;
        transaction.write()?;
        for (index, one) in self.plan.moves.iter().enumerate() {
            if let Err(error) = relocate(root, self.git.as_ref(), &one.from, &one.to) {
                move_back(root, self.git.as_ref(), &self.plan.moves[..index])?;
                transaction.roll_back()?;
                return Err(error);
            }
            transaction.note(&one.to);
        }
        Ok(transaction.finish_keeping(ADOPT)?)
    }

    /// Brings a project that was interrupted while it was adopted to one side: "after" when everything was done,
    /// else "before".
    ///
    /// # Errors
    /// When a file is neither as before nor as after, or the disk says no.
    pub fn recover(root: &Path, git: Option<&Git>) -> Result<Option<Recovery>, AdoptError> {
        let Some(transaction) = Transaction::interrupted(root)? else { return Ok(None) };
        let kind = transaction.kind().to_owned();
        if kind != ADOPT {
            return Err(EditError::Interrupted { kind }.into());
        }
        let moves = recorded(transaction.payload());
        let all_moved = !moves.is_empty() && moves.iter().all(|one| is_made(root, one));
        if all_moved || (moves.is_empty() && transaction.is_written()?) {
            transaction.finish_keeping(ADOPT)?;
            return Ok(Some(Recovery::After { kind }));
        }
        move_back(root, git, &moves)?;
        transaction.roll_back()?;
        Ok(Some(Recovery::Before { kind }))
    }

    /// Takes the last adoption of a project back; `None` when there is none.
    ///
    /// # Errors
    /// When a file was changed since then; nothing is touched then. Or when the disk says no.
    pub fn undo(root: &Path, git: Option<&Git>) -> Result<Option<Undone>, AdoptError> {
        let Some((edits, payload)) = Transaction::kept(root, ADOPT)? else { return Ok(None) };
        let moves = recorded(&payload);
        let plan = Plan { moves: moves.clone(), ..Plan::default() };
        let mut files = Vec::new();
        for edit in edits.edits() {
            let relative = edit.path.strip_prefix(edits.root()).unwrap_or(&edit.path);
            let old = relative.to_string_lossy().replace('\\', "/");
            let now = edits.root().join(plan.path_after(&old));
            let path = if now.exists() { now } else { edit.path.clone() };
            let content =
                if path.exists() { Some(fs::read(&path).map_err(AdoptError::Unreadable)?) } else { None };
            if content != edit.after {
                return Err(EditError::Changed { path }.into());
            }
            files.push(relative.to_path_buf());
        }
        move_back(root, git, &moves)?;
        Transaction::apply(edits.reversed(), ADOPT)?;
        let root = edits.root();
        edits
            .edits()
            .filter(|edit| edit.before.is_none())
            .try_for_each(|edit| remove_emptied(root, &edit.path))?;
        moves.iter().try_for_each(|one| remove_emptied(root, &root.join(&one.to)))?;
        Transaction::forget(root, ADOPT)?;
        Ok(Some(Undone { files, moves }))
    }
}

fn edit(root: &Path, change: &super::Change) -> Edit {
    let bytes = |text: &Option<String>| text.as_ref().map(|text| text.clone().into_bytes());
    Edit { path: root.join(&change.path), before: bytes(&change.before), after: bytes(&change.after) }
}

fn renamed(old: &str, new: &str, more: &str) -> String {
    format!("diff --git a/{old} b/{new}\n{more}rename from {old}\nrename to {new}\n")
}

/// Returns a diff without its header.
fn hunks(diff: &[u8]) -> Vec<u8> {
    let mut lines = diff.split_inclusive(|byte| *byte == b'\n');
    let _header = lines.by_ref().find(|line| line.starts_with(b"+++ "));
    lines.flatten().copied().collect()
}

fn recorded(payload: &Value) -> Vec<Move> {
    let list = payload["moves"].as_array().map(Vec::as_slice).unwrap_or_default();
    let one =
        |value: &Value| Some(Move { from: value[0].as_str()?.to_owned(), to: value[1].as_str()?.to_owned() });
    list.iter().filter_map(one).collect()
}

fn is_made(root: &Path, one: &Move) -> bool {
    !root.join(&one.from).exists() && root.join(&one.to).exists()
}

/// Moves a file or folder, by git when git knows it.
fn relocate(root: &Path, git: Option<&Git>, from: &str, to: &str) -> Result<(), AdoptError> {
    let (source, target) = (root.join(from), root.join(to));
    if let Some(parent) = target.parent() {
        fs::create_dir_all(parent).map_err(AdoptError::Unreadable)?;
    }
    match git {
        Some(git) if git.has_tracked_files(&source)? => Ok(git.mv(&source, &target)?),
        _ => fs::rename(&source, &target).map_err(AdoptError::Unreadable),
    }
}

/// Makes the moves that were made back, the last first, and removes the folders that this empties.
fn move_back(root: &Path, git: Option<&Git>, moves: &[Move]) -> Result<(), AdoptError> {
    for one in moves.iter().rev().filter(|one| is_made(root, one)) {
        relocate(root, git, &one.to, &one.from)?;
        remove_emptied(root, &root.join(&one.to))?;
    }
    Ok(())
}

/// Removes the folders above a path that are empty now.
fn remove_emptied(root: &Path, path: &Path) -> Result<(), AdoptError> {
    for folder in path.ancestors().skip(1).take_while(|folder| *folder != root) {
        if fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_none()) {
            fs::remove_dir(folder).map_err(AdoptError::Unreadable)?;
        }
    }
    Ok(())
}
