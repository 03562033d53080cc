//! All results at a glance: a table on standard output, and the part of the step summary.

use anstyle::Style;
use pyrel_release::package_test::{TestOutcome, TestReport, TestResult};

use crate::step_summary::cell;
use crate::ui::{Align, Table, Tone, duration};

/// Returns `12 passed, 1 failed, 2 skipped`, when a report tells.
pub(crate) fn counted(result: &TestResult) -> Option<String> {
    let counts = result.counts.filter(|counts| counts.tests > 0)?;
    let bad = counts.failures + counts.errors;
    let good = counts.tests.saturating_sub(bad + counts.skipped);
    let parts = [
        (good, "passed"),
        (counts.failures, "failed"),
        (counts.errors, "broken"),
        (counts.skipped, "skipped"),
    ];
    let parts =
        parts.into_iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}"));
    Some(parts.collect::<Vec<_>>().join(", "))
}

fn verdict(result: &TestResult) -> (&'static str, Tone) {
    match result.outcome {
        TestOutcome::Passed => ("passed", Tone::Done),
        TestOutcome::Failed => ("failed", Tone::Fail),
        TestOutcome::Error => ("could not be run", Tone::Fail),
        TestOutcome::None => ("no tests", Tone::Warn),
        TestOutcome::Unsupported => ("left out", Tone::Warn),
        TestOutcome::Cancelled => ("stopped", Tone::Fail),
    }
}

fn details(result: &TestResult) -> String {
    let reason = result.reason.as_deref().unwrap_or_default().lines().next().unwrap_or_default();
    counted(result).unwrap_or_else(|| reason.to_owned())
}

/// Returns the table.
pub(crate) fn table(report: &TestReport) -> Table {
    let columns = [
        ("package", Align::Left),
        ("python", Align::Left),
        ("result", Align::Left),
        ("time", Align::Right),
        ("tests", Align::Left),
    ];
    let mut table = Table::new(&columns);
    for result in &report.results {
        let (word, tone) = verdict(result);
        let plain = Style::new();
        table.row(vec![
            (result.package.to_string(), plain),
            (result.python.clone(), plain),
            (word.to_owned(), tone.style()),
            (duration(result.seconds), plain),
            (details(result), plain),
        ]);
    }
    table
}

/// Returns the part of the step summary.
pub(crate) fn markdown(report: &TestReport) -> String {
    let mut text =
        "### Tests of the built wheels\n\n| package | Python | result | tests |\n|---|---|---|---|\n"
            .to_owned();
    for result in &report.results {
        let (word, _) = verdict(result);
        let (package, python, details) = (&result.package, &result.python, cell(&details(result)));
        text.push_str(&format!("| {package} | {python} | {word} | {details} |\n"));
    }
    for result in report.results.iter().filter(|result| !result.cases.is_empty()) {
        text.push_str(&format!("\n{} with Python {}:\n\n", result.package, result.python));
        for case in &result.cases {
            text.push_str(&format!("- `{}`: {}\n", case.name, cell(&case.message)));
        }
    }
    text
}
