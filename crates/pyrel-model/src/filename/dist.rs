//! Either kind of distribution file name, told apart by its extension.

use std::fmt;
use std::str::FromStr;

use super::{InvalidSdistFilename, InvalidWheelFilename, SdistFilename, WheelFilename};
use crate::{ArtifactKind, PackageName, Version};

/// A valid distribution file name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DistFilename {
    /// `{name}-{version}(-{build})?-{tags}.whl`
    Wheel(WheelFilename),
    /// `{name}-{version}.tar.gz`
    Sdist(SdistFilename),
}

/// A file name that is neither a wheel's nor an sdist's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidFilename {
    /// Neither `.whl` nor `.tar.gz`.
    #[error("unknown distribution format, expected `.whl` or `.tar.gz`: `{0}`")]
    Extension(String),
    /// A `.whl` name that breaks the rules.
    #[error(transparent)]
    Wheel(#[from] InvalidWheelFilename),
    /// A `.tar.gz` name that breaks the rules.
    #[error(transparent)]
    Sdist(#[from] InvalidSdistFilename),
}

impl DistFilename {
    /// Returns the project name of the file.
    #[must_use]
    pub fn name(&self) -> &PackageName {
        match self {
            Self::Wheel(wheel) => &wheel.name,
            Self::Sdist(sdist) => &sdist.name,
        }
    }

    /// Returns the version of the file.
    #[must_use]
    pub fn version(&self) -> &Version {
        match self {
            Self::Wheel(wheel) => &wheel.version,
            Self::Sdist(sdist) => &sdist.version,
        }
    }

    /// Returns the kind of the file.
    #[must_use]
    pub fn kind(&self) -> ArtifactKind {
        match self {
            Self::Wheel(_) => ArtifactKind::Wheel,
            Self::Sdist(_) => ArtifactKind::Sdist,
        }
    }
}

impl FromStr for DistFilename {
    type Err = InvalidFilename;

    fn from_str(text: &str) -> Result<Self, InvalidFilename> {
        if text.ends_with(".whl") {
            Ok(Self::Wheel(text.parse()?))
        } else if text.ends_with(".tar.gz") {
            Ok(Self::Sdist(text.parse()?))
        } else {
            Err(InvalidFilename::Extension(text.to_owned()))
        }
    }
}

impl fmt::Display for DistFilename {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Wheel(wheel) => wheel.fmt(f),
            Self::Sdist(sdist) => sdist.fmt(f),
        }
    }
}
