//! `pyrel check`: every rule on every distribution.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;
use pyrel_dist::{CheckOptions, CheckReport, FileReport, Finding};
use pyrel_index::{Certificates, IndexClient};
use pyrel_model::{Level, Location, PackageName};
use pyrel_project::Workspace;
use pyrel_release::online::online;
use pyrel_release::remote::IndexView;
use serde_json::{Value, json};

use crate::cli::NarrowArgs;
use crate::context::Context;
use crate::exit::{CommandError, CommandResult, Failure};
use crate::releaser::{find_index, require_network};
use crate::ui::{Tone, Ui, duration, plural};
use crate::{checker, remote, runtime};

/// Check distributions as strictly as PyPI does
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  pyrel check --strict\n  pyrel check dist/*.whl --format json")]
pub(crate) struct CheckArgs {
    /// Packages whose built files are checked, or files
    #[arg(value_name = "PACKAGE|FILE")]
    targets: Vec<String>,
    #[command(flatten)]
    narrow: NarrowArgs,
    /// Warnings fail too
    #[arg(long)]
    strict: bool,
    /// Also ask the index what it has of the projects
    #[arg(long)]
    online: bool,
    /// The index that is asked
    #[arg(long, value_name = "NAME", default_value = "pypi", requires = "online")]
    index: String,
}

/// Runs the command.
pub(crate) fn run(args: &CheckArgs, context: &Context) -> CommandResult {
    let started = Instant::now();
    let (files, names): (Vec<&String>, Vec<&String>) =
        args.targets.iter().partition(|target| is_file(context.directory(), target));
    let mut paths: Vec<PathBuf> = files.iter().map(|file| context.directory().join(file)).collect();
    let mut options = CheckOptions { strict: args.strict, ..CheckOptions::default() };
    if files.is_empty() || !names.is_empty() {
        let workspace = context.workspace()?;
        let names: Vec<String> = names.into_iter().cloned().collect();
        options = checker::options(context, &workspace, args.strict)?;
        paths.extend(built(context, &workspace, &names, &args.narrow)?);
    }
    let mut report = checker::check(context, &paths, &options);
    if args.online {
        ask(context, &args.index, (&mut report, &options))?;
    }
    show(context, &report, args.strict)?;
    if !context.json() {
        let text = format!("{} in {}", plural(report.files.len(), "file"), duration(started.elapsed()));
        context.ui().status(Tone::Done, "Checked", &text);
    }
    if report.ok(args.strict) { Ok(()) } else { Err(CommandError::silent(Failure::Findings)) }
}

/// Judges the checked files by what an index has of their projects.
fn ask(
    context: &Context,
    index: &str,
    (report, options): (&mut CheckReport, &CheckOptions),
) -> CommandResult {
    let workspace = context.workspace()?;
    let spec = find_index(&workspace, index)?;
    require_network(context, &spec)?;
    let settings = remote::client_options(context, &workspace, &Certificates::default())?;
    let client = IndexClient::new(spec, settings).map_err(remote::unreachable)?;
    let names: BTreeSet<PackageName> =
        report.files.iter().filter_map(|file| file.dist.as_ref()?.metadata().name().ok()).collect();
    let now = context.environment().now;
    let online = runtime::block_on(async {
        let view = IndexView::read(&client, &names).await.map_err(remote::unreachable)?;
        Ok(online(&client, &view, now).await)
    })?;
    if let Some(error) = online.unknown_names {
        let text = format!("whether names look like others on `{index}` is not known: {error}");
        context.ui().warning(&text, None);
    }
    report.judge_index(&online.facts, options);
    Ok(())
}

/// Returns the built files of the current versions; a package without any is an error.
fn built(
    context: &Context,
    workspace: &Workspace,
    names: &[String],
    narrow: &NarrowArgs,
) -> Result<Vec<PathBuf>, CommandError> {
    let selection = context.select_named(workspace, names, narrow)?;
    let mut paths = Vec::new();
    for package in selection.packages() {
        let files = package.built_files();
        if files.is_empty() {
            let message = format!("`{}` has no built files to check", package.name);
            let hint = format!("run `pyrel build {}`", package.name);
            return Err(CommandError::message(Failure::Refused, message).hint(Some(hint)));
        }
        paths.extend(files.into_iter().map(|file| file.path));
    }
    Ok(paths)
}

fn is_file(directory: &Path, target: &str) -> bool {
    let looks_so = [".whl", ".gz", ".zip"].iter().any(|extension| target.ends_with(extension));
    looks_so || directory.join(target).is_file()
}

/// Shows a report on standard output, and as annotations in GitHub Actions.
pub(crate) fn show(context: &Context, report: &CheckReport, strict: bool) -> CommandResult {
    for file in &report.files {
        for finding in &file.findings {
            let text = format!("{}: {}", file.filename, finding.message);
            context.ui().annotate(finding.level, finding.rule, &text, Some(&Location::of_file(&file.path)));
        }
    }
    if context.json() {
        let files: Vec<Value> = report.files.iter().map(|file| to_json(file, strict)).collect();
        return context.ui().json(&json!({"schema": 1, "files": files}));
    }
    report.files.iter().try_for_each(|file| show_file(context, file, strict))
}

fn show_file(context: &Context, file: &FileReport, strict: bool) -> CommandResult {
    let ui = context.ui();
    let (tone, verdict) = match (file.ok(strict), file.findings.is_empty()) {
        (true, true) => (Tone::Done, "ok"),
        (true, false) => (Tone::Warn, "ok"),
        (false, _) => (Tone::Fail, "failed"),
    };
    let style = tone.style();
    if !ui.settings().quiet || tone == Tone::Fail {
        ui.data(&format!("{}: {style}{verdict}{style:#}", context.shown(&file.path)))?;
        for finding in &file.findings {
            show_finding(ui, finding)?;
        }
    }
    Ok(())
}

fn show_finding(ui: &Ui, finding: &Finding) -> CommandResult {
    let style = match finding.level {
        Level::Error => Tone::Fail,
        Level::Warning => Tone::Warn,
        Level::Info => Tone::Busy,
    }
    .style();
    let place = finding.location.as_ref().map(|place| format!("{place}: ")).unwrap_or_default();
    let level = finding.level.as_str();
    ui.data(&format!("  {style}{level:<7}{style:#} {place}{} [{}]", finding.message, finding.rule))?;
    if let Some(hint) = &finding.hint {
        ui.data(&format!("          hint: {hint}"))?;
    }
    Ok(())
}

fn to_json(file: &FileReport, strict: bool) -> Value {
    json!({
        "path": file.path,
        "filename": file.filename,
        "sha256": file.sha256,
        "ok": file.ok(strict),
        "findings": file.findings,
    })
}
