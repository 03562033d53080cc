//! A copy of a project that differs in all that must not matter: where it lies, the order in which its files
//! were made, their times, and who else may read them.
//!
//! What decides what a build makes stays: names, bytes, links, the executable bit, the ignore files above the
//! project, and the border of its repository.

use std::io;
use std::path::{Component, Path, PathBuf};
use std::time::{Duration, SystemTime};

use fs_err as fs;

use crate::error::BuildError;

/// Files above a project that decide what its backend selects.
const IGNORE_FILES: [&str; 2] = [".gitignore", ".hgignore"];
/// Folders whose presence marks the top of a repository; their content is not copied.
const BORDERS: [&str; 2] = [".git", ".hg"];

/// How a replica differs from its original.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Variation {
    /// Decides the order in which files are made.
    pub seed: u64,
    /// The time of every file, in seconds since 1970.
    pub modified: u64,
    /// Whether only the owner may read and enter.
    pub private: bool,
}

/// Copies the project in `directory` below the empty folder `room` and returns the copy's folder.
///
/// # Errors
/// When something cannot be read or written.
pub fn replicate(directory: &Path, room: &Path, variation: Variation) -> Result<PathBuf, BuildError> {
    let top = repository_top(directory);
    let inner = directory.strip_prefix(&top).unwrap_or(Path::new(""));
    let copy = room.join(inner);
    make_folder(&copy)?;
    let mut replica = Replica { top: &top, room, variation, state: variation.seed | 1 };
    replica.surroundings(directory)?;
    replica.folder(directory, &copy)?;
    Ok(copy)
}

/// Returns the folder that holds `.git` or `.hg`, or the project itself.
fn repository_top(directory: &Path) -> PathBuf {
    let marked = |folder: &&Path| BORDERS.iter().any(|border| folder.join(border).exists());
    directory.ancestors().find(marked).unwrap_or(directory).to_path_buf()
}

struct Replica<'a> {
    top: &'a Path,
    room: &'a Path,
    variation: Variation,
    state: u64,
}

impl Replica<'_> {
    /// Copies what lies above the project and is looked at by builds.
    fn surroundings(&mut self, directory: &Path) -> Result<(), BuildError> {
        for border in BORDERS {
            if self.top.join(border).exists() {
                make_folder(&self.room.join(border))?;
            }
        }
        for folder in directory.ancestors().skip(1).take_while(|folder| folder.starts_with(self.top)) {
            for name in IGNORE_FILES {
                let file = folder.join(name);
                if file.is_file() {
                    self.file(&file, &self.place(&file))?;
                }
            }
        }
        Ok(())
    }

    /// Returns where a path of the original repository lies in the copy.
    fn place(&self, path: &Path) -> PathBuf {
        self.room.join(path.strip_prefix(self.top).unwrap_or(path))
    }

    fn folder(&mut self, from: &Path, to: &Path) -> Result<(), BuildError> {
        let read = |source| BuildError::Read { path: from.to_path_buf(), source };
        let mut entries = Vec::new();
        for entry in fs::read_dir(from).map_err(read)? {
            let entry = entry.map_err(read)?;
            if !BORDERS.iter().any(|border| entry.file_name() == *border) {
                entries.push((entry.path(), entry.file_type().map_err(read)?));
            }
        }
        entries.sort_by(|one, other| one.0.cmp(&other.0));
        self.shuffle(&mut entries);
        for (path, kind) in entries {
            let target = to.join(path.file_name().unwrap_or_default());
            if kind.is_symlink() {
                self.link(&path, &target)?;
            } else if kind.is_dir() {
                make_folder(&target)?;
                self.folder(&path, &target)?;
            } else if kind.is_file() {
                self.file(&path, &target)?;
            }
        }
        self.restrict(to, true)
    }

    fn file(&self, from: &Path, to: &Path) -> Result<(), BuildError> {
        let write = |source| BuildError::Write { path: to.to_path_buf(), source };
        fs::copy(from, to).map_err(|source| BuildError::Read { path: from.to_path_buf(), source })?;
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(self.variation.modified);
        // Without write permission the time of a file cannot be set.
        self.restrict(to, false)?;
        let file = fs::OpenOptions::new().append(true).open(to).map_err(write)?;
        file.file().set_modified(time).map_err(write)
    }

    /// Makes a link that means the same in the copy; what it names outside the project comes along.
    fn link(&self, from: &Path, to: &Path) -> Result<(), BuildError> {
        let meant =
            fs::read_link(from).map_err(|source| BuildError::Read { path: from.to_path_buf(), source })?;
        let write = |source| BuildError::Write { path: to.to_path_buf(), source };
        if meant.is_relative() {
            let folder = from.parent().unwrap_or(from);
            let original = lexically_normal(&folder.join(&meant));
            let place = self.place(&original);
            if original.starts_with(self.top) && original.is_file() && !place.exists() {
                if let Some(folder) = place.parent() {
                    make_folder(folder)?;
                }
                self.file(&original, &place)?;
            }
        }
        make_link(&meant, to, from.is_dir()).map_err(write)
    }

    #[cfg(unix)]
    fn restrict(&self, path: &Path, is_folder: bool) -> Result<(), BuildError> {
        use std::os::unix::fs::PermissionsExt as _;
        let write = |source| BuildError::Write { path: path.to_path_buf(), source };
        let mode = fs::metadata(path).map_err(write)?.permissions().mode();
        let owner = if is_folder || mode & 0o100 != 0 { 0o700 } else { 0o600 };
        let read_and_enter = (owner >> 6) & 0o5;
        let others = if self.variation.private { 0 } else { (read_and_enter << 3) | read_and_enter };
        fs::set_permissions(path, std::fs::Permissions::from_mode(owner | others)).map_err(write)
    }

    /// Windows has no such bits.
    #[cfg(not(unix))]
    fn restrict(&self, _path: &Path, _is_folder: bool) -> Result<(), BuildError> {
        Ok(())
    }

    /// Fisher and Yates' shuffle with a generator that is the same everywhere.
    fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            self.state ^= self.state << 13;
            self.state ^= self.state >> 7;
            self.state ^= self.state << 17;
            let chosen = usize::try_from(self.state % (last as u64 + 1)).unwrap_or(0);
            items.swap(last, chosen);
        }
    }
}

fn make_folder(path: &Path) -> Result<(), BuildError> {
    fs::create_dir_all(path).map_err(|source| BuildError::Write { path: path.to_path_buf(), source })
}

/// Takes `.` and `..` out of an absolute path without a look at the disk.
fn lexically_normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                normal.pop();
            }
            other => normal.push(other),
        }
    }
    normal
}

#[cfg(unix)]
fn make_link(meant: &Path, to: &Path, _is_folder: bool) -> io::Result<()> {
    std::os::unix::fs::symlink(meant, to)
}

#[cfg(windows)]
fn make_link(meant: &Path, to: &Path, is_folder: bool) -> io::Result<()> {
    if is_folder {
        std::os::windows::fs::symlink_dir(meant, to)
    } else {
        std::os::windows::fs::symlink_file(meant, to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PUBLIC: Variation = Variation { seed: 7, modified: 1_000_000_000, private: false };

    fn tree() -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in [
            (".git/HEAD", "ref"),
            (".gitignore", "*.log\n"),
            ("LICENSE", "text"),
            ("packages/a/pyproject.toml", "[project]"),
            ("packages/a/src/a/__init__.py", ""),
        ] {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        root
    }

    #[test]
    fn what_lies_above_a_project_comes_along() {
        let (root, room) = (tree(), tempfile::tempdir().unwrap());
        let copy = replicate(&root.path().join("packages/a"), room.path(), PUBLIC).unwrap();
        assert_eq!(copy, room.path().join("packages/a"));
        assert_eq!(fs::read_to_string(room.path().join(".gitignore")).unwrap(), "*.log\n");
        assert!(room.path().join(".git").is_dir() && !room.path().join(".git/HEAD").exists());
        assert!(copy.join("src/a/__init__.py").is_file());
        let modified = fs::metadata(copy.join("pyproject.toml")).unwrap().modified().unwrap();
        assert_eq!(modified, SystemTime::UNIX_EPOCH + Duration::from_secs(PUBLIC.modified));
    }

    #[cfg(unix)]
    #[test]
    fn links_and_modes_mean_the_same() {
        use std::os::unix::fs::PermissionsExt as _;
        let (root, room) = (tree(), tempfile::tempdir().unwrap());
        let package = root.path().join("packages/a");
        std::os::unix::fs::symlink("../../LICENSE", package.join("LICENSE")).unwrap();
        fs::write(package.join("run.sh"), "").unwrap();
        fs::set_permissions(package.join("run.sh"), std::fs::Permissions::from_mode(0o555)).unwrap();
        let copy = replicate(&package, room.path(), Variation { private: true, ..PUBLIC }).unwrap();
        assert_eq!(fs::read_to_string(copy.join("LICENSE")).unwrap(), "text");
        assert_eq!(fs::read_link(copy.join("LICENSE")).unwrap(), Path::new("../../LICENSE"));
        let mode = |name: &str| fs::metadata(copy.join(name)).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode("run.sh"), mode("pyproject.toml"), mode("src")), (0o700, 0o600, 0o700));
        let room = tempfile::tempdir().unwrap();
        let copy = replicate(&package, room.path(), PUBLIC).unwrap();
        let mode = |name: &str| fs::metadata(copy.join(name)).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode("run.sh"), mode("pyproject.toml"), mode("src")), (0o755, 0o644, 0o755));
    }

    #[test]
    fn the_order_of_making_follows_the_seed() {
        let order = |seed| {
            let mut replica =
                Replica { top: Path::new(""), room: Path::new(""), variation: PUBLIC, state: seed };
            let mut items: Vec<u32> = (0..20).collect();
            replica.shuffle(&mut items);
            items
        };
        assert_eq!(order(1), order(1));
        assert_ne!(order(1), order(3));
        assert_ne!(order(1), (0..20).collect::<Vec<_>>());
    }
}
