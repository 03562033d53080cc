//! `pyrel test`: each package's own tests against its built wheel.

use std::time::Instant;

use clap::Args;
use pyrel_model::ArtifactKind;
use pyrel_project::{Package, Workspace};
use serde_json::{Value, json};

use crate::cli::SelectionArgs;
use crate::commands::build::{self, BuildOptions};
use crate::context::Context;
use crate::exit::{CommandError, CommandResult, Failure};
use crate::ui::{Meter, Tone, duration, plural};
use crate::wheel_test::{Means, Trial, try_wheel};

/// Run each package's own tests against its built wheel
///
/// The wheel is installed with its extra `test`, `tests`, `testing`, or `dev` into a fresh environment; `tests/`
/// is copied beside it, the sources are not. `[package.NAME] test = "…"` in pyrel.toml names another command
/// than pytest.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  pyrel test my-package --python 3.12")]
pub(crate) struct TestArgs {
    #[command(flatten)]
    selection: SelectionArgs,
    /// The interpreter: a path, a command, or a version such as 3.12
    #[arg(long, value_name = "X")]
    python: Option<String>,
}

/// Runs the command.
pub(crate) fn run(args: &TestArgs, context: &Context) -> CommandResult {
    let workspace = context.workspace()?;
    let selection = context.select(&workspace, &args.selection)?;
    let means = Means::resolve(context, args.python.as_deref())?;
    let mut rows = Vec::new();
    let mut failed = 0;
    for package in selection.packages() {
        let started = Instant::now();
        let trial = test(context, &workspace, package, &means)?;
        report(context, package, trial.as_ref(), started);
        failed += usize::from(trial.as_ref().is_some_and(|trial| !trial.passed));
        rows.push(to_json(package, trial.as_ref(), started));
    }
    if context.json() {
        context.ui().json(&json!({"schema": 1, "packages": rows}))?;
    }
    if failed == 0 {
        return Ok(());
    }
    Err(CommandError::message(
        Failure::Findings,
        format!("the tests of {} failed", plural(failed, "package")),
    ))
}

fn test(
    context: &Context,
    workspace: &Workspace,
    package: &Package,
    means: &Means,
) -> Result<Option<Trial>, CommandError> {
    let room = tempfile::tempdir()?;
    let options = BuildOptions { out_dir: Some(room.path().to_path_buf()), ..BuildOptions::default() };
    let artifacts = build::build_silently(context, &[package], &options)?;
    let wheel = artifacts.into_iter().find(|artifact| artifact.kind == ArtifactKind::Wheel);
    let wheel = wheel.expect("a build of both kinds makes a wheel").path;
    let config = workspace.config().packages.get(&package.name);
    let command = config.and_then(|config| config.test.as_deref());
    let mut meter = Meter::spinner(context.ui().stage(), format!("testing {}", package.name));
    meter.appear_now();
    try_wheel(means, package, &wheel, command)
}

fn report(context: &Context, package: &Package, trial: Option<&Trial>, started: Instant) {
    let time = duration(started.elapsed());
    match trial {
        None => {
            context.ui().status(Tone::Warn, "No tests", &format!("{} has no `tests` folder", package.name))
        }
        Some(trial) if trial.passed => {
            let text = format!("{} in {time}: {}", package.name, trial.last_line());
            context.ui().status(Tone::Done, "Tested", &text);
        }
        Some(trial) => {
            context.ui().note(trial.output.trim_end());
            context.ui().status(Tone::Fail, "Failed", &format!("the tests of {} in {time}", package.name));
        }
    }
}

fn to_json(package: &Package, trial: Option<&Trial>, started: Instant) -> Value {
    let outcome = match trial {
        None => "none",
        Some(trial) if trial.passed => "passed",
        Some(_) => "failed",
    };
    json!({
        "package": package.name,
        "outcome": outcome,
        "seconds": started.elapsed().as_secs_f64(),
        "output": trial.map(|trial| trial.output.as_str()),
    })
}
