//! A built file as a value: bytes are named by their hash, never by their path alone.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::{Blake2b256, PackageName, Sha256, Version};

/// The two kinds of distribution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ArtifactKind {
    /// A wheel (`.whl`). First in order, because wheels go up before the sdist.
    Wheel,
    /// A source distribution (`.tar.gz`).
    Sdist,
}

impl ArtifactKind {
    /// Returns `wheel` or `sdist`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Wheel => "wheel",
            Self::Sdist => "sdist",
        }
    }
}

/// Who made a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Builder {
    /// pyrel itself, in the dialect of the named backend.
    Native {
        /// The backend's short name: `hatchling`, `setuptools`, …
        dialect: &'static str,
    },
    /// The project's own backend through PEP 517.
    Pep517 {
        /// The backend as `build-system.build-backend` names it.
        backend: String,
        /// Why the native build did not do it.
        reason: String,
    },
}

impl Builder {
    /// Returns `native` or `pep517`.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Native { .. } => "native",
            Self::Pep517 { .. } => "pep517",
        }
    }
}

/// One finished file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artifact {
    /// The project.
    pub package: PackageName,
    /// The version.
    pub version: Version,
    /// Sdist or wheel.
    pub kind: ArtifactKind,
    /// Where the file is, absolute.
    pub path: PathBuf,
    /// Size in bytes.
    pub size: u64,
    /// SHA-256 of the file.
    pub sha256: Sha256,
    /// BLAKE2b-256 of the file.
    pub blake2b: Blake2b256,
    /// Who made it.
    pub builder: Builder,
}
