//! `pyrel prepare`: whether a release may start, line by line.

use clap::Args;
use pyrel_model::Version;
use pyrel_release::prepare::{LineId, Readiness};

use crate::cli::SelectionArgs;
use crate::context::Context;
use crate::exit::{CommandError, CommandResult, Failure};
use crate::preparer::{self, Asked, Next, assess};
use crate::releaser::words;
use crate::runtime;
use crate::ui::plural;

/// Tell whether a release may start: tree, version, changelog, build, tests, and the project's own gates
///
/// Every line has a verdict, a reason, and a remedy. Built files go to a temporary folder; only `.pyrel/` is written,
/// unless a person at a terminal lets something be mended. Commands that must succeed are named in pyrel.toml:
/// `[release] gates = ["ruff check", …]`.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  pyrel prepare my-package --online\n  pyrel prepare --check-only --format json"
)]
pub(crate) struct PrepareArgs {
    #[command(flatten)]
    selection: SelectionArgs,
    /// The version to release [default: the one that each package has]
    #[arg(long, value_name = "V")]
    version: Option<Version>,
    /// Ask nothing and mend nothing, for CI
    #[arg(long)]
    check_only: bool,
    /// Also ask remotes and the index: new commits, taken versions, known vulnerabilities
    #[arg(long)]
    online: bool,
    /// The index that is asked
    #[arg(long, value_name = "NAME", default_value = "pypi", requires = "online")]
    index: String,
    /// Warnings forbid a release too
    #[arg(long)]
    strict: bool,
    /// Leave a line out, such as `tests`
    #[arg(long, value_name = "LINE")]
    skip: Vec<LineId>,
    /// An interpreter for the tests: a path, a command, or a version such as 3.12; several test with each
    #[arg(long, value_name = "X")]
    python: Vec<String>,
}

/// Runs the command; what a person lets be mended is looked at anew.
pub(crate) fn run(args: &PrepareArgs, context: &Context) -> CommandResult {
    let cancel = runtime::cancel_when_stopped();
    let asked = Asked {
        version: args.version.as_ref(),
        index: args.online.then_some(args.index.as_str()),
        skip: &args.skip,
        pythons: &args.python,
        cancel: &cancel,
    };
    let asks = context.ui().settings().interactive && !args.check_only && !context.json();
    loop {
        let readiness = look(args, context, &asked)?;
        if readiness.is_ready(args.strict) {
            return Ok(());
        }
        if !(asks && preparer::mend(context, &readiness, &asked)?) {
            return Err(forbidden(&readiness, args.strict));
        }
    }
}

/// Makes the list and shows it.
fn look(args: &PrepareArgs, context: &Context, asked: &Asked<'_>) -> Result<Readiness, CommandError> {
    let workspace = context.workspace()?;
    let selection = context.select(&workspace, &args.selection)?;
    let packages = selection.packages();
    let readiness = assess(context, &workspace, packages, asked)?;
    preparer::show(context, &readiness, args.strict)?;
    if context.json() {
        preparer::to_json(context, &workspace, packages, (&readiness, asked), args.strict)?;
    }
    if readiness.is_ready(args.strict) {
        let next = Next { selection: &args.selection, publish: words("publish", &args.selection) };
        preparer::show_next(context, &workspace, packages, asked, &next);
    }
    Ok(readiness)
}

fn forbidden(readiness: &Readiness, strict: bool) -> CommandError {
    let count = preparer::forbidding(readiness, strict);
    let verb = if count == 1 { "forbids" } else { "forbid" };
    let message = format!("{count} of {} {verb} a release", plural(readiness.lines.len(), "line"));
    CommandError::message(Failure::Findings, message)
}
