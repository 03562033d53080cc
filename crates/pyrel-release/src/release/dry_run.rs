//! A run that sends nothing: everything that can be known before the first file goes is asked and judged, and all that
//! would stop the run is told, not only the first of it.

use std::sync::Arc;

use pyrel_dist::CheckReport;
use pyrel_model::PackageName;
use pyrel_project::Package;
use serde::Serialize;
use serde::ser::{SerializeMap as _, Serializer};

use super::inspection::{Inspected, Inspection};
use super::preview::{client_of, read, unproven};
use super::upload::require_no_conflict;
use super::{ReleaseError, ReleaseRequest, ReleaseTarget};
use crate::attest::Attestations;
use crate::credentials::{Exchange, Proof, prove_account};
use crate::events::{Event, Reporter};
use crate::execute::with_causes;
use crate::gate::{Confirm, Gate};
use crate::journal::{Phase, Step};
use crate::online::online;
use crate::plan::{AccountKind, Plan, PlanSource, Standing, order_of};

/// What a run would do, and what would stop it.
#[derive(Debug, Default)]
pub struct DryRun {
    /// The steps that the run would take, in their order.
    pub steps: Vec<Step>,
    /// The private packages, which are left out.
    pub private: Vec<PackageName>,
    /// What the check found, as far as files are there to be checked.
    pub check: Option<CheckReport>,
    /// The indexes that the run would send to.
    pub targets: Vec<DryTarget>,
    /// Everything that would stop the run, in the order in which it was found.
    pub failures: Vec<ReleaseError>,
}

/// What a run would do to one index.
#[derive(Debug, Serialize)]
pub struct DryTarget {
    /// Which of the two uploads.
    pub phase: Phase,
    /// The plan.
    pub plan: Plan,
    /// What is known of the account.
    pub credentials: Proof,
}

/// The JSON form has `"schema": 1` and `"dry_run": true`.
impl Serialize for DryRun {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_map(None)?;
        out.serialize_entry("schema", &1)?;
        out.serialize_entry("dry_run", &true)?;
        out.serialize_entry("exit_code", &self.exit_code())?;
        out.serialize_entry("steps", &self.steps)?;
        out.serialize_entry("private", &self.private)?;
        out.serialize_entry("targets", &self.targets)?;
        let digest = self.targets.last().map(|target| target.plan.digest());
        out.serialize_entry("digest", &digest)?;
        let failures: Vec<_> = self
            .failures
            .iter()
            .map(|failure| serde_json::json!({ "message": failure.to_string(), "hint": failure.hint() }))
            .collect();
        out.serialize_entry("failures", &failures)?;
        out.end()
    }
}

impl DryRun {
    /// Returns the exit code that the run would end with, as far as that can be known.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        self.failures.first().map_or(0, |failure| failure.exit_code(false))
    }
}

/// Looks at everything that a run would do. Nothing is sent, nothing is kept, and nothing is signed; files that the run
/// would build are built in a place that goes away.
pub async fn dry_run(
    request: &ReleaseRequest<'_>,
    confirm: &mut dyn Confirm,
    reporter: Arc<dyn Reporter>,
) -> DryRun {
    let (private, public): (Vec<&Package>, Vec<&Package>) =
        request.packages.iter().copied().partition(|package| package.private);
    let mut run = DryRun {
        steps: super::pipeline::steps(request),
        private: private.iter().map(|package| package.name.clone()).collect(),
        ..DryRun::default()
    };
    if public.is_empty() {
        run.failures.push(ReleaseError::Nothing { private: run.private.clone() });
        return run;
    }
    run.prove_signatures(request).await;
    let inspected = Inspected {
        packages: &public,
        directories: &request.directories,
        check: &request.check,
        attests: request.targets().any(|target| !matches!(target.attestations, Attestations::Withheld)),
    };
    let inspection = match &request.build {
        Some(options) => inspected.built(options, Arc::clone(&reporter)).await,
        None => inspected.found().await,
    };
    let mut inspection = match inspection {
        Ok(inspection) => inspection,
        Err(error) => {
            run.failures.push(error);
            return run;
        }
    };
    if let Some(error) = findings(&inspection, request.check.strict) {
        run.failures.push(error);
    }
    let targets = [(Phase::Stage, &request.stage), (Phase::Publish, &request.publish)];
    for (phase, target) in targets.into_iter().filter_map(|(phase, target)| Some((phase, target.as_ref()?))) {
        let looked = Look { request, packages: &public, reporter: &*reporter, phase, target };
        if let Err(error) = looked.at(&mut run, &mut inspection, confirm).await {
            run.failures.push(error);
        }
    }
    run.check = Some(inspection.report);
    run
}

impl DryRun {
    /// An identity for signing is got and not used.
    async fn prove_signatures(&mut self, request: &ReleaseRequest<'_>) {
        let attesters = request.targets().filter_map(|target| match &target.attestations {
            Attestations::Signed(attester) => Some(attester),
            Attestations::Withheld | Attestations::Found => None,
        });
        // Both indexes get the same signatures.
        if let Some(attester) = attesters.last()
            && let Err(error) = attester.prove().await
        {
            self.failures.push(error.into());
        }
    }
}

fn findings(inspection: &Inspection, strict: bool) -> Option<ReleaseError> {
    let files = &inspection.report.files;
    let errors = files.iter().filter(|file| !file.ok(strict)).count();
    (errors > 0).then_some(ReleaseError::Findings { errors, files: files.len() })
}

/// A look at one index.
struct Look<'a> {
    request: &'a ReleaseRequest<'a>,
    packages: &'a [&'a Package],
    reporter: &'a dyn Reporter,
    phase: Phase,
    target: &'a ReleaseTarget,
}

impl Look<'_> {
    async fn at(
        &self,
        run: &mut DryRun,
        inspection: &mut Inspection,
        confirm: &mut dyn Confirm,
    ) -> Result<(), ReleaseError> {
        let client = client_of(&self.target.readable(), &self.request.client)?;
        let view = read(&client, &inspection.files).await?;
        // What is staged in this run needs no proof now.
        let proof = match &self.request.proof {
            Some(index) if self.target.spec.production => {
                let read = read(&client_of(index, &self.request.client)?, &inspection.files).await;
                if let Err(error) = &read {
                    self.reporter.event(&Event::Note { message: unproven(error) });
                }
                read.ok()
            }
            _ => None,
        };
        let plan = Plan::of(&PlanSource {
            index: client.spec(),
            account: AccountKind::of(&self.target.account),
            files: &inspection.files,
            attestations: &inspection.attestations,
            attesting: self.target.attestations.attesting(),
            order: &order_of(self.packages.iter().copied()),
            view: &view,
            staging: self.request.proof.as_ref().map(|index| index.spec.name.as_str()),
            proof: proof.as_ref(),
        });
        let known = online(&client, &view, &inspection.report, (self.request.run.clock)()).await;
        if let Some(error) = known.unknown_names {
            let text = format!("whether names look like others on `{}` is not known", client.spec().name);
            self.reporter.event(&Event::Note { message: format!("{text}: {}", with_causes(&error)) });
        }
        let before = findings(inspection, self.request.check.strict).is_some();
        inspection.report.judge_index(&known.facts, &inspection.options);
        let after = findings(inspection, self.request.check.strict).filter(|_| !before);
        let credentials = self.credentials(&plan).await;
        if credentials.proved == Some(false) {
            let (index, details) = (plan.index().name.clone(), credentials.details.clone());
            run.failures.push(ReleaseError::Credentials { index, details, hint: credentials.hint.clone() });
        }
        run.failures.extend(require_no_conflict(&plan).err());
        run.failures.extend(after);
        if self.target.spec.production {
            run.failures.extend(self.gate(&plan, confirm).err());
        }
        run.targets.push(DryTarget { phase: self.phase, plan, credentials });
        Ok(())
    }

    async fn credentials(&self, plan: &Plan) -> Proof {
        let is_new = plan.items().iter().any(|item| item.standing == Standing::New);
        let exchange = if is_new { Exchange::MakesProjects } else { Exchange::Tried };
        let names: Vec<PackageName> = plan.items().iter().map(|item| item.package.clone()).collect();
        let now = (self.request.run.clock)();
        prove_account(&self.target.spec, &self.target.account, exchange, &names, now).await
    }

    /// What the gate would refuse: files that were not staged, and confirmations that were given and do not fit. Those
    /// that are missing are for the real run.
    fn gate(&self, plan: &Plan, confirm: &mut dyn Confirm) -> Result<(), ReleaseError> {
        if self.request.stage.is_none() {
            Gate::require_staging(plan, &self.request.policy)?;
        }
        if confirm.is_given_in_advance() && confirm.ask_digest(plan).is_some() {
            Gate::check_in_advance(plan, confirm, &self.request.policy)?;
        }
        Ok(())
    }
}
