//! What tests run with: interpreters, installers, patience.

use std::path::{Path, PathBuf};
use std::time::Duration;

use pyrel_build::{Interpreter, PythonError, PythonSettings};
use pyrel_project::Cancel;
use pyrel_release::package_test::{TestSettings, results_dir};

use crate::builder;
use crate::context::Context;
use crate::exit::{CommandError, Failure};

/// How long one package's tests may take.
const PATIENCE: Duration = Duration::from_secs(1800);

/// What tests run with.
#[derive(Debug, Clone)]
pub(crate) struct Means {
    pub(crate) interpreters: Vec<Interpreter>,
    python: PythonSettings,
    path: Vec<PathBuf>,
    pytest_options: Option<String>,
    jobs: usize,
}

impl Means {
    /// Resolves the interpreters: paths, commands, or versions; without any the first on `PATH`. One that is missing
    /// is fetched by uv only when that is allowed.
    pub(crate) fn resolve(context: &Context, pythons: &[String], fetch: bool) -> Result<Self, CommandError> {
        let path = context.environment().path();
        let python = builder::python_settings(context);
        if fetch && context.offline() {
            let message = "`--fetch-python` needs the network that `--offline` forbids";
            return Err(CommandError::message(Failure::Usage, message));
        }
        if fetch && python.uv.is_none() {
            let message = "`--fetch-python` needs `uv`, which is not on `PATH`";
            return Err(CommandError::message(Failure::Usage, message));
        }
        let wanted: Vec<Option<&str>> = match pythons {
            [] => vec![None],
            some => some.iter().map(|python| Some(python.as_str())).collect(),
        };
        let mut interpreters: Vec<Interpreter> = Vec::new();
        for wanted in wanted {
            let found = find(&path, wanted, python.uv.as_deref(), fetch)?;
            if !interpreters.contains(&found) {
                interpreters.push(found);
            }
        }
        let pytest_options = context.environment().get("PYTEST_ADDOPTS").map(str::to_owned);
        Ok(Self { interpreters, python, path, pytest_options, jobs: context.jobs() })
    }

    /// Returns how environments are filled.
    pub(crate) fn python(&self) -> &PythonSettings {
        &self.python
    }

    /// Returns the settings of a run of tests in a workspace.
    pub(crate) fn settings(
        &self,
        root: &Path,
        junit: Option<PathBuf>,
        cancel: &Cancel,
    ) -> Result<TestSettings, CommandError> {
        let results = results_dir(root)
            .map_err(|error| CommandError::new(Failure::Usage, anyhow::Error::new(error)))?;
        Ok(TestSettings {
            python: self.python.clone(),
            path: self.path.clone(),
            pytest_options: self.pytest_options.clone(),
            results,
            junit,
            jobs: self.jobs,
            timeout: PATIENCE,
            cancel: cancel.clone(),
        })
    }
}

fn find(
    path: &[PathBuf],
    wanted: Option<&str>,
    uv: Option<&Path>,
    fetch: bool,
) -> Result<Interpreter, CommandError> {
    let found = match (Interpreter::find(path, wanted), wanted, uv) {
        (Err(PythonError::NotFound { .. }), Some(wanted), Some(uv)) => {
            Interpreter::find_with_uv(uv, wanted, fetch)
        }
        (found, _, _) => found,
    };
    found.map_err(|error| {
        let fetchable = matches!(error, PythonError::NotFound { .. }) && uv.is_some() && !fetch;
        let hint = error.hint();
        let error = CommandError::new(Failure::Usage, error).hint(hint);
        error.hint(fetchable.then_some("with `--fetch-python` uv fetches what is missing"))
    })
}
