//! One package with one interpreter: an environment, the tests beside it, the run, and what it left.

use std::ffi::OsString;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use fs_err as fs;
use pyrel_build::{InstallRequest, Interpreter, PythonError, Venv};
use pyrel_project::{Process, ProcessError, ProcessOutput};

use super::junit;
use super::needs::Needs;
use super::report::TestOutcome;
use super::request::{TestSettings, TestTarget};
use super::{Case, CaseCounts, folder};
use crate::execute::with_causes;

/// The exit code of pytest when it found no test.
const NO_TESTS: i32 = 5;
/// Variables that would put other code before, or beside, what is installed.
const REDIRECTING: [&str; 6] =
    ["PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "PYTHONUSERBASE", "PYTEST_PLUGINS", "CONDA_PREFIX"];

/// What a run left.
pub(super) struct Ending {
    pub(super) outcome: TestOutcome,
    pub(super) reason: Option<String>,
    pub(super) counts: Option<CaseCounts>,
    pub(super) cases: Vec<Case>,
    pub(super) ran: bool,
    pub(super) output: Option<String>,
}

impl Ending {
    pub(super) fn without_run(outcome: TestOutcome, reason: impl Into<String>) -> Self {
        let reason = Some(reason.into());
        Self { outcome, reason, counts: None, cases: Vec::new(), ran: false, output: None }
    }
}

/// The files of one run.
pub(super) struct Files {
    /// The report.
    pub(super) junit: PathBuf,
    /// The whole output.
    pub(super) log: PathBuf,
}

/// One package with one interpreter.
pub(super) struct Trial<'a> {
    pub(super) target: &'a TestTarget<'a>,
    pub(super) wheel: &'a Path,
    pub(super) interpreter: &'a Interpreter,
    pub(super) settings: &'a TestSettings,
    pub(super) files: &'a Files,
}

impl Trial<'_> {
    /// Runs it in a room of its own.
    pub(super) fn run(&self, room: &Path, watch: &mut dyn FnMut(&[u8])) -> Ending {
        let environment = match self.install(room) {
            Ok(environment) => environment,
            Err(ending) => return *ending,
        };
        let folder = room.join("run");
        let laid_out = folder::lay_out(self.target.package, self.target.config, &folder);
        if let Err(error) = laid_out {
            return Ending::without_run(TestOutcome::Error, error.to_string());
        }
        match self.start(&environment, &folder, watch) {
            Ok(result) => self.judge(result),
            Err(error) => Ending::without_run(TestOutcome::Error, error.to_string()),
        }
    }

    fn command(&self) -> Option<&str> {
        self.target.config.and_then(|config| config.test.as_deref())
    }

    fn install(&self, room: &Path) -> Result<Venv, Box<Ending>> {
        let package = self.target.package;
        let needs = Needs::of(package, self.target.config).map_err(|fault| {
            let hint = fault.hint.as_ref().map(|hint| format!(" (hint: {hint})")).unwrap_or_default();
            Box::new(Ending::without_run(TestOutcome::Error, format!("{fault}{hint}")))
        })?;
        let failed = |error: PythonError| Box::new(self.not_installed(&error));
        let constraints = room.join("constraints.txt");
        fs::write(&constraints, self.constraints())
            .map_err(|error| Box::new(Ending::without_run(TestOutcome::Error, error.to_string())))?;
        let settings = self.settings;
        let uv = settings.python.uv.as_deref();
        let environment =
            Venv::create_until(&room.join("venv"), self.interpreter, uv, &settings.cancel).map_err(failed)?;
        let request = InstallRequest {
            requirements: self.requirements(&needs),
            constraints: Some(constraints),
            index_url: settings.python.index_url.clone(),
            offline: settings.python.offline,
            cache_dir: settings.python.cache_dir.clone(),
            ..InstallRequest::default()
        };
        environment.install(&request).map_err(failed)?;
        Ok(environment)
    }

    fn not_installed(&self, error: &PythonError) -> Ending {
        if self.settings.cancel.is_cancelled() {
            return Ending::without_run(TestOutcome::Cancelled, "interrupted");
        }
        let hint = error.hint().map(|hint| format!("\nhint: {hint}")).unwrap_or_default();
        Ending::without_run(TestOutcome::Error, format!("{}{hint}", with_causes(error)))
    }

    fn requirements(&self, needs: &Needs) -> Vec<String> {
        let extras =
            if needs.extras.is_empty() { String::new() } else { format!("[{}]", needs.extras.join(",")) };
        let name = self.target.package.name.as_written();
        let mut all = vec![format!("{name}{extras} @ {}", file_url(self.wheel))];
        all.extend(needs.requirements.iter().cloned());
        if self.command().is_none() {
            all.push("pytest".to_owned());
        }
        all
    }

    /// Siblings come from their wheels whenever something needs them, whatever an index has under their names.
    fn constraints(&self) -> String {
        let line = |(name, wheel): &(pyrel_model::PackageName, PathBuf)| {
            format!("{} @ {}\n", name.normalized(), file_url(wheel))
        };
        self.target.siblings.iter().map(line).collect()
    }

    fn start(
        &self,
        environment: &Venv,
        folder: &Path,
        watch: &mut dyn FnMut(&[u8]),
    ) -> io::Result<Result<ProcessOutput, ProcessError>> {
        let mut process = match self.command() {
            Some(line) if cfg!(windows) => Process::new("cmd").args(["/C", line]),
            Some(line) => Process::new("sh").args(["-c", line]),
            None => Process::new(environment.python())
                .args(["-m", "pytest", "-q"])
                .args(folder::test_paths(self.target.package)),
        };
        for name in REDIRECTING {
            process = process.env_remove(name);
        }
        let process = process
            .current_dir(folder)
            .env("PATH", self.search_path(environment))
            .env("VIRTUAL_ENV", environment.dir())
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("PYTEST_ADDOPTS", self.pytest_options())
            .timeout(self.settings.timeout)
            .cancelled_by(&self.settings.cancel);
        let mut log = fs::File::create(&self.files.log)?;
        let mut unwritten = None;
        let result = process.run_watched(&mut |chunk| {
            if unwritten.is_none() {
                unwritten = log.write_all(chunk).err();
            }
            watch(chunk);
        });
        match unwritten {
            Some(error) => Err(error),
            None => Ok(result),
        }
    }

    fn search_path(&self, environment: &Venv) -> OsString {
        let folders = std::iter::once(environment.bin_dir()).chain(self.settings.path.iter().cloned());
        // Only a folder whose name holds the separator cannot be joined, and the own one never does alone.
        std::env::join_paths(folders).unwrap_or_else(|_| environment.bin_dir().into_os_string())
    }

    /// pytest writes its report whoever starts it.
    fn pytest_options(&self) -> String {
        let given = self.settings.pytest_options.as_deref().unwrap_or_default();
        let path = self.files.junit.display().to_string().replace('\'', "'\\''");
        format!("{given} --junitxml='{path}'").trim_start().to_owned()
    }

    fn judge(&self, result: Result<ProcessOutput, ProcessError>) -> Ending {
        let report =
            fs::read(&self.files.junit).ok().map(|bytes| junit::read(&String::from_utf8_lossy(&bytes)));
        let (counts, cases) = match report {
            Some((counts, cases)) => (Some(counts), cases),
            None => (None, Vec::new()),
        };
        let nothing = counts.is_none_or(|counts| counts.tests == 0);
        let (outcome, reason, output) = match result {
            Ok(output) => {
                let (outcome, reason) = match output.status {
                    Some(0) => (TestOutcome::Passed, None),
                    Some(NO_TESTS) if self.command().is_none() && nothing => {
                        (TestOutcome::None, Some("pytest found no test".to_owned()))
                    }
                    Some(code) => (TestOutcome::Failed, Some(format!("exit code {code}"))),
                    None => (TestOutcome::Failed, Some("ended by a signal".to_owned())),
                };
                (outcome, reason, output.stdout_text())
            }
            Err(ProcessError::Cancelled { .. }) => {
                (TestOutcome::Cancelled, Some("interrupted".to_owned()), self.logged())
            }
            Err(ProcessError::TimedOut { timeout, .. }) => {
                let reason = format!("stopped after {} s", timeout.as_secs());
                (TestOutcome::Failed, Some(reason), self.logged())
            }
            Err(error) => (TestOutcome::Error, Some(with_causes(&error)), String::new()),
        };
        Ending { outcome, reason, counts, cases, ran: true, output: Some(output) }
    }

    /// Returns the end of what was written before the run was stopped.
    fn logged(&self) -> String {
        let bytes = fs::read(&self.files.log).unwrap_or_default();
        String::from_utf8_lossy(&bytes[bytes.len().saturating_sub(64 * 1024)..]).into_owned()
    }
}

fn file_url(path: &Path) -> String {
    let mut url = String::new();
    for byte in path.display().to_string().replace('\\', "/").bytes() {
        match byte {
            b'/' | b':' | b'.' | b'-' | b'_' | b'~' => url.push(char::from(byte)),
            _ if byte.is_ascii_alphanumeric() => url.push(char::from(byte)),
            _ => url.push_str(&format!("%{byte:02X}")),
        }
    }
    if url.starts_with('/') { format!("file://{url}") } else { format!("file:///{url}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_urls_that_installers_take() {
        assert_eq!(file_url(Path::new("/a b/c%+é.whl")), "file:///a%20b/c%25%2B%C3%A9.whl");
        assert_eq!(file_url(Path::new("C:\\x\\y.whl")), "file:///C:/x/y.whl");
    }
}
