//! The files that a dialect sees: a folder on disk, or the content of an sdist that was never written.

mod disk;
mod memory;
mod path;
mod walk;

use std::rc::Rc;
use std::sync::Arc;

pub(crate) use disk::list_folder;
pub(crate) use path::{join, normalize, parent_and_name};
pub(crate) use walk::walk_followed;

use crate::entry_set::{Entry, Source};
use crate::error::{BuildError, Plan};
use crate::incremental::Trace;

/// The names in one folder, each list sorted by code point.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Listing {
    /// Folders, links to folders included.
    pub(crate) dirs: Vec<String>,
    /// Everything else.
    pub(crate) files: Vec<String>,
    /// Names that are not UTF-8, with replacement characters.
    pub(crate) odd: Vec<String>,
}

/// One regular file, ready for an archive.
#[derive(Debug, Clone)]
pub(crate) struct TreeFile {
    /// Its bytes.
    pub(crate) source: Source,
    /// Whether its owner may execute it.
    pub(crate) executable: bool,
    /// Whether the path itself is a symbolic link.
    pub(crate) is_link: bool,
}

impl TreeFile {
    /// Makes an archive member of it.
    pub(crate) fn into_entry(self, path: String) -> Entry {
        Entry { path, executable: self.executable, source: self.source }
    }
}

/// Files by their path from the root: `/` between parts, no `.` or `..`, the root itself is empty.
#[derive(Debug)]
pub(crate) enum Tree {
    /// A folder on disk.
    Disk(disk::DiskTree),
    /// What an sdist would unpack to.
    Memory(memory::MemoryTree),
}

impl Tree {
    /// Sees the folder `root` on disk; the trace notes what is looked at.
    pub(crate) fn disk(root: &std::path::Path, trace: Option<Trace>) -> Self {
        Self::Disk(disk::DiskTree::new(root, trace))
    }

    /// Sees the same files without noting what is looked at.
    pub(crate) fn anew(&self) -> Self {
        match self {
            Self::Disk(tree) => Self::Disk(tree.anew()),
            Self::Memory(tree) => Self::Memory(tree.clone()),
        }
    }

    /// Returns what was looked at, if a trace was given.
    pub(crate) fn into_trace(self) -> Option<Trace> {
        match self {
            Self::Disk(tree) => tree.into_trace(),
            Self::Memory(_) => None,
        }
    }

    /// Sees what unpacking the entries of an sdist would give, below their one top folder.
    pub(crate) fn unpacked(entries: &[Entry]) -> Self {
        Self::Memory(memory::MemoryTree::new(entries))
    }

    /// Lists a folder; a path that is none has nothing in it.
    pub(crate) fn list(&self, dir: &str) -> Result<Rc<Listing>, BuildError> {
        match self {
            Self::Disk(tree) => tree.list(dir),
            Self::Memory(tree) => Ok(tree.list(dir)),
        }
    }

    /// Tells whether the path is a file (links followed).
    pub(crate) fn is_file(&self, path: &str) -> bool {
        match self {
            Self::Disk(tree) => tree.is_file(path),
            Self::Memory(tree) => tree.is_file(path),
        }
    }

    /// Tells whether the path is a folder (links followed).
    pub(crate) fn is_dir(&self, path: &str) -> bool {
        match self {
            Self::Disk(tree) => tree.is_dir(path),
            Self::Memory(tree) => tree.is_dir(path),
        }
    }

    /// Tells whether anything is there (links followed).
    pub(crate) fn exists(&self, path: &str) -> bool {
        match self {
            Self::Disk(tree) => tree.exists(path),
            Self::Memory(tree) => tree.is_file(path) || tree.is_dir(path),
        }
    }

    /// Tells whether the path itself is a symbolic link; what was never written has none.
    pub(crate) fn is_link(&self, path: &str) -> bool {
        match self {
            Self::Disk(tree) => tree.is_link(path),
            Self::Memory(_) => false,
        }
    }

    /// Notes that the plan depends on git: on its answers, or on there being no repository.
    pub(crate) fn asked_git(&self, has_answered: bool) {
        if let Self::Disk(tree) = self {
            tree.asked_git(has_answered);
        }
    }

    /// Notes that the plan depends on something that is no path, such as a variable.
    pub(crate) fn depends_on_more(&self) {
        if let Self::Disk(tree) = self {
            tree.depends_on_more();
        }
    }

    /// Puts a file below a folder on disk, over any other at its path, for a backend that writes one before it looks;
    /// the disk stays as it is. What is in memory cannot be written to.
    pub(crate) fn put(&self, path: &str, bytes: &[u8]) {
        if let Self::Disk(tree) = self {
            tree.put(path, bytes);
        }
    }

    /// Returns a file for an archive; broken links and special files are located errors.
    pub(crate) fn file(&self, path: &str) -> Result<TreeFile, BuildError> {
        match self {
            Self::Disk(tree) => tree.file(path),
            Self::Memory(tree) => tree.file(path),
        }
    }

    /// Reads a whole file.
    pub(crate) fn read(&self, path: &str) -> Result<Arc<[u8]>, BuildError> {
        match self {
            Self::Disk(tree) => tree.read(path),
            Self::Memory(tree) => tree.read(path),
        }
    }

    /// Reads a text file as Python does in text mode: UTF-8, `\r\n` and `\r` become `\n`.
    pub(crate) fn read_text(&self, path: &str) -> Plan<String> {
        let bytes = self.read(path)?;
        let text = std::str::from_utf8(&bytes).map_err(|error| {
            let start = bytes[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count() + 1;
            let mut location = pyrel_model::Location::of_file(&self.display_path(path));
            location.line = start;
            Box::new(
                pyrel_model::Diagnostic::new(format!("`{path}` is not UTF-8"))
                    .at(location)
                    .with_hint("save the file as UTF-8"),
            )
        })?;
        Ok(path::universal_newlines(text))
    }

    /// Names a file for people.
    pub(crate) fn display_path(&self, path: &str) -> std::path::PathBuf {
        match self {
            Self::Disk(tree) => tree.root().join(path),
            Self::Memory(_) => path.into(),
        }
    }

    /// Returns what identifies a folder, so that a walk that follows links can end.
    fn identity(&self, dir: &str) -> Option<(u64, u64)> {
        match self {
            Self::Disk(tree) => tree.identity(dir),
            Self::Memory(_) => None,
        }
    }
}
