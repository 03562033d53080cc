//! The content of a planned sdist as a tree; nothing is copied, files stay where they are on disk.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;

use fs_err as fs;

use super::{Listing, TreeFile, parent_and_name};
use crate::entry_set::{Entry, Source};
use crate::error::BuildError;

#[derive(Debug, Clone)]
pub(crate) struct MemoryTree {
    files: BTreeMap<String, (Source, bool)>,
    folders: HashMap<String, Rc<Listing>>,
}

impl MemoryTree {
    pub(super) fn new(entries: &[Entry]) -> Self {
        let mut files = BTreeMap::new();
        let mut folders: HashMap<String, Listing> = HashMap::new();
        folders.insert(String::new(), Listing::default());
        for entry in entries {
            let path = entry.path.split_once('/').map_or(entry.path.as_str(), |(_, rest)| rest);
            files.insert(path.to_owned(), (entry.source.clone(), entry.executable));
        }
        for path in files.keys() {
            let (dir, name) = parent_and_name(path);
            add_folder(&mut folders, dir);
            folders.entry(dir.to_owned()).or_default().files.push(name.to_owned());
        }
        for listing in folders.values_mut() {
            listing.dirs.sort();
            listing.files.sort();
        }
        Self { files, folders: folders.into_iter().map(|(dir, listing)| (dir, Rc::new(listing))).collect() }
    }

    pub(super) fn list(&self, dir: &str) -> Rc<Listing> {
        self.folders.get(dir).cloned().unwrap_or_default()
    }

    pub(super) fn is_file(&self, path: &str) -> bool {
        self.files.contains_key(path)
    }

    pub(super) fn is_dir(&self, path: &str) -> bool {
        self.folders.contains_key(path)
    }

    pub(super) fn file(&self, path: &str) -> Result<TreeFile, BuildError> {
        let (source, executable) = self.files.get(path).ok_or_else(|| missing(path))?;
        Ok(TreeFile { source: source.clone(), executable: *executable, is_link: false })
    }

    pub(super) fn read(&self, path: &str) -> Result<Arc<[u8]>, BuildError> {
        match self.files.get(path) {
            Some((Source::Bytes(bytes), _)) => Ok(Arc::clone(bytes)),
            Some((Source::File { path, .. }, _)) => fs::read(path)
                .map(Arc::from)
                .map_err(|source| BuildError::Read { path: path.clone(), source }),
            None => Err(missing(path)),
        }
    }
}

fn add_folder(folders: &mut HashMap<String, Listing>, dir: &str) {
    if folders.contains_key(dir) {
        return;
    }
    folders.insert(dir.to_owned(), Listing::default());
    let (parent, name) = parent_and_name(dir);
    add_folder(folders, parent);
    folders.entry(parent.to_owned()).or_default().dirs.push(name.to_owned());
}

fn missing(path: &str) -> BuildError {
    BuildError::Read { path: PathBuf::from(path), source: std::io::ErrorKind::NotFound.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_follow_from_files() {
        let entries =
            ["p-1/b/c.py", "p-1/a.txt", "p-1/b/a/x"].map(|path| Entry::generated(path, path.as_bytes()));
        let tree = MemoryTree::new(&entries);
        assert_eq!(tree.list("").dirs, ["b"]);
        assert_eq!(tree.list("").files, ["a.txt"]);
        assert_eq!(tree.list("b").dirs, ["a"]);
        assert!(tree.is_dir("b/a") && tree.is_file("b/a/x") && !tree.is_file("b"));
        assert_eq!(&*tree.read("b/c.py").unwrap(), b"p-1/b/c.py");
        assert!(tree.file("none").is_err());
    }
}
