//! How a run ended, in words, as JSON, and as an exit code.

use anstyle::Style;
use pyrel_release::execute::{FileResult, Outcome};
use pyrel_release::gate::Confirm;
use pyrel_release::journal::Phase;
use pyrel_release::release::{ReleaseError, ReleaseReport, ReleaseRequest, run_release};
use pyrel_release::verify::{TrialState, VerifyReport};

use super::ModeArgs;
use super::dry_run::show_dry_run;
use crate::builder;
use crate::context::Context;
use crate::exit::{CommandError, CommandResult, Failure};
use crate::reporter::Screen;
use crate::runtime;
use crate::ui::{Align, Table, Tone, size};
use crate::verdict::{self, Sources};

/// Carries a run out on the screen, or only looks at what it would do, and returns how it ended.
pub(crate) fn carry_out(
    context: &Context,
    request: &ReleaseRequest<'_>,
    confirm: &mut dyn Confirm,
    mode: &ModeArgs,
) -> CommandResult {
    let reporter = Screen::new(context.shared_ui());
    if mode.dry_run {
        return show_dry_run(context, request, confirm, reporter);
    }
    let report = runtime::block_on(async { Ok(run_release(request, confirm, reporter).await) })?;
    conclude(context, report)
}

/// Shows what a run did and returns how it ended.
pub(crate) fn conclude(context: &Context, report: ReleaseReport) -> CommandResult {
    if context.json() {
        context.ui().json(&report)?;
    } else {
        if let (Some(checked), Some(ReleaseError::Findings { .. })) = (&report.check, &report.failure) {
            verdict::show(context, checked, false, &Sources::default())?;
        }
        if report.staged.is_some() || report.published.is_some() {
            context.ui().table(&table(&report))?;
        }
    }
    for verified in [&report.verified_staged, &report.verified_published].into_iter().flatten() {
        show_trials(context, verified);
    }
    for outcome in [&report.staged, &report.published].into_iter().flatten() {
        show_failed_uploads(context, outcome);
    }
    let code = report.exit_code();
    let resume =
        report.resume_command.map(|command| format!("to go on with the same bytes, run `{command}`"));
    match report.failure {
        None => Ok(()),
        Some(failure) => Err(stopped(context, failure, code).hint(resume)),
    }
}

/// Turns the reason why a run stopped into the error of the command.
pub(crate) fn stopped(context: &Context, failure: ReleaseError, code: u8) -> CommandError {
    if let ReleaseError::Build(failures) = failure {
        let mut errors = failures.into_iter().map(|(_, error)| builder::failed(context, error));
        let first = errors.next().unwrap_or_else(|| CommandError::silent(Failure::Usage));
        errors.for_each(|error| context.ui().error(&error));
        return first;
    }
    let kind = match code {
        1 => Failure::Findings,
        2 => Failure::Usage,
        3 => Failure::Refused,
        4 => Failure::Remote,
        _ => Failure::Partial,
    };
    let hint = failure.hint();
    CommandError::new(kind, failure).hint(hint)
}

fn show_failed_uploads(context: &Context, outcome: &Outcome) {
    for file in outcome.files() {
        if let FileResult::Failed { hint: Some(hint), .. } = &file.result {
            context.ui().hint(&format!("{}: {hint}", file.filename));
        }
    }
    for package in &outcome.packages {
        if let Some(reason) = &package.waiting {
            context
                .ui()
                .warning(&format!("{} is uploaded and not yet seen: {reason}", package.package), None);
        }
    }
}

/// Shows what did not work, or could not be judged.
pub(crate) fn show_trials(context: &Context, report: &VerifyReport) {
    for package in &report.packages {
        for trial in package.trials.iter().filter(|trial| trial.state != TrialState::Passed) {
            let (tone, word) = match trial.state {
                TrialState::Failed => (Tone::Fail, "Failed"),
                TrialState::Passed | TrialState::Skipped => (Tone::Warn, "Skipped"),
            };
            context.ui().status(tone, word, &format!("{}: `{}`", package.package, trial.command));
            if !trial.detail.is_empty() {
                context.ui().note(&trial.detail);
            }
        }
    }
}

/// One line a file: what became of it on either index.
fn table(report: &ReleaseReport) -> Table {
    let outcomes =
        [("staged", Phase::Stage, &report.staged), ("published", Phase::Publish, &report.published)];
    let outcomes: Vec<(&str, &Outcome)> =
        outcomes.into_iter().filter_map(|(name, _, outcome)| Some((name, outcome.as_ref()?))).collect();
    let mut columns = vec![("file", Align::Left), ("size", Align::Right)];
    columns.extend(outcomes.iter().map(|(name, _)| (*name, Align::Left)));
    columns.push(("sha256", Align::Left));
    let mut table = Table::new(&columns);
    let mut files = report.files.clone();
    files.sort_by(|a, b| (&a.package, a.kind, &a.filename).cmp(&(&b.package, b.kind, &b.filename)));
    let mut last = None;
    for file in files {
        if last.as_ref() != Some(&file.package) {
            let name = Tone::Busy.style();
            table.section(format!("{name}{}{name:#} {}", file.package, file.version));
        }
        let mut row = vec![(format!("  {}", file.filename), Style::new()), (size(file.size), Style::new())];
        row.extend(outcomes.iter().map(|(_, outcome)| cell(outcome, &file.filename)));
        row.push((file.sha256.to_hex()[..12].to_owned(), Style::new().dimmed()));
        table.row(row);
        last = Some(file.package);
    }
    table
}

fn cell(outcome: &Outcome, filename: &str) -> (String, Style) {
    let result = outcome.files().find(|file| file.filename == filename).map(|file| &file.result);
    let (text, tone) = match result {
        Some(FileResult::Uploaded) => ("yes", Tone::Done),
        Some(FileResult::AlreadyThere) => ("already there", Tone::Done),
        Some(FileResult::Failed { .. }) => ("failed", Tone::Fail),
        Some(FileResult::Blocked { .. }) => ("blocked", Tone::Fail),
        Some(FileResult::NotSent { .. }) | None => ("not sent", Tone::Warn),
    };
    (text.to_owned(), tone.style())
}
