//! Dependencies between packages of one workspace.

use pyrel_model::{PackageName, Requirement};
use serde::Serialize;

/// What a package needs another package for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum DependencyKind {
    /// To run: `project.dependencies`.
    Runtime,
    /// For an extra: `project.optional-dependencies`.
    Optional,
    /// To be built: `build-system.requires`, `setup_requires`.
    Build,
}

impl DependencyKind {
    /// Returns `runtime`, `optional`, or `build`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Runtime => "runtime",
            Self::Optional => "optional",
            Self::Build => "build",
        }
    }

    /// Tells whether the dependency must be published first.
    #[must_use]
    pub fn is_ordering(self) -> bool {
        matches!(self, Self::Runtime | Self::Build)
    }
}

/// A dependency on a package of the same workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InternalDependency {
    /// The package depended on.
    pub name: PackageName,
    /// What for.
    pub kind: DependencyKind,
    /// The whole requirement.
    pub requirement: Requirement,
}

impl InternalDependency {
    pub(crate) fn new(kind: DependencyKind, requirement: Requirement) -> Self {
        Self { name: requirement.name.clone(), kind, requirement }
    }
}
