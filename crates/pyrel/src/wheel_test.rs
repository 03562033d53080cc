//! A package's own tests against its built wheel, where its source tree cannot be imported.

use std::path::{Path, PathBuf};
use std::time::Duration;

use fs_err as fs;
use pyrel_build::{InstallRequest, Interpreter, PythonError, PythonSettings, Venv};
use pyrel_project::{Package, Process};

use crate::builder;
use crate::context::Context;
use crate::exit::{CommandError, Failure};

/// How long one package's tests may take.
const PATIENCE: Duration = Duration::from_secs(1800);
/// Extras that hold what tests need; the first that a package has is installed.
const TEST_EXTRAS: [&str; 4] = ["test", "tests", "testing", "dev"];
/// Folders beside `tests` that tests may read; `src` is not among them.
const TEST_FOLDERS: [&str; 4] = ["tests", "examples", "testdata", "docs"];

/// What tests run with.
#[derive(Debug, Clone)]
pub(crate) struct Means {
    interpreter: Interpreter,
    python: PythonSettings,
    path: Vec<PathBuf>,
}

impl Means {
    /// Resolves the interpreter: a path, a command, a version, or the first on `PATH`.
    pub(crate) fn resolve(context: &Context, python: Option<&str>) -> Result<Self, CommandError> {
        let path = context.environment().path();
        let interpreter =
            Interpreter::find(&path, python).map_err(|error| unusable(Failure::Usage, error))?;
        Ok(Self { interpreter, python: builder::python_settings(context), path })
    }
}

/// How one package's tests ended.
#[derive(Debug, Clone)]
pub(crate) struct Trial {
    /// Whether they passed.
    pub(crate) passed: bool,
    /// Everything that they printed.
    pub(crate) output: String,
}

impl Trial {
    /// Returns the last line that says something.
    pub(crate) fn last_line(&self) -> &str {
        self.output.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default().trim()
    }

    /// Returns the last forty lines.
    pub(crate) fn tail(&self) -> String {
        let lines: Vec<&str> = self.output.trim_end().lines().collect();
        lines[lines.len().saturating_sub(40)..].join("\n")
    }
}

/// Installs a wheel with the extras for tests into a fresh environment and runs the package's tests there;
/// `None` when it has none.
pub(crate) fn try_wheel(
    means: &Means,
    package: &Package,
    wheel: &Path,
    command: Option<&str>,
) -> Result<Option<Trial>, CommandError> {
    if command.is_none() && !package.directory.join("tests").is_dir() {
        return Ok(None);
    }
    let room = tempfile::tempdir().map_err(unreadable)?;
    let environment = install(means, package, room.path(), wheel)?;
    let folder = room.path().join("run");
    copy_tests(package, &folder).map_err(unreadable)?;
    let process = match command {
        Some(line) => shell(means, line, &environment),
        None => Process::new(environment.python()).args(["-m", "pytest", "-q", "tests"]),
    };
    let output = process
        .current_dir(&folder)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .run_with_timeout(PATIENCE)
        .map_err(|error| CommandError::new(Failure::Findings, error))?;
    let text = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    Ok(Some(Trial { passed: output.success(), output: String::from_utf8_lossy(&text).into_owned() }))
}

fn install(means: &Means, package: &Package, room: &Path, wheel: &Path) -> Result<Venv, CommandError> {
    let extra = package.extras().into_iter().find(|extra| TEST_EXTRAS.contains(&extra.as_str()));
    let wheel = wheel.display().to_string();
    let requirements = match extra {
        Some(extra) => vec![format!("{}[{extra}] @ {}", package.name, file_url(&wheel))],
        None => vec![wheel, "pytest".to_owned()],
    };
    let uv = means.python.uv.as_deref();
    let environment = Venv::create(&room.join("venv"), &means.interpreter, uv)
        .map_err(|error| unusable(Failure::Findings, error))?;
    let request = InstallRequest {
        requirements,
        index_url: means.python.index_url.clone(),
        offline: means.python.offline,
        ..InstallRequest::default()
    };
    environment.install(&request).map_err(|error| unusable(Failure::Findings, error))?;
    Ok(environment)
}

fn file_url(path: &str) -> String {
    let path = path.replace('\\', "/").replace('%', "%25").replace(' ', "%20");
    if path.starts_with('/') { format!("file://{path}") } else { format!("file:///{path}") }
}

/// Copies what tests read: tests, examples, and the files beside `pyproject.toml`, but no source.
fn copy_tests(package: &Package, target: &Path) -> std::io::Result<()> {
    fs::create_dir_all(target)?;
    for entry in fs::read_dir(&package.directory)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let kind = entry.file_type()?;
        if kind.is_file() {
            fs::copy(entry.path(), target.join(&name))?;
        } else if kind.is_dir() && TEST_FOLDERS.contains(&name.as_str()) {
            copy_folder(&entry.path(), &target.join(&name))?;
        }
    }
    Ok(())
}

fn copy_folder(source: &Path, target: &Path) -> std::io::Result<()> {
    fs::create_dir_all(target)?;
    for entry in fs::read_dir(source)? {
        let entry = entry?;
        let (from, to) = (entry.path(), target.join(entry.file_name()));
        if !entry.file_type()?.is_dir() {
            fs::copy(&from, &to)?;
        } else if entry.file_name() != "__pycache__" {
            copy_folder(&from, &to)?;
        }
    }
    Ok(())
}

fn shell(means: &Means, line: &str, environment: &Venv) -> Process {
    let process = if cfg!(windows) {
        Process::new("cmd").args(["/C", line])
    } else {
        Process::new("sh").args(["-c", line])
    };
    let folders = std::iter::once(environment.bin_dir()).chain(means.path.iter().cloned());
    process.env("PATH", std::env::join_paths(folders).unwrap_or_default())
}

fn unusable(failure: Failure, error: PythonError) -> CommandError {
    let hint = error.hint();
    CommandError::new(failure, error).hint(hint)
}

fn unreadable(error: std::io::Error) -> CommandError {
    CommandError::new(Failure::Usage, anyhow::Error::new(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_urls_that_installers_take() {
        assert_eq!(file_url("/a b/c%.whl"), "file:///a%20b/c%25.whl");
        assert_eq!(file_url("C:\\x\\y.whl"), "file:///C:/x/y.whl");
    }
}
