//! Why the real backend gave no file.

use std::io;
use std::path::{Path, PathBuf};

use pyrel_project::process::ProcessError;

use crate::error::BuildError;

/// Why a PEP 517 build failed.
#[derive(Debug, thiserror::Error)]
pub enum Pep517Error {
    /// A hook of the backend failed; the source has the end of its output.
    #[error("the backend `{backend}` failed in `{hook}`")]
    Hook {
        /// The backend as `build-system.build-backend` names it.
        backend: String,
        /// The hook.
        hook: String,
        /// The command with its last 40 lines.
        #[source]
        source: ProcessError,
    },
    /// A hook answered something that PEP 517 does not allow.
    #[error("the backend `{backend}` gave an unusable answer to `{hook}`: {reason}")]
    Answer {
        /// The backend.
        backend: String,
        /// The hook.
        hook: String,
        /// What is wrong.
        reason: String,
    },
    /// A hook made a file with another name than it may have.
    #[error("the backend `{backend}` made an unusable file in `{hook}`: {reason}")]
    WrongFile {
        /// The backend.
        backend: String,
        /// The hook.
        hook: String,
        /// What is wrong.
        reason: String,
    },
    /// The sdist that the backend made cannot be unpacked.
    #[error("the sdist that the backend made cannot be unpacked: `{path}`")]
    Unpack {
        /// The sdist.
        path: PathBuf,
        /// The reason.
        #[source]
        source: io::Error,
    },
    /// The bounds of siblings cannot be written into the sdist that the backend made.
    #[error("dependencies cannot be bounded in the sdist that the backend made: {reason}")]
    Bounds {
        /// What is wrong.
        reason: String,
        /// What to do.
        hint: Option<String>,
    },
    /// The sdist that the backend made cannot be read, or written again with bounds.
    #[error("the sdist that the backend made cannot be written again: `{path}`")]
    Rewrite {
        /// The sdist.
        path: PathBuf,
        /// The reason.
        #[source]
        source: io::Error,
    },
    /// The temporary folder of the build cannot be used.
    #[error("failed to use the temporary folder of the build: `{path}`")]
    Scratch {
        /// The file or folder.
        path: PathBuf,
        /// The reason.
        #[source]
        source: io::Error,
    },
}

impl Pep517Error {
    /// Returns what to do about it, where that is known.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Hook { .. } => Some("the output above is the backend's own; fix what it names".to_owned()),
            Self::Answer { backend, .. } | Self::WrongFile { backend, .. } => {
                Some(format!("this is a fault of `{backend}`; another version of it may help"))
            }
            Self::Scratch { .. } => Some("point `TMPDIR` at a folder with free space".to_owned()),
            Self::Bounds { hint, .. } => hint.clone(),
            Self::Unpack { .. } | Self::Rewrite { .. } => None,
        }
    }

    pub(super) fn scratch(path: &Path) -> impl Fn(io::Error) -> BuildError {
        let path = path.to_path_buf();
        move |source| BuildError::from(Box::new(Self::Scratch { path: path.clone(), source }))
    }
}
