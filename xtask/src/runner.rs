//! Runs stages in order, each to its end whatever happened before, and says at the end how it went.

use std::time::{Duration, Instant};

use crate::console;
use crate::failure::Failure;
use crate::repository::Repository;
use crate::request::Selection;
use crate::stage::{STAGES, Stage};

/// How a stage went.
enum Outcome {
    Passed,
    Failed(String),
    /// It could not run, since this stage did not pass.
    Blocked(&'static str),
    /// It is not for this system, for this reason.
    Skipped(&'static str),
}

/// A stage that was looked at.
struct Record {
    stage: &'static Stage,
    outcome: Outcome,
    took: Duration,
}

/// Prints the stages.
pub(crate) fn list() {
    for stage in STAGES {
        let slow = if stage.slow { "slow" } else { "fast" };
        console::line(format!("{:<13} {slow}  {}", stage.name, stage.about));
    }
}

/// Runs the selected stages and prints the summary; false when one did not pass.
///
/// # Errors
///
/// Fails when the selection names an unknown stage or leaves none.
pub(crate) fn run(repository: &Repository, selection: &Selection) -> Result<bool, Failure> {
    let started = Instant::now();
    let mut records: Vec<Record> = Vec::new();
    for stage in selected(selection)? {
        console::heading(stage.name, stage.about);
        let begun = Instant::now();
        let outcome = match (elsewhere(stage, cfg!(windows)), blocker(stage, &records)) {
            (Some(reason), _) => Outcome::Skipped(reason),
            (None, Some(name)) => Outcome::Blocked(name),
            (None, None) => match stage.action.perform(repository) {
                Ok(()) => Outcome::Passed,
                Err(failure) => {
                    console::failure(&failure);
                    Outcome::Failed(failure.to_string())
                }
            },
        };
        records.push(Record { stage, outcome, took: begun.elapsed() });
    }
    console::heading("summary", &format!("{} in {}", count(records.len()), duration(started.elapsed())));
    summary(&records).iter().for_each(console::line);
    Ok(records.iter().all(|record| matches!(record.outcome, Outcome::Passed | Outcome::Skipped(_))))
}

/// The stages of a selection, in order, with all that they need.
fn selected(selection: &Selection) -> Result<Vec<&'static Stage>, Failure> {
    let mut wanted: Vec<&str> = Vec::new();
    for name in &selection.names {
        let known = STAGES.iter().find(|stage| stage.name == name).ok_or_else(|| {
            Failure::new(format!("unknown stage: {name}")).with_hint("`cargo xtask test --list` lists them")
        })?;
        wanted.push(known.name);
    }
    if selection.names.is_empty() {
        wanted.extend(STAGES.iter().map(|stage| stage.name));
    }
    if selection.fast {
        wanted.retain(|name| STAGES.iter().any(|stage| stage.name == *name && !stage.slow));
    }
    // What a stage needs stands before it, so that one pass from the end finds everything.
    for stage in STAGES.iter().rev() {
        if wanted.contains(&stage.name) {
            wanted.extend(stage.needs);
        }
    }
    let stages: Vec<_> = STAGES.iter().filter(|stage| wanted.contains(&stage.name)).collect();
    if stages.is_empty() {
        return Err(Failure::new("no stage is left: the named ones are slow, and `--fast` leaves those out"));
    }
    Ok(stages)
}

/// Why a stage is not for this system: Redis, Caddy and nginx are run where they are deployed.
fn elsewhere(stage: &Stage, windows: bool) -> Option<&'static str> {
    let servers = stage.name == "system" || stage.needs.contains(&"system");
    (windows && servers).then_some("its servers do not run on Windows")
}

/// The first stage that `stage` needs and that did not pass.
fn blocker(stage: &Stage, records: &[Record]) -> Option<&'static str> {
    stage.needs.iter().copied().find(|need| {
        !records.iter().any(|record| record.stage.name == *need && matches!(record.outcome, Outcome::Passed))
    })
}

/// One line for each stage, and the line that counts them. A stage that could not run has not passed.
fn summary(records: &[Record]) -> Vec<String> {
    let mut lines = Vec::new();
    for record in records {
        let (mark, why) = match &record.outcome {
            Outcome::Passed => ("passed ", String::new()),
            Outcome::Failed(message) => ("FAILED ", message.lines().next().unwrap_or_default().to_owned()),
            Outcome::Skipped(reason) => ("skipped", (*reason).to_owned()),
            Outcome::Blocked(name) => ("BLOCKED", format!("needs `{name}`, which did not pass")),
        };
        let line = format!("{mark}  {:<13} {:>8}  {why}", record.stage.name, duration(record.took));
        lines.push(line.trim_end().to_owned());
    }
    let passed = records.iter().filter(|record| matches!(record.outcome, Outcome::Passed)).count();
    let skipped = records.iter().filter(|record| matches!(record.outcome, Outcome::Skipped(_))).count();
    let aside = if skipped == 0 { String::new() } else { format!(", {skipped} skipped") };
    lines.push(String::new());
    lines.push(format!("{passed} passed, {} failed{aside}", records.len() - passed - skipped));
    lines
}

fn count(stages: usize) -> String {
    if stages == 1 { "1 stage".to_owned() } else { format!("{stages} stages") }
}

fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    if seconds < 60 {
        return format!("{:.1}s", duration.as_secs_f64());
    }
    format!("{}m {:02}s", seconds / 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(selection: &Selection) -> Vec<&'static str> {
        selected(selection).unwrap().iter().map(|stage| stage.name).collect()
    }

    fn stage(name: &str) -> &'static Stage {
        STAGES.iter().find(|stage| stage.name == name).unwrap()
    }

    fn record(name: &str, outcome: Outcome) -> Record {
        Record { stage: stage(name), outcome, took: Duration::from_millis(1500) }
    }

    #[test]
    fn a_named_stage_brings_what_it_needs() {
        let selection = Selection { names: vec!["parity".into()], fast: false };
        assert_eq!(names(&selection), ["binary", "python-env", "parity"]);
    }

    #[test]
    fn servers_are_not_started_on_windows() {
        assert_eq!(elsewhere(stage("gateway"), true), Some("its servers do not run on Windows"));
        assert_eq!(elsewhere(stage("gateway"), false), None);
        assert_eq!(elsewhere(stage("parity"), true), None);
    }

    #[test]
    fn a_skipped_stage_is_neither_passed_nor_failed() {
        let lines = summary(&[record("rust", Outcome::Passed), record("gateway", Outcome::Skipped("why"))]);
        assert_eq!(lines.last().unwrap(), "1 passed, 0 failed, 1 skipped");
        assert!(lines[1].starts_with("skipped  gateway"), "{lines:?}");
    }

    #[test]
    fn fast_leaves_out_the_slow_ones() {
        let all = names(&Selection::default());
        let fast = names(&Selection { names: Vec::new(), fast: true });
        assert!(all.len() == STAGES.len() && fast.len() < all.len());
        assert!(fast.contains(&"clippy") && !fast.contains(&"rust"));
    }

    #[test]
    fn unknown_names_and_empty_selections_are_refused() {
        let unknown = Selection { names: vec!["e3e".into()], fast: false };
        assert_eq!(selected(&unknown).err().unwrap().to_string(), "unknown stage: e3e");
        let none = Selection { names: vec!["e2e".into()], fast: true };
        assert!(selected(&none).err().unwrap().to_string().starts_with("no stage is left"));
    }

    #[test]
    fn a_stage_waits_for_all_it_needs() {
        let parity = stage("parity");
        let environment = || record("python-env", Outcome::Passed);
        assert_eq!(
            blocker(parity, &[environment(), record("binary", Outcome::Failed("x".into()))]),
            Some("binary")
        );
        assert_eq!(blocker(parity, &[environment(), record("binary", Outcome::Passed)]), None);
        assert_eq!(blocker(parity, &[]), Some("python-env"));
    }

    #[test]
    fn the_last_line_counts_the_stages() {
        let records = [
            record("fmt", Outcome::Passed),
            record("binary", Outcome::Failed("exit code 101: cargo build\nmore".into())),
            record("parity", Outcome::Blocked("binary")),
        ];
        assert_eq!(
            summary(&records),
            [
                "passed   fmt               1.5s",
                "FAILED   binary            1.5s  exit code 101: cargo build",
                "BLOCKED  parity            1.5s  needs `binary`, which did not pass",
                "",
                "1 passed, 2 failed",
            ]
        );
    }

    #[test]
    fn one_stage_is_no_plural() {
        assert_eq!([count(1), count(2)], ["1 stage", "2 stages"]);
    }

    #[test]
    fn times_are_told_in_minutes_once_there_are_some() {
        assert_eq!(duration(Duration::from_millis(420)), "0.4s");
        assert_eq!(duration(Duration::from_secs(754)), "12m 34s");
    }
}
