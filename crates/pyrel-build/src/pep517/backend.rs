//! Calling hooks: a small Python program in the environment, its task and its answer as JSON files.

use std::path::{Path, PathBuf};

use fs_err as fs;
use pyrel_model::pyproject::BuildSystem;
use pyrel_project::process::Process;
use serde_json::{Value, json};

use super::Pep517Error;
use crate::error::BuildError;
use crate::python::Venv;

const RUNNER: &str = include_str!("runner.py");

/// A backend that can be called.
pub(super) struct Backend<'a> {
    system: &'a BuildSystem,
    python: PathBuf,
    bin_dir: PathBuf,
    scratch: &'a Path,
    source_date: u64,
}

impl<'a> Backend<'a> {
    pub(super) fn new(system: &'a BuildSystem, venv: &Venv, scratch: &'a Path, source_date: u64) -> Self {
        Self { system, python: venv.python(), bin_dir: venv.bin_dir(), scratch, source_date }
    }

    /// Returns the backend as the project names it.
    pub(super) fn name(&self) -> &str {
        &self.system.backend
    }

    /// Calls a `get_requires_for_…` hook; a backend without it needs nothing.
    pub(super) fn requirements(&self, hook: &str, source: &Path) -> Result<Vec<String>, BuildError> {
        let answer = self.call(hook, source, &[])?;
        let list = answer.as_array().and_then(|list| {
            list.iter().map(|item| item.as_str().map(str::to_owned)).collect::<Option<Vec<String>>>()
        });
        list.ok_or_else(|| self.unusable(hook, format!("expected a list of requirements, not `{answer}`")))
    }

    /// Calls a `build_…` hook; returns the name of the file that it made in `out`.
    pub(super) fn build(&self, hook: &str, source: &Path, out: &Path) -> Result<String, BuildError> {
        let answer = self.call(hook, source, &[out])?;
        let name = answer.as_str().map(str::to_owned);
        name.ok_or_else(|| self.unusable(hook, format!("expected a file name, not `{answer}`")))
    }

    fn call(&self, hook: &str, source: &Path, arguments: &[&Path]) -> Result<Value, BuildError> {
        let runner = self.scratch.join("runner.py");
        let task_path = self.scratch.join("task.json");
        let answer_path = self.scratch.join("answer.json");
        let task = json!({
            "backend": self.system.backend,
            "backend_path": self.system.backend_path,
            "hook": hook,
            "arguments": arguments,
            "answer": answer_path,
            "bin_dir": self.bin_dir,
        });
        fs::write(&runner, RUNNER).map_err(Pep517Error::scratch(&runner))?;
        fs::write(&task_path, task.to_string()).map_err(Pep517Error::scratch(&task_path))?;
        Process::new(&self.python)
            .arg("-I")
            .arg(&runner)
            .arg(&task_path)
            .current_dir(source)
            .env("SOURCE_DATE_EPOCH", self.source_date.to_string())
            .env("PYTHONNOUSERSITE", "1")
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env_remove("PYTHONPATH")
            .env_remove("PYTHONHOME")
            .env_remove("VIRTUAL_ENV")
            .run_checked()
            .map_err(|source| {
                let backend = self.system.backend.clone();
                Box::new(Pep517Error::Hook { backend, hook: hook.to_owned(), source })
            })?;
        let text = fs::read_to_string(&answer_path).map_err(Pep517Error::scratch(&answer_path))?;
        serde_json::from_str(&text).map_err(|error| self.unusable(hook, error.to_string()))
    }

    fn unusable(&self, hook: &str, reason: String) -> BuildError {
        let backend = self.system.backend.clone();
        Box::new(Pep517Error::Answer { backend, hook: hook.to_owned(), reason }).into()
    }
}
