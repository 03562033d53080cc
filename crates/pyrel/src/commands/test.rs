//! `pyrel test`: a package's own tests against its built wheel, where its source tree cannot be imported.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::Args;
use fs_err as fs;
use pyrel_build::python::{InstallRequest, Interpreter, Venv};
use pyrel_model::ArtifactKind;
use pyrel_project::{Package, Process, Workspace};
use serde_json::{Value, json};

use crate::builder;
use crate::cli::SelectionArgs;
use crate::commands::build::{self, BuildOptions};
use crate::context::Context;
use crate::exit::{CommandError, CommandResult, Failure};
use crate::ui::{Meter, Tone, duration, plural};

/// Run each package's own tests against its built wheel
///
/// The wheel is installed with its extras `test`, `tests`, or `dev` into a fresh environment; `tests/` is
/// copied beside it. `[package.NAME] test = "…"` in pyrel.toml names another command than pytest.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  pyrel test my-package --python 3.12")]
pub struct TestArgs {
    #[command(flatten)]
    selection: SelectionArgs,
    /// The interpreter: a path, a command, or a version such as 3.12
    #[arg(long, value_name = "X")]
    python: Option<String>,
}

/// How long one package's tests may take.
const PATIENCE: Duration = Duration::from_secs(1800);
/// Extras that hold what tests need; the first that a package has is installed.
const TEST_EXTRAS: [&str; 4] = ["test", "tests", "testing", "dev"];

/// How one package's tests ended.
struct Verdict {
    package: String,
    outcome: &'static str,
    seconds: f64,
    output: String,
}

/// Runs the command.
pub fn run(args: &TestArgs, context: &Context) -> CommandResult {
    let workspace = context.workspace()?;
    let selection = context.select(&workspace, &args.selection)?;
    let verdicts = test(context, &workspace, selection.packages(), args.python.as_deref())?;
    let failed = verdicts.iter().filter(|verdict| verdict.outcome == "failed").count();
    if context.json() {
        let rows: Vec<Value> = verdicts.iter().map(to_json).collect();
        context.ui().json(&json!({"schema": 1, "packages": rows}))?;
    }
    if failed > 0 {
        return Err(CommandError::message(
            Failure::Findings,
            format!("the tests of {} failed", plural(failed, "package")),
        ));
    }
    Ok(())
}

/// Tests packages one after another, for commands that do more afterwards.
pub fn require_success(context: &Context, workspace: &Workspace, packages: &[&Package]) -> CommandResult {
    let verdicts = test(context, workspace, packages, None)?;
    match verdicts.iter().find(|verdict| verdict.outcome == "failed") {
        Some(verdict) => {
            let message = format!("the tests of `{}` failed", verdict.package);
            Err(CommandError::message(Failure::Findings, message))
        }
        None => Ok(()),
    }
}

fn test(
    context: &Context,
    workspace: &Workspace,
    packages: &[&Package],
    python: Option<&str>,
) -> Result<Vec<Verdict>, CommandError> {
    let path = context.environment().path();
    let interpreter = Interpreter::find(&path, python).map_err(|error| {
        let hint = error.hint();
        CommandError::new(Failure::Usage, error).hint(hint)
    })?;
    packages.iter().map(|package| test_one(context, workspace, package, &interpreter)).collect()
}

fn test_one(
    context: &Context,
    workspace: &Workspace,
    package: &Package,
    interpreter: &Interpreter,
) -> Result<Verdict, CommandError> {
    let started = Instant::now();
    let command = workspace.config().packages.get(&package.name).and_then(|config| config.test.clone());
    let has_tests = package.directory.join("tests").is_dir();
    if command.is_none() && !has_tests {
        context.ui().status(Tone::Warn, "No tests", &format!("{} has no `tests` folder", package.name));
        return Ok(Verdict::new(package, "none", started, String::new()));
    }
    let mut meter = Meter::spinner(context.ui().stage(), format!("testing {}", package.name));
    meter.appear_now();
    let room = tempfile::tempdir().map_err(io)?;
    let wheel = build_wheel(context, package, room.path())?;
    let environment = install(context, package, interpreter, room.path(), &wheel)?;
    let folder = room.path().join("run");
    copy_tests(package, &folder).map_err(io)?;
    let process = match &command {
        Some(line) => shell(line, &environment),
        None => Process::new(environment.python()).args(["-m", "pytest", "-q", "tests"]),
    };
    let output = process
        .current_dir(&folder)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .run_with_timeout(PATIENCE)
        .map_err(|error| CommandError::new(Failure::Findings, error))?;
    drop(meter);
    let text = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    let passed = output.success();
    report(context, package, passed, started, &text);
    Ok(Verdict::new(package, if passed { "passed" } else { "failed" }, started, text))
}

fn build_wheel(context: &Context, package: &Package, room: &Path) -> Result<PathBuf, CommandError> {
    let options = BuildOptions { out_dir: Some(room.join("dist")), ..BuildOptions::default() };
    let artifacts = build::build(context, &[package], &options)?;
    let wheel = artifacts.into_iter().find(|artifact| artifact.kind == ArtifactKind::Wheel);
    Ok(wheel.expect("a build without `--sdist` makes a wheel").path)
}

fn install(
    context: &Context,
    package: &Package,
    interpreter: &Interpreter,
    room: &Path,
    wheel: &Path,
) -> Result<Venv, CommandError> {
    let settings = builder::python_settings(context);
    let extra = package.extras().into_iter().find(|extra| TEST_EXTRAS.contains(&extra.as_str()));
    let wheel = wheel.display();
    let mut requirements = vec![match extra {
        Some(extra) => format!("{} [{extra}] @ {}", package.name, file_url(&wheel.to_string())),
        None => wheel.to_string(),
    }];
    if !package.extras().iter().any(|extra| TEST_EXTRAS.contains(&extra.as_str())) {
        requirements.push("pytest".to_owned());
    }
    let python = |error: pyrel_build::python::PythonError| {
        let hint = error.hint();
        CommandError::new(Failure::Findings, error).hint(hint)
    };
    let environment = Venv::create(&room.join("venv"), interpreter, settings.uv.as_deref()).map_err(python)?;
    let request = InstallRequest {
        requirements,
        index_url: settings.index_url.clone(),
        offline: settings.offline,
        ..InstallRequest::default()
    };
    environment.install(&request).map_err(python)?;
    Ok(environment)
}

fn file_url(path: &str) -> String {
    let path = path.replace('\\', "/").replace('%', "%25").replace(' ', "%20");
    if path.starts_with('/') { format!("file://{path}") } else { format!("file:///{path}") }
}

/// Copies what tests read: the tests, the examples, and the files beside `pyproject.toml`, but no source.
fn copy_tests(package: &Package, target: &Path) -> std::io::Result<()> {
    fs::create_dir_all(target)?;
    for entry in fs::read_dir(&package.directory)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let kind = entry.file_type()?;
        if kind.is_file() {
            fs::copy(entry.path(), target.join(&name))?;
        } else if kind.is_dir() && matches!(name.as_str(), "tests" | "examples" | "testdata" | "docs") {
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
        if entry.file_type()?.is_dir() {
            if entry.file_name() != "__pycache__" {
                copy_folder(&from, &to)?;
            }
        } else {
            fs::copy(&from, &to)?;
        }
    }
    Ok(())
}

fn shell(line: &str, environment: &Venv) -> Process {
    let process = if cfg!(windows) {
        Process::new("cmd").args(["/C", line])
    } else {
        Process::new("sh").args(["-c", line])
    };
    process.env("VIRTUAL_ENV", environment.root()).prepend_path(environment.scripts_dir())
}

fn report(context: &Context, package: &Package, passed: bool, started: Instant, text: &str) {
    let last = text.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let time = duration(started.elapsed());
    if passed {
        context.ui().status(Tone::Done, "Tested", &format!("{} in {time}: {}", package.name, last.trim()));
    } else {
        context.ui().note(text.trim_end());
        context.ui().status(Tone::Fail, "Failed", &format!("the tests of {} in {time}", package.name));
    }
}

impl Verdict {
    fn new(package: &Package, outcome: &'static str, started: Instant, output: String) -> Self {
        let package = package.name.as_written().to_owned();
        Self { package, outcome, seconds: started.elapsed().as_secs_f64(), output }
    }
}

fn to_json(verdict: &Verdict) -> Value {
    json!({
        "package": verdict.package,
        "outcome": verdict.outcome,
        "seconds": verdict.seconds,
        "output": verdict.output,
    })
}

fn io(error: std::io::Error) -> CommandError {
    CommandError::new(Failure::Usage, anyhow::Error::new(error))
}
