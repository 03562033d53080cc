//! Staging and publishing: one plan each, the gate before production, and the same bytes on both.

use std::collections::BTreeMap;

use futures_util::StreamExt as _;
use futures_util::stream;
use pyrel_index::{IndexClient, UploadFile};

use super::pipeline::Run;
use super::preview::{client_of, unproven};
use super::{ReleaseError, ReleaseTarget};
use crate::attest::Attestations;
use crate::blocking::blocking;
use crate::events::Event;
use crate::execute::{Execution, Outcome, execute};
use crate::gate::{Confirm, Gate, Permit};
use crate::journal::{KeptAttestation, Phase, Record, Step};
use crate::plan::{AccountKind, Plan, PlanFile, PlanSource, Remote};
use crate::remote::IndexView;

/// How many files are signed at once.
const SIGNATURES: usize = 4;

impl Run<'_> {
    /// Looks at the index to publish on before anything is sent anywhere: names that are taken, and
    /// confirmations that were given in advance and do not fit, stop the run here.
    pub(super) async fn look_ahead(
        &mut self,
        target: &ReleaseTarget,
        confirm: &mut dyn Confirm,
    ) -> Result<(), ReleaseError> {
        let client = self.target_client(target)?;
        let view = self.view(&client).await?;
        let plan = self.plan(target, &client, (&view, None));
        require_no_conflict(&plan)?;
        self.check_against(&client, &view).await?;
        if target.spec.production {
            Gate::check_in_advance(&plan, confirm, &self.request.policy)?;
        }
        Ok(())
    }

    /// Uploads to the staging index.
    pub(super) async fn stage(&mut self, target: &ReleaseTarget) -> Result<(), ReleaseError> {
        if self.skips(Step::Stage) {
            return Ok(());
        }
        self.start(Step::Stage);
        let result = self.stage_files(target).await;
        self.end(Step::Stage, result)
    }

    async fn stage_files(&mut self, target: &ReleaseTarget) -> Result<(), ReleaseError> {
        let client = self.target_client(target)?;
        let view = self.view(&client).await?;
        let plan = self.plan(target, &client, (&view, None));
        self.begin_phase(Phase::Stage, &plan).await?;
        require_no_conflict(&plan)?;
        self.check_against(&client, &view).await?;
        let outcome = self.send((Phase::Stage, &plan), None, target, (&client, Some(&view))).await?;
        let result = complete(&outcome);
        self.report.staged = Some(outcome);
        result
    }

    /// Uploads to the index that was asked for, past the gate when it is a production index.
    pub(super) async fn publish(
        &mut self,
        target: &ReleaseTarget,
        confirm: &mut dyn Confirm,
    ) -> Result<(), ReleaseError> {
        if self.skips(Step::Publish) {
            return Ok(());
        }
        let client = self.target_client(target)?;
        let view = self.view(&client).await?;
        let proof = if target.spec.production { self.proof().await } else { None };
        let plan = self.plan(target, &client, (&view, proof.as_ref()));
        self.report.plan = Some(plan.clone());
        self.begin_phase(Phase::Publish, &plan).await?;
        require_no_conflict(&plan)?;
        self.check_against(&client, &view).await?;
        let permit = if target.spec.production { Some(self.pass_gate(&plan, confirm)?) } else { None };
        self.start(Step::Publish);
        // A person may have taken their time at the gate.
        let fresh = if permit.is_some() { None } else { Some(&view) };
        let sent = self.send((Phase::Publish, &plan), permit.as_ref(), target, (&client, fresh)).await;
        let result = sent.and_then(|outcome| {
            let result = complete(&outcome);
            self.report.published = Some(outcome);
            result
        });
        self.end(Step::Publish, result)
    }

    fn pass_gate<'p>(
        &mut self,
        plan: &'p Plan,
        confirm: &mut dyn Confirm,
    ) -> Result<Permit<'p>, ReleaseError> {
        self.start(Step::Gate);
        let opened = Gate::open(plan, confirm, &self.request.policy).map_err(ReleaseError::from);
        let permit = match opened {
            Ok(permit) => {
                let confirmed = Record::Confirmed { digest: plan.digest().to_string() };
                self.journal.commit(confirmed).map(|()| permit).map_err(ReleaseError::from)
            }
            refused => refused,
        };
        self.end(Step::Gate, permit)
    }

    /// Writes down which plan a phase carries out, as soon as its files are on the disk. A resumed run must come to the
    /// same plan.
    async fn begin_phase(&mut self, phase: Phase, plan: &Plan) -> Result<(), ReleaseError> {
        if let Some(flushing) = self.flushing.take() {
            let (files, journal) = blocking(move || flushing.wait()).await;
            self.journal.take_flush(journal)?;
            files?;
        }
        let found = plan.digest().to_string();
        match self.state().phases.get(&phase).and_then(|state| state.digest.clone()) {
            Some(expected) if expected != found => {
                let path = self.dir.journal_path();
                return Err(ReleaseError::PlanChanged { expected, found, path });
            }
            Some(_) => {}
            None => self.journal.commit(Record::Planned { phase, digest: found })?,
        }
        self.emit(&Event::Planned { phase, plan: Box::new(plan.clone()) });
        Ok(())
    }

    async fn send(
        &mut self,
        (phase, plan): (Phase, &Plan),
        permit: Option<&Permit<'_>>,
        target: &ReleaseTarget,
        (client, view): (&IndexClient, Option<&IndexView>),
    ) -> Result<Outcome, ReleaseError> {
        // Without the permit that it takes, the plan is refused below, and nothing is signed for it.
        if permit.is_some() || !target.spec.production {
            self.attest(plan, &target.attestations).await?;
        }
        let uploads = self.attested_uploads(plan)?;
        let execution = Execution {
            phase,
            client,
            view,
            account: &target.account,
            uploads: &uploads,
            reporter: &*self.reporter,
            concurrency: self.request.concurrency,
            patience: self.request.patience,
        };
        Ok(execute(plan, permit, &mut self.journal, &execution).await?)
    }

    /// Signs what the plan wants to be signed and is not yet, before the first file is sent. A resumed run has what was
    /// signed before.
    async fn attest(&mut self, plan: &Plan, attestations: &Attestations) -> Result<(), ReleaseError> {
        let Attestations::Signed(attester) = attestations else { return Ok(()) };
        let mut unsigned: Vec<(PlanFile, String)> = Vec::new();
        for file in plan.files().filter(|file| file.remote != Remote::Same) {
            let wanted = file.attestations.iter().filter(|wanted| wanted.sha256.is_none());
            let wanted = wanted.filter(|wanted| !self.state().attestations.contains_key(&wanted.filename));
            unsigned.extend(wanted.map(|wanted| (file.clone(), wanted.filename.clone())));
        }
        let signatures = unsigned.into_iter().map(|(file, name)| async move {
            let text = attester.attest(&file.filename, &file.sha256).await;
            text.map(|text| (file.filename, name, text))
        });
        let mut signed = stream::iter(signatures).buffer_unordered(SIGNATURES);
        while let Some(next) = signed.next().await {
            let (file, attestation, text) = next?;
            let sha256 = self.dir.keep_made(&attestation, text.as_bytes())?;
            self.dir.sync_kept()?;
            self.emit(&Event::Attested { filename: file.clone() });
            self.journal.commit(Record::Attested(KeptAttestation {
                file,
                attestation,
                sha256,
                signed: true,
            }))?;
        }
        Ok(())
    }

    /// Returns the checked files with the attestations that the plan has for them.
    fn attested_uploads(&self, plan: &Plan) -> Result<BTreeMap<String, UploadFile>, ReleaseError> {
        let mut uploads = self.uploads.clone();
        for file in plan.files() {
            let kept =
                file.attestations.iter().filter_map(|one| self.state().attestations.get(&one.filename));
            let texts =
                kept.map(|kept| self.dir.read_attestation(kept)).collect::<Result<Vec<String>, _>>()?;
            if let Some(upload) = uploads.remove(&file.filename) {
                uploads.insert(file.filename.clone(), upload.with_attestations(&texts));
            }
        }
        Ok(uploads)
    }

    fn plan(
        &self,
        target: &ReleaseTarget,
        client: &IndexClient,
        (view, proof): (&IndexView, Option<&IndexView>),
    ) -> Plan {
        Plan::of(&PlanSource {
            index: client.spec(),
            account: AccountKind::of(&target.account),
            files: &self.files(),
            attestations: &self.state().attestations,
            attesting: target.attestations.attesting(),
            order: &self.order,
            view,
            staging: self.staging_name(),
            proof,
        })
    }

    fn staging_name(&self) -> Option<&str> {
        let stage = self.request.stage.as_ref().map(|target| target.spec.name.as_str());
        stage.or_else(|| self.request.proof.as_ref().map(|index| index.spec.name.as_str()))
    }

    /// Reads what the staging index holds; a failure means that nothing is proven, and is told.
    async fn proof(&self) -> Option<IndexView> {
        let client = match (&self.request.stage, &self.request.proof) {
            (Some(target), _) => self.target_client(target),
            (None, Some(index)) => client_of(index, &self.request.client),
            (None, None) => return None,
        };
        let read = match client {
            Ok(client) => self.view(&client).await,
            Err(error) => Err(error),
        };
        match read {
            Ok(view) => Some(view),
            Err(error) => {
                self.emit(&Event::Note { message: unproven(&error) });
                None
            }
        }
    }
}

pub(super) fn require_no_conflict(plan: &Plan) -> Result<(), ReleaseError> {
    let files: Vec<String> = plan.conflicts().map(|file| format!("`{}`", file.filename)).collect();
    if files.is_empty() {
        Ok(())
    } else {
        Err(ReleaseError::Conflict { index: plan.index().name.clone(), files })
    }
}

fn complete(outcome: &Outcome) -> Result<(), ReleaseError> {
    if outcome.ok() {
        Ok(())
    } else {
        Err(ReleaseError::Incomplete { phase: outcome.phase, code: outcome.exit_code() })
    }
}
