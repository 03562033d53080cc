//! Which packages of the workspace the tests of a package may need.

use std::collections::{BTreeMap, BTreeSet};

use pyrel_model::PackageName;
use pyrel_project::{DependencyKind, Package, Workspace};

/// Returns the packages of the workspace that a package and its dependency groups need, directly or not, by name. A
/// group that cannot be read adds nothing here; the one who installs it says so.
#[must_use]
pub fn siblings<'w>(workspace: &'w Workspace, package: &Package) -> Vec<&'w Package> {
    let all: BTreeMap<&PackageName, &'w Package> =
        workspace.packages().map(|package| (&package.name, package)).collect();
    let mut open: Vec<PackageName> = needed(package);
    for group in package.dependency_groups() {
        let requirements = package.dependency_group(&group).ok().flatten().unwrap_or_default();
        open.extend(requirements.into_iter().map(|requirement| requirement.name));
    }
    let mut found: BTreeSet<&PackageName> = BTreeSet::new();
    while let Some(name) = open.pop() {
        if name == package.name {
            continue;
        }
        if let Some((name, sibling)) = all.get_key_value(&name)
            && found.insert(*name)
        {
            open.extend(needed(sibling));
        }
    }
    found.into_iter().filter_map(|name| all.get(name).copied()).collect()
}

fn needed(package: &Package) -> Vec<PackageName> {
    let runtime = package.internal.iter().filter(|inner| inner.kind != DependencyKind::Build);
    runtime.map(|inner| inner.name.clone()).collect()
}
