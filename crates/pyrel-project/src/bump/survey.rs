//! Finds every place where a package's version is written.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use pyrel_model::{PackageName, Version};
use toml_edit::{Item, TableLike};

use super::BumpError;
use super::lock_file::Locks;
use super::place::{Place, PlaceKind, Places};
use super::spelling::Spelling;
use super::text::{Texts, in_toml_string};
use super::version_file;
use crate::config::{Config, VersionFile};
use crate::edit::EditError;
use crate::package::Package;
use crate::version::{VersionSource, assigned_spans};

/// Modules of a package that may repeat the version.
const MODULES: &[&str] = &["__init__.py", "__about__.py", "__version__.py", "_version.py"];

/// Returns every place where the version of a package is written.
///
/// # Errors
/// When it is known to the backend only, when a version file does not hold it, or when a file is broken.
pub fn places(package: &Package, config: &Config) -> Result<Places, BumpError> {
    let depth = package.relative.components().filter(|part| *part != std::path::Component::CurDir).count();
    let root = package.directory.ancestors().nth(depth).unwrap_or(&package.directory);
    let members = HashMap::from([(package.name.clone(), package.directory.clone())]);
    let mut directories = vec![root, package.directory.as_path()];
    directories.dedup();
    let mut texts = Texts::default();
    let locks = Locks::read(&directories, &members, &mut texts)?;
    let common = Common { root, config, locks: &locks };
    places_of(package, &common, &mut texts)
}

/// What all packages of a workspace have in common.
pub(super) struct Common<'a> {
    pub(super) root: &'a Path,
    pub(super) config: &'a Config,
    pub(super) locks: &'a Locks,
}

/// Tells whether the version of a package is that of a git tag.
pub(super) fn is_tagged(package: &Package) -> bool {
    // Poetry's plugin leaves a version in the metadata that means nothing.
    let plugin = package.pyproject.as_ref().and_then(|file| file.tool(&["poetry-dynamic-versioning"]));
    let enabled = plugin.and_then(|table| table.get("enable")).and_then(Item::as_bool) == Some(true);
    enabled || matches!(package.version, VersionSource::Unresolved { from_tags: true, .. })
}

/// As [`places`], with files and lock files that were read already.
pub(super) fn places_of(
    package: &Package,
    common: &Common<'_>,
    texts: &mut Texts,
) -> Result<Places, BumpError> {
    let tagged = is_tagged(package);
    let mut places = if tagged { Vec::new() } else { deciding(package, texts)? };
    if !tagged {
        let decisive: Vec<PathBuf> = places.iter().map(|place| place.path.clone()).collect();
        places.extend(attributes(package, &decisive, texts)?);
    }
    let version = places.first().map(|place: &Place| place.version.clone());
    let own = common.config.package(&package.name).map(|own| own.version_files.as_slice());
    for file in own.unwrap_or_default() {
        let path = package.directory.join(&file.path);
        let found = in_version_file(package, file, &path, version.as_ref(), texts)?;
        places.extend(found.map_err(|what| missing(package, path, what))?);
    }
    for file in &common.config.version_files {
        let path = common.root.join(&file.path);
        let found = in_version_file(package, file, &path, version.as_ref(), texts)?;
        let named = file.pattern.as_ref().is_some_and(|pattern| pattern.contains("{name}"));
        match found {
            Ok(found) => places.extend(found),
            // A file about many packages need not speak of each.
            Err(_) if named && path.is_file() => {}
            Err(what) => return Err(missing(package, path, what)),
        }
    }
    if !tagged {
        places.extend(locked(package, common.locks, texts)?);
    }
    Ok(Places { tagged, places })
}

/// Returns the place that decides, or two where `[project]` and `[tool.poetry]` both state it.
fn deciding(package: &Package, texts: &mut Texts) -> Result<Vec<Place>, BumpError> {
    let unwritable = |reason: String| BumpError::Unwritable { package: package.name.clone(), reason };
    match &package.version {
        VersionSource::Unresolved { reason, .. } => Err(unwritable(reason.clone())),
        VersionSource::Static(_) => {
            let places = in_metadata(package, texts)?;
            if places.is_empty() {
                return Err(unwritable("its spelling in `pyproject.toml` has escapes".to_owned()));
            }
            Ok(places)
        }
        VersionSource::Read { path, spans, .. } => {
            let shown = path.display();
            if spans.is_empty() {
                return Err(unwritable(format!("`{shown}` does not hold it as one literal")));
            }
            let text = texts.text(path)?.unwrap_or_default();
            let place = Place::new(PlaceKind::Source, path, text, spans.clone(), Spelling::Pep440);
            let changed = || BumpError::Edit(EditError::Changed { path: path.clone() });
            place.map(|place| vec![place]).ok_or_else(changed)
        }
    }
}

fn in_metadata(package: &Package, texts: &mut Texts) -> Result<Vec<Place>, BumpError> {
    let Some(file) = &package.pyproject else { return Ok(Vec::new()) };
    texts.expect(file.path(), file.text())?;
    let project = file.root().get("project").and_then(Item::as_table_like);
    let tables = project.into_iter().chain(file.tool(&["poetry"]));
    let place = |table: &dyn TableLike| {
        let item = table.get("version")?;
        let value = item.as_str()?;
        let span = in_toml_string(file.text(), &item.span()?, value, &(0..value.len()))?;
        Place::new(PlaceKind::Metadata, file.path(), file.text(), vec![span], Spelling::Pep440)
    };
    Ok(tables.filter_map(place).collect())
}

/// Returns where the package's own modules assign `__version__` a version, in files that do not decide.
fn attributes(package: &Package, decisive: &[PathBuf], texts: &mut Texts) -> Result<Vec<Place>, BumpError> {
    let mut places = Vec::new();
    for path in module_files(package) {
        if decisive.contains(&path) {
            continue;
        }
        let text = match texts.text(&path) {
            Ok(Some(text)) => text,
            Ok(None) => continue,
            // Python takes other encodings, too; such a file is not ours to judge.
            Err(BumpError::NotText { .. }) => continue,
            Err(error) => return Err(error),
        };
        let spans = assigned_spans(text, "__version__");
        places.extend(Place::new(PlaceKind::Attribute, &path, text, spans, Spelling::Pep440));
    }
    Ok(places)
}

/// Returns the files of the package's own top-level module that exist.
fn module_files(package: &Package) -> Vec<PathBuf> {
    let name = &package.name;
    let mut modules: Vec<PathBuf> = [name.as_written(), name.normalized()]
        .iter()
        .flat_map(|name| {
            let plain = name.replace('-', "_");
            [PathBuf::from(plain.replace('.', "_")), plain.split('.').collect()]
        })
        .collect();
    modules.sort();
    modules.dedup();
    let mut files = Vec::new();
    for folder in [package.directory.join("src"), package.directory.clone()] {
        for module in &modules {
            files.extend(MODULES.iter().map(|file| folder.join(module).join(file)));
            files.push(folder.join(format!("{}.py", module.display())));
        }
    }
    files.retain(|path| path.is_file());
    files
}

fn missing(package: &Package, path: PathBuf, what: String) -> BumpError {
    BumpError::NoVersion { package: package.name.clone(), path, what }
}

/// Returns where a version file holds the version; the inner error is what was looked for in vain.
fn in_version_file(
    package: &Package,
    file: &VersionFile,
    path: &Path,
    version: Option<&Version>,
    texts: &mut Texts,
) -> Result<Result<Vec<Place>, String>, BumpError> {
    let Some(text) = texts.text(path)? else {
        return Ok(Err("version, for there is no such file".to_owned()));
    };
    let (spans, what) = match (&file.pattern, version) {
        (Some(pattern), _) => {
            (version_file::matches(text, pattern, &package.name), format!("text like `{pattern}`"))
        }
        (None, Some(version)) => (version_file::occurrences(text, version), format!("version `{version}`")),
        (None, None) => (Vec::new(), "version that can be told; give the entry a `pattern`".to_owned()),
    };
    if spans.is_empty() {
        return Ok(Err(what));
    }
    let place = |span| Place::new(PlaceKind::VersionFile, path, text, vec![span], file.spelling);
    Ok(Ok(spans.into_iter().filter_map(place).collect()))
}

fn locked(package: &Package, locks: &Locks, texts: &mut Texts) -> Result<Vec<Place>, BumpError> {
    let mut places = Vec::new();
    for entry in locks.versions(&package.name) {
        let text = texts.text(&entry.path)?.unwrap_or_default();
        let spans = vec![entry.span.clone()];
        places.extend(Place::new(PlaceKind::LockFile, &entry.path, text, spans, Spelling::Pep440));
    }
    Ok(places)
}

/// Returns the lock files of a workspace.
pub(super) fn locks_of<'p>(
    root: &Path,
    packages: impl IntoIterator<Item = &'p Package>,
    texts: &mut Texts,
) -> Result<Locks, BumpError> {
    let packages: Vec<&Package> = packages.into_iter().collect();
    let members: HashMap<PackageName, PathBuf> =
        packages.iter().map(|package| (package.name.clone(), package.directory.clone())).collect();
    let mut directories: Vec<&Path> = vec![root];
    directories.extend(packages.iter().map(|package| package.directory.as_path()));
    directories.sort_unstable();
    directories.dedup();
    Locks::read(&directories, &members, texts)
}
