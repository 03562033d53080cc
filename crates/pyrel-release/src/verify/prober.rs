//! Installs packages from an index and tries them. Blocking: an async caller runs it on a thread of its own.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};

use fs_err as fs;
use pyrel_build::{Interpreter, PythonError, Venv};
use pyrel_model::Secret;
use pyrel_project::{Process, ProcessError};
use serde::Deserialize;

use super::installation::installs;
use super::report::{PackageVerification, Trial, VerifyReport};
use super::request::{VerifyRequest, VerifySettings, VerifyTarget};
use crate::events::{Event, Reporter};
use crate::execute::with_causes;

/// Asks an environment what a distribution brings.
const INSPECT: &str = include_str!("inspect.py");
/// Imports one module by its dotted name.
const IMPORT: &str = "import importlib, sys; importlib.import_module(sys.argv[1])";

/// Tries each package in an environment of its own, once per interpreter. Where there is a door to the index, installers
/// go through it.
pub(super) fn try_all(
    request: &VerifyRequest,
    door: Option<&Secret>,
    reporter: &dyn Reporter,
) -> VerifyReport {
    let jobs: Vec<(usize, &VerifyTarget, &Interpreter)> = request
        .targets
        .iter()
        .flat_map(|target| request.settings.interpreters.iter().map(move |python| (target, python)))
        .enumerate()
        .map(|(at, (target, python))| (at, target, python))
        .collect();
    let next = AtomicUsize::new(0);
    let results: Mutex<Vec<(usize, PackageVerification)>> = Mutex::new(Vec::new());
    let workers = request.settings.jobs.clamp(1, jobs.len().max(1));
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let Some((at, target, python)) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let (package, version) = (target.package.clone(), target.version.clone());
                    reporter.event(&Event::VerifyStarted { package: package.clone(), version });
                    let result = verify_one((request, door), target, python, *at);
                    reporter.event(&Event::VerifyFinished { package, ok: result.ok() });
                    results.lock().unwrap_or_else(PoisonError::into_inner).push((*at, result));
                }
            });
        }
    });
    let mut results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    results.sort_by_key(|(at, _)| *at);
    let packages = results.into_iter().map(|(_, result)| result).collect();
    VerifyReport { index_url: request.index_url.clone(), packages }
}

fn verify_one(
    (request, door): (&VerifyRequest, Option<&Secret>),
    target: &VerifyTarget,
    python: &Interpreter,
    at: usize,
) -> PackageVerification {
    let (major, minor, micro) = python.version;
    let mut result = PackageVerification {
        package: target.package.clone(),
        version: target.version.clone(),
        python: format!("{major}.{minor}.{micro}"),
        trials: Vec::new(),
    };
    let dir = request.work_dir.join(format!("{}-{at}", target.package.normalized()));
    let settings = &request.settings;
    match Prober::prepare(&dir, (request, door), target, python) {
        Err((command, error)) => result.trials.push(Trial::failed(command, with_causes(&error))),
        Ok((prober, installed)) => {
            result.trials.extend(installed.into_iter().map(Trial::passed));
            prober.try_all(target, settings, &mut result.trials);
        }
    }
    if let Err(error) = fs::remove_dir_all(&dir)
        && error.kind() != std::io::ErrorKind::NotFound
    {
        result.trials.push(Trial::skipped("removing the environment", error.to_string()));
    }
    result
}

/// What an installed distribution brings.
#[derive(Debug, Deserialize)]
struct Brought {
    version: String,
    modules: Vec<String>,
    scripts: Vec<String>,
    requires: Vec<String>,
}

/// One environment with one package in it.
struct Prober<'a> {
    venv: Venv,
    empty: PathBuf,
    settings: &'a VerifySettings,
}

impl<'a> Prober<'a> {
    /// Makes the environment and installs the package; returns what would be typed for that.
    fn prepare(
        dir: &Path,
        (request, door): (&'a VerifyRequest, Option<&Secret>),
        target: &VerifyTarget,
        python: &Interpreter,
    ) -> Result<(Self, Vec<String>), (String, PythonError)> {
        let settings = &request.settings;
        let create = format!("{} -m venv", python.path.display());
        let empty = dir.join("empty");
        fs::create_dir_all(&empty)
            .map_err(|source| (create.clone(), PythonError::Folder { path: empty.clone(), source }))?;
        let venv = Venv::create(&dir.join("venv"), python, settings.uv.as_deref())
            .map_err(|error| (create, error))?;
        let mut commands = Vec::new();
        for install in installs(request, door, target) {
            commands.push(install.carry_out(&venv)?);
        }
        Ok((Self { venv, empty, settings }, commands))
    }

    fn try_all(&self, target: &VerifyTarget, settings: &VerifySettings, trials: &mut Vec<Trial>) {
        let name = target.package.normalized();
        let brought = match self.inspect(name) {
            Ok(brought) => brought,
            Err(detail) => return trials.push(Trial::failed(format!("looking at {name}"), detail)),
        };
        let wanted = target.version.to_string();
        if brought.version.parse().ok().as_ref() != Some(&target.version) {
            let detail = format!("{} was installed instead of {wanted}", brought.version);
            return trials.push(Trial::failed(format!("version of {name}"), detail));
        }
        if !settings.offline {
            trials.push(self.check_dependencies());
        }
        trials.extend(brought.modules.iter().map(|module| self.import(module, &brought)));
        if brought.modules.is_empty() {
            trials.push(Trial::skipped("import", "the distribution brings no module"));
        }
        let broken = trials.iter().any(|trial| trial.state != super::TrialState::Passed);
        for script in &brought.scripts {
            trials.push(if settings.offline && broken && !brought.requires.is_empty() {
                Trial::skipped(script.clone(), "third-party requirements are not installed offline")
            } else {
                self.start(script)
            });
        }
        for command in settings.commands.get(&target.package).into_iter().flatten() {
            trials.push(self.command(command));
        }
    }

    fn inspect(&self, name: &str) -> Result<Brought, String> {
        let output = self.python(["-c", INSPECT, name]).run_with_timeout(self.settings.timeout);
        let output = output.map_err(|error| error.to_string())?;
        if !output.success() {
            return Err(output.tail());
        }
        serde_json::from_slice(&output.stdout).map_err(|error| error.to_string())
    }

    /// Asks the installer whether every requirement of what is installed is met.
    fn check_dependencies(&self) -> Trial {
        let (process, shown) = self.venv.check_command();
        judged(shown.to_owned(), process.run_with_timeout(self.settings.timeout))
    }

    fn import(&self, module: &str, brought: &Brought) -> Trial {
        let process = self.python(["-c", IMPORT, module]).run_with_timeout(self.settings.timeout);
        let trial = judged(format!("python -c 'import {module}'"), process);
        match missing_module(&trial.detail) {
            Some(missing)
                if self.settings.offline && !brings(brought, missing) && !brought.requires.is_empty() =>
            {
                Trial::skipped(
                    trial.command,
                    format!("`{missing}` is a third-party module, not installed offline"),
                )
            }
            _ => trial,
        }
    }

    /// Starts a console script with `--version`, and with `--help` when that fails.
    fn start(&self, script: &str) -> Trial {
        let run = |argument: &str| {
            let process = Process::new(self.venv.script(script)).arg(argument).current_dir(&self.empty);
            judged(format!("{script} {argument}"), process.run_with_timeout(self.settings.timeout))
        };
        let first = run("--version");
        if first.state == super::TrialState::Passed {
            return first;
        }
        let second = run("--help");
        if second.state == super::TrialState::Passed {
            return second;
        }
        let detail = format!("{}:\n{}\n{}:\n{}", first.command, first.detail, second.command, second.detail);
        Trial::failed(format!("{script} --version, {script} --help"), detail)
    }

    fn command(&self, command: &str) -> Trial {
        let (shell, flag) = if cfg!(windows) { ("cmd", "/C") } else { ("sh", "-c") };
        let process = Process::new(shell)
            .args([flag, command])
            .current_dir(&self.empty)
            .env("VIRTUAL_ENV", self.venv.dir())
            .env("PATH", self.search_path());
        judged(command.to_owned(), process.run_with_timeout(self.settings.timeout))
    }

    fn search_path(&self) -> OsString {
        let behind = self.settings.path.as_deref().map(std::env::split_paths).into_iter().flatten();
        let all = std::iter::once(self.venv.bin_dir()).chain(behind);
        // Only a directory whose name holds the separator cannot be joined, and the own one never does alone.
        std::env::join_paths(all).unwrap_or_else(|_| self.venv.bin_dir().into_os_string())
    }

    fn python<const N: usize>(&self, arguments: [&str; N]) -> Process {
        Process::new(self.venv.python()).arg("-I").args(arguments).current_dir(&self.empty)
    }
}

fn judged(command: String, result: Result<pyrel_project::ProcessOutput, ProcessError>) -> Trial {
    match result {
        Ok(output) if output.success() => Trial::passed(command),
        Ok(output) => {
            let ending = match output.status {
                Some(code) => format!("exit code {code}"),
                None => "ended by a signal".to_owned(),
            };
            Trial::failed(command, format!("{}\n{ending}", output.tail()).trim_start().to_owned())
        }
        Err(error) => Trial::failed(command, with_causes(&error)),
    }
}

/// Returns the module that an import did not find, by the last line of its traceback.
fn missing_module(detail: &str) -> Option<&str> {
    let line = detail.lines().rev().find(|line| line.starts_with("ModuleNotFoundError: "))?;
    line.split('\'').nth(1)
}

fn brings(brought: &Brought, module: &str) -> bool {
    let top = |name: &str| name.split('.').next().unwrap_or_default().to_owned();
    brought.modules.iter().any(|own| top(own) == top(module))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_module_is_read_from_the_traceback() {
        let detail = "Traceback (most recent call last):\n  File \"<string>\"\nModuleNotFoundError: No module named 'six.moves'\nexit code 1";
        assert_eq!(missing_module(detail), Some("six.moves"));
        assert_eq!(missing_module("ImportError: no"), None);
    }
}
