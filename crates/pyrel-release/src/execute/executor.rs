//! Carries a plan out: reads the index first, sends packages as their turn comes, and writes every intent down
//! before its effect.

use std::collections::BTreeMap;
use std::error::Error;
use std::pin::pin;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use pyrel_index::{IndexClient, UploadError, UploadFile, UploadOutcome};
use pyrel_model::{PackageName, Sha256};
use tokio::task::yield_now;
use tokio::time::timeout;

use super::outcome::{FileOutcome, FileResult, Outcome, PackageOutcome};
use super::schedule::Schedule;
use crate::blocking::blocking;
use crate::credentials::Account;
use crate::events::{Event, Reporter};
use crate::gate::{Permit, Refusal};
use crate::journal::{FileState, Journal, JournalError, Phase, Record, Sent};
use crate::plan::{Plan, PlanFile, PlanItem, Remote};
use crate::remote::IndexView;

/// How long nobody is told that a package is waited for.
const MOMENT: Duration = Duration::from_secs(1);

/// Everything that carrying a plan out needs besides the plan, the permit, and the journal.
pub struct Execution<'a> {
    /// Which of the two uploads this is.
    pub phase: Phase,
    /// The index.
    pub client: &'a IndexClient,
    /// What the index holds, when it was read just now; otherwise it is read first.
    pub view: Option<&'a IndexView>,
    /// Who uploads.
    pub account: &'a Account,
    /// The files by name, as they were checked.
    pub uploads: &'a BTreeMap<String, UploadFile>,
    /// Who listens.
    pub reporter: &'a dyn Reporter,
    /// How many packages are sent at once, at least 1.
    pub concurrency: usize,
    /// How long an installer may take to see a package.
    pub patience: Duration,
}

/// Carries a plan out. Nothing is written before the whole plan was compared with what the index has.
///
/// The plan's files must be kept with the run, because a resumed run sends the same bytes.
///
/// # Errors
///
/// Refuses a plan for a production index without the permit for exactly this plan; nothing was sent then.
/// Everything else that goes wrong is in the outcome.
pub async fn execute(
    plan: &Plan,
    permit: Option<&Permit<'_>>,
    journal: &mut Journal,
    execution: &Execution<'_>,
) -> Result<Outcome, Refusal> {
    let production = plan.index().production || execution.client.spec().production;
    if production && !permit.is_some_and(|permit| permit.covers(plan)) {
        return Err(Refusal::NoPermit { index: plan.index().name.clone() });
    }
    let shared = Mutex::new(Shared { journal, fault: None });
    let flushing = tokio::sync::Mutex::new(());
    let packages = Executor { plan, execution, shared: &shared, flushing: &flushing }.run().await;
    let Shared { journal, fault } = shared.into_inner().unwrap_or_else(PoisonError::into_inner);
    let has_sent = journal.state().has_sent(execution.phase);
    Ok(Outcome { phase: execution.phase, packages, has_sent, fault })
}

struct Shared<'j> {
    journal: &'j mut Journal,
    fault: Option<JournalError>,
}

/// The journal took no record; the reason is in the shared state and stops everything.
struct Stopped;

struct Executor<'a, 'j> {
    plan: &'a Plan,
    execution: &'a Execution<'a>,
    shared: &'a Mutex<Shared<'j>>,
    /// Held by who flushes the journal.
    flushing: &'a tokio::sync::Mutex<()>,
}

impl Executor<'_, '_> {
    async fn run(&self) -> Vec<PackageOutcome> {
        if let Some(view) = self.execution.view {
            return self.run_over(view).await;
        }
        let mut files = Vec::new();
        for item in self.plan.items() {
            files.extend(item.files.iter().map(|file| (item.package.clone(), file.filename.clone())));
        }
        match IndexView::read_files(self.execution.client, files).await {
            Ok(view) => self.run_over(&view).await,
            Err(error) => {
                let reason = format!("the index could not be read first: {}", with_causes(&error));
                self.none_sent(|_, _| FileResult::NotSent { reason: reason.clone() })
            }
        }
    }

    async fn run_over(&self, view: &IndexView) -> Vec<PackageOutcome> {
        let remote =
            |item: &PlanItem, file: &PlanFile| view.remote(&item.package, &file.filename, &file.sha256);
        let conflict = self
            .plan
            .items()
            .iter()
            .any(|item| item.files.iter().any(|file| remote(item, file) == Remote::Other));
        if conflict {
            return self.none_sent(|item, file| match remote(item, file) {
                Remote::Same => FileResult::AlreadyThere,
                Remote::Other => self.conflict(item, file),
                Remote::Absent => FileResult::NotSent {
                    reason: "the index holds other bytes under the name of another file of this run"
                        .to_owned(),
                },
            });
        }
        self.send_all(view).await
    }

    fn conflict(&self, item: &PlanItem, file: &PlanFile) -> FileResult {
        let reason = format!("the index already holds other bytes under the name `{}`", file.filename);
        self.emit(&Event::UploadFailed {
            phase: self.execution.phase,
            package: item.package.clone(),
            filename: file.filename.clone(),
            reason: reason.clone(),
        });
        let hint = format!("a file name is never free again: give `{}` a new version", item.package);
        FileResult::Failed { reason, hint: Some(hint) }
    }

    /// Sends the packages as their turn comes. A package that is sent and not yet seen takes up none of the places,
    /// since waiting costs the index nothing.
    async fn send_all(&self, view: &IndexView) -> Vec<PackageOutcome> {
        let items: BTreeMap<&PackageName, &PlanItem> =
            self.plan.items().iter().map(|item| (&item.package, item)).collect();
        let mut schedule =
            Schedule::new(self.plan.items().iter().map(|item| (&item.package, item.after.as_slice())));
        let (mut sending, mut waiting) = (FuturesUnordered::new(), FuturesUnordered::new());
        let mut outcomes = BTreeMap::new();
        loop {
            while sending.len() < self.execution.concurrency.max(1)
                && !self.is_stopped()
                && let Some(name) = schedule.take_ready()
            {
                sending.push(self.send_package(items[&name], view));
            }
            let outcome = tokio::select! {
                Some(outcome) = sending.next() => {
                    if outcome.is_sent() {
                        waiting.push(self.see_package(items[&outcome.package], outcome, view));
                        continue;
                    }
                    outcome
                }
                Some(outcome) = waiting.next() => outcome,
                else => break,
            };
            if outcome.ok() {
                schedule.finish(&outcome.package);
            } else {
                for name in schedule.fail(&outcome.package) {
                    let blocked = self.blocked(items[&name], &outcome.package, view);
                    outcomes.insert(name, blocked);
                }
            }
            outcomes.insert(outcome.package.clone(), outcome);
        }
        self.add_rest(schedule, &items, &mut outcomes);
        outcomes.into_values().collect()
    }

    fn add_rest(
        &self,
        schedule: Schedule,
        items: &BTreeMap<&PackageName, &PlanItem>,
        outcomes: &mut BTreeMap<PackageName, PackageOutcome>,
    ) {
        for name in schedule.into_rest() {
            let reason = if self.is_stopped() {
                "the journal could not be written"
            } else {
                "the package needs itself, directly or through others"
            };
            let result = FileResult::NotSent { reason: reason.to_owned() };
            outcomes.insert(name.clone(), unsent(items[&name], |_| result.clone()));
        }
    }

    fn blocked(&self, item: &PlanItem, by: &PackageName, view: &IndexView) -> PackageOutcome {
        self.emit(&Event::Blocked {
            phase: self.execution.phase,
            package: item.package.clone(),
            by: by.clone(),
        });
        unsent(item, |file| match view.remote(&item.package, &file.filename, &file.sha256) {
            Remote::Same => FileResult::AlreadyThere,
            Remote::Absent | Remote::Other => FileResult::Blocked { by: by.clone() },
        })
    }

    /// Sends the files of one package, one after another.
    async fn send_package(&self, item: &PlanItem, view: &IndexView) -> PackageOutcome {
        let mut outcome = unsent(item, |_| FileResult::NotSent {
            reason: "an earlier file of the package could not be sent".to_owned(),
        });
        for (file, slot) in item.files.iter().zip(&mut outcome.files) {
            let remote = view.remote(&item.package, &file.filename, &file.sha256);
            slot.result = self.send_file(item, file, remote).await.unwrap_or_else(|Stopped| {
                FileResult::NotSent { reason: "the journal could not be written".to_owned() }
            });
            if !slot.result.is_there() {
                return outcome;
            }
        }
        outcome
    }

    /// Waits until an installer sees a package that was sent.
    async fn see_package(
        &self,
        item: &PlanItem,
        mut outcome: PackageOutcome,
        view: &IndexView,
    ) -> PackageOutcome {
        outcome.waiting = self.wait(item, view).await;
        outcome.visible = outcome.waiting.is_none();
        outcome
    }

    async fn send_file(
        &self,
        item: &PlanItem,
        file: &PlanFile,
        remote: Remote,
    ) -> Result<FileResult, Stopped> {
        let phase = self.execution.phase;
        let before = self.locked(|shared| shared.journal.state().file(phase, &file.filename).cloned());
        if remote == Remote::Same || before == Some(FileState::Uploaded) {
            // Intended by this run before it was cut off, and there now: this run sent it.
            let how = if before == Some(FileState::Intended) { Sent::Uploaded } else { Sent::AlreadyThere };
            self.record(Record::Sent { phase, filename: file.filename.clone(), how })?;
            self.emit_file(item, file, true);
            return Ok(FileResult::AlreadyThere);
        }
        let Some(upload) = self.checked(file) else {
            return Ok(self.failed(item, file, "it is not the file that was checked".to_owned(), None));
        };
        let credentials = match self.execution.account.credentials().await {
            Ok(credentials) => credentials,
            Err(error) => return Ok(self.failed(item, file, with_causes(&error), error.hint())),
        };
        let (filename, sha256) = (file.filename.clone(), file.sha256);
        self.commit(Record::Intent { phase, filename: filename.clone(), sha256 }).await?;
        self.emit(&Event::UploadStarted {
            phase,
            package: item.package.clone(),
            filename: filename.clone(),
            size: file.size,
        });
        let progress = |sent| {
            self.emit(&Event::UploadProgress { phase, filename: filename.clone(), sent, total: file.size });
        };
        let client = self.execution.client;
        let mut sent = client.upload(upload, &credentials, &progress).await;
        // A token may lapse, or be withdrawn, between two files.
        let mut unreplaced = None;
        if matches!(sent, Err(UploadError::Credentials { .. })) {
            match self.execution.account.replaced(&credentials).await {
                Ok(Some(others)) => sent = client.upload(upload, &others, &progress).await,
                Ok(None) => {}
                Err(error) => unreplaced = Some(error),
            }
        }
        match sent {
            Ok(UploadOutcome::Uploaded) => {
                self.record(Record::Sent { phase, filename: filename.clone(), how: Sent::Uploaded })?;
                self.emit_file(item, file, false);
                Ok(FileResult::Uploaded)
            }
            Ok(UploadOutcome::AlreadyThere) => {
                // Nothing was there when the run began, and the intent is this run's.
                self.record(Record::Sent { phase, filename: filename.clone(), how: Sent::Uploaded })?;
                self.emit_file(item, file, true);
                Ok(FileResult::AlreadyThere)
            }
            Err(error) => {
                let mut reason = with_causes(&error);
                if let Some(error) = &unreplaced {
                    reason.push_str(&format!("; another token was not to be had: {}", with_causes(error)));
                }
                let hint = unreplaced.map_or_else(|| error.hint(), |error| error.hint());
                self.record(Record::Failed { phase, filename: filename.clone(), reason: reason.clone() })?;
                Ok(self.failed(item, file, reason, hint))
            }
        }
    }

    fn checked(&self, file: &PlanFile) -> Option<&UploadFile> {
        self.execution.uploads.get(&file.filename).filter(|upload| *upload.sha256() == file.sha256)
    }

    /// Waits until an installer sees a package; returns why it does not.
    async fn wait(&self, item: &PlanItem, view: &IndexView) -> Option<String> {
        let phase = self.execution.phase;
        let package = item.package.clone();
        let seen = |file: &PlanFile| view.remote(&package, &file.filename, &file.sha256) == Remote::Same;
        if !item.files.iter().all(seen) {
            let files: Vec<(String, Sha256)> =
                item.files.iter().map(|file| (file.filename.clone(), file.sha256)).collect();
            let patience = self.execution.patience;
            let mut waiting = pin!(self.execution.client.wait_visible(&package, &files, patience));
            let waited = match timeout(MOMENT, &mut waiting).await {
                Ok(waited) => waited,
                Err(_) => {
                    self.emit(&Event::Waiting { phase, package: package.clone(), patience });
                    waiting.await
                }
            };
            if let Err(error) = waited {
                return Some(with_causes(&error));
            }
        }
        if self.record(Record::Visible { phase, package: package.clone() }).is_err() {
            return Some("the journal could not be written".to_owned());
        }
        self.emit(&Event::Visible { phase, package });
        None
    }

    fn failed(&self, item: &PlanItem, file: &PlanFile, reason: String, hint: Option<String>) -> FileResult {
        self.emit(&Event::UploadFailed {
            phase: self.execution.phase,
            package: item.package.clone(),
            filename: file.filename.clone(),
            reason: reason.clone(),
        });
        FileResult::Failed { reason, hint }
    }

    fn none_sent(&self, result: impl Fn(&PlanItem, &PlanFile) -> FileResult) -> Vec<PackageOutcome> {
        self.plan.items().iter().map(|item| unsent(item, |file| result(item, file))).collect()
    }

    fn emit(&self, event: &Event) {
        self.execution.reporter.event(event);
    }

    fn emit_file(&self, item: &PlanItem, file: &PlanFile, was_there: bool) {
        let (phase, package) = (self.execution.phase, item.package.clone());
        let filename = file.filename.clone();
        self.emit(&if was_there {
            Event::AlreadyThere { phase, package, filename }
        } else {
            Event::Uploaded { phase, package, filename }
        });
    }

    fn record(&self, record: Record) -> Result<(), Stopped> {
        self.write(|journal| journal.record(record))
    }

    /// Appends a record and returns when it is on the disk. Packages that come to this at the same time share a flush.
    async fn commit(&self, record: Record) -> Result<(), Stopped> {
        let number = self.write(|journal| journal.record(record).map(|()| journal.last()))?;
        // The others that are ready append theirs.
        yield_now().await;
        let _turn = self.flushing.lock().await;
        let Some(flush) = self.write(|journal| journal.flush_of(number))? else { return Ok(()) };
        let flushed = blocking(move || flush.run()).await;
        self.write(|journal| journal.take_flush(flushed))
    }

    fn write<T>(&self, write: impl FnOnce(&mut Journal) -> Result<T, JournalError>) -> Result<T, Stopped> {
        self.locked(|shared| {
            write(shared.journal).map_err(|error| {
                shared.fault.get_or_insert(error);
                Stopped
            })
        })
    }

    fn is_stopped(&self) -> bool {
        self.locked(|shared| shared.fault.is_some())
    }

    /// Uses the journal alone. A holder that panicked left it whole or refusing, so its lock is taken over.
    fn locked<T>(&self, act: impl FnOnce(&mut Shared<'_>) -> T) -> T {
        act(&mut self.shared.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn unsent(item: &PlanItem, result: impl Fn(&PlanFile) -> FileResult) -> PackageOutcome {
    let files = item
        .files
        .iter()
        .map(|file| FileOutcome {
            filename: file.filename.clone(),
            sha256: file.sha256,
            result: result(file),
        })
        .collect();
    let (package, version) = (item.package.clone(), item.version.clone());
    PackageOutcome { package, version, visible: false, waiting: None, files }
}

/// Returns an error with its causes on one line.
pub fn with_causes(error: &dyn Error) -> String {
    let mut out = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        out = format!("{out}: {error}");
        cause = error.source();
    }
    out
}
