//! The project's own quality commands, several at a time, each with its output in a file.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use fs_err as fs;
use pyrel_project::{Cancel, GateCommand, Process, ProcessError, ProcessOutput};

use super::{Line, LineId};
use crate::execute::with_causes;

const ID: LineId = LineId::Gate;

/// The commands, and how they are run.
#[derive(Debug, Clone)]
pub struct GateRun<'a> {
    /// Where they are run: the root of the workspace.
    pub root: &'a Path,
    /// The commands.
    pub gates: &'a [GateCommand],
    /// The folder for their output.
    pub logs: PathBuf,
    /// How many run at once.
    pub jobs: usize,
    /// The wish to stop.
    pub cancel: Cancel,
}

/// Runs the commands; one line for each, in their order. `ended` is told of each as it ends.
///
/// # Errors
/// When the folder for their output cannot be made.
pub fn run_gates(run: &GateRun<'_>, ended: &(dyn Fn(&Line) + Sync)) -> io::Result<Vec<Line>> {
    if run.gates.is_empty() {
        return Ok(Vec::new());
    }
    fs::create_dir_all(&run.logs)?;
    let next = AtomicUsize::new(0);
    let lines: Mutex<Vec<(usize, Line)>> = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..run.jobs.clamp(1, run.gates.len()) {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(gate) = run.gates.get(at) else { break };
                    let line = pass(run, gate, at);
                    ended(&line);
                    lines.lock().unwrap_or_else(PoisonError::into_inner).push((at, line));
                }
            });
        }
    });
    let mut lines = lines.into_inner().unwrap_or_else(PoisonError::into_inner);
    lines.sort_by_key(|(at, _)| *at);
    Ok(lines.into_iter().map(|(_, line)| line).collect())
}

fn pass(run: &GateRun<'_>, gate: &GateCommand, at: usize) -> Line {
    let log = run.logs.join(format!("{:02}-{}.log", at + 1, file_name(&gate.name)));
    let started = Instant::now();
    let mut line = match start(run, gate, &log) {
        Err(error) => Line::failed(ID, error.to_string()),
        Ok(Ok(output)) if output.success() => {
            Line::ok(ID, format!("`{}` in {:.1} s", gate.command, started.elapsed().as_secs_f64()))
        }
        Ok(Ok(output)) => {
            let ending = match output.status {
                Some(code) => format!("exit code {code}"),
                None => "ended by a signal".to_owned(),
            };
            Line::failed(ID, format!("`{}`: {ending}", gate.command))
                .remedy(format!("run `{}` at the root and mend what it names", gate.command))
        }
        Ok(Err(ProcessError::TimedOut { timeout, .. })) => {
            Line::failed(ID, format!("`{}` was stopped after {} s", gate.command, timeout.as_secs()))
                .remedy("give it more time with `timeout` in `release.gates`, or make it faster")
        }
        Ok(Err(ProcessError::Cancelled { .. })) => Line::failed(ID, "interrupted"),
        Ok(Err(error)) => Line::failed(ID, with_causes(&error)),
    };
    line.name = Some(gate.name.clone());
    line.log = log.is_file().then_some(log);
    line
}

fn start(
    run: &GateRun<'_>,
    gate: &GateCommand,
    log: &Path,
) -> io::Result<Result<ProcessOutput, ProcessError>> {
    let (shell, flag) = if cfg!(windows) { ("cmd", "/C") } else { ("sh", "-c") };
    let process = Process::new(shell)
        .args([flag, &gate.command])
        .current_dir(run.root)
        .timeout(gate.timeout)
        .cancelled_by(&run.cancel);
    let mut file = fs::File::create(log)?;
    let mut unwritten = None;
    let result = process.run_watched(&mut |chunk| {
        if unwritten.is_none() {
            unwritten = file.write_all(chunk).err();
        }
    });
    match unwritten {
        Some(error) => Err(error),
        None => Ok(result),
    }
}

/// Returns a name that every file system takes.
fn file_name(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    let name: String = name.chars().map(plain).take(40).collect();
    name.trim_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::Verdict;
    use super::*;

    fn gate(name: &str, command: &str, seconds: f32) -> GateCommand {
        GateCommand {
            name: name.to_owned(),
            command: command.to_owned(),
            timeout: Duration::from_secs_f32(seconds),
        }
    }

    #[cfg(unix)]
    #[test]
    fn each_command_is_a_line_with_its_output_in_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let gates = [
            gate("good", "echo fine; sleep 0.3", 9.0),
            gate("Ruff: check!", "echo 'a.py:1 is bad'; exit 3", 9.0),
            gate("slow", "echo begun; sleep 9", 1.0),
        ];
        let logs = folder.path().join("logs");
        let run = GateRun { root: folder.path(), gates: &gates, logs, jobs: 3, cancel: Cancel::default() };
        let started = Instant::now();
        let lines = run_gates(&run, &|_| {}).unwrap();
        assert!(started.elapsed() < Duration::from_secs(5), "they run side by side");
        let verdicts: Vec<Verdict> = lines.iter().map(|line| line.verdict).collect();
        assert_eq!(verdicts, [Verdict::Ok, Verdict::Failed, Verdict::Failed]);
        assert!(
            lines[1].reason.ends_with("exit code 3") && lines[2].reason.ends_with("was stopped after 1 s")
        );
        let log = |at: usize| fs::read_to_string(lines[at].log.as_ref().unwrap()).unwrap();
        assert_eq!([log(0), log(1), log(2)], ["fine\n", "a.py:1 is bad\n", "begun\n"]);
        assert!(lines[1].log.as_ref().unwrap().ends_with("02-ruff--check.log"));
    }
}
