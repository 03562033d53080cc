//! Files that appear complete or not at all: temporary name, fsync, rename.
//!
//! A name is given only when the bytes are on disk. Waiting for the disk is what takes long, so files are told to
//! go there as soon as they are written, and those of many packages are waited for at the same time.

use std::collections::BTreeMap;
use std::io;
#[cfg(test)]
use std::io::Write as _;
use std::path::{Path, PathBuf};

use fs_err as fs;
use pyrel_model::{Blake2b256, Sha256};
use tempfile::{NamedTempFile, TempPath};

use super::Output;
use crate::error::BuildError;

/// How many files are waited for at the same time.
const SYNCS: usize = 8;

/// The stream that archives are written to.
pub(crate) type Stream = Output<NamedTempFile>;

/// The folder for finished files. Folders that had to be made vanish again unless something was committed.
#[derive(Debug)]
pub(crate) struct OutDir {
    path: PathBuf,
    made: Vec<PathBuf>,
}

/// A complete file under a temporary name.
#[derive(Debug)]
pub(crate) struct Finished {
    file: fs::File,
    temporary: TempPath,
    /// Where it goes.
    pub(crate) path: PathBuf,
    pub(crate) size: u64,
    pub(crate) sha256: Sha256,
    pub(crate) blake2b: Blake2b256,
}

impl OutDir {
    /// Makes the folder where it is missing.
    pub(crate) fn open(path: &Path) -> Result<Self, BuildError> {
        let path = std::path::absolute(path)
            .map_err(|source| BuildError::Write { path: path.to_path_buf(), source })?;
        let mut out_dir = Self { path: path.clone(), made: Vec::new() };
        let missing: Vec<&Path> =
            path.ancestors().take_while(|dir| !dir.as_os_str().is_empty() && !dir.exists()).collect();
        for dir in missing.into_iter().rev() {
            match fs::create_dir(dir) {
                Ok(()) => out_dir.made.push(dir.to_path_buf()),
                // Another package made it in the meantime.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && dir.is_dir() => {}
                Err(source) => return Err(BuildError::Write { path: dir.to_path_buf(), source }),
            }
        }
        Ok(out_dir)
    }

    /// Returns the folder.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Opens a temporary file in the folder.
    pub(crate) fn create(&self) -> Result<Stream, BuildError> {
        let make = || tempfile::Builder::new().prefix(".pyrel-").suffix(".tmp").tempfile_in(&self.path);
        let file = match make() {
            // Another package that failed took the folder away that it had made.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                fs::create_dir_all(&self.path).and_then(|()| make())
            }
            other => other,
        };
        let file = file.map_err(|source| BuildError::Write { path: self.path.clone(), source })?;
        Ok(Output::new(file))
    }

    /// Completes a file, still under a temporary name; it is on its way to the disk.
    pub(crate) fn finish(&self, stream: Stream, name: &str) -> Result<Finished, BuildError> {
        let path = self.path.join(name);
        let fail = |source| BuildError::Write { path: path.clone(), source };
        let (file, digests) = stream.finish().map_err(fail)?;
        let (file, temporary) = file.into_parts();
        let file = fs::File::from_parts(file, temporary.to_path_buf());
        make_readable(&file).map_err(fail)?;
        start_writing(&file, digests.size);
        let (size, sha256, blake2b) = (digests.size, digests.sha256, digests.blake2b);
        Ok(Finished { file, temporary, path, size, sha256, blake2b })
    }

    /// Gives all files their names; when one cannot have it, none has.
    pub(crate) fn commit(self, files: Vec<Finished>) -> Result<Vec<Committed>, BuildError> {
        let mut results = commit_all(vec![Unnamed { out: self, files }]);
        results.pop().expect("one package has one result")
    }

    fn name_all(&self, files: Vec<Finished>) -> Result<Vec<Committed>, BuildError> {
        let mut committed: Vec<Committed> = Vec::new();
        for file in files {
            let path = file.path.clone();
            match file.temporary.persist(&path) {
                Ok(()) => committed.push(Committed {
                    path,
                    size: file.size,
                    sha256: file.sha256,
                    blake2b: file.blake2b,
                }),
                Err(error) => {
                    let undone: io::Result<()> =
                        committed.iter().try_for_each(|done| fs::remove_file(&done.path));
                    let source = undone.err().unwrap_or(error.error);
                    return Err(BuildError::Write { path, source });
                }
            }
        }
        Ok(committed)
    }
}

impl Finished {
    /// Opens the file for reading.
    pub(crate) fn reader(&self) -> Result<fs::File, BuildError> {
        self.file.try_clone().map_err(|source| BuildError::Read { path: self.path.clone(), source })
    }
}

/// The files of one package that are complete and have no names yet.
#[derive(Debug)]
pub(crate) struct Unnamed {
    pub(crate) out: OutDir,
    pub(crate) files: Vec<Finished>,
}

/// Gives the files of each package their names once they are on disk, all of a package or none; one result a
/// package.
pub(crate) fn commit_all(packages: Vec<Unnamed>) -> Vec<Result<Vec<Committed>, BuildError>> {
    let files: Vec<&Finished> = packages.iter().flat_map(|package| &package.files).collect();
    let mut synced = at_the_same_time(&files, |file| file.file.sync_all()).into_iter();
    let named: Vec<_> = packages
        .into_iter()
        .map(|mut package| {
            let results: Vec<io::Result<()>> = synced.by_ref().take(package.files.len()).collect();
            for (file, result) in package.files.iter().zip(results) {
                result.map_err(|source| BuildError::Write { path: file.path.clone(), source })?;
            }
            let committed = package.out.name_all(std::mem::take(&mut package.files))?;
            package.out.made.clear();
            Ok((package.out.path.clone(), committed))
        })
        .collect();
    sync_folders(named)
}

/// Makes the new names durable.
fn sync_folders(
    named: Vec<Result<(PathBuf, Vec<Committed>), BuildError>>,
) -> Vec<Result<Vec<Committed>, BuildError>> {
    let mut folders: BTreeMap<PathBuf, io::Result<()>> = BTreeMap::new();
    folders.extend(named.iter().flatten().map(|(folder, _)| (folder.clone(), Ok(()))));
    let paths: Vec<PathBuf> = folders.keys().cloned().collect();
    let synced = at_the_same_time(&paths, |folder| sync_folder(folder));
    folders.extend(paths.into_iter().zip(synced));
    let check = |(folder, committed): (PathBuf, Vec<Committed>)| match folders.get(&folder) {
        Some(Err(error)) => Err(BuildError::Write { path: folder, source: copy_of(error) }),
        _ => Ok(committed),
    };
    named.into_iter().map(|result| result.and_then(check)).collect()
}

/// Several packages may share a folder, and an error of the system has no copy of its own.
fn copy_of(error: &io::Error) -> io::Error {
    error.raw_os_error().map_or_else(|| error.kind().into(), io::Error::from_raw_os_error)
}

/// Does something slow with every item, with several at the same time; results in order.
fn at_the_same_time<T: Sync>(items: &[T], act: impl Fn(&T) -> io::Result<()> + Sync) -> Vec<io::Result<()>> {
    let threads = items.len().min(SYNCS);
    if threads <= 1 {
        return items.iter().map(act).collect();
    }
    let mut results: Vec<io::Result<()>> = items.iter().map(|_| Ok(())).collect();
    std::thread::scope(|scope| {
        let share = items.len().div_ceil(threads);
        for (items, results) in items.chunks(share).zip(results.chunks_mut(share)) {
            let act = &act;
            scope.spawn(move || {
                for (item, result) in items.iter().zip(results) {
                    *result = act(item);
                }
            });
        }
    });
    results
}

impl Drop for OutDir {
    fn drop(&mut self) {
        for dir in self.made.iter().rev() {
            // Not empty means that somebody else uses it by now, and then it stays.
            if fs::remove_dir(dir).is_err() {
                break;
            }
        }
    }
}

/// A file in its place.
#[derive(Debug)]
pub(crate) struct Committed {
    pub(crate) path: PathBuf,
    pub(crate) size: u64,
    pub(crate) sha256: Sha256,
    pub(crate) blake2b: Blake2b256,
}

/// Temporary files are private; archives are for everybody to read, whatever the umask.
#[cfg(unix)]
fn make_readable(file: &fs::File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    file.set_permissions(std::fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn make_readable(_file: &fs::File) -> io::Result<()> {
    Ok(())
}

/// Lets the system begin to write, so that the disk is at work before anybody waits for it.
///
/// Saying that the pages are not needed is how Linux is asked. Those of a long file that are already on disk would
/// go away, which readers would have to wait for; the system begins with such files by itself.
#[cfg(target_os = "linux")]
fn start_writing(file: &fs::File, size: u64) {
    const SHORT: u64 = 4 << 20;
    if size <= SHORT
        && let Err(error) = rustix::fs::fadvise(file, 0, None, rustix::fs::Advice::DontNeed)
    {
        tracing::debug!(%error, "writing begins later");
    }
}

/// Elsewhere writing begins when somebody waits for it.
#[cfg(not(target_os = "linux"))]
fn start_writing(_file: &fs::File, _size: u64) {}

/// Makes the new names of a folder durable.
#[cfg(unix)]
fn sync_folder(dir: &Path) -> io::Result<()> {
    fs::File::open(dir)?.sync_all()
}

/// Windows has no such call; renames there are journalled.
#[cfg(not(unix))]
fn sync_folder(_dir: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(dir: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(dir)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_appears_when_committed() {
        let root = tempfile::tempdir().unwrap();
        let out = OutDir::open(&root.path().join("a/b")).unwrap();
        let mut stream = out.create().unwrap();
        stream.write_all(b"abc").unwrap();
        let finished = out.finish(stream, "x.whl").unwrap();
        assert!(!finished.path.exists());
        let committed = out.commit(vec![finished]).unwrap();
        assert_eq!(committed[0].size, 3);
        assert_eq!(names(&root.path().join("a/b")), ["x.whl"]);
    }

    #[test]
    fn nothing_is_left_when_dropped() {
        let root = tempfile::tempdir().unwrap();
        let out = OutDir::open(&root.path().join("a/b")).unwrap();
        let mut stream = out.create().unwrap();
        stream.write_all(b"abc").unwrap();
        drop((stream, out));
        assert_eq!(names(root.path()), Vec::<String>::new());
    }

    #[test]
    fn a_second_file_without_its_name_takes_the_first_back() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("out/b.whl/full")).unwrap();
        let out = OutDir::open(&root.path().join("out")).unwrap();
        let finished = ["a.whl", "b.whl"].map(|name| out.finish(out.create().unwrap(), name).unwrap());
        assert!(out.commit(finished.into()).is_err());
        assert_eq!(names(&root.path().join("out")), ["b.whl"]);
    }
}
