//! Where records of builds are kept: one file under `.pyrel/build` at the workspace root, a line for each package.

use std::collections::BTreeMap;
use std::io::{self, BufRead as _, Write as _};
use std::ops::Range;
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
    records: Records,
    /// New lines, and lines that go.
    fresh: Mutex<Fresh>,
}

/// The record of each package, if any, by normal name.
type Fresh = BTreeMap<String, Option<Box<str>>>;

/// The lines of the file, in one piece, for there may be thousands.
#[derive(Debug, Default)]
struct Records {
    text: String,
    /// Where each line lies, sorted by the names that they begin with.
    lines: Vec<Range<usize>>,
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
        let records = if self.recalls { self.read() } else { Records::default() };
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

    /// Reads all lines. What is no text, or no file at all, holds none.
    fn read(&self) -> Records {
        let text = fs::read_to_string(self.file()).unwrap_or_default();
        if text.lines().next() == Some(HEAD) { Records::new(text) } else { Records::default() }
    }

    /// Writes what is new and the lines of other packages beside the file and renames, so that a kill leaves the old
    /// one.
    fn write(&self, fresh: &Fresh) -> io::Result<()> {
        let file = tempfile::Builder::new().prefix(".records-").tempfile_in(&self.folder)?;
        let mut stream = io::BufWriter::with_capacity(256 << 10, file);
        writeln!(stream, "{HEAD}")?;
        for (name, record) in fresh.iter().filter_map(|(name, record)| Some((name, record.as_ref()?))) {
            writeln!(stream, "{name}\t{record}")?;
        }
        if let Ok(old) = fs::File::open(self.file()) {
            let mut lines = io::BufReader::new(old).lines().map_while(Result::ok);
            if lines.next().as_deref() == Some(HEAD) {
                let is_kept =
                    |line: &String| line.split_once('\t').is_some_and(|(name, _)| !fresh.contains_key(name));
                lines.filter(is_kept).try_for_each(|line| writeln!(stream, "{line}"))?;
            }
        }
        let file = stream.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.persist(self.file()).map_err(|error| error.error)?;
        Ok(())
    }

    fn file(&self) -> PathBuf {
        self.folder.join("records")
    }
}

impl Records {
    /// Takes lines of names and records with a tab between; a line without one is none.
    fn new(text: String) -> Self {
        let mut lines = Vec::new();
        let mut start = 0;
        for line in text.split('\n') {
            if line.contains('\t') {
                lines.push(start..start + line.len());
            }
            start += line.len() + 1;
        }
        lines.sort_by(|one, other| split(&text, one).0.cmp(split(&text, other).0));
        Self { text, lines }
    }

    /// Returns the record of a package.
    fn get(&self, name: &str) -> Option<&str> {
        let found = self.lines.binary_search_by(|line| split(&self.text, line).0.cmp(name)).ok()?;
        Some(split(&self.text, &self.lines[found]).1)
    }
}

/// Splits a line into the name and the record.
fn split<'t>(text: &'t str, line: &Range<usize>) -> (&'t str, &'t str) {
    text[line.clone()].split_once('\t').expect("only lines with a tab are kept")
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
            Ok(line) => self.note(request, Some(line.into_boxed_str())),
            Err(error) => {
                tracing::warn!(%error, "the build is not remembered");
                self.note(request, None);
            }
        }
    }

    fn note(&self, request: &BuildRequest<'_>, line: Option<Box<str>>) {
        let mut fresh = self.fresh.lock().unwrap_or_else(PoisonError::into_inner);
        fresh.insert(request.package.name.normalized().to_owned(), line);
    }

    /// Ends the run: what is new is written to what other runs wrote meanwhile.
    pub(crate) fn end(self) {
        let fresh = self.fresh.into_inner().unwrap_or_else(PoisonError::into_inner);
        if fresh.is_empty() {
            return;
        }
        if let Err(error) = self.memory.write(&fresh) {
            tracing::warn!(%error, "the builds are not remembered");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn memory() -> (tempfile::TempDir, BuildMemory) {
        let room = tempfile::tempdir().unwrap();
        let memory = BuildMemory::open(room.path(), "a program").unwrap();
        (room, memory)
    }

    fn fresh(lines: &[(&str, Option<&str>)]) -> Fresh {
        lines.iter().map(|(name, record)| ((*name).to_owned(), record.map(Box::from))).collect()
    }

    #[test]
    fn new_lines_take_the_place_of_old_ones() {
        let (_room, memory) = memory();
        memory
            .write(&fresh(&[("a", Some("1")), ("a-b", Some("2")), ("c", Some("3")), ("d", Some("4\t5"))]))
            .unwrap();
        memory.write(&fresh(&[("b", Some("6")), ("c", None), ("a", Some("7"))])).unwrap();
        let records = memory.read();
        let found: Vec<_> = ["a", "a-b", "b", "c", "d", ""].map(|name| records.get(name)).into();
        assert_eq!(found, [Some("7"), Some("2"), Some("6"), None, Some("4\t5"), None]);
        assert_eq!(records.lines.len(), 4, "{}", records.text);
    }

    #[test]
    fn another_format_holds_nothing() {
        let (_room, memory) = memory();
        for text in [
            "",
            "pyrel builds 1\na\t1\n",
            "pyrel builds 2",
            "pyrel builds 2\n\nno record\n",
            "pyrel builds 22\na\t1\n",
        ] {
            fs::write(memory.file(), text).unwrap();
            assert!(memory.read().lines.is_empty(), "{text:?}");
            memory.write(&fresh(&[("b", Some("2"))])).unwrap();
            assert_eq!(fs::read_to_string(memory.file()).unwrap(), "pyrel builds 2\nb\t2\n", "{text:?}");
        }
        fs::write(memory.file(), b"pyrel builds 2\na\t1\n\xff\t2\n").unwrap();
        assert_eq!(memory.read().get("a"), None);
        memory.write(&fresh(&[("b", Some("2"))])).unwrap();
        assert_eq!(memory.read().get("b"), Some("2"));
    }
}
