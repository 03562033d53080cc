//! The record of a transaction on the disk: what is written, over what, and for whom.
//!
//! A folder with two files. `content` holds the old and the new bytes of every file, one after the other;
//! `intent.json` says where. The second appears whole, by a rename, when the first is on the disk: with it the
//! transaction exists, without it nothing was touched.

use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use fs_err as fs;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Edit, EditError, EditSet};

const SCHEMA: u32 = 1;
const HEADER: &str = "intent.json";
const CONTENT: &str = "content";

/// What `intent.json` holds.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Intent {
    schema: u32,
    /// The command that writes.
    pub(super) kind: String,
    /// What that command needs to know afterwards.
    pub(super) payload: Value,
    /// Directories that are made, outer ones first.
    pub(super) made: Vec<String>,
    files: Vec<FileRecord>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileRecord {
    path: String,
    /// Offset and length in `content`; absent when there is no such file.
    before: Option<(usize, usize)>,
    after: Option<(usize, usize)>,
}

impl Intent {
    pub(super) fn new(edits: &EditSet, kind: &str, payload: Value) -> Result<Self, EditError> {
        let mut end = 0;
        let mut record = |bytes: &Option<Vec<u8>>| {
            let length = bytes.as_ref()?.len();
            end += length;
            Some((end - length, length))
        };
        let files = edits.edits().map(|edit| {
            let (before, after) = (record(&edit.before), record(&edit.after));
            Ok(FileRecord { path: relative(edits.root(), &edit.path)?, before, after })
        });
        let files = files.collect::<Result<_, EditError>>()?;
        let made = missing_directories(edits)?;
        Ok(Self { schema: SCHEMA, kind: kind.to_owned(), payload, made, files })
    }

    /// Writes the record into an empty folder, durably.
    pub(super) fn store(&self, folder: &Path, edits: &EditSet) -> Result<(), EditError> {
        let mut content = fs::File::create(folder.join(CONTENT))?;
        for bytes in edits.edits().flat_map(|edit| [&edit.before, &edit.after]).flatten() {
            content.write_all(bytes)?;
        }
        content.sync_all()?;
        let partial = folder.join("intent.json.partial");
        let mut header = fs::File::create(&partial)?;
        header.write_all(&serde_json::to_vec(self).map_err(std::io::Error::from)?)?;
        header.sync_all()?;
        drop(header);
        fs::rename(&partial, folder.join(HEADER))?;
        sync_directory(folder)
    }

    /// Reads the record of a folder; `None` when there is none.
    pub(super) fn load(folder: &Path, root: &Path) -> Result<Option<(Self, EditSet)>, EditError> {
        let path = folder.join(HEADER);
        let header = match fs::read(&path) {
            Ok(header) => header,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(EditError::Io(error)),
        };
        let content = fs::read(folder.join(CONTENT))?;
        let broken = || EditError::BrokenRecord { path: path.clone() };
        let intent: Self = serde_json::from_slice(&header).map_err(|_| broken())?;
        if intent.schema != SCHEMA {
            return Err(broken());
        }
        let mut edits = EditSet::new(root)?;
        for file in &intent.files {
            let part = |range: Option<(usize, usize)>| match range {
                None => Ok(None),
                Some((start, length)) => {
                    let end = start.checked_add(length).ok_or_else(broken)?;
                    content.get(start..end).map(|bytes| Some(bytes.to_vec())).ok_or_else(broken)
                }
            };
            let path = root.join(&file.path);
            edits.insert(Edit { path, before: part(file.before)?, after: part(file.after)? })?;
        }
        Ok(Some((intent, edits)))
    }

    /// Forgets the record: from here on the transaction is over.
    pub(super) fn remove(folder: &Path) -> Result<(), EditError> {
        fs::remove_file(folder.join(HEADER))?;
        sync_directory(folder)?;
        Ok(fs::remove_dir_all(folder)?)
    }
}

fn relative(root: &Path, path: &Path) -> Result<String, EditError> {
    let inner = path.strip_prefix(root).unwrap_or(path);
    inner.to_str().map(str::to_owned).ok_or_else(|| EditError::NotUnicode { path: path.to_path_buf() })
}

/// Returns the directories that the edits need and that do not exist, outer ones first.
fn missing_directories(edits: &EditSet) -> Result<Vec<String>, EditError> {
    let mut missing: Vec<PathBuf> = Vec::new();
    for edit in edits.edits().filter(|edit| edit.after.is_some()) {
        let parents = edit.path.ancestors().skip(1).take_while(|parent| !parent.is_dir());
        missing.extend(parents.map(Path::to_path_buf));
    }
    missing.sort_unstable();
    missing.dedup();
    missing.iter().map(|path| relative(edits.root(), path)).collect()
}

/// Flushes the names in a directory to the disk.
#[cfg(unix)]
pub(super) fn sync_directory(path: &Path) -> Result<(), EditError> {
    Ok(fs::File::open(path)?.sync_all()?)
}

/// Windows flushes a directory's names with the files themselves.
#[cfg(windows)]
pub(super) fn sync_directory(_path: &Path) -> Result<(), EditError> {
    Ok(())
}
