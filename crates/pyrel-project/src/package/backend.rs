//! Which build backend a package names.

use std::fmt;

use pyrel_model::pyproject::BuildSystem;
use serde::{Serialize, Serializer};

/// A build backend (PEP 517).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Backend {
    /// `hatchling.build`
    Hatchling,
    /// `setuptools.build_meta`, and what a project without a backend means
    Setuptools,
    /// `flit_core.buildapi`
    Flit,
    /// `poetry.core.masonry.api`
    Poetry,
    /// `pdm.backend`
    Pdm,
    /// `uv_build`
    Uv,
    /// Any other, and every in-tree backend: the text of `build-backend`.
    Other(String),
}

impl Backend {
    /// Reads the backend that `[build-system]` names.
    #[must_use]
    pub fn of(build_system: &BuildSystem) -> Self {
        let name = build_system.backend.as_str();
        if !build_system.backend_path.is_empty() {
            return Self::Other(name.to_owned());
        }
        match name {
            "hatchling.build" => Self::Hatchling,
            "setuptools.build_meta" | "setuptools.build_meta:__legacy__" => Self::Setuptools,
            "flit_core.buildapi" | "flit.buildapi" => Self::Flit,
            "poetry.core.masonry.api" | "poetry.masonry.api" => Self::Poetry,
            "pdm.backend" | "pdm.pep517.api" => Self::Pdm,
            "uv_build" => Self::Uv,
            other => Self::Other(other.to_owned()),
        }
    }

    /// Returns the name of the project that provides the backend, or the text of `build-backend`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Hatchling => "hatchling",
            Self::Setuptools => "setuptools",
            Self::Flit => "flit_core",
            Self::Poetry => "poetry-core",
            Self::Pdm => "pdm-backend",
            Self::Uv => "uv_build",
            Self::Other(name) => name,
        }
    }
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Backend {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
