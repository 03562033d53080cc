//! What will be written: one edit a file, in the order in which the files were first named.

use std::collections::HashMap;
use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};

use fs_err as fs;

use super::{EditError, diff};
use crate::root::absolute;

/// The new content of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// The file, absolute.
    pub path: PathBuf,
    /// What it holds now; `None` when there is no such file.
    pub before: Option<Vec<u8>>,
    /// What it will hold; `None` when it will be removed.
    pub after: Option<Vec<u8>>,
}

/// A set of edits below one directory, at most one a file.
///
/// A link is followed: the file that it points to is edited, and the link stays.
#[derive(Debug, Clone)]
pub struct EditSet {
    root: PathBuf,
    edits: Vec<Edit>,
    positions: HashMap<PathBuf, usize>,
}

impl EditSet {
    /// Makes an empty set for the files below `root`.
    ///
    /// # Errors
    /// When there is no such directory.
    pub fn new(root: &Path) -> Result<Self, EditError> {
        Ok(Self { root: absolute(root)?, edits: Vec::new(), positions: HashMap::new() })
    }

    /// Returns the directory that the files lie below, absolute, links resolved.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Adds an edit. A second edit of a file must start from what the first one leaves; both become one.
    ///
    /// # Errors
    /// When it starts from another content, or when the path is no regular file below the root.
    pub fn insert(&mut self, edit: Edit) -> Result<(), EditError> {
        let path = self.resolve(&edit.path)?;
        match self.positions.get(&path) {
            Some(at) if self.edits[*at].after != edit.before => Err(EditError::Conflict { path }),
            Some(at) => {
                self.edits[*at].after = edit.after;
                Ok(())
            }
            None => {
                self.positions.insert(path.clone(), self.edits.len());
                self.edits.push(Edit { path, ..edit });
                Ok(())
            }
        }
    }

    /// Sets what a file will hold, whatever it holds now; `None` removes it.
    ///
    /// # Errors
    /// When the file cannot be read, or the path is no regular file below the root.
    pub fn set(&mut self, path: &Path, after: Option<Vec<u8>>) -> Result<(), EditError> {
        let before = self.read(path)?;
        self.insert(Edit { path: path.to_path_buf(), before, after })
    }

    /// Returns what a file will hold after the edits: the planned content, or that on the disk.
    ///
    /// # Errors
    /// When the file cannot be read, or the path is no regular file below the root.
    pub fn read(&self, path: &Path) -> Result<Option<Vec<u8>>, EditError> {
        let path = self.resolve(path)?;
        match self.positions.get(&path) {
            Some(at) => Ok(self.edits[*at].after.clone()),
            None => read_file(&path),
        }
    }

    /// Returns the edits that change something.
    pub fn edits(&self) -> impl Iterator<Item = &Edit> {
        self.edits.iter().filter(|edit| edit.before != edit.after)
    }

    /// Returns the files that change, absolute.
    #[must_use]
    pub fn paths(&self) -> Vec<PathBuf> {
        self.edits().map(|edit| edit.path.clone()).collect()
    }

    /// Tells whether nothing changes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.edits().next().is_none()
    }

    /// Returns the edits as a unified diff that `git apply` takes; paths are relative to `base`, the top level of
    /// the repository, or to the root of the set where `base` does not contain it.
    #[must_use]
    pub fn diff(&self, base: &Path) -> Vec<u8> {
        let base = absolute(base).ok().filter(|base| self.root.starts_with(base));
        let base = base.as_deref().unwrap_or(&self.root);
        self.edits().flat_map(|edit| diff::unified(edit, base)).collect()
    }

    /// Returns the set that takes the tree back.
    #[must_use]
    pub fn reversed(&self) -> Self {
        let turned = |edit: &Edit| Edit {
            path: edit.path.clone(),
            before: edit.after.clone(),
            after: edit.before.clone(),
        };
        Self { edits: self.edits.iter().map(turned).collect(), ..self.clone() }
    }

    /// Returns a path as absolute, links resolved as far as it exists.
    fn resolve(&self, path: &Path) -> Result<PathBuf, EditError> {
        let path = self.root.join(path);
        let resolved = resolve_existing(&path)?;
        if !resolved.starts_with(&self.root) || resolved == self.root {
            return Err(EditError::Outside { path: resolved });
        }
        Ok(resolved)
    }
}

/// Resolves the part of a path that exists; what follows must be plain names.
fn resolve_existing(path: &Path) -> Result<PathBuf, EditError> {
    let not_a_file = || EditError::NotAFile { path: path.to_path_buf() };
    let missing = |kind| matches!(kind, ErrorKind::NotFound | ErrorKind::NotADirectory);
    let mut existing = path;
    let mut rest = Vec::new();
    loop {
        match absolute(existing) {
            Ok(mut resolved) => {
                if rest.is_empty() && !resolved.is_file() || !rest.is_empty() && !resolved.is_dir() {
                    return Err(not_a_file());
                }
                resolved.extend(rest.iter().rev());
                return Ok(resolved);
            }
            // A link to nowhere is there, but what it names is not.
            Err(error) if missing(error.kind()) && fs::symlink_metadata(existing).is_err() => {
                let Some(Component::Normal(name)) = existing.components().next_back() else {
                    return Err(not_a_file());
                };
                rest.push(name);
                existing = existing.parent().ok_or_else(not_a_file)?;
            }
            Err(error) if missing(error.kind()) => return Err(not_a_file()),
            Err(error) => return Err(EditError::Io(error)),
        }
    }
}

/// Returns the bytes of a file; `None` when there is none.
pub(super) fn read_file(path: &Path) -> Result<Option<Vec<u8>>, EditError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(EditError::Io(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edit(path: &str, before: Option<&str>, after: Option<&str>) -> Edit {
        let bytes = |text: Option<&str>| text.map(|text| text.as_bytes().to_vec());
        Edit { path: PathBuf::from(path), before: bytes(before), after: bytes(after) }
    }

    #[test]
    fn edits_of_one_file_become_one() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a"), "1").unwrap();
        let mut set = EditSet::new(folder.path()).unwrap();
        set.insert(edit("a", Some("1"), Some("2"))).unwrap();
        set.insert(edit("./a", Some("2"), Some("3"))).unwrap();
        assert_eq!(set.read(Path::new("a")).unwrap().as_deref(), Some(&b"3"[..]));
        assert_eq!(set.edits().count(), 1);
        assert!(matches!(set.insert(edit("a", Some("1"), Some("9"))), Err(EditError::Conflict { .. })));
        set.insert(edit("a", Some("3"), Some("1"))).unwrap();
        assert!(set.is_empty());
        assert_eq!(set.read(Path::new("new/b")).unwrap(), None);
        set.set(Path::new("new/b"), Some(b"x".to_vec())).unwrap();
        assert_eq!(set.paths(), [set.root().join("new/b")]);
        assert_eq!(set.reversed().edits().next().unwrap().after, None);
    }

    #[test]
    fn what_is_no_file_of_the_tree_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("tree/sub")).unwrap();
        fs::write(folder.path().join("outside"), "").unwrap();
        fs::write(folder.path().join("tree/file"), "").unwrap();
        let mut set = EditSet::new(&folder.path().join("tree")).unwrap();
        for outside in ["../outside", "../new", "/etc/new"] {
            let result = set.set(Path::new(outside), None);
            assert!(matches!(result, Err(EditError::Outside { .. })), "{outside}: {result:?}");
        }
        for odd in ["sub", "file/below", "missing/../../x"] {
            let result = set.set(Path::new(odd), None);
            assert!(matches!(result, Err(EditError::NotAFile { .. })), "{odd}: {result:?}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stands_for_its_target() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a"), "1").unwrap();
        std::os::unix::fs::symlink("a", folder.path().join("b")).unwrap();
        std::os::unix::fs::symlink("nowhere", folder.path().join("c")).unwrap();
        let mut set = EditSet::new(folder.path()).unwrap();
        set.insert(edit("b", Some("1"), Some("2"))).unwrap();
        set.insert(edit("a", Some("2"), Some("3"))).unwrap();
        assert_eq!(set.paths(), [set.root().join("a")]);
        assert!(matches!(set.set(Path::new("c"), None), Err(EditError::NotAFile { .. })));
    }
}
