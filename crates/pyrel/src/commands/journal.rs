//! `pyrel journal`: what earlier runs did, and which of them may go.

use clap::{Args, Subcommand};
use pyrel_project::Workspace;
use pyrel_release::journal::{FileState, JournalError, Phase, PhaseState, RunKind, RunState};
use pyrel_release::run_dir::{RunDir, RunDirError, RunSummary};
use serde_json::{Value, json};

use crate::context::Context;
use crate::exit::{CommandError, CommandResult, Failure};
use crate::ui::{Align, Table, Tone, plural, size};

/// Look at earlier runs
#[derive(Debug, Subcommand)]
pub(crate) enum JournalCommand {
    List(ListArgs),
    Show(ShowArgs),
    Prune(PruneArgs),
}

/// List the runs that are kept, the latest first
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  pyrel journal list")]
pub(crate) struct ListArgs {}

/// Show what one run did: its steps, and what became of each file
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  pyrel journal show 20240102-030405")]
pub(crate) struct ShowArgs {
    /// The run [default: the latest]
    #[arg(value_name = "RUN")]
    run: Option<String>,
}

/// Remove runs that ended well, with the files kept for them
///
/// A run that can be taken up again stays unless it is named.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  pyrel journal prune --keep 3")]
pub(crate) struct PruneArgs {
    /// Runs to remove whatever became of them; without any, all that ended well
    #[arg(value_name = "RUN")]
    runs: Vec<String>,
    /// How many of the latest that ended well stay
    #[arg(long, value_name = "N", default_value_t = 5, conflicts_with = "runs")]
    keep: usize,
    /// Only say what would go
    #[arg(long)]
    dry_run: bool,
}

/// Runs the command.
pub(crate) fn run(command: &JournalCommand, context: &Context) -> CommandResult {
    let workspace = context.workspace()?;
    match command {
        JournalCommand::List(ListArgs {}) => list(context, &workspace),
        JournalCommand::Show(args) => show(context, &workspace, args),
        JournalCommand::Prune(args) => prune(context, &workspace, args),
    }
}

fn list(context: &Context, workspace: &Workspace) -> CommandResult {
    let runs = RunDir::list(workspace.root()).map_err(refused)?;
    if context.json() {
        let runs: Vec<Value> = runs.iter().map(summary).collect();
        return context.ui().json(&json!({ "schema": 1, "runs": runs }));
    }
    if runs.is_empty() {
        context.ui().status(Tone::Done, "Journal", "no run is kept here");
        return Ok(());
    }
    let mut table = Table::new(&[("run", Align::Left), ("kind", Align::Left), ("ended", Align::Left)]);
    for run in &runs {
        let (tone, ended) = ended(run.finished, run.resumable);
        let plain = anstyle::Style::new();
        table.row(vec![
            (run.id.clone(), Tone::Busy.style()),
            (kind(run.kind).to_owned(), plain),
            (ended, tone.style()),
        ]);
    }
    context.ui().table(&table)
}

fn summary(run: &RunSummary) -> Value {
    json!({
        "run": run.id,
        "kind": kind(run.kind),
        "started": run.started,
        "exit_code": run.finished,
        "resumable": run.resumable,
    })
}

fn kind(kind: Option<RunKind>) -> &'static str {
    match kind {
        Some(RunKind::Release) => "release",
        Some(RunKind::Rehearsal) => "rehearsal",
        None => "-",
    }
}

fn ended(finished: Option<u8>, resumable: bool) -> (Tone, String) {
    let again = if resumable { ", can be taken up again" } else { "" };
    match finished {
        Some(0) => (Tone::Done, "well".to_owned()),
        Some(code) => (Tone::Fail, format!("with code {code}{again}")),
        None => (Tone::Warn, format!("cut off{again}")),
    }
}

fn show(context: &Context, workspace: &Workspace, args: &ShowArgs) -> CommandResult {
    let latest = || RunDir::list(workspace.root()).map(|runs| runs.into_iter().next().map(|run| run.id));
    let id = match &args.run {
        Some(id) => id.clone(),
        None => latest().map_err(refused)?.ok_or_else(|| {
            CommandError::message(Failure::Usage, "no run is kept here")
                .hint(Some("uploads, releases and rehearsals each keep one"))
        })?,
    };
    let dir = RunDir::open(workspace.root(), &id).map_err(refused)?;
    let state = dir.read_state().map_err(unreadable)?;
    if context.json() {
        return context.ui().json(&document(&dir, &state));
    }
    let (_, ended) = ended(state.finished, state.is_resumable());
    context.ui().data(&format!("run {id} ended {ended}"))?;
    for step in state.requested.iter().flat_map(|requested| &requested.steps) {
        let mark = if state.done.contains(step) { "done" } else { "open" };
        context.ui().data(&format!("  {mark}  {step}"))?;
    }
    for kept in state.attestations.values() {
        let origin = if kept.signed { "signed by this run" } else { "found beside its file" };
        context.ui().data(&format!("  {}  {origin}", kept.attestation))?;
    }
    for (phase, files) in phases(&state) {
        context.ui().data(phase)?;
        for (filename, what) in files {
            context.ui().data(&format!("  {filename}  {what}"))?;
        }
    }
    Ok(())
}

/// Returns what became of each file of each phase, in words.
fn phases(state: &RunState) -> Vec<(&'static str, Vec<(String, String)>)> {
    let name = |phase: Phase| match phase {
        Phase::Stage => "staging",
        Phase::Publish => "publishing",
    };
    let files = |state: &PhaseState| -> Vec<(String, String)> {
        state.files.iter().map(|(name, file)| (name.clone(), words(file))).collect()
    };
    state.phases.iter().map(|(phase, state)| (name(*phase), files(state))).collect()
}

fn words(state: &FileState) -> String {
    match state {
        FileState::Intended => "was about to be sent, and nobody knows whether it arrived".to_owned(),
        FileState::Uploaded => "uploaded".to_owned(),
        FileState::AlreadyThere => "was there already".to_owned(),
        FileState::Failed { reason } => format!("failed: {reason}"),
    }
}

fn document(dir: &RunDir, state: &RunState) -> Value {
    let requested = state.requested.as_ref();
    let steps = requested.map(|requested| requested.steps.clone()).unwrap_or_default();
    let steps: Vec<Value> =
        steps.iter().map(|step| json!({ "step": step, "done": state.done.contains(step) })).collect();
    let phases: Vec<Value> = phases(state)
        .into_iter()
        .map(|(phase, files)| {
            let files: Vec<Value> =
                files.into_iter().map(|(name, what)| json!({ "filename": name, "state": what })).collect();
            json!({ "phase": phase, "files": files })
        })
        .collect();
    json!({
        "schema": 1,
        "run": dir.id(),
        "kind": kind(requested.map(|requested| requested.kind)),
        "exit_code": state.finished,
        "resumable": state.is_resumable(),
        "confirmed": state.confirmed,
        "steps": steps,
        "attestations": state.attestations.values().collect::<Vec<_>>(),
        "phases": phases,
    })
}

fn prune(context: &Context, workspace: &Workspace, args: &PruneArgs) -> CommandResult {
    let ids: Vec<String> = if args.runs.is_empty() {
        let runs = RunDir::list(workspace.root()).map_err(refused)?;
        let well = runs.into_iter().filter(|run| run.finished == Some(0));
        well.skip(args.keep).map(|run| run.id).collect()
    } else {
        args.runs.clone()
    };
    let dirs: Vec<RunDir> =
        ids.iter().map(|id| RunDir::open(workspace.root(), id).map_err(refused)).collect::<Result<_, _>>()?;
    let (mut removed, mut bytes) = (Vec::new(), 0);
    for dir in dirs {
        let id = dir.id().to_owned();
        let held = if args.dry_run { dir.size() } else { dir.remove() };
        let held = held.map_err(unreadable)?;
        let verb = if args.dry_run { "Would go" } else { "Removed" };
        context.ui().status(Tone::Done, verb, &format!("{id} ({})", size(held)));
        removed.push(id);
        bytes += held;
    }
    if context.json() {
        let document = json!({ "schema": 1, "dry_run": args.dry_run, "removed": removed, "bytes": bytes });
        return context.ui().json(&document);
    }
    if removed.is_empty() {
        context.ui().status(
            Tone::Done,
            "Journal",
            &format!("nothing to remove; {} stay", plural(args.keep, "run")),
        );
    }
    Ok(())
}

fn refused(error: RunDirError) -> CommandError {
    let hint = error.hint();
    let failure = match error {
        RunDirError::Id(_) | RunDirError::Missing(_) => Failure::Usage,
        _ => Failure::Refused,
    };
    CommandError::new(failure, error).hint(hint)
}

fn unreadable(error: JournalError) -> CommandError {
    let hint = error.hint();
    CommandError::new(Failure::Refused, error).hint(hint)
}
