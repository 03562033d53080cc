//! The journal on the disk: appending, flushing, and the lock that keeps a second process out.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use fs_err as fs;

use super::format::{FORMAT, Header, Line, Record};
use super::state::{ReplayError, RunState, replay};
use crate::run_dir::RunDir;

/// Tells the time in Unix seconds. The edge passes the real clock, tests a fixed one.
pub type Clock = Arc<dyn Fn() -> u64 + Send + Sync>;

/// Why a journal cannot be opened or extended.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// Another process works on the run.
    #[error("another process is working on this run: {}", .path.display())]
    Locked {
        /// The lock file.
        path: PathBuf,
        /// The process that holds it, when it can be read.
        process: Option<u32>,
    },
    /// The lines cannot be replayed.
    #[error("cannot go on from the journal: {}", .path.display())]
    Replay {
        /// The journal.
        path: PathBuf,
        /// Why.
        #[source]
        source: ReplayError,
    },
    /// A record that cannot follow the ones before it: a bug.
    #[error("the journal refuses a record: {reason}")]
    Order {
        /// Why.
        reason: String,
    },
    /// A record has no JSON form: a bug.
    #[error("a record cannot be written")]
    Encode(#[source] serde_json::Error),
    /// The disk said no.
    #[error("cannot write the journal")]
    Io(#[from] std::io::Error),
    /// An earlier record may be half written, so that only a replay can tell what the journal holds.
    #[error("the journal takes nothing more after a failed write")]
    Broken,
    /// A test asked for a crash here.
    #[doc(hidden)]
    #[error("the run was cut off by a test")]
    Injected,
}

impl JournalError {
    /// Returns the remedy, where there is one.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Locked { process: Some(process), .. } => {
                Some(format!("wait until process {process} has ended"))
            }
            Self::Locked { process: None, .. } => Some("wait until it has ended".to_owned()),
            Self::Replay { source, .. } => source.hint(),
            Self::Io(_) | Self::Broken => {
                Some("make room, or make the directory writable; then resume".to_owned())
            }
            _ => None,
        }
    }
}

/// How long a lock that somebody has is tried.
const MOMENT: Duration = Duration::from_millis(500);
/// The pause between two tries.
const STEP: Duration = Duration::from_millis(10);

/// The exclusive hold on one run. The operating system lets it go when the process ends, however it ends, so a
/// lock file that a dead process left behind blocks nobody.
#[derive(Debug)]
pub struct RunLock {
    _file: fs::File,
}

impl RunLock {
    /// Takes the lock file at `path`, which is made when it is missing.
    ///
    /// # Errors
    ///
    /// Fails when another process holds it, or the file cannot be made.
    pub fn take(path: &Path) -> Result<Self, JournalError> {
        let mut file =
            fs::OpenOptions::new().create(true).truncate(false).read(true).write(true).open(path)?;
        let mut waited = Duration::ZERO;
        loop {
            match file.file().try_lock() {
                Ok(()) => break,
                // A child that this process is just starting has copies of all its files for a moment, locks included.
                Err(std::fs::TryLockError::WouldBlock) if waited < MOMENT => {
                    std::thread::sleep(STEP);
                    waited += STEP;
                }
                Err(std::fs::TryLockError::WouldBlock) => {
                    let process = fs::read_to_string(path).ok().and_then(|text| text.trim().parse().ok());
                    return Err(JournalError::Locked { path: path.to_path_buf(), process });
                }
                Err(std::fs::TryLockError::Error(error)) => return Err(error.into()),
            }
        }
        file.set_len(0)?;
        writeln!(file, "{}", std::process::id())?;
        Ok(Self { _file: file })
    }
}

/// Where a test cuts a run off, counted in records since the journal was opened, from 1.
#[doc(hidden)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Half of the record reaches the disk: what it tells of may have happened.
    Torn(u64),
    /// The record is on the disk and nothing after it.
    After(u64),
}

/// The journal of a run, open for appending and locked.
///
/// A flush takes all that was appended before it along. So what an effect on an index rests on need not be flushed for
/// itself: the intent, which is, comes after it.
pub struct Journal {
    disk: Arc<Disk>,
    _lock: RunLock,
    clock: Clock,
    next: u64,
    /// The last record that is known to be on the disk.
    flushed: u64,
    state: RunState,
    fault: Option<Fault>,
    appended: u64,
    broken: bool,
}

impl Journal {
    /// Begins the journal of a new run. Its header and its name are on the disk with the first record that is.
    ///
    /// # Errors
    ///
    /// Fails when the run has a journal already, is locked, or the disk says no.
    pub fn create(run: &RunDir, tool: &str, clock: Clock) -> Result<Self, JournalError> {
        let lock = RunLock::take(&run.lock_path())?;
        let mut file = fs::OpenOptions::new().create_new(true).append(true).open(run.journal_path())?;
        let header = Header {
            journal: "pyrel".to_owned(),
            format: FORMAT,
            run: run.id().to_owned(),
            tool: tool.to_owned(),
            started: clock(),
        };
        let mut line = serde_json::to_vec(&header).map_err(JournalError::Encode)?;
        line.push(b'\n');
        file.write_all(&line)?;
        let disk = Disk { file, unnamed: Mutex::new(Some(run.clone())) };
        Ok(Self::over(disk, lock, clock, (0, RunState::default())))
    }

    /// Opens the journal of an earlier run: takes the lock, replays the lines, and cuts a torn last line off.
    ///
    /// # Errors
    ///
    /// Fails when another process holds the run, and on a journal that cannot be replayed.
    pub fn open(run: &RunDir, clock: Clock) -> Result<Self, JournalError> {
        let lock = RunLock::take(&run.lock_path())?;
        let path = run.journal_path();
        let text = fs::read(&path)?;
        let replay = replay(&text).map_err(|source| JournalError::Replay { path: path.clone(), source })?;
        let file = fs::OpenOptions::new().append(true).open(path)?;
        if replay.complete < text.len() {
            file.set_len(u64::try_from(replay.complete).unwrap_or(u64::MAX))?;
            file.sync_all()?;
        }
        let disk = Disk { file, unnamed: Mutex::new(Some(run.clone())) };
        Ok(Self::over(disk, lock, clock, (replay.records, replay.state)))
    }

    fn over(disk: Disk, lock: RunLock, clock: Clock, (records, state): (u64, RunState)) -> Self {
        Self {
            disk: Arc::new(disk),
            _lock: lock,
            clock,
            next: records + 1,
            flushed: 0,
            state,
            fault: None,
            appended: 0,
            broken: false,
        }
    }

    /// Returns the number of the last record.
    pub(crate) fn last(&self) -> u64 {
        self.next - 1
    }

    /// Returns a flush that brings a record to the disk, with all that were appended by now; none when it is there.
    ///
    /// # Errors
    ///
    /// Fails when an earlier write did.
    pub(crate) fn flush_of(&self, record: u64) -> Result<Option<Flush>, JournalError> {
        if self.broken {
            return Err(JournalError::Broken);
        }
        if self.flushed < record { self.flush().map(Some) } else { Ok(None) }
    }

    /// Returns a flush that brings all records to the disk that were appended by now.
    ///
    /// # Errors
    ///
    /// Fails when an earlier write did.
    pub(crate) fn flush(&self) -> Result<Flush, JournalError> {
        if self.broken {
            return Err(JournalError::Broken);
        }
        Ok(Flush { disk: Arc::clone(&self.disk), last: self.last() })
    }

    /// Takes the end of a flush in.
    ///
    /// # Errors
    ///
    /// Fails when the disk said no; nothing is appended after that.
    pub(crate) fn take_flush(&mut self, flushed: std::io::Result<u64>) -> Result<(), JournalError> {
        match flushed {
            Ok(last) => self.flushed = self.flushed.max(last),
            Err(error) => {
                self.broken = true;
                return Err(error.into());
            }
        }
        Ok(())
    }

    /// Returns the state after everything that was appended.
    #[must_use]
    pub fn state(&self) -> &RunState {
        &self.state
    }

    /// Appends a result, or what nothing outside rests on yet. It is not flushed: when a crash takes it, the index is
    /// asked again, or nothing was sent.
    ///
    /// # Errors
    ///
    /// Fails when the disk says no; nothing is appended after that.
    pub fn record(&mut self, record: Record) -> Result<(), JournalError> {
        self.append(record, false)
    }

    /// Appends an intent or a decision and returns when it is on the disk.
    ///
    /// # Errors
    ///
    /// Fails when the disk says no; the effect must not begin then, and nothing is appended after that.
    pub fn commit(&mut self, record: Record) -> Result<(), JournalError> {
        self.append(record, true)
    }

    /// Makes the journal fail at one record, as a crash would.
    #[doc(hidden)]
    pub fn inject(&mut self, fault: Option<Fault>) {
        self.fault = fault;
    }

    fn append(&mut self, record: Record, flush: bool) -> Result<(), JournalError> {
        if self.broken {
            return Err(JournalError::Broken);
        }
        self.state.apply(&record).map_err(|reason| JournalError::Order { reason })?;
        let line = Line { seq: self.next, at: (self.clock)(), record };
        let mut bytes = serde_json::to_vec(&line).map_err(JournalError::Encode)?;
        bytes.push(b'\n');
        self.appended += 1;
        self.cut_before(&bytes)?;
        let written =
            (&self.disk.file).write_all(&bytes).and_then(|()| if flush { self.disk.flush() } else { Ok(()) });
        if let Err(error) = written {
            // Half a line may be there: only a replay can tell, so this journal takes nothing more.
            self.broken = true;
            return Err(error.into());
        }
        if flush {
            self.flushed = self.next;
        }
        self.next += 1;
        if self.fault == Some(Fault::After(self.appended)) {
            self.broken = true;
            return Err(JournalError::Injected);
        }
        Ok(())
    }

    fn cut_before(&mut self, bytes: &[u8]) -> Result<(), JournalError> {
        if self.fault != Some(Fault::Torn(self.appended)) {
            return Ok(());
        }
        self.broken = true;
        (&self.disk.file).write_all(&bytes[..bytes.len() / 2])?;
        Err(JournalError::Injected)
    }
}

/// A flush of the journal, which may take its time on another thread while records are appended.
pub(crate) struct Flush {
    disk: Arc<Disk>,
    last: u64,
}

impl Flush {
    /// Flushes, and returns the last record that is on the disk then.
    pub(crate) fn run(self) -> std::io::Result<u64> {
        self.disk.flush().map(|()| self.last)
    }
}

/// The file, which several threads flush.
struct Disk {
    file: fs::File,
    /// The run, until it is known that the names of its directory are on the disk.
    unnamed: Mutex<Option<RunDir>>,
}

impl Disk {
    fn flush(&self) -> std::io::Result<()> {
        let mut unnamed = self.unnamed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(run) = &*unnamed {
            run.sync()?;
            *unnamed = None;
        }
        drop(unnamed);
        self.file.sync_data()
    }
}

impl std::fmt::Debug for Journal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Journal").field("next", &self.next).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use pyrel_model::Sha256;

    use super::*;
    use crate::journal::{KeptFile, Phase, Step};

    fn clock() -> Clock {
        Arc::new(|| 42)
    }

    fn kept() -> Record {
        Record::Kept(KeptFile {
            package: "a".parse().unwrap(),
            version: "1".parse().unwrap(),
            filename: "a-1.tar.gz".to_owned(),
            kind: pyrel_model::ArtifactKind::Sdist,
            size: 1,
            sha256: Sha256::new([1; 32]),
        })
    }

    fn intent() -> Record {
        Record::Intent {
            phase: Phase::Stage,
            filename: "a-1.tar.gz".to_owned(),
            sha256: Sha256::new([1; 32]),
        }
    }

    fn run() -> (tempfile::TempDir, RunDir) {
        let root = tempfile::tempdir().unwrap();
        let run = RunDir::create(root.path(), "r1").unwrap();
        (root, run)
    }

    #[test]
    fn what_was_appended_is_read_back() {
        let (_root, run) = run();
        let mut journal = Journal::create(&run, "pyrel 0", clock()).unwrap();
        journal.record(kept()).unwrap();
        journal.commit(intent()).unwrap();
        let state = journal.state().clone();
        drop(journal);
        assert_eq!(*Journal::open(&run, clock()).unwrap().state(), state);
        assert!(Journal::create(&run, "pyrel 0", clock()).is_err(), "a journal is begun once");
    }

    #[test]
    fn a_second_holder_is_told_who_has_it() {
        let (_root, run) = run();
        let journal = Journal::create(&run, "pyrel 0", clock()).unwrap();
        let error = Journal::open(&run, clock()).unwrap_err();
        assert!(matches!(error, JournalError::Locked { process: Some(id), .. } if id == std::process::id()));
        drop(journal);
        assert!(Journal::open(&run, clock()).is_ok());
    }

    #[test]
    fn a_lock_file_without_a_holder_blocks_nobody() {
        let (_root, run) = run();
        fs::write(run.lock_path(), "999999999\n").unwrap();
        assert!(Journal::create(&run, "pyrel 0", clock()).is_ok());
    }

    #[test]
    fn a_torn_line_is_cut_off_and_the_next_record_follows() {
        let (_root, run) = run();
        let mut journal = Journal::create(&run, "pyrel 0", clock()).unwrap();
        journal.record(kept()).unwrap();
        journal.inject(Some(Fault::Torn(2)));
        assert!(matches!(journal.commit(intent()), Err(JournalError::Injected)));
        assert!(matches!(journal.commit(intent()), Err(JournalError::Broken)), "nothing follows a crash");
        drop(journal);
        assert!(!fs::read(run.journal_path()).unwrap().ends_with(b"\n"));
        let mut journal = Journal::open(&run, clock()).unwrap();
        assert!(journal.state().phases.is_empty());
        journal.commit(intent()).unwrap();
        drop(journal);
        assert_eq!(Journal::open(&run, clock()).unwrap().state().phases.len(), 1);
    }

    #[test]
    fn one_flush_is_for_all_records_that_were_appended_by_then() {
        let (_root, run) = run();
        let mut journal = Journal::create(&run, "pyrel 0", clock()).unwrap();
        journal.record(kept()).unwrap();
        let first = journal.last();
        journal.record(intent()).unwrap();
        let flush = journal.flush_of(first).unwrap().unwrap();
        journal.record(intent()).unwrap();
        assert!(journal.flush_of(first).unwrap().is_some(), "it has not ended");
        journal.take_flush(flush.run()).unwrap();
        assert!(journal.flush_of(first).unwrap().is_none() && journal.flush_of(first + 1).unwrap().is_none());
        assert!(journal.flush_of(journal.last()).unwrap().is_some(), "it came after the flush began");
        journal.commit(intent()).unwrap();
        assert!(journal.flush_of(journal.last()).unwrap().is_none());
        let failed = std::io::Error::other("the disk is full");
        assert!(matches!(journal.take_flush(Err(failed)), Err(JournalError::Io(_))));
        assert!(matches!(journal.flush_of(1), Err(JournalError::Broken)));
        assert!(matches!(journal.record(intent()), Err(JournalError::Broken)), "nothing follows");
    }

    #[test]
    fn a_newer_format_is_not_extended() {
        let (_root, run) = run();
        let text = "{\"journal\":\"pyrel\",\"format\":9}\n";
        fs::write(run.journal_path(), text).unwrap();
        let error = Journal::open(&run, clock()).unwrap_err();
        assert!(matches!(error, JournalError::Replay { source: ReplayError::Newer { found: 9 }, .. }));
        assert!(error.hint().is_some());
        assert_eq!(fs::read_to_string(run.journal_path()).unwrap(), text);
    }

    #[test]
    fn a_record_out_of_order_is_not_written() {
        let (_root, run) = run();
        let mut journal = Journal::create(&run, "pyrel 0", clock()).unwrap();
        let before = fs::read(run.journal_path()).unwrap();
        assert!(matches!(journal.commit(intent()), Err(JournalError::Order { .. })));
        assert_eq!(fs::read(run.journal_path()).unwrap(), before);
        journal.commit(Record::StepDone { step: Step::Build }).unwrap();
    }
}
