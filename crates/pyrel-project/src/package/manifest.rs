//! The files of a directory that make it a package, read but not yet judged.

use std::path::{Path, PathBuf};

use pyrel_model::PyProject;
use pyrel_model::pyproject::{BuildSystem, parse_toml};
use toml_edit::Item;

use super::record::Unreadable;
use super::{Backend, SetupCfg};
use crate::source_file;

/// `pyproject.toml`, `setup.cfg`, and `setup.py` of one directory.
#[derive(Debug, Clone)]
pub(crate) struct Manifest {
    /// The directory.
    pub(crate) directory: PathBuf,
    /// `pyproject.toml`, parsed.
    pub(crate) pyproject: Option<PyProject>,
    /// `setup.cfg`, read only where it can matter: when `[project]` and `[tool.poetry]` are absent, or when the
    /// version is left to it.
    pub(crate) setup_cfg: Option<SetupCfg>,
    /// Whether there is a `setup.py`.
    pub(crate) setup_py: bool,
}

impl Manifest {
    /// Reads the files; `None` when the directory is no package.
    ///
    /// # Errors
    /// When one of them is broken.
    pub(crate) fn read(directory: &Path) -> Result<Option<Self>, Unreadable> {
        let path = directory.join("pyproject.toml");
        let nameless = |error| Unreadable { name: None, error };
        let pyproject: Option<PyProject> = match source_file::read(&path).map_err(nameless)? {
            Some(text) => Some(parse(&path, &text)?),
            None => None,
        };
        if pyproject.as_ref().is_some_and(describes_itself) {
            return Ok(Some(Self {
                directory: directory.to_path_buf(),
                pyproject,
                setup_cfg: None,
                setup_py: false,
            }));
        }
        let setup_py = directory.join("setup.py").is_file();
        let path = directory.join("setup.cfg");
        let named = |error| Unreadable {
            name: pyproject.as_ref().and_then(|file: &PyProject| written_name(file.root())),
            error,
        };
        let setup_cfg = match source_file::read(&path).map_err(named)? {
            Some(text) => Some(SetupCfg::parse(&path, &text).map_err(named)?),
            None => None,
        };
        let is_package =
            pyproject.is_some() || setup_py || setup_cfg.as_ref().is_some_and(SetupCfg::has_metadata);
        Ok(is_package.then(|| Self { directory: directory.to_path_buf(), pyproject, setup_cfg, setup_py }))
    }

    /// Returns the backend that builds the package.
    pub(crate) fn backend(&self) -> Backend {
        match &self.pyproject {
            Some(file) => Backend::of(file.build_system()),
            None => Backend::of(&BuildSystem::default()),
        }
    }

    /// Returns the name as far as the files give one, valid or not.
    pub(crate) fn written_name(&self) -> Option<String> {
        let from_pyproject = self.pyproject.as_ref().and_then(|file| written_name(file.root()));
        let from_setup_cfg = || self.setup_cfg.as_ref()?.get("metadata", "name").map(str::to_owned);
        from_pyproject.or_else(from_setup_cfg)
    }
}

fn parse(path: &Path, text: &str) -> Result<PyProject, Unreadable> {
    PyProject::parse(path, text).map_err(|error| {
        let document = parse_toml(path, text).ok();
        Unreadable { name: document.and_then(|document| written_name(document.as_table())), error }
    })
}

/// Tells whether nothing about the package can come from the files of setuptools.
fn describes_itself(file: &PyProject) -> bool {
    match file.project() {
        Some(project) => project.version.is_some() || Backend::of(file.build_system()) != Backend::Setuptools,
        None => file.tool(&["poetry"]).is_some(),
    }
}

fn written_name(root: &dyn toml_edit::TableLike) -> Option<String> {
    let project = root.get("project").and_then(Item::as_table_like);
    let poetry = || root.get("tool")?.as_table_like()?.get("poetry")?.as_table_like();
    let name = |table: &dyn toml_edit::TableLike| Some(table.get("name")?.as_str()?.to_owned());
    project.and_then(name).or_else(|| poetry().and_then(name))
}
