//! Carries out a set of edits, all or none.
//!
//! The order is: record on the disk, then each file by a temporary neighbour and a rename, then whatever else the
//! command does (a commit), then the record goes. While the record is there, [`Transaction::interrupted`] finds it
//! and the tree can be taken either way.

use std::collections::BTreeSet;
use std::fmt;
use std::fs::TryLockError;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use fs_err as fs;
use rayon::prelude::*;
use serde_json::Value;

use super::intent::{Intent, sync_directory};
use super::set::read_file;
use super::{Edit, EditError, EditSet};
use crate::own_folder::{OWN_FOLDER, own_folder};
use crate::root::absolute;

/// How often the lock of a tree is tried, and how long is waited in between.
const LOCK_ATTEMPTS: u32 = 50;
const LOCK_PAUSE: Duration = Duration::from_millis(10);

/// Something that a transaction has just done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step<'p> {
    /// The record is on the disk; from here on an interruption is noticed.
    Recorded,
    /// The new content of a file is on the disk, under a temporary name.
    Staged(&'p Path),
    /// A file has its new content, or is gone.
    Written(&'p Path),
    /// A file has its old content again.
    Restored(&'p Path),
    /// The command that owns the transaction has done something of its own, such as a commit.
    Own(&'p str),
    /// The record is gone.
    Finished,
}

/// Follows the steps of a transaction.
pub type Observer = Arc<dyn Fn(Step<'_>) + Send + Sync>;

/// How an interrupted transaction ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recovery {
    /// The tree is as before.
    Before {
        /// What the transaction was for.
        kind: String,
    },
    /// The tree is as after.
    After {
        /// What the transaction was for.
        kind: String,
    },
}

/// A set of edits on its way to the disk. Dropped half way, it stays recoverable.
pub struct Transaction {
    edits: EditSet,
    intent: Intent,
    folder: PathBuf,
    observer: Observer,
    _lock: fs::File,
}

impl fmt::Debug for Transaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transaction").field("intent", &self.intent).finish_non_exhaustive()
    }
}

impl Transaction {
    /// Applies edits that stand for themselves; `kind` is the command's name. After an error the tree is as before.
    ///
    /// # Errors
    /// As [`begin`](Self::begin) and [`write`](Self::write).
    pub fn apply(edits: EditSet, kind: &str) -> Result<(), EditError> {
        let mut transaction = Self::begin(edits, kind, Value::Null, Arc::new(|_| ()))?;
        transaction.write()?;
        transaction.finish()
    }

    /// Records what is going to be written. `payload` is for the command that finds the record after an interruption.
    ///
    /// # Errors
    /// When a file is no longer what the edit started from, when an earlier transaction was interrupted or another
    /// one is going on, or when the disk says no.
    pub fn begin(edits: EditSet, kind: &str, payload: Value, observer: Observer) -> Result<Self, EditError> {
        let lock = lock(edits.root())?;
        let folder = folder(edits.root());
        if let Some((intent, _)) = Intent::load(&folder, edits.root())? {
            return Err(EditError::Interrupted { kind: intent.kind });
        }
        edits.edits().collect::<Vec<_>>().into_par_iter().try_for_each(unchanged)?;
        let intent = Intent::new(&edits, kind, payload)?;
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        fs::create_dir(&folder)?;
        intent.store(&folder, &edits)?;
        observer(Step::Recorded);
        Ok(Self { edits, intent, folder, observer, _lock: lock })
    }

    /// Finds the transaction that was interrupted below a root.
    ///
    /// # Errors
    /// When its record cannot be read, or another process holds it.
    pub fn interrupted(root: &Path) -> Result<Option<Self>, EditError> {
        let root = absolute(root)?;
        let folder = folder(&root);
        if !folder.is_dir() {
            return Ok(None);
        }
        let lock = lock(&root)?;
        let Some((intent, edits)) = Intent::load(&folder, &root)? else { return Ok(None) };
        Ok(Some(Self { edits, intent, folder, observer: Arc::new(|_| ()), _lock: lock }))
    }

    /// Returns the command that was interrupted while it wrote below a root, for those that only want to tell. One that is
    /// under way is none; a record that cannot be read is for those that write.
    #[must_use]
    pub fn pending(root: &Path) -> Option<String> {
        let transaction = Self::interrupted(root).ok().flatten()?;
        Some(transaction.kind().to_owned())
    }

    /// Brings a tree to one side after an interruption: to "after" when every file had been written, else to
    /// "before". For a transaction of a command that does more than write files, ask that command.
    ///
    /// # Errors
    /// When a file is neither as before nor as after, or the disk says no.
    pub fn recover(root: &Path) -> Result<Option<Recovery>, EditError> {
        let Some(transaction) = Self::interrupted(root)? else { return Ok(None) };
        let kind = transaction.kind().to_owned();
        if transaction.is_written()? {
            transaction.finish()?;
            return Ok(Some(Recovery::After { kind }));
        }
        transaction.roll_back()?;
        Ok(Some(Recovery::Before { kind }))
    }

    /// Returns the command that the transaction belongs to.
    #[must_use]
    pub fn kind(&self) -> &str {
        &self.intent.kind
    }

    /// Returns what that command recorded for itself.
    #[must_use]
    pub fn payload(&self) -> &Value {
        &self.intent.payload
    }

    /// Returns the edits.
    #[must_use]
    pub fn edits(&self) -> &EditSet {
        &self.edits
    }

    /// Tells the observer of a step that the owner took.
    pub fn note(&self, step: &str) {
        (self.observer)(Step::Own(step));
    }

    /// Tells whether every file is as after.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn is_written(&self) -> Result<bool, EditError> {
        for edit in self.edits.edits() {
            if read_file(&edit.path)? != edit.after {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Writes every file. After an error the tree is as before.
    ///
    /// # Errors
    /// When the disk says no; [`EditError::NotRestored`] when it said so again on the way back.
    pub fn write(&mut self) -> Result<(), EditError> {
        let Err(error) = self.write_all() else { return Ok(()) };
        match self.restore(false) {
            Ok(()) => Intent::remove(&self.folder).and(Err(error)),
            Err(source) => Err(EditError::NotRestored { source: Box::new(source) }),
        }
    }

    fn write_all(&self) -> Result<(), EditError> {
        for directory in &self.intent.made {
            fs::create_dir_all(self.edits.root().join(directory))?;
        }
        let edits: Vec<&Edit> = self.edits.edits().collect();
        edits.par_iter().try_for_each(|edit| -> Result<(), EditError> {
            if let Some(bytes) = &edit.after {
                stage(&edit.path, bytes)?;
                (self.observer)(Step::Staged(&edit.path));
            }
            Ok(())
        })?;
        for edit in &edits {
            settle(&edit.path, edit.after.is_some())?;
            (self.observer)(Step::Written(&edit.path));
        }
        sync_parents(&edits)
    }

    /// Takes the tree back to "before" and ends the transaction.
    ///
    /// # Errors
    /// When a file is neither as before nor as after; then nothing is touched and the record stays. Or when the disk
    /// says no.
    pub fn roll_back(self) -> Result<(), EditError> {
        self.restore(false)?;
        self.end()
    }

    /// Takes the tree back to "before" whatever the files hold now, and ends the transaction: for an owner that knows
    /// that only its own helpers, such as commit hooks, can have changed them.
    ///
    /// # Errors
    /// When the disk says no.
    pub fn roll_back_over(self) -> Result<(), EditError> {
        self.restore(true)?;
        self.end()
    }

    /// Ends the transaction; the tree stays as it is.
    ///
    /// # Errors
    /// When the disk says no.
    pub fn finish(self) -> Result<(), EditError> {
        clear_temporary(&self.edits)?;
        self.end()
    }

    /// Ends the transaction and keeps its record in `.pyrel/NAME`, from where [`kept`](Self::kept) reads it.
    ///
    /// # Errors
    /// When the disk says no.
    pub fn finish_keeping(self, name: &str) -> Result<(), EditError> {
        clear_temporary(&self.edits)?;
        let kept = self.edits.root().join(OWN_FOLDER).join(name);
        if kept.exists() {
            fs::remove_dir_all(&kept)?;
        }
        fs::rename(&self.folder, &kept)?;
        sync_directory(&self.edits.root().join(OWN_FOLDER))?;
        (self.observer)(Step::Finished);
        Ok(())
    }

    /// Reads a record that was kept: the edits as they were carried out, and the owner's payload.
    ///
    /// # Errors
    /// When the record is broken.
    pub fn kept(root: &Path, name: &str) -> Result<Option<(EditSet, Value)>, EditError> {
        let root = absolute(root)?;
        let found = Intent::load(&root.join(OWN_FOLDER).join(name), &root)?;
        Ok(found.map(|(intent, edits)| (edits, intent.payload)))
    }

    /// Forgets a record that was kept.
    ///
    /// # Errors
    /// When the disk says no.
    pub fn forget(root: &Path, name: &str) -> Result<(), EditError> {
        match fs::remove_dir_all(root.join(OWN_FOLDER).join(name)) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(EditError::Io(error)),
            _ => Ok(()),
        }
    }

    fn end(self) -> Result<(), EditError> {
        Intent::remove(&self.folder)?;
        (self.observer)(Step::Finished);
        Ok(())
    }

    fn restore(&self, over: bool) -> Result<(), EditError> {
        let edits: Vec<&Edit> = self.edits.edits().collect();
        let mut written = Vec::new();
        for edit in &edits {
            let now = read_file(&edit.path)?;
            if now == edit.before {
                continue;
            }
            if now != edit.after && !over {
                return Err(EditError::Changed { path: edit.path.clone() });
            }
            written.push(*edit);
        }
        clear_temporary(&self.edits)?;
        for edit in written.into_iter().rev() {
            if let Some(bytes) = &edit.before {
                stage(&edit.path, bytes)?;
            }
            settle(&edit.path, edit.before.is_some())?;
            (self.observer)(Step::Restored(&edit.path));
        }
        sync_parents(&edits)?;
        for directory in self.intent.made.iter().rev() {
            match fs::remove_dir(self.edits.root().join(directory)) {
                // Somebody else's file in it keeps the directory.
                Err(error) if !matches!(error.kind(), ErrorKind::NotFound | ErrorKind::DirectoryNotEmpty) => {
                    return Err(EditError::Io(error));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

fn folder(root: &Path) -> PathBuf {
    root.join(OWN_FOLDER).join("edit")
}

/// Takes the lock of a tree; it falls with the process.
fn lock(root: &Path) -> Result<fs::File, EditError> {
    let path = own_folder(root)?.join("edit.lock");
    let file = fs::File::options().create(true).truncate(false).write(true).open(&path)?;
    for _ in 0..LOCK_ATTEMPTS {
        match file.file().try_lock() {
            Ok(()) => return Ok(file),
            // A child that is just being started by another thread holds what this process held, until it runs.
            Err(TryLockError::WouldBlock) => std::thread::sleep(LOCK_PAUSE),
            Err(TryLockError::Error(error)) => return Err(EditError::Io(error)),
        }
    }
    Err(EditError::Busy { lock: path })
}

fn unchanged(edit: &Edit) -> Result<(), EditError> {
    if read_file(&edit.path)? == edit.before {
        return Ok(());
    }
    Err(EditError::Changed { path: edit.path.clone() })
}

/// The name under which the content of a file waits.
fn temporary(path: &Path) -> PathBuf {
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(".pyrel-edit");
    path.with_file_name(name)
}

/// Writes content beside its file, with the file's permissions.
fn stage(path: &Path, bytes: &[u8]) -> Result<(), EditError> {
    let mut file = fs::File::create(temporary(path))?;
    file.write_all(bytes)?;
    match fs::metadata(path) {
        Ok(metadata) => file.set_permissions(metadata.permissions())?,
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(EditError::Io(error)),
    }
    Ok(file.sync_all()?)
}

/// Puts the staged content in its place, or removes the file.
fn settle(path: &Path, exists: bool) -> Result<(), EditError> {
    if exists {
        fs::rename(temporary(path), path)?
    } else {
        fs::remove_file(path)?
    }
    Ok(())
}

fn clear_temporary(edits: &EditSet) -> Result<(), EditError> {
    for edit in edits.edits() {
        match fs::remove_file(temporary(&edit.path)) {
            Err(error) if !matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
                return Err(EditError::Io(error));
            }
            _ => {}
        }
    }
    Ok(())
}

fn sync_parents(edits: &[&Edit]) -> Result<(), EditError> {
    let parents: BTreeSet<&Path> = edits.iter().filter_map(|edit| edit.path.parent()).collect();
    parents.into_par_iter().filter(|parent| parent.is_dir()).try_for_each(sync_directory)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree() -> (tempfile::TempDir, EditSet) {
        let folder = tempfile::tempdir().unwrap();
        for name in ["a", "b", "c"] {
            fs::write(folder.path().join(name), format!("{name} before\r\n")).unwrap();
        }
        let mut edits = EditSet::new(folder.path()).unwrap();
        edits.set(Path::new("a"), Some(b"a after\r\n".to_vec())).unwrap();
        edits.set(Path::new("b"), None).unwrap();
        edits.set(Path::new("deep/er/d"), Some(b"d after".to_vec())).unwrap();
        edits.set(Path::new("c"), Some(b"c after".to_vec())).unwrap();
        (folder, edits)
    }

    fn listing(root: &Path) -> Vec<(String, String)> {
        let mut files = Vec::new();
        let mut open = vec![root.to_path_buf()];
        while let Some(directory) = open.pop() {
            for entry in fs::read_dir(directory).unwrap() {
                let path = entry.unwrap().path();
                if path.ends_with(".pyrel") {
                    continue;
                }
                let name = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
                if path.is_dir() {
                    files.push((name, String::new()));
                    open.push(path);
                } else {
                    files.push((name, fs::read_to_string(path).unwrap()));
                }
            }
        }
        files.sort();
        files
    }

    #[test]
    fn a_transaction_is_carried_out_or_taken_back() {
        let (folder, edits) = tree();
        let before = listing(folder.path());
        let mut transaction =
            Transaction::begin(edits.clone(), "test", Value::Null, Arc::new(|_| ())).unwrap();
        transaction.write().unwrap();
        assert!(transaction.is_written().unwrap());
        let names: Vec<String> = listing(folder.path()).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["a", "c", "deep", "deep/er", "deep/er/d"]);
        transaction.roll_back().unwrap();
        assert_eq!(listing(folder.path()), before);

        Transaction::apply(edits.clone(), "test").unwrap();
        assert!(Transaction::interrupted(folder.path()).unwrap().is_none());
        Transaction::apply(edits.reversed(), "test").unwrap();
        fs::remove_dir_all(folder.path().join("deep")).unwrap();
        assert_eq!(listing(folder.path()), before);
    }

    #[test]
    fn a_file_that_changed_meanwhile_is_not_overwritten() {
        let (folder, edits) = tree();
        fs::write(folder.path().join("c"), "mine").unwrap();
        let before = listing(folder.path());
        let error = Transaction::apply(edits, "test").unwrap_err();
        assert!(matches!(&error, EditError::Changed { path } if path.ends_with("c")), "{error}");
        assert_eq!(listing(folder.path()), before);
        assert!(Transaction::interrupted(folder.path()).unwrap().is_none());
    }

    #[test]
    fn an_interruption_is_noticed_and_recovered_from() {
        let (folder, edits) = tree();
        let before = listing(folder.path());
        let begin =
            |edits: &EditSet| Transaction::begin(edits.clone(), "test", Value::Null, Arc::new(|_| ()));
        drop(begin(&edits).unwrap());
        fs::write(folder.path().join("a"), "a after\r\n").unwrap();
        fs::write(folder.path().join(".c.pyrel-edit"), "half").unwrap();
        assert!(matches!(begin(&edits), Err(EditError::Interrupted { .. })));
        let recovery = Transaction::recover(folder.path()).unwrap();
        assert_eq!(recovery, Some(Recovery::Before { kind: "test".to_owned() }));
        assert_eq!(listing(folder.path()), before);
        assert_eq!(Transaction::recover(folder.path()).unwrap(), None);

        let mut transaction = begin(&edits).unwrap();
        transaction.write().unwrap();
        drop(transaction);
        let recovery = Transaction::recover(folder.path()).unwrap();
        assert_eq!(recovery, Some(Recovery::After { kind: "test".to_owned() }));

        let mut transaction = begin(&edits.reversed()).unwrap();
        transaction.write().unwrap();
        drop(transaction);
        fs::write(folder.path().join("a"), "somebody else").unwrap();
        let error = Transaction::recover(folder.path()).unwrap_err();
        assert!(matches!(error, EditError::Changed { .. }), "{error}");
        assert_eq!(fs::read_to_string(folder.path().join("c")).unwrap(), "c before\r\n");
    }

    #[test]
    fn a_failing_disk_leaves_the_tree_as_before() {
        let (folder, edits) = tree();
        fs::create_dir(folder.path().join(".c.pyrel-edit")).unwrap();
        let before = listing(folder.path());
        let error = Transaction::apply(edits, "test").unwrap_err();
        assert!(matches!(error, EditError::NotRestored { .. } | EditError::Io(_)), "{error}");
        fs::remove_dir(folder.path().join(".c.pyrel-edit")).unwrap();
        Transaction::recover(folder.path()).unwrap();
        let without = |mut files: Vec<(String, String)>| {
            files.retain(|(name, _)| name != ".c.pyrel-edit");
            files
        };
        assert_eq!(without(listing(folder.path())), without(before));
    }

    #[test]
    fn two_transactions_exclude_each_other() {
        let (_folder, edits) = tree();
        let first = Transaction::begin(edits.clone(), "test", Value::Null, Arc::new(|_| ())).unwrap();
        let second = Transaction::begin(edits, "test", Value::Null, Arc::new(|_| ()));
        assert!(matches!(second, Err(EditError::Busy { .. })));
        first.roll_back().unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn modes_and_links_stay() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a"), "1").unwrap();
        fs::set_permissions(folder.path().join("a"), std::fs::Permissions::from_mode(0o751)).unwrap();
        symlink("a", folder.path().join("b")).unwrap();
        let mut edits = EditSet::new(folder.path()).unwrap();
        edits.set(Path::new("b"), Some(b"2".to_vec())).unwrap();
        Transaction::apply(edits, "test").unwrap();
        assert!(fs::symlink_metadata(folder.path().join("b")).unwrap().is_symlink());
        assert_eq!(fs::read_to_string(folder.path().join("a")).unwrap(), "2");
        assert_eq!(fs::metadata(folder.path().join("a")).unwrap().permissions().mode() & 0o777, 0o751);
    }
}
