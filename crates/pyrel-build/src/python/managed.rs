//! Interpreters that `uv` knows beyond `PATH`, and those that it can fetch.

use std::path::Path;

use pyrel_project::process::{Process, ProcessOutput};

use super::{Interpreter, PythonError};

impl Interpreter {
    /// Asks uv for an interpreter; with `fetch` it installs one that is missing.
    ///
    /// # Errors
    /// When uv knows none, or cannot fetch it.
    pub fn find_with_uv(uv: &Path, wanted: &str, fetch: bool) -> Result<Self, PythonError> {
        if let Some(found) = ask(uv, wanted) {
            return Self::probe(Path::new(&found));
        }
        if !fetch {
            return Err(PythonError::NotFound { wanted: wanted.to_owned() });
        }
        Process::new(uv)
            .args(["python", "install", "--no-progress", "--no-bin", "--", wanted])
            .run_checked()
            .map_err(|source| PythonError::Fetch { wanted: wanted.to_owned(), source })?;
        match ask(uv, wanted) {
            Some(found) => Self::probe(Path::new(&found)),
            None => Err(PythonError::NotFound { wanted: wanted.to_owned() }),
        }
    }
}

/// Returns the path of an interpreter that is on this machine; uv says no with an exit code.
fn ask(uv: &Path, wanted: &str) -> Option<String> {
    let asked = Process::new(uv)
        .args(["python", "find", "--no-project", "--no-python-downloads", "--system", "--", wanted])
        .run();
    let path = asked.ok().filter(ProcessOutput::success)?.stdout_text().trim().to_owned();
    (!path.is_empty()).then_some(path)
}
