//! What a package says about itself, from whichever file and table says it.

use std::path::PathBuf;

use pyrel_model::pyproject::Project;
use pyrel_model::requirement::SpecifierSet;
use pyrel_model::{Diagnostic, Location, PackageName, PyProject, Requirement};

use super::{DependencyKind, InternalDependency, Manifest, SetupCfg, poetry};
use crate::version::VersionSource;

/// The metadata of a package that pyrel needs before a build.
#[derive(Debug)]
pub(super) struct Description {
    pub(super) name: PackageName,
    /// `None` when the backend reads it from elsewhere.
    pub(super) version: Option<VersionSource>,
    pub(super) summary: Option<String>,
    pub(super) requires_python: Option<SpecifierSet>,
    /// Runtime dependencies.
    pub(super) dependencies: Vec<Requirement>,
    /// Dependencies of every kind.
    pub(super) all_dependencies: Vec<InternalDependency>,
    pub(super) classifiers: Vec<String>,
}

impl Description {
    pub(super) fn read(manifest: &Manifest) -> Result<Self, Box<Diagnostic>> {
        let mut description = match &manifest.pyproject {
            Some(file) => match (file.project(), file.tool(&["poetry"])) {
                (Some(project), _) => Self::of_project(file, project)?,
                (None, Some(table)) => poetry::read(file, table)?,
                (None, None) => Self::of_setuptools(manifest)?,
            },
            None => Self::of_setuptools(manifest)?,
        };
        if let Some(file) = &manifest.pyproject {
            description.add(DependencyKind::Build, file.build_system().requires.iter());
        }
        Ok(description)
    }

    pub(super) fn new(name: PackageName) -> Self {
        Self {
            name,
            version: None,
            summary: None,
            requires_python: None,
            dependencies: Vec::new(),
            all_dependencies: Vec::new(),
            classifiers: Vec::new(),
        }
    }

    pub(super) fn add<'r>(
        &mut self,
        kind: DependencyKind,
        requirements: impl IntoIterator<Item = &'r Requirement>,
    ) {
        for requirement in requirements {
            if kind == DependencyKind::Runtime {
                self.dependencies.push(requirement.clone());
            }
            self.all_dependencies.push(InternalDependency::new(kind, requirement.clone()));
        }
    }

    fn of_project(file: &PyProject, project: &Project) -> Result<Self, Box<Diagnostic>> {
        let mut description = Self::new(project.name.clone());
        description.version = project.version.clone().map(VersionSource::Static);
        description.summary.clone_from(&project.description);
        description.requires_python.clone_from(&project.requires_python);
        description.classifiers.clone_from(&project.classifiers);
        description.add(DependencyKind::Runtime, &project.dependencies);
        for (_, requirements) in &project.optional_dependencies {
            description.add(DependencyKind::Optional, requirements);
        }
        if let Some(table) = file.tool(&["poetry"]) {
            poetry::fill_dynamic(file, table, project, &mut description)?;
        }
        Ok(description)
    }

    fn of_setuptools(manifest: &Manifest) -> Result<Self, Box<Diagnostic>> {
        let Some(setup_cfg) = manifest.setup_cfg.as_ref().filter(|file| file.has_metadata()) else {
            return Err(undescribed(manifest));
        };
        let Some(name) = setup_cfg.get("metadata", "name") else {
            return Err(nameless_setup_cfg(setup_cfg, manifest.setup_py));
        };
        let name = name.parse().map_err(|error| setup_cfg.fault("metadata", "name", &error))?;
        let mut description = Self::new(name);
        description.summary = setup_cfg.get("metadata", "description").map(str::to_owned);
        description.classifiers = setup_cfg.lines("metadata", "classifiers");
        if let Some(text) = setup_cfg.get("options", "python_requires") {
            let parsed =
                text.parse().map_err(|error| setup_cfg.fault("options", "python_requires", &error))?;
            description.requires_python = Some(parsed);
        }
        let runtime = setup_cfg.requirements("options", "install_requires")?;
        description.add(DependencyKind::Runtime, &runtime);
        for extra in setup_cfg.keys("options.extras_require") {
            let optional = setup_cfg.requirements("options.extras_require", extra)?;
            description.add(DependencyKind::Optional, &optional);
        }
        let build = setup_cfg.requirements("options", "setup_requires")?;
        description.add(DependencyKind::Build, &build);
        Ok(description)
    }
}

/// The error for a directory whose files name no project.
fn undescribed(manifest: &Manifest) -> Box<Diagnostic> {
    let file = |name: &str| -> PathBuf { manifest.directory.join(name) };
    let fault = match &manifest.pyproject {
        _ if manifest.setup_py => Diagnostic::new(
            "name and version are known to `setup.py` only, which pyrel does not execute to read them",
        )
        .at(Location::of_file(&file("setup.py")))
        .with_hint("move them to `[project]` in `pyproject.toml` or to `[metadata]` in `setup.cfg`"),
        Some(pyproject) if pyproject.tool(&["flit", "metadata"]).is_some() => {
            Diagnostic::new("metadata in `[tool.flit.metadata]`, a table that flit gave up for `[project]`")
                .at(Location::of_file(pyproject.path()))
                .with_hint("move the metadata to `[project]`")
        }
        Some(pyproject) => Diagnostic::new("no table `[project]`, so this is no package")
            .at(Location::of_file(pyproject.path()))
            .with_hint("add `[project]` with `name` and `version`, or list the directory under `exclude`"),
        None => Diagnostic::new("no metadata").at(Location::of_file(&manifest.directory)),
    };
    Box::new(fault)
}

fn nameless_setup_cfg(setup_cfg: &SetupCfg, setup_py: bool) -> Box<Diagnostic> {
    let message = if setup_py {
        "`metadata.name` is missing, and pyrel does not execute `setup.py` to read it"
    } else {
        "`metadata.name` is missing"
    };
    let fault = Diagnostic::new(message)
        .at(Location::of_file(setup_cfg.path()))
        .with_hint("add `name = …` to the section `[metadata]`");
    Box::new(fault)
}
