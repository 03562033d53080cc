//! Wheels for tests: of the packages and of the siblings that they need, built into a folder of their own.

use std::collections::BTreeMap;
use std::path::PathBuf;

use pyrel_model::{Artifact, ArtifactKind, PackageName};
use pyrel_project::{Package, Workspace};
use pyrel_release::package_test::{TestTarget, siblings};

use crate::commands::build::{self, BuildOptions};
use crate::context::Context;
use crate::exit::CommandError;

/// Built wheels, or why there is none, by package. The folder vanishes with the value.
pub(crate) struct Wheels {
    found: BTreeMap<PackageName, Result<PathBuf, String>>,
    artifacts: BTreeMap<PackageName, Vec<Artifact>>,
    _room: tempfile::TempDir,
}

impl Wheels {
    /// Builds packages and every sibling that one of them needs, but for those that have a wheel already.
    pub(crate) fn build(
        context: &Context,
        workspace: &Workspace,
        packages: &[&Package],
        ready: &dyn Fn(&PackageName) -> bool,
    ) -> Result<Self, CommandError> {
        let room = tempfile::tempdir()?;
        let mut wanted: BTreeMap<&PackageName, &Package> = BTreeMap::new();
        for package in packages {
            wanted.insert(&package.name, package);
            wanted.extend(siblings(workspace, package).into_iter().map(|sibling| (&sibling.name, sibling)));
        }
        wanted.retain(|name, _| !ready(name));
        let wanted: Vec<&Package> = wanted.into_values().collect();
        let options = BuildOptions { out_dir: Some(room.path().to_path_buf()), ..BuildOptions::default() };
        let results = build::build_each(context, workspace, &wanted, &options)?;
        let (mut found, mut all) = (BTreeMap::new(), BTreeMap::new());
        for (package, result) in wanted.iter().zip(results) {
            let wheel = result.map_err(|error| text_of(&error)).and_then(|artifacts| {
                let wheel = artifacts.iter().find(|artifact| artifact.kind == ArtifactKind::Wheel);
                let wheel = wheel.map(|wheel| wheel.path.clone());
                all.insert(package.name.clone(), artifacts);
                wheel.ok_or_else(|| "the build made no wheel".to_owned())
            });
            found.insert(package.name.clone(), wheel);
        }
        Ok(Self { found, artifacts: all, _room: room })
    }

    /// Returns what was built of a package: sdist and wheel, or nothing.
    pub(crate) fn artifacts(&self, package: &PackageName) -> &[Artifact] {
        self.artifacts.get(package).map(Vec::as_slice).unwrap_or_default()
    }

    /// Returns the wheels, or why there is none.
    pub(crate) fn found(&self) -> &BTreeMap<PackageName, Result<PathBuf, String>> {
        &self.found
    }
}

/// Returns an error with its place and its causes, on one line.
fn text_of(error: &CommandError) -> String {
    let hints: String = error.hints.iter().map(|hint| format!("\nhint: {hint}")).collect();
    format!("{}{hints}", error.to_text())
}

/// Puts packages and wheels together. A sibling without a wheel stands in the way of those that need it.
pub(crate) fn targets<'w>(
    workspace: &'w Workspace,
    packages: &[&'w Package],
    wheels: &BTreeMap<PackageName, Result<PathBuf, String>>,
) -> Vec<TestTarget<'w>> {
    let target = |package: &&'w Package| {
        let mut own = Vec::new();
        let mut wheel = match wheels.get(&package.name) {
            Some(Ok(path)) => Ok(path.clone()),
            Some(Err(reason)) => Err(format!("it cannot be built: {reason}")),
            None => Err("it was not built".to_owned()),
        };
        for sibling in siblings(workspace, package) {
            match wheels.get(&sibling.name) {
                Some(Ok(path)) => own.push((sibling.name.clone(), path.clone())),
                Some(Err(reason)) if wheel.is_ok() => {
                    wheel = Err(format!("`{}`, which it needs, cannot be built: {reason}", sibling.name));
                }
                _ => {}
            }
        }
        let config = workspace.config().package(&package.name);
        TestTarget { package, config, wheel, siblings: own }
    };
    packages.iter().map(target).collect()
}
