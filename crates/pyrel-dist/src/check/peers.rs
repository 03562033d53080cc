//! The files that are checked together: what belongs to the same release, and what would be installed side by side.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;

use pyrel_model::{ArtifactKind, PackageName};
use rayon::prelude::*;

use super::package_facts::PackageFacts;
use crate::reader::wheel_modules;
use crate::reading::Reading;
use crate::top_level;

/// What the workspace knows of its packages.
type Packages = BTreeMap<PackageName, PackageFacts>;

/// All files of a check that could be read.
#[derive(Debug, Default)]
pub(crate) struct Peers<'a> {
    /// Files by project and version.
    releases: HashMap<(String, String), Vec<&'a Reading>>,
    /// Versions of the sdists of a project.
    sdists: HashMap<String, BTreeSet<String>>,
    /// Names of the projects whose wheels have a top-level package or module: of the check, and of the workspace where
    /// the check has no wheel of a project.
    owners: BTreeMap<String, BTreeSet<&'a str>>,
}

impl<'a> Peers<'a> {
    /// Takes what is checked together, and what the other packages of the workspace install.
    pub(crate) fn of(readings: impl Iterator<Item = &'a Reading>, packages: &'a Packages) -> Self {
        let mut peers = Self::default();
        for reading in readings {
            let Ok(filename) = &reading.parsed else { continue };
            let (name, version) = (filename.name().normalized(), filename.version().normalized());
            if reading.kind == Some(ArtifactKind::Sdist) {
                peers.sdists.entry(name.to_owned()).or_default().insert(version.clone());
            }
            if reading.kind == Some(ArtifactKind::Wheel) {
                for module in top_level::modules(&reading.archive.members) {
                    peers.owners.entry(module).or_default().insert(name);
                }
            }
            peers.releases.entry((name.to_owned(), version)).or_default().push(reading);
        }
        peers.add_neighbours(packages);
        peers
    }

    /// Adds the names that built wheels outside of the check install. A wheel that cannot be read says nothing here.
    fn add_neighbours(&mut self, packages: &'a Packages) {
        let checked: BTreeSet<&str> = self.owners.values().flatten().copied().collect();
        if checked.is_empty() {
            return;
        }
        let others = packages.iter().filter(|(name, _)| !checked.contains(name.normalized()));
        let wheels: Vec<(&str, &PathBuf)> = others
            .flat_map(|(name, facts)| facts.wheels.iter().map(|path| (name.normalized(), path)))
            .collect();
        let found: Vec<(&str, Vec<String>)> =
            wheels.into_par_iter().map(|(name, path)| (name, wheel_modules::modules_of(path))).collect();
        for (name, modules) in found {
            for module in modules {
                self.owners.entry(module).or_default().insert(name);
            }
        }
    }

    /// Returns the sdist of the same release, when exactly one is there and all of it could be read.
    pub(crate) fn sdist_of(&self, wheel: &Reading) -> Option<&'a Reading> {
        self.only(wheel, ArtifactKind::Sdist)
    }

    /// Returns the wheels of the same release that could be read.
    pub(crate) fn wheels_of(&self, sdist: &Reading) -> impl Iterator<Item = &'a Reading> {
        self.release(sdist, ArtifactKind::Wheel)
    }

    fn only(&self, reading: &Reading, kind: ArtifactKind) -> Option<&'a Reading> {
        let mut found = self.release(reading, kind);
        found.next().filter(|_| found.next().is_none())
    }

    fn release(&self, reading: &Reading, kind: ArtifactKind) -> impl Iterator<Item = &'a Reading> {
        let key = reading
            .parsed
            .as_ref()
            .ok()
            .map(|filename| (filename.name().normalized().to_owned(), filename.version().normalized()));
        let found = key.and_then(|key| self.releases.get(&key)).map(Vec::as_slice).unwrap_or_default();
        found.iter().copied().filter(move |other| other.kind == Some(kind) && other.archive.complete)
    }

    /// Returns the versions of which a project has an sdist here.
    pub(crate) fn sdist_versions(&self, name: &PackageName) -> Option<&BTreeSet<String>> {
        self.sdists.get(name.normalized())
    }

    /// Returns the other projects whose wheels have a top-level package or module of this name.
    pub(crate) fn others_with(&self, module: &str, name: &PackageName) -> Vec<&'a str> {
        let owners = self.owners.get(module);
        owners.into_iter().flatten().copied().filter(|owner| *owner != name.normalized()).collect()
    }
}
