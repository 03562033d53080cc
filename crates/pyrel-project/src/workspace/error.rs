//! Why a directory cannot be read as a workspace at all.

use std::io;
use std::path::PathBuf;

use pyrel_model::{Diagnostic, Location};

/// A failure to discover a workspace. A broken member is none.
#[derive(Debug, thiserror::Error)]
pub enum WorkspaceError {
    /// The directory to start from does not exist.
    #[error("no such directory: `{}`", path.display())]
    NoDirectory {
        /// The directory as asked for.
        path: PathBuf,
    },
    /// The configuration has a mistake.
    #[error(transparent)]
    Config(Box<Diagnostic>),
    /// A directory cannot be listed.
    #[error("cannot read the workspace")]
    Io(#[source] io::Error),
}

impl WorkspaceError {
    /// Returns what to do about it, where there is something.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Config(fault) => fault.hint.clone(),
            Self::NoDirectory { .. } | Self::Io(_) => None,
        }
    }

    /// Returns the place of a mistake in the configuration.
    #[must_use]
    pub fn location(&self) -> Option<&Location> {
        match self {
            Self::Config(fault) => fault.location.as_ref(),
            Self::NoDirectory { .. } | Self::Io(_) => None,
        }
    }
}

impl From<Box<Diagnostic>> for WorkspaceError {
    fn from(fault: Box<Diagnostic>) -> Self {
        Self::Config(fault)
    }
}
