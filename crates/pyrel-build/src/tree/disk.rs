//! A folder on disk, each sub-folder listed at most once.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::fs::Metadata;
use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use fs_err as fs;
use pyrel_model::{Diagnostic, Location};
use pyrel_project::OWN_FOLDER;

use super::{Listing, TreeFile};
use crate::entry_set::Source;
use crate::error::BuildError;
use crate::incremental::Trace;

#[derive(Debug)]
pub(crate) struct DiskTree {
    root: PathBuf,
    folders: RefCell<HashMap<String, Rc<Listing>>>,
    /// Notes everything that is looked at, when somebody wants to know.
    trace: Option<Trace>,
    /// Files that are not on disk, or are there with other bytes.
    written: RefCell<BTreeMap<String, Arc<[u8]>>>,
}

impl DiskTree {
    pub(super) fn new(root: &Path, trace: Option<Trace>) -> Self {
        Self { root: root.to_path_buf(), folders: RefCell::default(), trace, written: RefCell::default() }
    }

    /// Returns what was looked at.
    pub(super) fn into_trace(self) -> Option<Trace> {
        self.trace
    }

    /// Returns the full path of something that is about to be looked at.
    fn look_at(&self, path: &str) -> PathBuf {
        let full = self.root.join(path);
        self.touch(&full);
        full
    }

    fn touch(&self, full: &Path) {
        if let Some(trace) = &self.trace {
            trace.touch(full);
        }
    }

    /// Looks at something, links not followed, and returns its full path.
    fn look(&self, path: &str) -> (PathBuf, io::Result<Metadata>) {
        let full = self.root.join(path);
        let found = fs::symlink_metadata(&full);
        if let Some(trace) = &self.trace {
            trace.touched(&full, &found);
        }
        (full, found)
    }

    /// Looks at something, links followed; `None` where nothing is.
    fn follow(&self, path: &str) -> Option<Metadata> {
        match self.look(path) {
            (full, Ok(own)) if own.is_symlink() => fs::metadata(full).ok(),
            (_, found) => found.ok(),
        }
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    pub(super) fn list(&self, dir: &str) -> Result<Rc<Listing>, BuildError> {
        if let Some(listing) = self.folders.borrow().get(dir) {
            return Ok(Rc::clone(listing));
        }
        let full = self.look_at(dir);
        let mut listing = list_folder(&full, &|link| self.touch(link))?;
        if let Some(trace) = &self.trace {
            trace.listed(&full, &listing);
        }
        self.add_written(dir, &mut listing);
        let listing = Rc::new(listing);
        self.folders.borrow_mut().insert(dir.to_owned(), Rc::clone(&listing));
        Ok(listing)
    }

    pub(super) fn is_file(&self, path: &str) -> bool {
        self.written.borrow().contains_key(path) || self.follow(path).is_some_and(|found| found.is_file())
    }

    pub(super) fn is_dir(&self, path: &str) -> bool {
        self.leads_to_written(path) || self.follow(path).is_some_and(|found| found.is_dir())
    }

    pub(super) fn read(&self, path: &str) -> Result<Arc<[u8]>, BuildError> {
        if let Some(bytes) = self.written.borrow().get(path) {
            return Ok(Arc::clone(bytes));
        }
        let path = self.look_at(path);
        fs::read(&path).map(Arc::from).map_err(|source| BuildError::Read { path, source })
    }

    pub(super) fn file(&self, path: &str) -> Result<TreeFile, BuildError> {
        let (full, own) = self.look(path);
        if let Some(bytes) = self.written.borrow().get(path) {
            let executable = fs::metadata(&full).is_ok_and(|there| is_executable(&full, &there));
            return Ok(TreeFile { source: Source::Bytes(Arc::clone(bytes)), executable, is_link: false });
        }
        let own = own.map_err(|source| BuildError::Read { path: full.clone(), source })?;
        let is_link = own.is_symlink();
        let target =
            if is_link { fs::metadata(&full).map_err(|error| broken_link(&full, &error))? } else { own };
        if !target.is_file() {
            return Err(special(&full));
        }
        Ok(TreeFile {
            executable: is_executable(&full, &target),
            source: Source::File { path: full, size: target.len() },
            is_link,
        })
    }

    /// Tells whether anything is there, links followed.
    pub(super) fn exists(&self, path: &str) -> bool {
        self.written.borrow().contains_key(path) || self.leads_to_written(path) || self.follow(path).is_some()
    }

    /// Tells whether the path itself is a symbolic link.
    pub(super) fn is_link(&self, path: &str) -> bool {
        self.look(path).1.is_ok_and(|found| found.is_symlink())
    }

    /// Puts a file over what is on disk, with the folders that lead to it.
    pub(super) fn put(&self, path: &str, bytes: &[u8]) {
        self.written.borrow_mut().insert(path.to_owned(), bytes.into());
        self.folders.borrow_mut().clear();
    }

    /// Looks at the same folder again, with the files that were put over it.
    pub(super) fn anew(&self) -> Self {
        Self { written: self.written.clone(), ..Self::new(&self.root, None) }
    }

    /// Tells whether the path is a folder on the way to a file that is not on disk.
    fn leads_to_written(&self, path: &str) -> bool {
        let written = self.written.borrow();
        written.keys().any(|file| file.strip_prefix(path).is_some_and(|rest| rest.starts_with('/')))
    }

    /// Adds the files of a folder that are not on disk, and the folders that lead to such files.
    fn add_written(&self, dir: &str, listing: &mut Listing) {
        let start = if dir.is_empty() { String::new() } else { format!("{dir}/") };
        for rest in self.written.borrow().keys().filter_map(|path| path.strip_prefix(&start)) {
            let (list, name) = match rest.split_once('/') {
                Some((folder, _)) => (&mut listing.dirs, folder),
                None => (&mut listing.files, rest),
            };
            if let Err(at) = list.binary_search_by(|known| known.as_str().cmp(name)) {
                list.insert(at, name.to_owned());
            }
        }
    }

    /// Notes that a plan depends on something that is no path.
    pub(super) fn depends_on_more(&self) {
        if let Some(trace) = &self.trace {
            trace.spoil();
        }
    }

    /// Notes that a plan depends on whether there is a repository around the folder, or on what git says about it.
    pub(super) fn asked_git(&self, has_answered: bool) {
        let Some(trace) = &self.trace else { return };
        if has_answered {
            trace.spoil();
        }
        for folder in self.root.ancestors() {
            trace.touch(&folder.join(".git"));
        }
    }

    #[cfg(unix)]
    pub(super) fn identity(&self, dir: &str) -> Option<(u64, u64)> {
        use std::os::unix::fs::MetadataExt as _;
        let metadata = self.follow(dir)?;
        Some((metadata.dev(), metadata.ino()))
    }

    /// Windows has no cheap identity; the canonical path does the same work.
    #[cfg(not(unix))]
    pub(super) fn identity(&self, dir: &str) -> Option<(u64, u64)> {
        use std::hash::{DefaultHasher, Hash as _, Hasher as _};
        let mut hasher = DefaultHasher::new();
        fs::canonicalize(self.look_at(dir)).ok()?.hash(&mut hasher);
        Some((0, hasher.finish()))
    }
}

/// Lists a folder but for pyrel's own in it, which is no part of any project; `link` is told each symbolic link before it is followed.
pub(crate) fn list_folder(path: &Path, link: &dyn Fn(&Path)) -> Result<Listing, BuildError> {
    let read = |source| BuildError::Read { path: path.to_path_buf(), source };
    let mut listing = Listing::default();
    let entries = match fs::read_dir(path) {
        Ok(entries) => entries,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(listing);
        }
        Err(error) => return Err(read(error)),
    };
    for entry in entries {
        let entry = entry.map_err(read)?;
        if entry.file_name() == OWN_FOLDER {
            continue;
        }
        let kind = entry.file_type().map_err(read)?;
        if kind.is_symlink() {
            link(&entry.path());
        }
        let is_dir = kind.is_dir() || (kind.is_symlink() && entry.path().is_dir());
        match entry.file_name().into_string() {
            Ok(name) if is_dir => listing.dirs.push(name),
            Ok(name) => listing.files.push(name),
            Err(name) => listing.odd.push(name.to_string_lossy().into_owned()),
        }
    }
    listing.dirs.sort();
    listing.files.sort();
    listing.odd.sort();
    Ok(listing)
}

#[cfg(unix)]
fn is_executable(_path: &Path, metadata: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    metadata.permissions().mode() & 0o100 != 0
}

/// Windows has no such bit; Python reports it for these extensions.
#[cfg(not(unix))]
fn is_executable(path: &Path, _metadata: &std::fs::Metadata) -> bool {
    let extension = path.extension().map(|text| text.to_ascii_lowercase());
    extension.is_some_and(|text| ["exe", "bat", "cmd", "com"].iter().any(|known| text == *known))
}

fn broken_link(path: &Path, error: &io::Error) -> BuildError {
    let target = fs::read_link(path).unwrap_or_default();
    let reason =
        if error.kind() == io::ErrorKind::NotFound { "points nowhere" } else { "cannot be followed" };
    let message = format!("symbolic link {reason}: `{}`", target.display());
    BuildError::Project(Box::new(
        Diagnostic::new(message)
            .at(Location::of_file(path))
            .with_hint("repair or delete the link, or exclude it from the package"),
    ))
}

fn special(path: &Path) -> BuildError {
    BuildError::Project(Box::new(
        Diagnostic::new("no regular file (a socket, pipe, or device), which no archive can hold")
            .at(Location::of_file(path))
            .with_hint("delete it, or exclude it from the package"),
    ))
}
