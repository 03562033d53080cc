//! Bounds of siblings for builds, as the configuration asks for them: which packages are built with other metadata than
//! their files have, and what of that a person sees.

use std::collections::{BTreeMap, BTreeSet};

use pyrel_build::{BuildRequest, Kinds, Planned, PythonSettings};
use pyrel_model::{PackageName, Version};
use pyrel_project::bound::{Bound, Bounds, Gap};
use pyrel_project::{DependencyKind, InternalDependencyPolicy, Package, Workspace};
use serde_json::{Value, json};

use crate::context::Context;
use crate::exit::CommandError;
use crate::ui::Tone;

/// The packages that get bounds, and the dependencies that stay without.
#[derive(Debug, Default)]
pub(crate) struct BoundPackages {
    packages: BTreeMap<PackageName, Package>,
    gaps: Vec<Gap>,
    /// Whether the configuration asks for bounds at all.
    pub(crate) is_asked_for: bool,
}

/// Bounds the dependencies of packages on their siblings by the versions that those have now.
pub(crate) fn bound(
    context: &Context,
    workspace: &Workspace,
    packages: &[&Package],
) -> Result<BoundPackages, CommandError> {
    let policy = workspace.config().build_policy();
    if policy == InternalDependencyPolicy::Keep {
        return Ok(BoundPackages::default());
    }
    let versions = versions(context, workspace, packages);
    let bounds = Bounds::new(policy, &versions);
    let mut found = BoundPackages { is_asked_for: true, ..BoundPackages::default() };
    for package in packages {
        let bounded = bounds.apply(package).map_err(|diagnostic| context.located(*diagnostic))?;
        found.packages.extend(bounded.package.map(|bounded| (package.name.clone(), bounded)));
        found.gaps.extend(bounded.gaps);
    }
    Ok(found)
}

/// Returns the version of every member. One that its files do not tell is asked of the native build, where packages need
/// it.
fn versions(
    context: &Context,
    workspace: &Workspace,
    packages: &[&Package],
) -> BTreeMap<PackageName, Option<Version>> {
    let internal = packages.iter().flat_map(|package| &package.internal);
    let needed: BTreeSet<&PackageName> = internal
        .filter(|dependency| dependency.kind != DependencyKind::Build)
        .map(|dependency| &dependency.name)
        .collect();
    let python = PythonSettings::default();
    let planned = |package: &Package| {
        let request = BuildRequest {
            package,
            kinds: Kinds::BOTH,
            out_dir: package.dist_dir(),
            force_pep517: false,
            source_date: 0,
            python: &python,
            variables: context.environment().for_backends(),
        };
        match pyrel_build::plan(&request) {
            Ok(Planned::Native(set)) => Some(set.version),
            // Its own build tells what is wrong with it.
            Ok(Planned::Fallback(_)) | Err(_) => None,
        }
    };
    let version = |package: &Package| match package.version() {
        None if needed.contains(&package.name) => planned(package),
        known => known.cloned(),
    };
    let mut versions: BTreeMap<PackageName, Option<Version>> = BTreeMap::new();
    for member in workspace.members() {
        match member.package() {
            Some(package) => {
                versions.insert(package.name.clone(), version(package));
            }
            None => versions.extend(member.name().and_then(|name| Some((name.parse().ok()?, None)))),
        }
    }
    versions
}

impl BoundPackages {
    /// Returns packages as they are built.
    pub(crate) fn over<'a>(&'a self, packages: &[&'a Package]) -> Vec<&'a Package> {
        packages.iter().map(|package| self.packages.get(&package.name).unwrap_or(package)).collect()
    }

    /// Returns the packages that are built with other metadata than their files have.
    pub(crate) fn into_packages(self) -> BTreeMap<PackageName, Package> {
        self.packages
    }

    fn changes(&self) -> impl Iterator<Item = (&Package, &Bound)> {
        let bounds = self.packages.values().filter_map(|package| Some((package, package.bounds.as_ref()?)));
        bounds.flat_map(|(package, bounds)| bounds.changes().iter().map(move |bound| (package, bound)))
    }

    /// Says what is built differently from what the files have.
    pub(crate) fn show(&self, context: &Context) {
        for (package, bound) in self.changes().filter(|_| !context.json()) {
            let text = format!("{} needs {}: {}", package.name, bound.dependency, bound.described());
            context.ui().status(Tone::Busy, "Bounding", &text);
        }
    }

    /// Warns of dependencies that stay without a bound.
    pub(crate) fn warn(&self, context: &Context) {
        for gap in &self.gaps {
            let mut location = gap.location.clone();
            location.path = context.shown(&location.path).into();
            let text = format!("{}: {}", location.to_text(), gap.message);
            context.ui().warning(&text, Some(&location));
        }
    }

    /// Returns the changes for a document.
    pub(crate) fn to_json(&self, context: &Context) -> Vec<Value> {
        let row = |(package, bound): (&Package, &Bound)| {
            json!({
                "package": package.name,
                "dependency": bound.dependency,
                "path": context.shown(&package.directory.join("pyproject.toml")),
                "line": bound.line,
                "from": bound.from,
                "to": bound.to,
            })
        };
        self.changes().map(row).collect()
    }
}
