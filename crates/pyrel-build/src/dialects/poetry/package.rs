//! The packages, modules and data files that a generated `setup.py` lists.

use std::collections::{BTreeMap, BTreeSet};

use super::options::Package;
use super::selection::{Excluded, Selection};
use crate::error::{Plan, unsupported};
use crate::tree::join;

/// What a project packs, in terms of setuptools.
#[derive(Default)]
pub(super) struct Inventory {
    /// Folders of packages; the empty name stands for all the others.
    pub(super) folders: BTreeMap<String, String>,
    pub(super) packages: Vec<String>,
    /// Patterns of files by package.
    pub(super) data: BTreeMap<String, Vec<String>>,
    pub(super) modules: Vec<String>,
}

impl Inventory {
    pub(super) fn read(selection: &Selection<'_>) -> Plan<Self> {
        let excluded = selection.excluded()?;
        let mut out = Self::default();
        for package in selection.packages()? {
            out.add(selection, &package, &excluded)?;
        }
        out.packages.sort();
        Ok(out)
    }

    fn add(&mut self, selection: &Selection<'_>, package: &Package, excluded: &Excluded) -> Plan<()> {
        let mut elements = selection.elements(package)?;
        elements.sort_by(|one, other| one.split('/').cmp(other.split('/')));
        let first = elements.first().map(String::as_str).unwrap_or_default();
        let root = portable(if package.from.is_empty() { "." } else { &package.from })?;
        let is_folder = elements.len() == 1 && selection.tree.is_dir(first);
        if elements.len() == 1 && !is_folder {
            let module = stem(first)?;
            if package.is_rerooted {
                self.folders.insert(String::new(), root.to_owned());
            }
            if !self.modules.contains(&module) {
                self.modules.push(module);
            }
            return Ok(());
        }
        let base = if is_folder { first } else { first.rsplit_once('/').map_or("", |(folder, _)| folder) };
        let (packages, data) = discover(selection, base, excluded)?;
        if package.is_rerooted && self.folders.contains_key("") {
            if let Some(odd) = packages.iter().find(|name| name.split('.').any(str::is_empty)) {
                let reason = format!("has a folder whose name begins or ends with a dot: `{odd}`");
                return unsupported("tool.poetry.packages", reason);
            }
            let below = if root == "." { "" } else { root };
            let place = |name: &String| (name.clone(), join(below, &name.replace('.', "/")));
            self.folders.extend(packages.iter().map(place));
        } else if package.is_rerooted {
            self.folders.insert(String::new(), root.to_owned());
        }
        let new: Vec<String> = packages.into_iter().filter(|name| !self.packages.contains(name)).collect();
        self.packages.extend(new);
        self.data.extend(data);
        Ok(())
    }
}

/// Steps back for a path that Windows would have spelled in another way.
pub(super) fn portable(path: &str) -> Plan<&str> {
    if cfg!(windows) && path.contains('/') {
        return unsupported("tool.poetry.build", format!("writes a path of Windows: `{path}`"));
    }
    Ok(path)
}

/// Returns the name of a file without its last extension.
fn stem(path: &str) -> Plan<String> {
    let name = path.rsplit('/').next().unwrap_or(path);
    if name.starts_with('.') || name.ends_with('.') {
        return unsupported("tool.poetry.packages", format!("has a file that is no module: `{path}`"));
    }
    Ok(name.rsplit_once('.').map_or(name, |(stem, _)| stem).to_owned())
}

type Found = (Vec<String>, BTreeMap<String, Vec<String>>);

/// Walks a package: a folder with modules is a package below it, any other holds data of the nearest one.
fn discover(selection: &Selection<'_>, base: &str, excluded: &Excluded) -> Plan<Found> {
    if base.is_empty() {
        let reason = "packs the project's own folder, by whose name `setup.py` would call it";
        return unsupported("tool.poetry.packages", reason);
    }
    let top = base.rsplit('/').next().unwrap_or(base);
    let mut packages = vec![top.to_owned()];
    let mut data: BTreeMap<String, Vec<String>> = [(String::new(), vec!["*".to_owned()])].into();
    let mut subpackages: BTreeSet<String> = BTreeSet::new();
    let mut folders = vec![String::new()];
    while let Some(inside) = folders.pop() {
        let dir = join(base, &inside);
        selection.refuse_links([&dir])?;
        let listing = selection.tree.list(&dir)?;
        if let Some(odd) = listing.odd.first() {
            return unsupported(join(&dir, odd), "is a name that is not UTF-8");
        }
        let paths: Vec<String> = listing.files.iter().map(|name| join(&dir, name)).collect();
        selection.refuse_links(&paths)?;
        folders.extend(
            listing.dirs.iter().filter(|name| *name != "__pycache__").map(|name| join(&inside, name)),
        );
        if inside.is_empty() {
            continue;
        }
        let kept: Vec<&String> = paths.iter().filter(|path| !excluded.holds(path)).collect();
        if kept.iter().any(|path| path.ends_with(".py")) {
            packages.push(format!("{top}.{}", inside.replace('/', ".")));
            subpackages.insert(inside);
        } else if !kept.is_empty() {
            let (package, folder) = nearest(top, &inside, &subpackages);
            let patterns = data.entry(package).or_default();
            if kept.len() == paths.len() {
                patterns.push(format!("{folder}/*"));
            } else {
                let name = |path: &String| path[dir.len() + 1..].to_owned();
                patterns.extend(kept.into_iter().map(|path| format!("{folder}/{}", name(path))));
            }
        }
    }
    packages.sort();
    data.values_mut().for_each(|patterns| patterns.sort());
    Ok((packages, data))
}

/// Returns the package that a folder of data belongs to, and the path of the folder in it.
fn nearest<'a>(top: &str, inside: &'a str, subpackages: &BTreeSet<String>) -> (String, &'a str) {
    let mut ancestors = inside.rmatch_indices('/').map(|(at, _)| inside.split_at(at));
    match ancestors.find(|(ancestor, _)| subpackages.contains(*ancestor)) {
        Some((ancestor, rest)) => (format!("{top}.{}", ancestor.replace('/', ".")), &rest[1..]),
        None => (top.to_owned(), inside),
    }
}
