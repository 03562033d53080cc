//! The files of a project as a value: paths relative to its root and the text of those that are text.
//!
//! Everything that decides works on this value; only [`Tree::read`] touches a disk.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use fs_err as fs;
use ignore::WalkBuilder;

use super::AdoptError;
use crate::root::absolute;

/// The largest file whose text is looked at, in bytes.
const MAX_BYTES: u64 = 2 * 1024 * 1024;

/// Folders that are nobody's source.
const FOREIGN: &[&str] = &[
    ".git",
    ".hg",
    ".svn",
    ".pyrel",
    ".venv",
    "venv",
    "env",
    ".tox",
    ".nox",
    "node_modules",
    "__pycache__",
    "dist",
    "build",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
    ".eggs",
    ".idea",
    ".vscode",
];

/// The files of a project. Paths are relative to the root and have `/` between their parts.
#[derive(Debug, Clone, Default)]
pub struct Tree {
    root: PathBuf,
    /// The text of a file, or nothing for a large, binary, or linked one.
    files: BTreeMap<String, Option<String>>,
}

impl Tree {
    /// Reads the files of a directory that git does not ignore; build products, environments, and directories
    /// that are packages of their own are left out.
    ///
    /// # Errors
    /// When the directory or a file in it cannot be read.
    pub fn read(root: &Path) -> Result<Self, AdoptError> {
        let root = &absolute(root).map_err(AdoptError::Unreadable)?;
        let mut files = BTreeMap::new();
        let start = root.clone();
        let walk = WalkBuilder::new(root)
            .hidden(false)
            .require_git(false)
            .git_global(false)
            .sort_by_file_name(Ord::cmp)
            .filter_entry(move |entry| {
                entry.path() == start
                    || !entry.file_type().is_some_and(|kind| kind.is_dir())
                    || !is_foreign(entry.path())
            })
            .build();
        for entry in walk {
            let entry = entry.map_err(|error| AdoptError::Unreadable(std::io::Error::other(error)))?;
            let Some(kind) = entry.file_type().filter(|kind| !kind.is_dir()) else { continue };
            let Some(path) = relative(root, entry.path()) else { continue };
            let text = if kind.is_file() { read_text(entry.path())? } else { None };
            files.insert(path, text);
        }
        Ok(Self { root: root.clone(), files })
    }

    /// Makes a tree of texts.
    #[must_use]
    pub fn of(root: &Path, files: &[(&str, &str)]) -> Self {
        let files = files.iter().map(|(path, text)| ((*path).to_owned(), Some((*text).to_owned())));
        Self { root: root.to_path_buf(), files: files.collect() }
    }

    /// Returns the root, absolute.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Returns the text of a file; `None` when there is no such file or it is no text.
    #[must_use]
    pub fn text(&self, path: &str) -> Option<&str> {
        self.files.get(path)?.as_deref()
    }

    /// Tells whether there is such a file.
    #[must_use]
    pub fn has_file(&self, path: &str) -> bool {
        self.files.contains_key(path)
    }

    /// Tells whether there is a file below such a folder; the empty path is the root.
    #[must_use]
    pub fn has_folder(&self, path: &str) -> bool {
        self.below(path).next().is_some()
    }

    /// Returns the paths of all files below a folder; the empty path is the root.
    pub fn below<'t>(&'t self, folder: &str) -> impl Iterator<Item = &'t str> + use<'t> {
        let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        let from = prefix.clone();
        self.files
            .range(from..)
            .map(|(path, _)| path.as_str())
            .take_while(move |path| path.starts_with(&prefix))
    }

    /// Returns the names of the files right in a folder.
    pub fn files_in<'t>(&'t self, folder: &str) -> impl Iterator<Item = &'t str> + use<'t> {
        let skipped = if folder.is_empty() { 0 } else { folder.len() + 1 };
        self.below(folder).map(move |path| &path[skipped..]).filter(|name| !name.contains('/'))
    }

    /// Returns the names of the folders right in a folder.
    #[must_use]
    pub fn folders_in(&self, folder: &str) -> BTreeSet<&str> {
        let skipped = if folder.is_empty() { 0 } else { folder.len() + 1 };
        self.below(folder).filter_map(|path| Some(path[skipped..].split_once('/')?.0)).collect()
    }

    /// Tells whether there is Python source below a folder.
    #[must_use]
    pub fn has_python(&self, folder: &str) -> bool {
        self.below(folder).any(is_python)
    }

    /// Returns the paths of all Python sources with their texts.
    pub fn python(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files
            .iter()
            .filter_map(|(path, text)| Some((path.as_str(), text.as_deref()?)))
            .filter(|(path, _)| is_python(path))
    }

    /// Returns all texts with their paths.
    pub fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().filter_map(|(path, text)| Some((path.as_str(), text.as_deref()?)))
    }

    /// Returns the first file of a folder whose name, case aside, is one of `stems` with or without an ending.
    #[must_use]
    pub fn named(&self, stems: &[&str]) -> Option<&str> {
        let stem_of = |name: &str| name.split('.').next().unwrap_or(name).to_ascii_lowercase();
        stems.iter().find_map(|stem| self.files_in("").find(|name| stem_of(name) == *stem))
    }
}

/// Tells whether a path is one of Python source.
pub(super) fn is_python(path: &str) -> bool {
    path.ends_with(".py")
}

/// Splits a path into its folder and its name.
pub(super) fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", path))
}

/// Joins a folder and a path below it.
pub(super) fn join(folder: &str, rest: &str) -> String {
    match (folder.is_empty(), rest.is_empty()) {
        (true, _) => rest.to_owned(),
        (_, true) => folder.to_owned(),
        _ => format!("{folder}/{rest}"),
    }
}

fn is_foreign(path: &Path) -> bool {
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else { return true };
    let is_product = FOREIGN.contains(&name) || name.ends_with(".egg-info");
    let is_project = || ["pyproject.toml", "setup.py"].iter().any(|file| path.join(file).is_file());
    is_product || path.join("pyvenv.cfg").is_file() || is_project()
}

fn relative(root: &Path, path: &Path) -> Option<String> {
    let parts = path.strip_prefix(root).ok()?.components();
    let parts: Option<Vec<&str>> = parts.map(|part| part.as_os_str().to_str()).collect();
    Some(parts?.join("/"))
}

fn read_text(path: &Path) -> Result<Option<String>, AdoptError> {
    if fs::metadata(path).map_err(AdoptError::Unreadable)?.len() > MAX_BYTES {
        return Ok(None);
    }
    let bytes = fs::read(path).map_err(AdoptError::Unreadable)?;
    Ok(String::from_utf8(bytes).ok().filter(|text| !text.contains('\0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_and_files_are_told_apart() {
        let tree = Tree::of(
            Path::new("/x"),
            &[("app.py", ""), ("src/a/b.py", ""), ("src/c.txt", ""), ("src-old/d.py", "")],
        );
        assert_eq!(tree.below("src").collect::<Vec<_>>(), ["src/a/b.py", "src/c.txt"]);
        assert_eq!(tree.files_in("src").collect::<Vec<_>>(), ["c.txt"]);
        assert_eq!(tree.folders_in("").into_iter().collect::<Vec<_>>(), ["src", "src-old"]);
        assert!(tree.has_folder("src/a") && !tree.has_folder("sr") && tree.has_python("src"));
    }

    #[test]
    fn products_and_nested_projects_are_not_read() {
        let folder = tempfile::tempdir().unwrap();
        for path in
            ["app.py", "dist/a.py", "sub/pyproject.toml", "sub/a.py", "skip/a.py", "bin.dat", ".github/x.yml"]
        {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "a").unwrap();
        }
        fs::write(folder.path().join(".gitignore"), "skip/\n").unwrap();
        fs::write(folder.path().join("bin.dat"), b"\xff\0").unwrap();
        let tree = Tree::read(folder.path()).unwrap();
        assert_eq!(tree.below("").collect::<Vec<_>>(), [".github/x.yml", ".gitignore", "app.py", "bin.dat"]);
        assert_eq!((tree.text("bin.dat"), tree.text("app.py")), (None, Some("a")));
    }
}
