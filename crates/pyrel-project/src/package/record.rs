//! A healthy package, every field parsed.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use pyrel_model::requirement::SpecifierSet;
use pyrel_model::{Diagnostic, Location, PackageName, PyProject, Requirement, Version};

use super::description::Description;
use super::{Backend, InternalDependency, Manifest};
use crate::bound::WrittenBounds;
use crate::version::VersionSource;

/// The classifiers that keep a package from every public index begin with this.
const PRIVATE_CLASSIFIER: &str = "private ::";

/// A package of a workspace.
#[derive(Debug, Clone)]
pub struct Package {
    /// The project's name.
    pub name: PackageName,
    /// The package's directory, absolute.
    pub directory: PathBuf,
    /// The directory relative to the root of the workspace; `.` for the root itself.
    pub relative: PathBuf,
    /// `pyproject.toml`, folded, for a workspace may have many; `None` when there is only `setup.py` or `setup.cfg`.
    pub pyproject: Option<PyProject>,
    /// The bounds in `pyproject` that the file on disk does not have, because they are for a build alone; `None` for a
    /// package as it was read.
    pub bounds: Option<WrittenBounds>,
    /// The version and where it comes from.
    pub version: VersionSource,
    /// The build backend.
    pub backend: Backend,
    /// The one-line description.
    pub description: Option<String>,
    /// The Python versions that the package supports.
    pub requires_python: Option<SpecifierSet>,
    /// What the package needs to run, in file order.
    pub dependencies: Vec<Requirement>,
    /// Dependencies on packages of the same workspace, in file order, by kind.
    pub internal: Vec<InternalDependency>,
    /// Whether the package is never uploaded.
    pub private: bool,
}

impl Package {
    /// Reads the package in a directory that is looked at alone: it has no internal dependencies.
    ///
    /// # Errors
    /// A diagnostic when the directory holds no package or a broken one.
    pub fn load(directory: &Path) -> Result<Self, Box<Diagnostic>> {
        let manifest = Manifest::read(directory).map_err(|broken| broken.error)?;
        let Some(manifest) = manifest else {
            let fault = Diagnostic::new("no `pyproject.toml`, `setup.cfg`, or `setup.py` here")
                .at(Location::of_file(directory));
            return Err(Box::new(fault));
        };
        let mut package =
            Self::from_manifest(manifest, directory, Path::new(".")).map_err(|broken| broken.error)?;
        package.internal.clear();
        Ok(package)
    }

    /// Makes a package of the files in its directory. Its `internal` holds every dependency of every kind until
    /// [`keep_internal`](Self::keep_internal) knows the workspace.
    pub(crate) fn from_manifest(
        manifest: Manifest,
        directory: &Path,
        relative: &Path,
    ) -> Result<Self, Unreadable> {
        let mut description = match Description::read(&manifest) {
            Ok(description) => description,
            Err(error) => return Err(Unreadable { name: manifest.written_name(), error }),
        };
        let private = description
            .classifiers
            .iter()
            .any(|classifier| classifier.trim_start().to_ascii_lowercase().starts_with(PRIVATE_CLASSIFIER));
        let backend = manifest.backend();
        description.dependencies.shrink_to_fit();
        let version = match description.version {
            Some(version) => version,
            None => crate::version::resolve(directory, &manifest, &backend, &description.name),
        };
        Ok(Self {
            name: description.name,
            directory: directory.to_path_buf(),
            relative: relative.to_path_buf(),
            version,
            backend,
            description: description.summary,
            requires_python: description.requires_python,
            dependencies: description.dependencies,
            internal: description.all_dependencies,
            private,
            bounds: None,
            pyproject: manifest.pyproject.map(PyProject::folded),
        })
    }

    /// Drops dependencies on projects outside the workspace and on the package itself.
    pub(crate) fn keep_internal(&mut self, workspace: &HashSet<PackageName>) {
        let own = &self.name;
        self.internal.retain(|dependency| dependency.name != *own && workspace.contains(&dependency.name));
        self.internal.shrink_to_fit();
    }

    /// Returns the version, when it is known without running the backend.
    #[must_use]
    pub fn version(&self) -> Option<&Version> {
        self.version.version()
    }

    /// Returns the folder that built files go to: `dist` in the package's directory.
    #[must_use]
    pub fn dist_dir(&self) -> PathBuf {
        self.directory.join("dist")
    }
}

/// A package that cannot be read, with its name as far as it is known.
#[derive(Debug)]
pub(crate) struct Unreadable {
    /// The name as written.
    pub(crate) name: Option<String>,
    /// What is wrong.
    pub(crate) error: Box<Diagnostic>,
}
