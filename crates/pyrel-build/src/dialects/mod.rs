//! One dialect for each backend that is reproduced natively.
//!
//! A dialect says exactly what its backend would make, or names the option that it does not know. It must never
//! guess: a native build that differs from the backend's is the one fault that has no excuse.

mod flit;
mod hatchling;
mod setuptools;

use pyrel_model::pyproject::Project;
use pyrel_model::{PyProject, Version};

use crate::entry_set::EntrySet;
use crate::error::Plan;
use crate::tree::Tree;

/// A package as a dialect sees it.
pub(crate) struct Subject<'a> {
    /// The file, for options of the backend and for places.
    pub(crate) pyproject: &'a PyProject,
    /// Its `[project]` table.
    pub(crate) project: &'a Project,
    /// The package's folder.
    pub(crate) tree: Tree,
    /// The absolute path of the folder, with `/` between parts.
    pub(crate) root: std::path::PathBuf,
}

/// A backend reproduced natively.
pub(crate) trait Dialect: Sync {
    /// Returns the backend's short name.
    fn name(&self) -> &'static str;

    /// Returns the spellings of `build-system.build-backend` that mean this backend.
    fn backends(&self) -> &'static [&'static str];

    /// Returns the distribution that provides the backend, and the one version that is reproduced.
    fn emulates(&self) -> (&'static str, &'static str);

    /// Says what sdist and wheel hold, the wheel being built from the content of the sdist.
    fn plan(&self, subject: &Subject<'_>) -> Plan<EntrySet>;
}

/// Every dialect.
pub(crate) static DIALECTS: &[&dyn Dialect] = &[&hatchling::Hatchling, &setuptools::Setuptools, &flit::Flit];

/// Returns the emulated version of a dialect.
pub(crate) fn emulated_version(dialect: &dyn Dialect) -> Version {
    dialect.emulates().1.parse().expect("emulated versions are valid versions")
}

/// Returns what a native wheel says about its maker: pyrel, and the backend it reproduces.
pub(crate) fn generator(dialect: &dyn Dialect) -> String {
    let (name, version) = dialect.emulates();
    format!("pyrel {} ({name} {version})", env!("CARGO_PKG_VERSION"))
}
