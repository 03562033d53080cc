//! `pyrel test`: each package's own tests against its built wheel.

use std::path::PathBuf;

use clap::Args;
use pyrel_project::Package;
use pyrel_release::package_test::{TestReport, TestRequest, run_tests};
use serde_json::json;

use crate::cli::SelectionArgs;
use crate::context::Context;
use crate::exit::{CommandError, CommandResult, Failure};
use crate::tester::{self, Means, Screen, Wheels};
use crate::ui::{Tone, plural};
use crate::{runtime, step_summary};

/// Run each package's own tests against its built wheel
///
/// Each package gets a fresh environment for each interpreter: its wheel, the wheels of the packages of the workspace
/// that it needs, and the extra and the dependency group `test`, `tests`, `testing`, or else `dev`. The tests are
/// copied beside it, the sources are not. `[package.NAME]` in pyrel.toml names another command than pytest (`test`),
/// other extras and groups (`test-extras`, `test-groups`), and more files that tests read (`test-files`).
///
/// A package without tests is named and counts as neither passed nor failed.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  pyrel test my-package --python 3.12\n  pyrel test --python 3.11 --python 3.13 --junit reports"
)]
pub(crate) struct TestArgs {
    #[command(flatten)]
    selection: SelectionArgs,
    /// An interpreter: a path, a command, or a version such as 3.12; several test with each
    #[arg(long, value_name = "X")]
    python: Vec<String>,
    /// Let uv fetch an interpreter that is missing
    #[arg(long)]
    fetch_python: bool,
    /// Put the JUnit reports here [default: `.pyrel/test/PACKAGE`]
    #[arg(long, value_name = "DIR")]
    junit: Option<PathBuf>,
    /// Fail when a package has no tests
    #[arg(long)]
    require_tests: bool,
}

/// Runs the command.
pub(crate) fn run(args: &TestArgs, context: &Context) -> CommandResult {
    let workspace = context.workspace()?;
    let selection = context.select(&workspace, &args.selection)?;
    let packages: &[&Package] = selection.packages();
    let means = Means::resolve(context, &args.python, args.fetch_python)?;
    let cancel = runtime::cancel_when_stopped();
    let wheels = Wheels::build(context, &workspace, packages, &|_| false)?;
    let junit = args.junit.as_ref().map(|folder| context.directory().join(folder));
    let request = TestRequest {
        targets: tester::targets(&workspace, packages, wheels.found()),
        interpreters: means.interpreters.clone(),
        settings: means.settings(workspace.root(), junit, &cancel)?,
    };
    let screen = Screen::new(context, &workspace, request.targets.len() * request.interpreters.len());
    let report = run_tests(&request, &screen);
    step_summary::append(context, &tester::markdown(&report));
    if context.json() {
        context.ui().json(&json!({"schema": 1, "packages": report.results}))?;
    } else if report.results.len() > 1 {
        context.ui().table(&tester::table(&report))?;
    }
    let kept = request.settings.junit.as_ref().unwrap_or(&request.settings.results);
    if report.results.iter().any(|result| result.junit.is_some()) {
        context.ui().status(Tone::Done, "Kept", &format!("JUnit reports in {}", context.shown(kept)));
    }
    conclude(args, &report)
}

fn conclude(args: &TestArgs, report: &TestReport) -> CommandResult {
    let failed = report.failed();
    if !failed.is_empty() {
        let message = format!("the tests of {} failed", plural(failed.len(), "package"));
        return Err(CommandError::message(Failure::Findings, message));
    }
    let untested = report.untested();
    if args.require_tests && !untested.is_empty() {
        let verb = if untested.len() == 1 { "has" } else { "have" };
        let message = format!("{} {verb} no tests", plural(untested.len(), "package"));
        return Err(CommandError::message(Failure::Findings, message));
    }
    Ok(())
}
