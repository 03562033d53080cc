//! Dependencies that stay without a bound, because they stand where pyrel does not write for a build.

use std::collections::HashSet;
use std::path::Path;

use pyrel_model::pyproject::Project;
use pyrel_model::{Diagnostic, Location, PackageName, PyProject, Requirement};
use toml_edit::{Item, Value};

use crate::bump::site::{self, SiteKind};
use crate::package::{Backend, Package};
use crate::source_file;

/// A dependency on a sibling that a build leaves without a bound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// The sibling; `None` when nobody but the backend knows the dependencies.
    pub dependency: Option<PackageName>,
    /// Where it stands.
    pub location: Location,
    /// What stays and why.
    pub message: String,
}

const DYNAMIC: [&str; 2] = ["dependencies", "optional-dependencies"];

/// Finds the gaps outside the lists of `pyproject.toml`.
pub(super) fn elsewhere(
    package: &Package,
    siblings: &HashSet<&PackageName>,
) -> Result<Vec<Gap>, Box<Diagnostic>> {
    if !siblings.iter().any(|name| **name != package.name) {
        return Ok(Vec::new());
    }
    let file = package.pyproject.as_ref();
    let project = file.and_then(PyProject::project);
    let is_poetry = file.is_some_and(|file| file.tool(&["poetry"]).is_some());
    if project.is_none() && !is_poetry {
        return in_setup_cfg(package, siblings);
    }
    let (Some(file), Some(project)) = (file, project) else { return Ok(Vec::new()) };
    let dynamic: Vec<&str> = DYNAMIC.into_iter().filter(|key| project.is_dynamic(key)).collect();
    if dynamic.is_empty() || is_poetry {
        return Ok(Vec::new());
    }
    let mut gaps = Vec::new();
    if package.backend == Backend::Setuptools {
        gaps.extend(in_setup_cfg(package, siblings)?);
    }
    let mut unknown = Vec::new();
    for key in dynamic {
        match files_of(file, package, key) {
            Some(files) => {
                for path in files {
                    gaps.extend(in_requirements(&package.directory.join(path), siblings, &package.name)?);
                }
            }
            None => unknown.push(key),
        }
    }
    if gaps.is_empty() && !unknown.is_empty() {
        gaps.push(known_to_the_backend(file, project, &unknown));
    }
    Ok(gaps)
}

fn in_setup_cfg(package: &Package, siblings: &HashSet<&PackageName>) -> Result<Vec<Gap>, Box<Diagnostic>> {
    let sites = site::of_setup_cfg(package, siblings)?.into_iter();
    let unbound = sites.filter(|site| site.kind == SiteKind::Published && site.is_unbound());
    Ok(unbound.map(|site| Gap::at(&site, "it stands in `setup.cfg`, not in `pyproject.toml`")).collect())
}

/// Returns the files that setuptools reads a dynamic field from; `None` when it comes from elsewhere.
fn files_of(file: &PyProject, package: &Package, key: &str) -> Option<Vec<String>> {
    if package.backend != Backend::Setuptools {
        return None;
    }
    let own = file.tool(&["setuptools", "dynamic"])?.get(key)?.as_table_like()?;
    if key == "dependencies" {
        return files(own.get("file")?);
    }
    let extras = own.iter().map(|(_, extra)| files(extra.as_table_like()?.get("file")?));
    extras.collect::<Option<Vec<_>>>().map(|lists| lists.concat())
}

fn files(item: &Item) -> Option<Vec<String>> {
    if let Some(one) = item.as_str() {
        return Some(vec![one.to_owned()]);
    }
    item.as_array()?.iter().map(|value| Value::as_str(value).map(str::to_owned)).collect()
}

fn in_requirements(
    path: &Path,
    siblings: &HashSet<&PackageName>,
    own: &PackageName,
) -> Result<Vec<Gap>, Box<Diagnostic>> {
    let text = source_file::read(path)?.unwrap_or_default();
    let gap = |(index, line): (usize, &str)| {
        let requirement: Requirement = line.split(" #").next()?.trim().parse().ok()?;
        let name = &requirement.name;
        let is_unbound = requirement.specifiers.is_empty() && requirement.url.is_none();
        if !is_unbound || name == own || !siblings.contains(name) {
            return None;
        }
        let mut location = Location::of_file(path);
        location.line = index + 1;
        let message = format!("`{name}` stays without a bound: it does not stand in `pyproject.toml`");
        Some(Gap { dependency: Some(name.clone()), location, message })
    };
    Ok(text.lines().enumerate().filter_map(gap).collect())
}

fn known_to_the_backend(file: &PyProject, project: &Project, keys: &[&str]) -> Gap {
    let table = file.root().get("project").and_then(Item::as_table_like);
    let span = table.and_then(|table| table.get("dynamic")).and_then(Item::span);
    let location = match span {
        Some(span) => Location::of_span(file.path(), file.text(), &span),
        None => Location::of_file(file.path()),
    };
    let keys: Vec<String> = keys.iter().map(|key| format!("`{key}`")).collect();
    let message = format!(
        "siblings that `{}` needs stay without a bound: {} are known to the backend alone",
        project.name,
        keys.join(" and ")
    );
    Gap { dependency: None, location, message }
}
