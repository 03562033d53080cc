//! Why there is no Python environment.

use std::io;
use std::path::PathBuf;

use pyrel_project::process::ProcessError;

/// Why an interpreter was not found or an environment not made.
#[derive(Debug, thiserror::Error)]
pub enum PythonError {
    /// No interpreter answers to what was asked for.
    #[error("no Python interpreter found for `{wanted}`")]
    NotFound {
        /// The version, name, or path asked for.
        wanted: String,
    },
    /// uv cannot fetch an interpreter.
    #[error("failed to fetch Python `{wanted}`")]
    Fetch {
        /// The version or name asked for.
        wanted: String,
        /// The failed command with the end of its output.
        #[source]
        source: ProcessError,
    },
    /// An interpreter does not run or says something odd about itself.
    #[error("`{path}` is no usable Python interpreter: {reason}")]
    Unusable {
        /// The executable.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The environment cannot be made.
    #[error("failed to create a virtual environment in `{path}`")]
    Create {
        /// Its folder.
        path: PathBuf,
        /// The failed command.
        #[source]
        source: ProcessError,
    },
    /// The environment's folder cannot be made or looked at.
    #[error("failed to prepare `{path}`")]
    Folder {
        /// The folder.
        path: PathBuf,
        /// The reason.
        #[source]
        source: io::Error,
    },
    /// Requirements cannot be installed.
    #[error("failed to install {requirements}")]
    Install {
        /// The requirements, each in backticks.
        requirements: String,
        /// The failed command with the end of its output.
        #[source]
        source: ProcessError,
    },
}

impl PythonError {
    /// Returns what to do about it, where that is known.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NotFound { .. } => {
                Some("install that Python, or name an interpreter with `--python PATH`".to_owned())
            }
            Self::Unusable { .. } => Some("name another interpreter with `--python PATH`".to_owned()),
            Self::Create { .. } => Some(
                "the interpreter may lack `venv` (on Debian the package `python3-venv`); installing `uv` also helps"
                    .to_owned(),
            ),
            Self::Install { .. } => {
                Some("the index must be reachable, or the wheels at hand when `--offline` is given".to_owned())
            }
            Self::Fetch { .. } => Some("`uv python list` shows what can be fetched".to_owned()),
            Self::Folder { .. } => None,
        }
    }
}
