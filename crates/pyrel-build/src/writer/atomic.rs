//! Files that appear complete or not at all: temporary name, fsync, rename.

use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use fs_err as fs;
use pyrel_model::{Blake2b256, Sha256};
use tempfile::{NamedTempFile, TempPath};

use super::Output;
use crate::error::BuildError;

/// The stream that archives are written to.
pub(crate) type Stream = Output<BufWriter<NamedTempFile>>;

/// The folder for finished files. Folders that had to be made vanish again unless something was committed.
#[derive(Debug)]
pub(crate) struct OutDir {
    path: PathBuf,
    made: Vec<PathBuf>,
}

/// A complete file under a temporary name.
#[derive(Debug)]
pub(crate) struct Finished {
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
        let file = tempfile::Builder::new().prefix(".pyrel-").suffix(".tmp").tempfile_in(&self.path);
        let file = file.map_err(|source| BuildError::Write { path: self.path.clone(), source })?;
        Ok(Output::new(BufWriter::with_capacity(256 << 10, file)))
    }

    /// Completes a file: everything is on disk when this returns, still under a temporary name.
    pub(crate) fn finish(&self, stream: Stream, name: &str) -> Result<Finished, BuildError> {
        let path = self.path.join(name);
        let fail = |source| BuildError::Write { path: path.clone(), source };
        let (buffer, digests) = stream.finish().map_err(fail)?;
        let mut file = buffer.into_inner().map_err(|error| fail(error.into_error()))?;
        file.flush().map_err(fail)?;
        make_readable(file.path()).map_err(fail)?;
        file.as_file().sync_all().map_err(fail)?;
        let (size, sha256, blake2b) = (digests.size, digests.sha256, digests.blake2b);
        Ok(Finished { temporary: file.into_temp_path(), path, size, sha256, blake2b })
    }

    /// Gives all files their names; when one cannot have it, none has.
    pub(crate) fn commit(mut self, files: Vec<Finished>) -> Result<Vec<Committed>, BuildError> {
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
        sync_folder(&self.path).map_err(|source| BuildError::Write { path: self.path.clone(), source })?;
        self.made.clear();
        Ok(committed)
    }
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
fn make_readable(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, std::fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn make_readable(_path: &Path) -> io::Result<()> {
    Ok(())
}

/// Makes the new names durable.
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
