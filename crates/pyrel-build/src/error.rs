//! Why a build failed, and the private detour by which a dialect steps back.

use std::io;
use std::path::PathBuf;

use pyrel_model::Diagnostic;

use crate::entry_set::Unsupported;
use crate::pep517::Pep517Error;
use crate::python::PythonError;

/// Why a package was not built. Nothing of it is left in the output folder.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The project itself is at fault; the diagnostic says where and what to do.
    #[error("{0}")]
    Project(Box<Diagnostic>),
    /// A file of the project cannot be read.
    #[error("failed to read `{path}`")]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// The reason.
        #[source]
        source: io::Error,
    },
    /// A file has another size than when it was listed.
    #[error("`{path}` changed while the archive was being written: {listed} bytes listed, {found} read")]
    Changed {
        /// The file.
        path: PathBuf,
        /// The size when it was listed.
        listed: u64,
        /// The size found.
        found: u64,
    },
    /// An archive cannot be written.
    #[error("failed to write `{path}`")]
    Write {
        /// The archive, or the folder for it.
        path: PathBuf,
        /// The reason.
        #[source]
        source: io::Error,
    },
    /// The project's own backend failed.
    #[error(transparent)]
    Pep517(#[from] Box<Pep517Error>),
    /// The build environment cannot be made.
    #[error(transparent)]
    Python(#[from] Box<PythonError>),
}

impl BuildError {
    /// Returns what to do about it, where that is known.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Project(diagnostic) => diagnostic.hint.clone(),
            Self::Read { source, .. } if source.kind() == io::ErrorKind::PermissionDenied => {
                Some("make the file readable, or exclude it from the package".to_owned())
            }
            Self::Changed { .. } => Some("build again when nothing writes to the project".to_owned()),
            Self::Write { source, .. } if source.kind() == io::ErrorKind::StorageFull => {
                Some("free space, or choose another folder with `--out-dir`".to_owned())
            }
            Self::Pep517(error) => error.hint(),
            Self::Python(error) => error.hint(),
            Self::Read { .. } | Self::Write { .. } => None,
        }
    }
}

impl From<Box<Diagnostic>> for BuildError {
    fn from(diagnostic: Box<Diagnostic>) -> Self {
        Self::Project(diagnostic)
    }
}

/// Why a dialect has no entry set: it steps back, or the project is broken.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The backend itself has to build.
    Unsupported(Unsupported),
    /// The backend would fail too.
    Failed(BuildError),
}

/// The result of every planning step.
pub(crate) type Plan<T> = Result<T, Stop>;

impl From<BuildError> for Stop {
    fn from(error: BuildError) -> Self {
        Self::Failed(error)
    }
}

impl From<Box<Diagnostic>> for Stop {
    fn from(diagnostic: Box<Diagnostic>) -> Self {
        Self::Failed(BuildError::Project(diagnostic))
    }
}

impl From<Unsupported> for Stop {
    fn from(unsupported: Unsupported) -> Self {
        Self::Unsupported(unsupported)
    }
}

/// Steps back without a place.
pub(crate) fn unsupported<T>(option: impl Into<String>, reason: impl Into<String>) -> Plan<T> {
    Err(Stop::Unsupported(Unsupported { option: option.into(), location: None, reason: reason.into() }))
}
