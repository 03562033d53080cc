//! The directory behind the index, and what is known of it in memory.
//!
//! Layout: `projects/NAME/FILENAME/` holds the file, its `record.json`, and a wheel's `METADATA`; `incoming/`
//! holds uploads that are not finished. A file's directory is made complete and flushed in `incoming/` and then
//! renamed into place, so that at any moment a file is there whole or not at all. A record whose file somebody
//! deleted keeps the name taken, as PyPI does.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use fs_err as fs;
use pyrel_model::name::normalize;
use pyrel_model::{Blake2b256, Version};
use serde_json::Value;

use super::attestation::provenance;
use super::record::{Record, SCHEMA};
use super::yank::{self, Yanks};

const RECORD: &str = "record.json";
const METADATA: &str = "METADATA";
const PROVENANCE: &str = "provenance.json";

/// Why the directory of an index cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The operating system refused.
    #[error("cannot use the directory of the index")]
    Io(#[from] io::Error),
    /// Another server has it.
    #[error("another server uses the directory: `{}`", .0.display())]
    Taken(PathBuf),
    /// A record cannot be read.
    #[error("`{}` is no record of an index: {detail}", path.display())]
    Record {
        /// The record.
        path: PathBuf,
        /// What is wrong.
        detail: String,
    },
    /// What is yanked cannot be read.
    #[error("`{}` is no list of yanked releases: {detail}", path.display())]
    Yanked {
        /// The list.
        path: PathBuf,
        /// What is wrong.
        detail: String,
    },
    /// The directory holds no index.
    #[error("there is no index in the directory: `{}`", .0.display())]
    NoStore(PathBuf),
    /// There is no such release.
    #[error("the index has no release of `{name}` with the version: {version}")]
    NoRelease {
        /// The project.
        name: String,
        /// The version that was asked for.
        version: String,
        /// The versions that are there.
        known: Vec<String>,
    },
    /// A stored file is not what its record says.
    #[error("`{}` has {found} bytes, its record says {expected}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The size it should have.
        expected: u64,
        /// The size it has.
        found: u64,
    },
}

impl StoreError {
    /// Returns the remedy, where one exists.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Io(_) => None,
            Self::Taken(_) => Some("stop the other server, or choose another `--dir`".to_owned()),
            Self::Yanked { path, .. } => Some(format!("move `{}` away and yank again", path.display())),
            Self::NoStore(_) => Some("name the directory of the index with `--dir`".to_owned()),
            Self::NoRelease { known, .. } if known.is_empty() => {
                Some("the index has no file of that project".to_owned())
            }
            Self::NoRelease { known, .. } => Some(format!("it has {}", known.join(", "))),
            Self::Record { path, .. } | Self::Damaged { path, .. } => {
                let directory = path.parent().unwrap_or(path);
                Some(format!("move `{}` away and start again", directory.display()))
            }
        }
    }
}

/// A project in memory.
#[derive(Debug, Clone, Default)]
pub(super) struct Project {
    /// The name as the latest upload spelt it.
    pub(super) name: String,
    /// The files by name.
    pub(super) files: BTreeMap<String, Arc<Record>>,
    /// Names of deleted files.
    pub(super) deleted: Vec<String>,
    /// Releases that are yanked.
    pub(super) yanks: Yanks,
}

impl Project {
    /// Returns the files by version, then name.
    pub(super) fn sorted(&self) -> Vec<&Arc<Record>> {
        let mut files: Vec<_> = self.files.values().collect();
        files.sort_by_cached_key(|record| (record.version.parse::<Version>().ok(), record.filename.clone()));
        files
    }

    /// Returns the versions that have files, in ascending order.
    pub(super) fn versions(&self) -> Vec<Version> {
        let mut versions: Vec<Version> =
            self.files.values().filter_map(|record| record.version.parse().ok()).collect();
        versions.sort();
        versions.dedup();
        versions
    }

    /// Returns the version that a reader is shown first: what is not yanked before what is, final releases before
    /// pre-releases, and then the highest.
    pub(super) fn latest(&self) -> Option<Version> {
        let rank = |version: &Version| (self.yanked(version).is_none(), !version.is_pre_release());
        self.versions().into_iter().max_by_key(|version| (rank(version), version.clone()))
    }

    /// Returns the file of a release that came first, whose metadata is the release's.
    pub(super) fn first_file(&self, version: &Version) -> Option<&Arc<Record>> {
        self.release(version).into_iter().min_by_key(|record| record.uploaded)
    }

    /// Returns why a release is yanked, which may be empty, when it is.
    pub(super) fn yanked(&self, version: &Version) -> Option<&str> {
        self.yanks.iter().find(|(yanked, _)| yanked == version).map(|(_, reason)| reason.as_str())
    }

    /// Returns the same of the release that a file is of.
    pub(super) fn yanked_with(&self, record: &Record) -> Option<&str> {
        if self.yanks.is_empty() { None } else { self.yanked(&record.version.parse().ok()?) }
    }

    /// Returns the files of one version, by name.
    pub(super) fn release(&self, version: &Version) -> Vec<&Arc<Record>> {
        self.files.values().filter(|record| record.version.parse().as_ref() == Ok(version)).collect()
    }
}

#[derive(Debug, Default)]
struct Known {
    projects: BTreeMap<String, Arc<Project>>,
    by_hash: HashMap<Blake2b256, String>,
}

/// The store. One process at a time has a directory.
#[derive(Debug)]
pub(super) struct Store {
    dir: PathBuf,
    known: RwLock<Known>,
    writers: Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>,
    next_upload: AtomicU64,
    /// How long a file is kept out of the simple API after it was accepted.
    lag: Duration,
    /// Files that were accepted by this process, with when they begin to show. Only kept when there is a lag.
    fresh: Mutex<HashMap<String, Instant>>,
    /// Holds the lock for as long as the store lives.
    _lock: fs::File,
}

impl Store {
    /// Opens a directory, made when absent: takes the lock, drops unfinished uploads, reads every record.
    pub(super) fn open(dir: &Path, lag: Duration) -> Result<Self, StoreError> {
        fs::create_dir_all(dir.join("projects"))?;
        let lock =
            fs::File::options().create(true).truncate(false).write(true).open(dir.join("index.lock"))?;
        if lock.try_lock().is_err() {
            return Err(StoreError::Taken(dir.to_path_buf()));
        }
        let incoming = dir.join("incoming");
        if incoming.exists() {
            fs::remove_dir_all(&incoming)?;
        }
        fs::create_dir(&incoming)?;
        sync_dir(dir)?;
        Ok(Self {
            dir: dir.to_path_buf(),
            known: RwLock::new(read_all(&dir.join("projects"))?),
            writers: Mutex::default(),
            next_upload: AtomicU64::new(0),
            lag,
            fresh: Mutex::default(),
            _lock: lock,
        })
    }

    /// Returns the projects by normal form.
    pub(super) fn projects(&self) -> BTreeMap<String, Arc<Project>> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).projects.clone()
    }

    /// Returns a project that has files, by any spelling, and what is yanked of it at this moment.
    pub(super) fn project(&self, name: &str) -> Option<Arc<Project>> {
        let normal = normalize(name);
        let project = self.project_or_remains(&normal).filter(|project| !project.files.is_empty())?;
        match yank::read(&self.dir.join("projects").join(normal)) {
            Ok(yanks) if yanks == project.yanks => Some(project),
            Ok(yanks) => Some(Arc::new(Project { yanks, ..Project::clone(&project) })),
            Err(error) => {
                // Somebody damaged it while the server runs; what was known at its start stays.
                tracing::error!(%error, "what is yanked cannot be read");
                Some(project)
            }
        }
    }

    /// Returns a project as readers are to see it: without the files that do not show yet. It may have none.
    pub(super) fn listed(&self, name: &str) -> Option<Arc<Project>> {
        let project = self.project(name)?;
        let hidden = self.hidden();
        if project.files.keys().all(|filename| !hidden.contains(filename)) {
            return Some(project);
        }
        let mut shown = Project::clone(&project);
        shown.files.retain(|filename, _| !hidden.contains(filename));
        Some(Arc::new(shown))
    }

    /// Returns the names of the files that do not show yet, and forgets those that do.
    pub(super) fn hidden(&self) -> BTreeSet<String> {
        if self.lag.is_zero() {
            return BTreeSet::new();
        }
        let mut fresh = self.fresh.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        fresh.retain(|_, shows| *shows > now);
        fresh.keys().cloned().collect()
    }

    /// Returns a project, even one whose files were all deleted, by its normal form.
    pub(super) fn project_or_remains(&self, normal: &str) -> Option<Arc<Project>> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).projects.get(normal).cloned()
    }

    /// Returns the name of the stored file that has these bytes.
    pub(super) fn file_with(&self, blake2b: &Blake2b256) -> Option<String> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).by_hash.get(blake2b).cloned()
    }

    /// Returns the turn of writers of one project: who holds it alone adds files to it.
    pub(super) fn turn(&self, normal: &str) -> Arc<tokio::sync::Mutex<()>> {
        let mut writers = self.writers.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(writers.entry(normal.to_owned()).or_default())
    }

    /// Makes a directory for an upload; it is removed when the guard is dropped.
    pub(super) fn incoming(&self) -> io::Result<Incoming> {
        let number = self.next_upload.fetch_add(1, Ordering::Relaxed);
        let path = self.dir.join("incoming").join(number.to_string());
        fs::create_dir(&path)?;
        Ok(Incoming { path })
    }

    /// Makes an upload durable and visible. The incoming directory holds the file under its name already. The
    /// caller holds the project's turn and has seen that the name is free.
    pub(super) fn commit(
        &self,
        incoming: &Incoming,
        record: &Record,
        metadata: Option<&[u8]>,
        attestations: &[Value],
    ) -> io::Result<()> {
        let normal = normalize(&record.name);
        write_synced(&incoming.path.join(RECORD), &serde_json::to_vec_pretty(record)?)?;
        if let Some(metadata) = metadata {
            write_synced(&incoming.path.join(METADATA), metadata)?;
        }
        if !attestations.is_empty() {
            let text = serde_json::to_vec(&provenance(attestations))?;
            write_synced(&incoming.path.join(PROVENANCE), &text)?;
        }
        // Some systems flush only what is open for writing.
        fs::File::options().write(true).open(incoming.path.join(&record.filename))?.sync_all()?;
        sync_dir(&incoming.path)?;
        let projects = self.dir.join("projects");
        let project = projects.join(&normal);
        if !project.exists() {
            fs::create_dir_all(&project)?;
            sync_dir(&projects)?;
        }
        fs::rename(&incoming.path, project.join(&record.filename))?;
        sync_dir(&project)?;
        if !self.lag.is_zero() {
            let mut fresh = self.fresh.lock().unwrap_or_else(PoisonError::into_inner);
            fresh.insert(record.filename.clone(), Instant::now() + self.lag);
        }
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.add(&normal, record.clone());
        Ok(())
    }

    /// Returns where a stored file is.
    pub(super) fn path_of(&self, record: &Record) -> PathBuf {
        self.directory_of(record).join(&record.filename)
    }

    /// Returns where the `METADATA` of a stored wheel is.
    pub(super) fn metadata_path_of(&self, record: &Record) -> PathBuf {
        self.directory_of(record).join(METADATA)
    }

    /// Reads the whole record of a stored file, description included.
    pub(super) fn full_record(&self, record: &Record) -> io::Result<Record> {
        Ok(serde_json::from_slice(&fs::read(self.directory_of(record).join(RECORD))?)?)
    }

    /// Reads the provenance of a stored file that came with attestations.
    pub(super) fn provenance(&self, record: &Record) -> io::Result<String> {
        fs::read_to_string(self.directory_of(record).join(PROVENANCE))
    }

    fn directory_of(&self, record: &Record) -> PathBuf {
        self.dir.join("projects").join(normalize(&record.name)).join(&record.filename)
    }
}

impl Known {
    fn add(&mut self, normal: &str, record: Record) {
        self.by_hash.insert(record.blake2b, record.filename.clone());
        let project = Arc::make_mut(self.projects.entry(normal.to_owned()).or_default());
        project.name.clone_from(&record.name);
        project.files.insert(record.filename.clone(), Arc::new(record.without_description()));
    }
}

/// The directory of an upload that is not finished.
#[derive(Debug)]
pub(super) struct Incoming {
    path: PathBuf,
}

impl Incoming {
    /// Returns the directory.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        // After a commit the directory is gone; what else cannot be removed goes at the next start.
        if self.path.exists()
            && let Err(error) = fs::remove_dir_all(&self.path)
        {
            tracing::warn!(%error, "an unfinished upload could not be removed");
        }
    }
}

/// Reads all records; the latest upload of a project decides its spelling.
fn read_all(projects: &Path) -> Result<Known, StoreError> {
    let mut records = Vec::new();
    let mut deleted = Vec::new();
    for project in directories(projects)? {
        for directory in directories(&project)? {
            let path = directory.join(RECORD);
            let record = read_record(&path)?;
            let file = directory.join(&record.filename);
            match fs::metadata(&file) {
                Ok(found) if found.len() == record.size => records.push(record),
                Ok(found) => {
                    return Err(StoreError::Damaged {
                        path: file,
                        expected: record.size,
                        found: found.len(),
                    });
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => deleted.push(record),
                Err(error) => return Err(error.into()),
            }
        }
    }
    records.sort_by_key(|record| record.uploaded);
    let mut known = Known::default();
    for record in records {
        known.add(&normalize(&record.name), record);
    }
    for record in deleted {
        let project = known.projects.entry(normalize(&record.name)).or_default();
        Arc::make_mut(project).deleted.push(record.filename);
    }
    for (normal, project) in &mut known.projects {
        let yanks = yank::read(&projects.join(normal))?;
        if !yanks.is_empty() {
            Arc::make_mut(project).yanks = yanks;
        }
    }
    Ok(known)
}

/// Reads the record of a file.
pub(super) fn read_record(path: &Path) -> Result<Record, StoreError> {
    let text = fs::read(path)?;
    let record: Record = serde_json::from_slice(&text)
        .map_err(|error| StoreError::Record { path: path.to_path_buf(), detail: error.to_string() })?;
    let detail = if record.schema != SCHEMA {
        format!("layout {} is unknown", record.schema)
    } else if path.parent().and_then(Path::file_name) != Some(record.filename.as_ref()) {
        format!("it is about another file, `{}`", record.filename)
    } else {
        return Ok(record);
    };
    Err(StoreError::Record { path: path.to_path_buf(), detail })
}

/// Returns the directories in a directory, sorted.
pub(super) fn directories(path: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let mut found = Vec::new();
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            found.push(entry.path());
        }
    }
    found.sort();
    Ok(found)
}

/// Writes a file and makes its content durable.
pub(super) fn write_synced(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = fs::File::create(path)?;
    io::Write::write_all(&mut file, bytes)?;
    file.sync_all()
}

/// Makes the entries of a directory durable. Windows keeps them without being asked and cannot be asked.
pub(super) fn sync_dir(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    fs::File::open(path)?.sync_all()?;
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}
