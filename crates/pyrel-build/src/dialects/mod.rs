//! One dialect for each backend that is reproduced natively.
//!
//! A dialect says exactly what its backend would make, or names the option that it does not know. It must never
//! guess: a native build that differs from the backend's is the one fault that has no excuse.

mod flit;
mod hatchling;
mod pdm;
mod poetry;
mod repr;
mod setuptools;
mod uv;
mod variable;

use std::collections::BTreeMap;

use pyrel_model::pyproject::{Project, TableReader};
use pyrel_model::requirement::SpecifierSet;
use pyrel_model::{PyProject, Version};

use crate::entry_set::{Entry, EntrySet};
use crate::error::Plan;
use crate::request::BuildRequest;
use crate::tree::Tree;

/// A package as a dialect sees it.
pub(crate) struct Subject<'a> {
    /// The file, for options of the backend and for places.
    pub(crate) pyproject: &'a PyProject,
    /// Its `[project]` table; without one, what a dialect's own table says about name and version.
    pub(crate) project: &'a Project,
    /// The package's folder.
    pub(crate) tree: Tree,
    /// The absolute path of the folder, with `/` between parts.
    pub(crate) root: std::path::PathBuf,
    /// The version of the backend that is reproduced.
    pub(crate) version: &'static str,
    /// Whether the wheel is planned from the project's own folder, to be compared with the one from the sdist.
    pub(crate) wheel_from_tree: bool,
    /// What was asked for; of it only what a real backend would see may be looked at.
    pub(crate) request: &'a BuildRequest<'a>,
}

impl<'a> Subject<'a> {
    /// Returns the table `[project]`.
    pub(crate) fn project_table(&self) -> TableReader<'a> {
        let table = self.pyproject.root().get("project").and_then(toml_edit::Item::as_table_like);
        let table = table.expect("a subject has the table that its project was read from");
        self.pyproject.reader("project", table)
    }

    /// Returns what the wheel is made of: what unpacking the sdist would give, or else the folder as the sdist is made of
    /// it.
    pub(crate) fn unpacked(&self, sdist: &[Entry]) -> Tree {
        if self.wheel_from_tree { self.tree.anew() } else { Tree::unpacked(sdist) }
    }

    /// Returns the environment variables; a plan that looks at them is never taken for another build's.
    pub(crate) fn variables(&self) -> &'a BTreeMap<String, String> {
        self.tree.depends_on_more();
        self.request.variables
    }

    /// Returns the symbolic link that a path is, or leads through.
    pub(crate) fn link_on(&self, tree: &Tree, path: &str) -> Option<String> {
        let ends = path.match_indices('/').map(|(at, _)| at).chain([path.len()]);
        ends.map(|end| &path[..end]).find(|part| tree.is_link(part)).map(str::to_owned)
    }
}

/// A backend reproduced natively.
pub(crate) trait Dialect: Sync {
    /// Returns the backend's short name.
    fn name(&self) -> &'static str;

    /// Returns the spellings of `build-system.build-backend` that mean this backend.
    fn backends(&self) -> &'static [&'static str];

    /// Returns the distribution that provides the backend, and the version that is reproduced.
    fn emulates(&self) -> (&'static str, &'static str);

    /// Returns the distribution that a spelling of the backend needs to be listed under in `build-system.requires`.
    fn provider(&self, _backend: &str) -> &'static str {
        self.emulates().0
    }

    /// Returns earlier versions that are reproduced, too, for projects that shut out the newer ones; newest first.
    fn earlier(&self) -> &'static [&'static str] {
        &[]
    }

    /// Returns the plug-ins that are reproduced, with their versions.
    fn plugins(&self) -> &'static [(&'static str, &'static str)] {
        &[]
    }

    /// Returns the table below `[tool]` that may stand in for `[project]`.
    fn own_table(&self) -> Option<&'static str> {
        None
    }

    /// Returns the file that may stand in for `[project]`.
    fn own_file(&self) -> Option<&'static str> {
        None
    }

    /// Says what sdist and wheel hold, the wheel being built from the content of the sdist.
    fn plan(&self, subject: &Subject<'_>) -> Plan<EntrySet>;
}

/// Every dialect.
pub(crate) static DIALECTS: &[&dyn Dialect] =
    &[&hatchling::Hatchling, &setuptools::Setuptools, &flit::Flit, &uv::Uv, &pdm::Pdm, &poetry::Poetry];

/// Returns the newest reproduced version of a dialect that a specification admits.
pub(crate) fn admitted_version(dialect: &dyn Dialect, specifiers: &SpecifierSet) -> Option<&'static str> {
    let admits = |version: &&str| {
        let version: Version = version.parse().expect("emulated versions are valid versions");
        specifiers.contains(&version)
    };
    [dialect.emulates().1].into_iter().chain(dialect.earlier().iter().copied()).find(admits)
}

/// Returns what a native wheel says about its maker: pyrel, and the backend it reproduces.
pub(crate) fn generator(dialect: &dyn Dialect, version: &str) -> String {
    format!("pyrel {} ({} {version})", env!("CARGO_PKG_VERSION"), dialect.emulates().0)
}
