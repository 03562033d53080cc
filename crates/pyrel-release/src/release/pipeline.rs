//! The order of the steps, and what a resumed run need not do again.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use pyrel_dist::Readings;
use pyrel_index::{IndexClient, IndexSpec, UploadFile};
use pyrel_model::PackageName;
use pyrel_project::Package;

use super::gather::Flushing;
use super::preview::client_of;
use super::{ReleaseError, ReleaseReport, ReleaseRequest, ReleaseTarget};
use crate::attest::Attestations;
use crate::credentials::{Account, foreign_token};
use crate::events::{Event, Reporter};
use crate::gate::Confirm;
use crate::journal::{Journal, JournalError, KeptFile, Phase, Record, Requested, RunState, Step, Target};
use crate::plan::{Standing, order_of};
use crate::remote::IndexView;
use crate::run_dir::RunDir;

/// Carries a run out, from wherever its journal says it stands. Whatever goes wrong is in the report.
pub async fn run_release(
    request: &ReleaseRequest<'_>,
    confirm: &mut dyn Confirm,
    reporter: Arc<dyn Reporter>,
) -> ReleaseReport {
    run_in(None, request, confirm, reporter).await
}

/// Carries a run out in a directory that was made for it, or else in its own.
pub(crate) async fn run_in(
    dir: Option<RunDir>,
    request: &ReleaseRequest<'_>,
    confirm: &mut dyn Confirm,
    reporter: Arc<dyn Reporter>,
) -> ReleaseReport {
    let (private, public): (Vec<&Package>, Vec<&Package>) =
        request.packages.iter().copied().partition(|package| package.private);
    let mut report = ReleaseReport {
        run: request.run.id.clone(),
        private: private.iter().map(|package| package.name.clone()).collect(),
        ..ReleaseReport::default()
    };
    for package in private {
        reporter.event(&Event::PrivateSkipped { package: package.name.clone() });
    }
    let begun = if public.is_empty() {
        Err(ReleaseError::Nothing { private: report.private.clone() })
    } else {
        begin(request, dir, &public)
    };
    let (dir, journal) = match begun {
        Ok(begun) => begun,
        Err(error) => {
            report.failure = Some(error);
            return report;
        }
    };
    reporter.event(&Event::RunStarted { run: request.run.id.clone(), resumed: request.run.resume });
    let (order, uploads) = (order_of(public.iter().copied()), BTreeMap::new());
    let mut run = Run {
        request,
        packages: public,
        order,
        dir,
        journal,
        reporter,
        report,
        readings: None,
        flushing: None,
        uploads,
    };
    let result = run.steps(confirm).await;
    run.finish(result)
}

fn begin(
    request: &ReleaseRequest<'_>,
    dir: Option<RunDir>,
    packages: &[&Package],
) -> Result<(RunDir, Journal), ReleaseError> {
    let (root, run) = (request.root, &request.run);
    let wanted = requested(request, packages);
    let (dir, mut journal) = if run.resume {
        let dir = RunDir::open(root, &run.id)?;
        let journal = Journal::open(&dir, Arc::clone(&run.clock))?;
        (dir, journal)
    } else {
        let dir = dir.map_or_else(|| RunDir::create(root, &run.id), Ok)?;
        let journal = Journal::create(&dir, &run.tool, Arc::clone(&run.clock))?;
        (dir, journal)
    };
    journal.inject(run.fault);
    match &journal.state().requested {
        Some(before) => {
            if let Some(difference) = difference(before, &wanted) {
                return Err(ReleaseError::OtherRequest { run: run.id.clone(), difference });
            }
            journal.record(Record::Resumed)?;
        }
        None => {
            let Requested { kind, steps, targets, stage_url, publish_url, source_date } = wanted;
            journal.record(Record::Requested {
                kind,
                steps,
                targets,
                stage_url,
                publish_url,
                source_date,
            })?;
        }
    }
    Ok((dir, journal))
}

/// Returns the steps of a run, in their order.
pub(super) fn steps(request: &ReleaseRequest<'_>) -> Vec<Step> {
    let verify = request.verify.is_some();
    let production = request.publish.as_ref().is_some_and(|target| target.spec.production);
    let steps = [
        (Step::Build, request.build.is_some()),
        (Step::Collect, request.build.is_none()),
        (Step::Test, request.test.is_some()),
        (Step::Check, true),
        (Step::Stage, request.stage.is_some()),
        (Step::VerifyStaged, request.stage.is_some() && verify),
        (Step::Gate, production),
        (Step::Publish, request.publish.is_some()),
        (Step::VerifyPublished, request.publish.is_some() && verify),
    ];
    steps.into_iter().filter(|(_, asked)| *asked).map(|(step, _)| step).collect()
}

fn requested(request: &ReleaseRequest<'_>, packages: &[&Package]) -> Requested {
    let mut targets: Vec<Target> = packages
        .iter()
        .map(|package| Target { package: package.name.clone(), version: package.version().cloned() })
        .collect();
    targets.sort_by(|a, b| a.package.cmp(&b.package));
    let url = |spec: &IndexSpec| crate::credentials::bare(&spec.upload_url).to_string();
    Requested {
        kind: request.run.kind,
        steps: steps(request),
        targets,
        stage_url: request.stage.as_ref().map(|target| url(&target.spec)),
        publish_url: request.publish.as_ref().map(|target| url(&target.spec)),
        source_date: request.build.as_ref().map_or(0, |build| build.source_date),
    }
}

/// Says in which way a resumed run is asked for something else. The time that goes into archives is the
/// journal's, whatever it would be today.
fn difference(before: &Requested, now: &Requested) -> Option<String> {
    let words = |steps: &[Step]| steps.iter().map(|step| step.as_str()).collect::<Vec<_>>().join(", ");
    let url = |url: &Option<String>| url.clone().unwrap_or_else(|| "none".to_owned());
    let list = |targets: &[Target]| {
        let shown = |target: &Target| match &target.version {
            Some(version) => format!("{} {version}", target.package),
            None => target.package.to_string(),
        };
        targets.iter().map(shown).collect::<Vec<_>>().join(", ")
    };
    if before.targets != now.targets {
        return Some(format!("packages {}, now {}", list(&before.targets), list(&now.targets)));
    }
    if before.steps != now.steps {
        return Some(format!("steps {}, now {}", words(&before.steps), words(&now.steps)));
    }
    if before.stage_url != now.stage_url {
        return Some(format!("staging index {}, now {}", url(&before.stage_url), url(&now.stage_url)));
    }
    if before.publish_url != now.publish_url {
        return Some(format!("index {}, now {}", url(&before.publish_url), url(&now.publish_url)));
    }
    None
}

/// A run under way. The steps are methods in the files of their names.
pub(super) struct Run<'a> {
    pub(super) request: &'a ReleaseRequest<'a>,
    pub(super) packages: Vec<&'a Package>,
    pub(super) order: BTreeMap<PackageName, Vec<PackageName>>,
    pub(super) dir: RunDir,
    pub(super) journal: Journal,
    pub(super) reporter: Arc<dyn Reporter>,
    pub(super) report: ReleaseReport,
    /// The kept files as they were read when they came, for the first check.
    pub(super) readings: Option<Readings>,
    /// The flush of the kept files, until they are known to be on the disk.
    pub(super) flushing: Option<Flushing>,
    pub(super) uploads: BTreeMap<String, UploadFile>,
}

impl ReleaseRequest<'_> {
    /// Returns the targets of the run, staging first.
    pub(super) fn targets(&self) -> impl Iterator<Item = &ReleaseTarget> {
        self.stage.iter().chain(&self.publish)
    }
}

impl Run<'_> {
    async fn steps(&mut self, confirm: &mut dyn Confirm) -> Result<(), ReleaseError> {
        for (step, target) in [(Step::Stage, &self.request.stage), (Step::Publish, &self.request.publish)] {
            if let Some(target) = target.as_ref().filter(|_| !self.state().done.contains(&step)) {
                self.prove(target).await?;
                if let Attestations::Signed(attester) = &target.attestations {
                    attester.prove().await?;
                }
            }
        }
        self.gather().await?;
        self.test().await?;
        self.check().await?;
        let request = self.request;
        if let Some(target) = &request.stage {
            let published = self.state().done.contains(&Step::Publish);
            if let Some(later) = request.publish.as_ref().filter(|_| !published) {
                self.look_ahead(later, confirm).await?;
            }
            self.stage(target).await?;
            self.verify(Phase::Stage, target).await?;
        }
        if let Some(target) = &request.publish {
            self.publish(target, confirm).await?;
            self.verify(Phase::Publish, target).await?;
        }
        Ok(())
    }

    /// Makes sure that there will be a token for a trusted publisher. Not while a project is new: a token for a pending
    /// publisher makes its project, and nothing has been checked or confirmed yet.
    async fn prove(&self, target: &ReleaseTarget) -> Result<(), ReleaseError> {
        if !matches!(target.account, Account::Trusted(_)) {
            return Ok(());
        }
        // No file is gathered yet, so that the projects are asked for.
        let names = self.packages.iter().map(|package| &package.name);
        let view = IndexView::read(&self.target_client(target)?, names).await;
        let index = || target.spec.name.clone();
        let view = view.map_err(|source| ReleaseError::Index { index: index(), source })?;
        let is_known = |package: &&Package| view.standing(&package.name) == Standing::Update;
        if self.packages.iter().all(is_known) { Ok(target.account.prove().await?) } else { Ok(()) }
    }

    fn finish(mut self, result: Result<(), ReleaseError>) -> ReleaseReport {
        let state = self.journal.state();
        self.report.has_sent = state.has_sent(Phase::Stage) || state.has_sent(Phase::Publish);
        self.report.done = state.done.iter().copied().collect();
        self.report.files = state.kept.values().cloned().collect();
        self.report.attestations = state.attestations.values().cloned().collect();
        self.report.failure = result.err();
        let code = self.report.exit_code();
        match self.journal.commit(Record::Finished { code }) {
            // A journal that broke off has told so as the failure, or in the outcome.
            Ok(()) | Err(JournalError::Broken) => {}
            Err(error) => {
                self.report.failure.get_or_insert(error.into());
            }
        }
        // Names that hold other bytes are never free again for these.
        let conflicts = matches!(self.report.failure, Some(ReleaseError::Conflict { .. }));
        let resumable = matches!(self.report.exit_code(), 1 | 3 | 4 | 5) && !conflicts;
        let done = &self.journal.state().done;
        let gathered = done.contains(&Step::Build) || done.contains(&Step::Collect);
        self.report.resume_command = (resumable && gathered).then(|| self.request.run.resume_command.clone());
        self.report
    }

    pub(super) fn state(&self) -> &RunState {
        self.journal.state()
    }

    pub(super) fn emit(&self, event: &Event) {
        self.reporter.event(event);
    }

    /// Tells whether a step was complete before this run was resumed, and reports that.
    pub(super) fn skips(&self, step: Step) -> bool {
        let done = self.state().done.contains(&step);
        if done {
            self.emit(&Event::StepSkipped { step });
        }
        done
    }

    pub(super) fn start(&self, step: Step) {
        self.emit(&Event::StepStarted { step, packages: self.packages.len() });
    }

    /// Reports the end of a step and, when it went well, writes it down.
    pub(super) fn end<T>(&mut self, step: Step, result: Result<T, ReleaseError>) -> Result<T, ReleaseError> {
        let result = match result {
            Ok(value) if self.state().done.contains(&step) => Ok(value),
            Ok(value) => self.journal.record(Record::StepDone { step }).map(|()| value).map_err(Into::into),
            Err(error) => Err(error),
        };
        self.emit(&Event::StepFinished { step, ok: result.is_ok() });
        result
    }

    /// Tells whether any index of this run takes attestations.
    pub(super) fn attests(&self) -> bool {
        self.request.targets().any(|target| !matches!(target.attestations, Attestations::Withheld))
    }

    /// Returns the kept files with their paths, sorted by name.
    pub(super) fn files(&self) -> Vec<(KeptFile, PathBuf)> {
        let kept = self.state().kept.values();
        kept.map(|file| (file.clone(), self.dir.kept_path(&file.filename))).collect()
    }

    /// Returns the client of an index that is uploaded to.
    pub(super) fn target_client(&self, target: &ReleaseTarget) -> Result<IndexClient, ReleaseError> {
        let client = client_of(&target.readable(), &self.request.client)?;
        Ok(match &target.account {
            Account::Fixed(credentials) if foreign_token(&target.spec, credentials).is_none() => {
                client.with_account(credentials.clone())
            }
            Account::Fixed(_) | Account::Trusted(_) => client,
        })
    }

    /// Reads what an index holds of the run's packages.
    pub(super) async fn view(&self, client: &IndexClient) -> Result<IndexView, ReleaseError> {
        let kept = self.state().kept.values();
        let files = kept.map(|file| (file.package.clone(), file.filename.clone())).collect();
        let index = || client.spec().name.clone();
        IndexView::read_files(client, files)
            .await
            .map_err(|source| ReleaseError::Index { index: index(), source })
    }
}
