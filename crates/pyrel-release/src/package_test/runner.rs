//! Tests packages, several at a time, each in an environment of its own.

use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use fs_err as fs;
use pyrel_build::Interpreter;
use pyrel_model::Version;

use super::folder;
use super::junit;
use super::report::{TestOutcome, TestReport, TestResult};
use super::request::{TestRequest, TestTarget, TestWatcher};
use super::trial::{Ending, Files, Trial};

/// Tests every package with every interpreter. Nothing stops a run but the wish to stop: whatever fails is in the
/// report.
#[must_use]
pub fn run_tests(request: &TestRequest<'_>, watcher: &dyn TestWatcher) -> TestReport {
    let jobs: Vec<(&TestTarget<'_>, &Interpreter)> = request
        .targets
        .iter()
        .flat_map(|target| request.interpreters.iter().map(move |interpreter| (target, interpreter)))
        .collect();
    let next = AtomicUsize::new(0);
    let results: Mutex<Vec<(usize, TestResult)>> = Mutex::new(Vec::new());
    let workers = request.settings.jobs.clamp(1, jobs.len().max(1));
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some((target, interpreter)) = jobs.get(at) else { break };
                    let result = Job { request, target, interpreter }.run(watcher);
                    watcher.finished(&result);
                    results.lock().unwrap_or_else(PoisonError::into_inner).push((at, result));
                }
            });
        }
    });
    let mut results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    results.sort_by_key(|(at, _)| *at);
    TestReport { results: results.into_iter().map(|(_, result)| result).collect() }
}

/// One package with one interpreter.
struct Job<'a> {
    request: &'a TestRequest<'a>,
    target: &'a TestTarget<'a>,
    interpreter: &'a Interpreter,
}

impl Job<'_> {
    fn run(&self, watcher: &dyn TestWatcher) -> TestResult {
        let started = Instant::now();
        let (package, python) = (&self.target.package.name, version_of(self.interpreter));
        watcher.started(package, &python);
        let (ending, files) = match self.hindrance() {
            Some(ending) => (ending, None),
            None => match self.try_in_room(&mut |chunk| watcher.output(package, &python, chunk)) {
                Ok((ending, files)) => (ending, Some(files)),
                Err(error) => (Ending::without_run(TestOutcome::Error, error.to_string()), None),
            },
        };
        let seconds = started.elapsed();
        let mut result = TestResult {
            package: package.clone(),
            version: self.target.package.version().cloned(),
            python,
            outcome: ending.outcome,
            reason: ending.reason,
            seconds,
            counts: ending.counts,
            cases: ending.cases,
            junit: None,
            log: files.as_ref().filter(|_| ending.ran).map(|files| files.log.clone()),
            output: ending.output,
        };
        if let Some(files) = &files {
            self.keep_report(files, &mut result);
        }
        result
    }

    /// Returns why there is nothing to run.
    fn hindrance(&self) -> Option<Ending> {
        let package = self.target.package;
        let has_command = self.target.config.is_some_and(|config| config.test.is_some());
        if self.request.settings.cancel.is_cancelled() {
            return Some(Ending::without_run(TestOutcome::Cancelled, "interrupted"));
        }
        if !has_command && folder::test_paths(package).is_empty() {
            let reason = "there is no folder `tests`, no `testpaths`, and no test module";
            return Some(Ending::without_run(TestOutcome::None, reason));
        }
        let version: Option<Version> = version_of(self.interpreter).parse().ok();
        let supported = package.requires_python.as_ref().zip(version.as_ref());
        if let Some((specifiers, version)) = supported.filter(|(set, version)| !set.contains(version)) {
            let reason = format!("it requires Python {}, and this is {version}", specifiers.as_written());
            return Some(Ending::without_run(TestOutcome::Unsupported, reason));
        }
        let reason = self.target.wheel.as_ref().err()?;
        Some(Ending::without_run(TestOutcome::Error, reason.clone()))
    }

    fn try_in_room(&self, watch: &mut dyn FnMut(&[u8])) -> io::Result<(Ending, Files)> {
        let room = tempfile::tempdir()?;
        let files = self.files()?;
        let Ok(wheel) = &self.target.wheel else {
            return Err(io::Error::other("there is no wheel"));
        };
        let trial = Trial {
            target: self.target,
            wheel,
            interpreter: self.interpreter,
            settings: &self.request.settings,
            files: &files,
        };
        let ending = trial.run(room.path(), watch);
        Ok((ending, files))
    }

    /// Makes the places of the run's files, and removes what an earlier run left there.
    fn files(&self) -> io::Result<Files> {
        let settings = &self.request.settings;
        let (name, label) = (self.target.package.name.normalized(), self.label());
        let own = settings.results.join(name);
        fs::create_dir_all(&own)?;
        let junit: PathBuf = match &settings.junit {
            Some(folder) => {
                fs::create_dir_all(folder)?;
                folder.join(format!("{name}-py{label}.xml"))
            }
            None => own.join(format!("py{label}.xml")),
        };
        let files = Files { junit, log: own.join(format!("py{label}.log")) };
        for path in [&files.junit, &files.log] {
            match fs::remove_file(path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(files)
    }

    /// Returns the interpreter's major and minor version, or the whole one when another has the same.
    fn label(&self) -> String {
        let (major, minor, _) = self.interpreter.version;
        let same = |other: &&Interpreter| (other.version.0, other.version.1) == (major, minor);
        if self.request.interpreters.iter().filter(same).count() > 1 {
            return version_of(self.interpreter);
        }
        format!("{major}.{minor}")
    }

    /// Notes the report, and writes one where the tests wrote none.
    fn keep_report(&self, files: &Files, result: &mut TestResult) {
        if !files.junit.is_file() {
            let (command, reason) = match self.target.config.and_then(|config| config.test.as_deref()) {
                Some(command) => (command, result.reason.clone().unwrap_or_default()),
                None => ("pytest", result.reason.clone().unwrap_or_default()),
            };
            let tail = result.tail();
            let failure = result.outcome.is_failure().then_some((reason.as_str(), tail.as_str()));
            let text = junit::write(result.package.normalized(), command, result.seconds, failure);
            if let Err(error) = fs::write(&files.junit, text) {
                result.outcome = TestOutcome::Error;
                result.reason = Some(error.to_string());
                return;
            }
        }
        result.junit = Some(files.junit.clone());
    }
}

fn version_of(interpreter: &Interpreter) -> String {
    let (major, minor, micro) = interpreter.version;
    format!("{major}.{minor}.{micro}")
}
