//! Where runs live: `.pyrel/runs/ID` under the workspace root, with the journal and the files of each run.
//!
//! It knows paths and copies bytes; what the bytes mean is the journal's.

use std::io::{self, BufWriter, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::thread;

use fs_err as fs;
use pyrel_model::Sha256;
use pyrel_project::{OWN_FOLDER, own_folder};
use sha2::Digest as _;

use crate::journal::{JournalError, KeptAttestation, KeptFile, RunKind, RunLock, RunState, replay};

/// How much is copied or hashed at once, in bytes.
const CHUNK: usize = 128 * 1024;
/// How many files are flushed at once at most, and for how many files another thread is worth while.
const FLUSHES: usize = 4;
const FLUSHES_EACH: usize = 8;

/// Why a run directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RunDirError {
    /// The identifier would not be one plain directory name.
    #[error(
        "invalid run identifier, which must consist of ASCII letters, digits, `.`, `_`, and `-` and start with a letter or digit: `{0}`"
    )]
    Id(String),
    /// There is such a run already.
    #[error("the run exists already: `{0}`")]
    Exists(String),
    /// There is no such run.
    #[error("there is no such run: `{0}`")]
    Missing(String),
    /// A file to keep is not what it was when it was hashed, or a kept file was changed.
    #[error("expected the SHA-256 {expected}, found {found}: {}", .path.display())]
    Changed {
        /// The file.
        path: PathBuf,
        /// What was recorded.
        expected: Sha256,
        /// What is there.
        found: Sha256,
    },
    /// The disk said no.
    #[error("cannot use the run directory")]
    Io(#[from] std::io::Error),
}

impl RunDirError {
    /// Returns the remedy, where there is one.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Missing(_) => Some("`pyrel release` starts a new run".to_owned()),
            Self::Changed { .. } => {
                Some("these are no longer the bytes of this run: build again and start a new run".to_owned())
            }
            _ => None,
        }
    }
}

/// One run, as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunSummary {
    /// The identifier.
    pub id: String,
    /// What kind it is, when it came that far.
    pub kind: Option<RunKind>,
    /// When it began, in Unix seconds.
    pub started: u64,
    /// Whether it can be taken up again.
    pub resumable: bool,
    /// The exit code, when it ended by itself.
    pub finished: Option<u8>,
}

/// The directory of one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunDir {
    id: String,
    path: PathBuf,
}

impl RunDir {
    /// Makes the directory of a new run under a workspace root. `.pyrel/` ignores itself in git.
    ///
    /// # Errors
    ///
    /// Fails on an identifier that is no plain name, a run that exists, and when the disk says no.
    pub fn create(root: &Path, id: &str) -> Result<Self, RunDirError> {
        let run = Self::at(root, id)?;
        fs::create_dir_all(own_folder(root)?.join("runs"))?;
        match fs::create_dir(&run.path) {
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                return Err(RunDirError::Exists(run.id));
            }
            other => other?,
        }
        fs::create_dir(run.files_dir())?;
        Ok(run)
    }

    /// Finds the directory of an earlier run.
    ///
    /// # Errors
    ///
    /// Fails on an identifier that is no plain name, and when there is no such run.
    pub fn open(root: &Path, id: &str) -> Result<Self, RunDirError> {
        let run = Self::at(root, id)?;
        if run.journal_path().is_file() { Ok(run) } else { Err(RunDirError::Missing(run.id)) }
    }

    /// Lists the runs under a workspace root whose journals can be read, the latest first.
    ///
    /// # Errors
    ///
    /// Fails when the directory of runs cannot be read.
    pub fn list(root: &Path) -> Result<Vec<RunSummary>, RunDirError> {
        let runs = root.join(OWN_FOLDER).join("runs");
        if !runs.is_dir() {
            return Ok(Vec::new());
        }
        let mut out = Vec::new();
        for entry in fs::read_dir(runs)? {
            let entry = entry?;
            let Some(id) = entry.file_name().to_str().map(str::to_owned) else { continue };
            let Ok(text) = fs::read(entry.path().join("journal.jsonl")) else { continue };
            let Ok(replay) = replay(&text) else { continue };
            out.push(RunSummary {
                id,
                kind: replay.state.requested.as_ref().map(|requested| requested.kind),
                started: replay.header.started,
                resumable: replay.state.is_resumable(),
                finished: replay.state.finished,
            });
        }
        // Runs of one second are numbered, the first is not.
        out.sort_by(|a, b| (b.started, b.id.len(), &b.id).cmp(&(a.started, a.id.len(), &a.id)));
        Ok(out)
    }

    /// Reads the state of the run without taking its lock.
    ///
    /// # Errors
    ///
    /// Fails when the journal cannot be read or replayed.
    pub fn read_state(&self) -> Result<RunState, JournalError> {
        let path = self.journal_path();
        match replay(&fs::read(&path)?) {
            Ok(replay) => Ok(replay.state),
            Err(source) => Err(JournalError::Replay { path, source }),
        }
    }

    fn at(root: &Path, id: &str) -> Result<Self, RunDirError> {
        let plain = id.starts_with(|c: char| c.is_ascii_alphanumeric())
            && id.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'));
        if !plain {
            return Err(RunDirError::Id(id.to_owned()));
        }
        Ok(Self { id: id.to_owned(), path: root.join(OWN_FOLDER).join("runs").join(id) })
    }

    /// Returns how many bytes the run holds.
    ///
    /// # Errors
    ///
    /// Fails when its directory cannot be read.
    pub fn size(&self) -> Result<u64, JournalError> {
        Ok(size_of(&self.path)?)
    }

    /// Removes the run with its files; returns how many bytes it held.
    ///
    /// # Errors
    ///
    /// Fails when another process has the run, and when the disk says no.
    pub fn remove(self) -> Result<u64, JournalError> {
        let bytes = self.size()?;
        let lock = RunLock::take(&self.lock_path())?;
        // Without its journal it is no run any more, however far the rest gets.
        fs::remove_file(self.journal_path())?;
        drop(lock);
        fs::remove_dir_all(&self.path)?;
        Ok(bytes)
    }

    /// Returns the identifier.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Returns the directory.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the path of the journal.
    #[must_use]
    pub fn journal_path(&self) -> PathBuf {
        self.path.join("journal.jsonl")
    }

    /// Returns the path of the lock file.
    #[must_use]
    pub fn lock_path(&self) -> PathBuf {
        self.path.join("lock")
    }

    /// Returns the directory of the kept files.
    #[must_use]
    pub fn files_dir(&self) -> PathBuf {
        self.path.join("files")
    }

    /// Returns the path of a kept file.
    #[must_use]
    pub fn kept_path(&self, filename: &str) -> PathBuf {
        self.files_dir().join(filename)
    }

    /// Flushes the names in the directory to the disk, and its own, where the platform can.
    ///
    /// # Errors
    ///
    /// Fails when the disk says no.
    pub(crate) fn sync(&self) -> io::Result<()> {
        // `.pyrel/runs/ID`: what is made with a run is made in any of the three.
        self.path.ancestors().take(3).try_for_each(sync_dir)
    }

    /// Copies a file into the run, checking on the way that it still has the given hash. The copy is complete
    /// under its name, or absent.
    ///
    /// # Errors
    ///
    /// Fails when the bytes are not those of the hash, and when the disk says no.
    pub fn keep(&self, source: &Path, filename: &str, expected: &Sha256) -> Result<(), RunDirError> {
        let (partial, found) = self.copy(source, filename)?;
        if found != *expected {
            fs::remove_file(&partial)?;
            return Err(RunDirError::Changed { path: source.to_path_buf(), expected: *expected, found });
        }
        fs::rename(&partial, self.kept_path(filename))?;
        Ok(())
    }

    /// Copies a file into the run as it is now, and returns the copy's path. It waits for no disk: the copy is the run's
    /// only after [`flush_kept`](Self::flush_kept).
    ///
    /// The operating system copies, where it can; file systems that share blocks between files until one of them
    /// changes do not even that. A link would not do: some backends write into the file that is there.
    ///
    /// # Errors
    ///
    /// Fails when the disk says no.
    pub(crate) fn keep_as_is(&self, source: &Path, filename: &str) -> Result<PathBuf, RunDirError> {
        let partial = self.files_dir().join(format!(".{filename}.partial"));
        let (reader, file) = (fs::File::open(source)?, fs::File::create(&partial)?);
        // The buffer is for systems that cannot copy by themselves.
        let mut writer = BufWriter::with_capacity(CHUNK, file.file());
        let copied = io::copy(&mut reader.file(), &mut writer).and_then(|_| writer.flush());
        copied.map_err(|error| {
            io::Error::new(error.kind(), format!("cannot copy `{}`: {error}", source.display()))
        })?;
        let kept = self.kept_path(filename);
        fs::rename(&partial, &kept)?;
        Ok(kept)
    }

    /// Flushes kept files to the disk, with their names.
    ///
    /// # Errors
    ///
    /// Fails when the disk says no.
    pub(crate) fn flush_kept(&self, paths: &[PathBuf]) -> Result<(), RunDirError> {
        let flush = |paths: &[PathBuf]| -> io::Result<()> {
            paths.iter().try_for_each(|path| fs::OpenOptions::new().write(true).open(path)?.sync_all())
        };
        // Disks flush several at once faster than one after another, and waiting costs no processor.
        thread::scope(|scope| {
            let share = paths.len().div_ceil(FLUSHES).max(FLUSHES_EACH);
            let flushes: Vec<_> =
                paths.chunks(share).map(|paths| scope.spawn(move || flush(paths))).collect();
            flushes.into_iter().try_for_each(|flush| match flush.join() {
                Ok(flushed) => flushed,
                Err(panic) => std::panic::resume_unwind(panic),
            })
        })?;
        self.sync_kept()
    }

    /// Copies a file under a passing name, flushed to the disk, and returns that name and the hash.
    fn copy(&self, source: &Path, filename: &str) -> Result<(PathBuf, Sha256), RunDirError> {
        let partial = self.files_dir().join(format!(".{filename}.partial"));
        let mut reader = fs::File::open(source)?;
        let mut writer = fs::File::create(&partial)?;
        let found = copy_hashed(&mut reader, Some(&mut writer))?;
        writer.sync_all()?;
        Ok((partial, found))
    }

    /// Keeps bytes that this run made, complete under a name, or absent. Returns their SHA-256.
    ///
    /// # Errors
    ///
    /// Fails when the disk says no.
    pub(crate) fn keep_made(&self, filename: &str, bytes: &[u8]) -> Result<Sha256, RunDirError> {
        let partial = self.files_dir().join(format!(".{filename}.partial"));
        let mut writer = fs::File::create(&partial)?;
        writer.write_all(bytes)?;
        writer.sync_all()?;
        drop(writer);
        fs::rename(&partial, self.kept_path(filename))?;
        Ok(Sha256::new(sha2::Sha256::digest(bytes).into()))
    }

    /// Reads a kept attestation, which must still have the bytes that the journal speaks of.
    ///
    /// # Errors
    ///
    /// Fails when the file is gone, or has other bytes.
    pub(crate) fn read_attestation(&self, kept: &KeptAttestation) -> Result<String, RunDirError> {
        let path = self.kept_path(&kept.attestation);
        let bytes = fs::read(&path)?;
        let found = Sha256::new(sha2::Sha256::digest(&bytes).into());
        if found != kept.sha256 {
            return Err(RunDirError::Changed { path, expected: kept.sha256, found });
        }
        String::from_utf8(bytes)
            .map_err(|error| RunDirError::Io(std::io::Error::new(std::io::ErrorKind::InvalidData, error)))
    }

    /// Flushes the names of the kept files to the disk, after the last of them.
    pub(crate) fn sync_kept(&self) -> Result<(), RunDirError> {
        Ok(sync_dir(&self.files_dir())?)
    }

    /// Makes sure that a kept file still has the bytes that the journal speaks of, and returns its path.
    ///
    /// # Errors
    ///
    /// Fails when the file is gone, or has other bytes.
    pub fn verify_kept(&self, file: &KeptFile) -> Result<PathBuf, RunDirError> {
        let path = self.kept_path(&file.filename);
        let found = hash_file(&path)?;
        if found == file.sha256 {
            Ok(path)
        } else {
            Err(RunDirError::Changed { path, expected: file.sha256, found })
        }
    }
}

impl From<RunDirError> for crate::journal::JournalError {
    fn from(error: RunDirError) -> Self {
        match error {
            RunDirError::Io(error) => Self::Io(error),
            other => Self::Io(std::io::Error::other(other)),
        }
    }
}

fn size_of(directory: &Path) -> std::io::Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        // A link's own size, not that of what it points to.
        let metadata = fs::symlink_metadata(entry.path())?;
        bytes += if metadata.is_dir() { size_of(&entry.path())? } else { metadata.len() };
    }
    Ok(bytes)
}

/// Returns the SHA-256 of a file.
pub(crate) fn hash_file(path: &Path) -> Result<Sha256, RunDirError> {
    copy_hashed(&mut fs::File::open(path)?, None)
}

fn copy_hashed(reader: &mut fs::File, mut writer: Option<&mut fs::File>) -> Result<Sha256, RunDirError> {
    let mut hasher = sha2::Sha256::new();
    let mut buffer = vec![0; CHUNK];
    loop {
        let count = reader.read(&mut buffer)?;
        if count == 0 {
            return Ok(Sha256::new(hasher.finalize().into()));
        }
        hasher.update(&buffer[..count]);
        if let Some(writer) = writer.as_deref_mut() {
            writer.write_all(&buffer[..count])?;
        }
    }
}

#[cfg(unix)]
fn sync_dir(path: &Path) -> io::Result<()> {
    fs::File::open(path)?.sync_all()
}

/// Windows flushes a directory's names with the files themselves.
#[cfg(windows)]
fn sync_dir(_path: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::{Journal, Record, RunKind};

    fn hash(bytes: &[u8]) -> Sha256 {
        Sha256::new(sha2::Sha256::digest(bytes).into())
    }

    #[test]
    fn the_directory_ignores_itself_and_runs_are_made_once() {
        let root = tempfile::tempdir().unwrap();
        let run = RunDir::create(root.path(), "2026-a").unwrap();
        assert_eq!(fs::read_to_string(root.path().join(".pyrel/.gitignore")).unwrap(), "*\n");
        assert!(matches!(RunDir::create(root.path(), "2026-a"), Err(RunDirError::Exists(_))));
        assert!(matches!(RunDir::open(root.path(), "2026-a"), Err(RunDirError::Missing(_))));
        fs::write(run.journal_path(), "").unwrap();
        assert!(RunDir::open(root.path(), "2026-a").is_ok());
        for bad in ["", "..", "a/b", "a\\b", ".hidden", "ä"] {
            assert!(matches!(RunDir::create(root.path(), bad), Err(RunDirError::Id(_))), "{bad}");
        }
    }

    #[test]
    fn a_file_is_kept_whole_or_not_at_all() {
        let root = tempfile::tempdir().unwrap();
        let run = RunDir::create(root.path(), "r").unwrap();
        let source = root.path().join("a-1.tar.gz");
        fs::write(&source, b"bytes").unwrap();
        assert!(matches!(run.keep(&source, "a-1.tar.gz", &hash(b"other")), Err(RunDirError::Changed { .. })));
        assert_eq!(fs::read_dir(run.files_dir()).unwrap().count(), 0);
        run.keep(&source, "a-1.tar.gz", &hash(b"bytes")).unwrap();
        fs::write(&source, b"rebuilt").unwrap();
        let kept = KeptFile {
            package: "a".parse().unwrap(),
            version: "1".parse().unwrap(),
            filename: "a-1.tar.gz".to_owned(),
            kind: pyrel_model::ArtifactKind::Sdist,
            size: 5,
            sha256: hash(b"bytes"),
        };
        assert_eq!(fs::read(run.verify_kept(&kept).unwrap()).unwrap(), b"bytes");
        fs::write(run.kept_path("a-1.tar.gz"), b"tampered").unwrap();
        assert!(matches!(run.verify_kept(&kept), Err(RunDirError::Changed { .. })));
    }

    #[test]
    fn a_file_that_is_found_is_kept_as_it_is_whatever_becomes_of_it() {
        let root = tempfile::tempdir().unwrap();
        let run = RunDir::create(root.path(), "r").unwrap();
        let source = root.path().join("a-1.tar.gz");
        let bytes: Vec<u8> = (0..CHUNK * 2 + 7).map(|at| (at % 253) as u8).collect();
        fs::write(&source, &bytes).unwrap();
        let mut permissions = fs::metadata(&source).unwrap().permissions();
        permissions.set_readonly(true);
        fs::set_permissions(&source, permissions).unwrap();
        let kept = run.keep_as_is(&source, "a-1.tar.gz").unwrap();
        run.flush_kept(std::slice::from_ref(&kept)).unwrap();
        assert_eq!(kept, run.kept_path("a-1.tar.gz"));
        assert_eq!(hash_file(&kept).unwrap(), hash(&bytes));
        fs::remove_file(&source).unwrap();
        fs::write(&source, b"short").unwrap();
        run.keep_as_is(&source, "a-1.tar.gz").unwrap();
        // Written into, as some backends do, and not replaced.
        fs::OpenOptions::new().write(true).open(&source).unwrap().write_all(b"other").unwrap();
        assert_eq!(fs::read(&kept).unwrap(), b"short");
        assert_eq!(fs::read_dir(run.files_dir()).unwrap().count(), 1, "no half copy is left");
        assert!(run.flush_kept(&[run.kept_path("b-1.tar.gz")]).is_err());
    }

    #[test]
    fn lists_runs_latest_first_and_skips_what_is_no_run() {
        let root = tempfile::tempdir().unwrap();
        assert!(RunDir::list(root.path()).unwrap().is_empty());
        for (id, at) in [("b", 5), ("a", 9)] {
            let run = RunDir::create(root.path(), id).unwrap();
            let mut journal = Journal::create(&run, "t", std::sync::Arc::new(move || at)).unwrap();
            journal
                .commit(Record::Requested {
                    kind: RunKind::Release,
                    steps: vec![],
                    targets: vec![],
                    stage_url: None,
                    publish_url: None,
                    source_date: 0,
                })
                .unwrap();
            journal.commit(Record::Finished { code: if id == "a" { 0 } else { 5 } }).unwrap();
        }
        RunDir::create(root.path(), "c").unwrap();
        let listed = RunDir::list(root.path()).unwrap();
        let ids: Vec<(&str, bool)> = listed.iter().map(|run| (run.id.as_str(), run.resumable)).collect();
        assert_eq!(ids, [("a", false), ("b", true)]);
    }
}
