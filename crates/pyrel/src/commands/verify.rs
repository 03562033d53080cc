//! `pyrel verify`: install from an index in clean environments and try what was installed.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use fs_err as fs;
use pyrel_index::Certificates;
use pyrel_model::Version;
use pyrel_project::Package;
use pyrel_release::credentials::bare;
use pyrel_release::verify::{VerifyReport, VerifyRequest, VerifyTarget, verify};
use serde_json::json;

use crate::cli::SelectionArgs;
use crate::context::Context;
use crate::exit::{CommandError, CommandResult, Failure};
use crate::releaser::{find_readable, show_trials, verify_settings};
use crate::reporter::Screen;
use crate::ui::{Tone, plural};
use crate::{remote, runtime};

/// Install packages from an index in clean environments and try them
///
/// Imports every module, runs every console script with `--version` or `--help`, and the package's own commands
/// (`[package.NAME] verify = [...]` in pyrel.toml).
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  pyrel verify my-package --index testpypi --output report.md")]
pub(crate) struct VerifyArgs {
    #[command(flatten)]
    selection: SelectionArgs,
    /// The index to install from
    #[arg(long, value_name = "NAME", default_value = "pypi")]
    index: String,
    /// The version to install [default: the one that is here]
    #[arg(long, value_name = "V")]
    version: Option<Version>,
    /// Interpreters to try with: paths, commands, or versions such as 3.12
    #[arg(long, value_name = "X")]
    python: Vec<String>,
    /// Write the report as Markdown into this file
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Runs the command.
pub(crate) fn run(args: &VerifyArgs, context: &Context) -> CommandResult {
    let workspace = context.workspace()?;
    let selection = context.select(&workspace, &args.selection)?;
    let index = find_readable(context, &workspace, &args.index)?;
    let options = remote::client_options(context, &workspace, &Certificates::default())?;
    let room = tempfile::tempdir()?;
    let request = VerifyRequest {
        index_url: bare(&index.spec.simple_url).to_string(),
        targets: targets(selection.packages(), args.version.as_ref())?,
        settings: verify_settings(context, &workspace, &args.python)?,
        work_dir: room.path().to_path_buf(),
    };
    let reporter: Arc<Screen> = Screen::new(context.shared_ui());
    let report = runtime::block_on(async {
        verify(&index, &options, request, reporter).await.map_err(remote::unreachable)
    })?;
    conclude(args, context, &report)
}

fn targets(packages: &[&Package], version: Option<&Version>) -> Result<Vec<VerifyTarget>, CommandError> {
    let known = |package: &&Package| {
        let version = version.cloned().or_else(|| package.version_or_built()).ok_or_else(|| {
            let message = format!("the version of `{}` is not known without a build", package.name);
            CommandError::message(Failure::Usage, message).hint(Some("name it with `--version`"))
        })?;
        Ok(VerifyTarget { package: package.name.clone(), version, needs: Vec::new() })
    };
    packages.iter().map(known).collect()
}

fn conclude(args: &VerifyArgs, context: &Context, report: &VerifyReport) -> CommandResult {
    if let Some(path) = &args.output {
        let path = context.directory().join(path);
        fs::write(&path, report.to_markdown())
            .map_err(|error| CommandError::new(Failure::Usage, anyhow::Error::new(error)))?;
        context.ui().status(Tone::Done, "Wrote", &context.shown(&path));
    }
    if context.json() {
        context.ui().json(&json!({"schema": 1, "ok": report.ok(), "report": report}))?;
    }
    show_trials(context, report);
    if report.ok() {
        return Ok(());
    }
    let failed = report.packages.iter().filter(|package| !package.ok()).count();
    let message = format!("{} not work when installed from `{}`", does(failed), args.index);
    Err(CommandError::message(Failure::Findings, message))
}

fn does(count: usize) -> String {
    let verb = if count == 1 { "does" } else { "do" };
    format!("{} {verb}", plural(count, "package"))
}
