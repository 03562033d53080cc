//! From steps and flags to the one request of a run, and its name.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use pyrel_dist::CheckOptions;
use pyrel_index::Certificates;
use pyrel_project::{Package, Selection, Workspace};
use pyrel_release::credentials::ReadableIndex;
use pyrel_release::gate::GatePolicy;
use pyrel_release::journal::RunKind;
use pyrel_release::release::{BuildOptions, PackageTest, ReleaseRequest, ReleaseTarget, RunRequest};
use pyrel_release::run_dir::{RunDir, RunDirError};
use pyrel_release::verify::VerifySettings;

use super::ResumeArgs;
use crate::cli::SelectionArgs;
use crate::context::Context;
use crate::exit::{CommandError, Failure};
use crate::ui::Tone;
use crate::{checker, remote};

/// How long an installer may take to see a package.
const PATIENCE: Duration = Duration::from_secs(600);

/// The steps of a run: what is absent does not happen.
#[derive(Default)]
pub(crate) struct Parts {
    /// Build first.
    pub(crate) build: Option<BuildOptions>,
    /// Run the packages' own tests.
    pub(crate) test: Option<Arc<dyn PackageTest>>,
    /// Stage.
    pub(crate) stage: Option<ReleaseTarget>,
    /// Ask this index for proof of staging.
    pub(crate) proof: Option<ReadableIndex>,
    /// Publish.
    pub(crate) publish: Option<ReleaseTarget>,
    /// Install what was uploaded.
    pub(crate) verify: Option<VerifySettings>,
}

/// What a run has besides its steps.
pub(crate) struct Session<'a> {
    /// The command as a person types it: `pyrel upload my-package`.
    pub(crate) command: String,
    /// The command that stages the same packages.
    pub(crate) stage_command: String,
    /// Whether files without proof of staging may pass.
    pub(crate) allow_unstaged: bool,
    /// The run to take up again; an empty name is the latest.
    pub(crate) resume: Option<&'a str>,
    /// What kind of run it is.
    pub(crate) kind: RunKind,
    /// Certificates that were named for it.
    pub(crate) certificates: Certificates,
}

impl Session<'_> {
    /// Makes the request of a run.
    pub(crate) fn request<'w>(
        &self,
        context: &Context,
        workspace: &'w Workspace,
        packages: &[&'w Package],
        parts: Parts,
    ) -> Result<ReleaseRequest<'w>, CommandError> {
        let check: CheckOptions = checker::options(context, workspace, false)?;
        Ok(ReleaseRequest {
            root: workspace.root(),
            packages: packages.to_vec(),
            directories: directories(workspace),
            build: parts.build,
            test: parts.test,
            check,
            stage: parts.stage,
            proof: parts.proof,
            publish: parts.publish,
            verify: parts.verify,
            policy: GatePolicy {
                allow_unstaged: self.allow_unstaged,
                command: self.command.clone(),
                takes_answers: self.kind != RunKind::Rehearsal,
                stage_command: self.stage_command.clone(),
            },
            client: remote::client_options(context, workspace, &self.certificates)?,
            concurrency: context.connections(),
            patience: PATIENCE,
            run: self.run(context, workspace)?,
        })
    }

    fn run(&self, context: &Context, workspace: &Workspace) -> Result<RunRequest, CommandError> {
        let interrupted = match self.resume {
            None => None,
            Some(run) => self.taken_up(context, interrupted(workspace, run, self.kind)?)?,
        };
        let resume = interrupted.is_some();
        let id = interrupted.unwrap_or_else(|| new_id(context, workspace));
        Ok(RunRequest {
            kind: self.kind,
            resume_command: format!("{} --resume={id}", self.command),
            id,
            resume,
            tool: format!("pyrel {}", env!("CARGO_PKG_VERSION")),
            clock: Arc::new(now),
            fault: None,
        })
    }

    /// Returns the run to take up. A rehearsal that was killed before it wrote anything down begins anew.
    fn taken_up(&self, context: &Context, run: Option<Interrupted>) -> Result<Option<String>, CommandError> {
        if let Some(run) = run {
            return Ok(Some(run.id));
        }
        if self.kind == RunKind::Rehearsal {
            context.ui().status(Tone::Busy, "Note", "no rehearsal was interrupted: this one begins anew");
            return Ok(None);
        }
        let hint = format!("start one with `{}`", self.command);
        Err(CommandError::message(Failure::Refused, "there is no interrupted run to resume").hint(Some(hint)))
    }
}

/// An interrupted run that is to be taken up again.
struct Interrupted {
    id: String,
    packages: Vec<String>,
}

/// Returns the packages of a command: those that were named, or else those of the run that it takes up again.
pub(crate) fn selection<'w>(
    context: &Context,
    workspace: &'w Workspace,
    args: &SelectionArgs,
    (resume, kind): (&ResumeArgs, RunKind),
) -> Result<Selection<'w>, CommandError> {
    let narrowed = !args.packages.is_empty() || !args.narrow.exclude.is_empty() || args.narrow.changed;
    match resume.resume.as_deref() {
        Some(run) if !narrowed => match interrupted(workspace, run, kind)? {
            Some(run) => context.select_named(workspace, &run.packages, &args.narrow),
            None => context.select(workspace, args),
        },
        _ => context.select(workspace, args),
    }
}

/// Finds the run of a name, or the latest of a kind that can be taken up again.
fn interrupted(workspace: &Workspace, run: &str, kind: RunKind) -> Result<Option<Interrupted>, CommandError> {
    let refuse = |error: RunDirError| {
        let hint = error.hint();
        CommandError::new(Failure::Refused, error).hint(hint)
    };
    let ids = if run.is_empty() {
        let runs = RunDir::list(workspace.root()).map_err(refuse)?;
        runs.into_iter().filter(|run| run.resumable).map(|run| run.id).collect()
    } else {
        vec![run.to_owned()]
    };
    for id in ids {
        let state = RunDir::open(workspace.root(), &id).map_err(refuse)?.read_state().map_err(|error| {
            let hint = error.hint();
            CommandError::new(Failure::Refused, error).hint(hint)
        })?;
        if let Some(requested) = state.requested.filter(|requested| requested.kind == kind) {
            let packages = requested.targets.iter().map(|target| target.package.normalized().to_owned());
            return Ok(Some(Interrupted { id, packages: packages.collect() }));
        }
    }
    Ok(None)
}

/// Returns the directories of all members: one inside another is not its source.
pub(crate) fn directories(workspace: &Workspace) -> Vec<&Path> {
    workspace.members().iter().map(pyrel_project::Member::directory).collect()
}

/// Returns a name for a new run: its time, and a number when that second had one already.
fn new_id(context: &Context, workspace: &Workspace) -> String {
    let stamp = stamp(context.environment().now);
    let taken = |id: &String| workspace.root().join(".pyrel/runs").join(id).exists();
    let numbered = (2..1000).map(|number| format!("{stamp}-{number}"));
    std::iter::once(stamp.clone()).chain(numbered).find(|id| !taken(id)).unwrap_or(stamp)
}

/// Returns a time as `20240102-030405`, in UTC.
fn stamp(seconds: u64) -> String {
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = civil(days);
    format!("{year:04}{month:02}{day:02}-{:02}{:02}{:02}", rest / 3600, rest % 3600 / 60, rest % 60)
}

/// Turns days since 1970 into a date of the Gregorian calendar, by cycles of 400 years that begin in March.
fn civil(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_index = (5 * day_of_year + 2) / 153;
    let month = if month_index < 10 { month_index + 3 } else { month_index - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    (year, month, day_of_year - (153 * month_index + 2) / 5 + 1)
}

#[expect(clippy::disallowed_methods, reason = "the journal's clock, given to the library from the edge")]
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn run_names_are_times() {
        assert_eq!(stamp(0), "19700101-000000");
        assert_eq!(stamp(951_827_696), "20000229-123456");
        assert_eq!(stamp(1_704_164_645), "20240102-030405");
        assert_eq!(stamp(4_107_542_399), "21000228-235959");
    }
}
