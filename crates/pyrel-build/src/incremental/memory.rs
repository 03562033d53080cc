//! Where records of builds are kept: one file under `.pyrel/build` at the workspace root, a line for each package.

use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use fs_err as fs;
use pyrel_model::Artifact;
use pyrel_project::own_folder;

use super::Trace;
use super::record::Record;
use super::stamp::{Moment, Stamp};
use crate::request::BuildRequest;

/// The first line of the file, which names the format; a file with another one is as good as none.
const HEAD: &str = "pyrel builds 2";

/// Remembers native builds, so that an unchanged package need not be built again.
///
/// A record that cannot be read or written never fails a build: the package is built as if there were none.
#[derive(Debug)]
pub struct BuildMemory {
    folder: PathBuf,
    tool: String,
    recalls: bool,
}

/// The memory during one run: read when it begins, written when it ends.
#[derive(Debug)]
pub(crate) struct Session<'m> {
    memory: &'m BuildMemory,
    /// A moment before anything was looked at.
    start: Option<Moment>,
    records: BTreeMap<String, String>,
    /// New lines, and lines that go.
    fresh: Mutex<BTreeMap<String, Option<String>>>,
}

impl BuildMemory {
    /// Opens the memory of a workspace, making its folder. `tool` names the very program that builds: another
    /// one may make other bytes.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn open(root: &Path, tool: impl Into<String>) -> io::Result<Self> {
        let folder = own_folder(root)?.join("build");
        fs::create_dir_all(&folder)?;
        Ok(Self { folder, tool: tool.into(), recalls: true })
    }

    /// Makes every package be built, whatever is known about it; what is built is remembered.
    #[must_use]
    pub fn rebuilding(mut self) -> Self {
        self.recalls = false;
        self
    }

    /// Begins a run.
    pub(crate) fn begin(&self) -> Session<'_> {
        let start = self.now();
        let records = if self.recalls { self.read() } else { BTreeMap::new() };
        Session { memory: self, start, records, fresh: Mutex::default() }
    }

    /// Returns the moment by the clock of the file system; `None` when it cannot be told.
    ///
    /// Setting any time of a file makes the file system note when that was. One file serves all, because some file
    /// systems take long to find a place for a new one where many were just removed.
    fn now(&self) -> Option<Moment> {
        let path = self.folder.join("clock");
        let file = fs::OpenOptions::new().create(true).truncate(false).write(true).open(&path).ok()?;
        file.file().set_modified(std::time::SystemTime::UNIX_EPOCH).ok()?;
        Stamp::of(&path)?.changed()
    }

    /// Returns the line of each package. What is no text, or no file at all, holds none.
    fn read(&self) -> BTreeMap<String, String> {
        let text = fs::read_to_string(self.file()).unwrap_or_default();
        let Some(lines) = text.strip_prefix(HEAD).and_then(|rest| rest.strip_prefix('\n')) else {
            return BTreeMap::new();
        };
        let line =
            |line: &str| line.split_once('\t').map(|(name, record)| (name.to_owned(), record.to_owned()));
        lines.lines().filter_map(line).collect()
    }

    /// Writes beside the file and renames, so that a kill leaves the old one.
    fn write(&self, records: &BTreeMap<String, String>) -> io::Result<()> {
        let file = tempfile::Builder::new().prefix(".records-").tempfile_in(&self.folder)?;
        let mut stream = io::BufWriter::with_capacity(256 << 10, file);
        writeln!(stream, "{HEAD}")?;
        for (name, record) in records {
            writeln!(stream, "{name}\t{record}")?;
        }
        let file = stream.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.persist(self.file()).map_err(|error| error.error)?;
        Ok(())
    }

    fn file(&self) -> PathBuf {
        self.folder.join("records")
    }
}

impl Session<'_> {
    /// Returns the files that an earlier build left, if a build now would make the same.
    pub(crate) fn recall(&self, request: &BuildRequest<'_>) -> Option<Vec<Artifact>> {
        if request.force_pep517 {
            return None;
        }
        let line = self.records.get(request.package.name.normalized())?;
        let mut record: Record = serde_json::from_str(line).ok()?;
        let (artifacts, mut is_newer) = record.still_holds(request, &self.memory.tool, self.start)?;
        if record.is_unsettled() {
            if !record.outputs_have_their_bytes() {
                return None;
            }
            record.settle(self.start);
            is_newer = true;
        }
        if is_newer {
            self.store(request, &record);
        }
        Some(artifacts)
    }

    /// Notes a native build that looked at the paths of the trace.
    pub(crate) fn keep(&self, request: &BuildRequest<'_>, trace: Option<Trace>, artifacts: &[Artifact]) {
        let record = self
            .start
            .zip(trace)
            .and_then(|(start, trace)| trace.into_sights(start))
            .and_then(|inputs| Record::of(request, &self.memory.tool, inputs, artifacts));
        match record {
            Some(record) => self.store(request, &record),
            // A record of an older build must not outlive the files that it speaks of.
            None => self.note(request, None),
        }
    }

    fn store(&self, request: &BuildRequest<'_>, record: &Record) {
        match serde_json::to_string(record) {
            Ok(line) => self.note(request, Some(line)),
            Err(error) => {
                tracing::warn!(%error, "the build is not remembered");
                self.note(request, None);
            }
        }
    }

    fn note(&self, request: &BuildRequest<'_>, line: Option<String>) {
        let mut fresh = self.fresh.lock().unwrap_or_else(PoisonError::into_inner);
        fresh.insert(request.package.name.normalized().to_owned(), line);
    }

    /// Ends the run: what is new is written to what other runs wrote meanwhile.
    pub(crate) fn end(self) {
        let fresh = self.fresh.into_inner().unwrap_or_else(PoisonError::into_inner);
        if fresh.is_empty() {
            return;
        }
        let mut records = self.memory.read();
        for (name, line) in fresh {
            match line {
                Some(line) => records.insert(name, line),
                None => records.remove(&name),
            };
        }
        if let Err(error) = self.memory.write(&records) {
            tracing::warn!(%error, "the builds are not remembered");
        }
    }
}
