//! setuptools 84.2: what `setuptools.build_meta` makes of a project that is declared in `pyproject.toml`.
//!
//! A `setup.py` that does anything, options in `setup.cfg`, extension modules, commands, and whatever else is not
//! named in this folder go to setuptools itself.

mod discovery;
mod dynamic;
mod egg_info;
mod layout;
mod legacy;
mod manifest;
mod metadata;
mod options;
mod python_source;
mod scm;

use std::collections::BTreeMap;

use self::dynamic::Dynamic;
use self::egg_info::{EggInfo, top_level};
use self::layout::Layout;
use self::manifest::FileList;
use self::metadata::Metadata;
use self::options::Options;
use self::scm::{Scm, Seen};
use super::{Dialect, Subject, generator};
use crate::detector;
use crate::entry_set::{Entry, EntrySet};
use crate::error::{Plan, unsupported};
use crate::pattern::{GlobOptions, python_glob};
use crate::tree::{Tree, parent_and_name};
use crate::vcs::{SETUPTOOLS_SCM, VCS_VERSIONING};

pub(super) struct Setuptools;

const READMES: [&str; 4] = ["README", "README.rst", "README.txt", "README.md"];

impl Dialect for Setuptools {
    fn name(&self) -> &'static str {
        "setuptools"
    }

    fn backends(&self) -> &'static [&'static str] {
        &["setuptools.build_meta", "setuptools.build_meta:__legacy__"]
    }

    fn emulates(&self) -> (&'static str, &'static str) {
        ("setuptools", "84.2.1")
    }

    fn plugins(&self) -> &'static [(&'static str, &'static str)] {
        &[SETUPTOOLS_SCM, VCS_VERSIONING]
    }

    fn plan(&self, subject: &Subject<'_>) -> Plan<EntrySet> {
        let tree = &subject.tree;
        if tree.is_file("PKG-INFO") {
            let reason = "makes this an unpacked sdist, whose list of files setuptools reads again";
            return Err(detector::file(&tree.display_path("PKG-INFO"), "PKG-INFO", reason));
        }
        legacy::check_setup_py(tree)?;
        let options = Options::read(subject.pyproject)?;
        let scm = Scm::read(subject)?;
        let seen = scm.look(subject, tree)?;
        let project = Project::read(subject, tree, &options, seen)?;
        let stem = format!("{}-{}", subject.project.name.file_stem(), project.metadata.version);
        let sdist = plan_sdist(subject, &options, &project, &stem)?;

        let unpacked = Tree::unpacked(&sdist);
        let seen = scm.look(subject, &unpacked)?;
        let unpacked = scm.written(&sdist, &seen).unwrap_or(unpacked);
        let again = Project::read(subject, &unpacked, &options, seen)?;
        if again.metadata.version != project.metadata.version {
            return unsupported("project.version", "is another one where the sdist is unpacked");
        }
        let wheel = plan_wheel(subject, &unpacked, &options, &again)?;
        let tags = "py3-none-any".parse().expect("a constant tag");
        let mut set = EntrySet {
            dialect: self.name(),
            name: subject.project.name.clone(),
            version: normal(&project.metadata.version),
            metadata: project.metadata.text,
            tags,
            sdist,
            wheel,
        };
        let dist_info = set.dist_info();
        set.wheel.extend(dist_info_entries(
            &unpacked,
            &options,
            &again,
            &dist_info,
            &generator(self, subject.version),
        )?);
        Ok(set)
    }
}

/// Metadata carries the normal form.
fn normal(version: &pyrel_model::Version) -> pyrel_model::Version {
    version.normalized().parse().expect("the normal form of a version is a version")
}

/// What setuptools knows about a project before it lists files.
struct Project {
    layout: Layout,
    metadata: Metadata,
    seen: Seen,
}

impl Project {
    fn read(subject: &Subject<'_>, tree: &Tree, options: &Options, seen: Seen) -> Plan<Self> {
        let layout = discovery::layout(subject, tree, options)?;
        if !tree.is_dir(layout.base()) {
            let reason = format!("names a folder that does not exist: `{}`", layout.base());
            return unsupported("tool.setuptools.package-dir", reason);
        }
        let dynamic = Dynamic::read(subject, tree, &layout, seen.version())?;
        let metadata = Metadata::read(subject, tree, options, dynamic)?;
        Ok(Self { layout, metadata, seen })
    }
}

/// Computes the list of files that setuptools calls the manifest.
fn manifest(
    subject: &Subject<'_>,
    tree: &Tree,
    options: &Options,
    project: &Project,
    egg_info: &EggInfo,
) -> Plan<Vec<String>> {
    let generated = egg_info.paths();
    let mut list = FileList::new(tree, generated.clone());
    if let Some(readme) = READMES.into_iter().find(|name| tree.is_file(name)) {
        list.add(readme);
    }
    list.add("setup.py");
    for pattern in ["tests/test*.py", "test/test*.py"] {
        for path in python_glob(tree, "", pattern, GlobOptions::default())? {
            list.add(&path);
        }
    }
    list.add("setup.cfg");
    list.add("pyproject.toml");
    let python_files = project.layout.python_files(subject, tree)?;
    list.add_known(python_files.into_iter().map(|(path, _)| path));
    let data_files = project.layout.data_files(tree, options, &[])?;
    list.add_known(data_files.into_iter().map(|(path, _)| path));
    list.add("MANIFEST.in");
    let sources = egg_info.path("SOURCES.txt");
    if let Some(tracked) = &project.seen.tracked {
        tracked.iter().for_each(|path| list.add(path));
    } else if matches!(tree, Tree::Memory(_)) && tree.is_file(&sources) {
        for line in tree.read_text(&sources)?.lines() {
            list.add(line);
        }
    }
    list.remove(|path| is_below(path, egg_info.folder()));
    list.add_known(generated.iter().cloned());
    list.apply_template()?;
    // Left over from an older build: setuptools would write over these.
    list.remove(|path| is_below(path, egg_info.folder()) && !generated.iter().any(|known| known == path));
    for path in project.metadata.license_files.iter().chain(&project.metadata.referenced) {
        list.add(path);
    }
    let stem = format!("{}-{}", subject.project.name.file_stem(), project.metadata.version);
    list.remove(|path| is_pruned(path, &stem));
    Ok(list.into_sorted())
}

fn is_below(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

/// Tells whether setuptools never ships a file: build products, version control, environments.
fn is_pruned(path: &str, stem: &str) -> bool {
    let mut folders: Vec<&str> = path.split('/').collect();
    folders.pop();
    ["build", stem, ".tox", ".nox", ".venv"].iter().any(|folder| is_below(path, folder))
        || folders
            .iter()
            .any(|folder| ["RCS", "CVS", ".svn", ".hg", ".git", ".bzr", "_darcs"].contains(folder))
}

fn plan_sdist(subject: &Subject<'_>, options: &Options, project: &Project, stem: &str) -> Plan<Vec<Entry>> {
    let tree = &subject.tree;
    let egg_info = EggInfo::new(subject, project, options);
    let setup_cfg = legacy::setup_cfg(tree)?;
    if tree.is_dir(stem) {
        let reason = "has the name of the folder in which setuptools prepares the sdist";
        return Err(detector::file(&tree.display_path(stem), stem, reason));
    }
    let sources = manifest(subject, tree, options, project, &egg_info)?;
    if !sources.iter().any(|path| path == "pyproject.toml") {
        let reason = "takes `pyproject.toml` out of the sdist";
        return Err(detector::file(&tree.display_path("MANIFEST.in"), "MANIFEST.in", reason));
    }
    let mut files: BTreeMap<String, Entry> = BTreeMap::new();
    let own = egg_info.path("SOURCES.txt");
    for path in sources.iter().chain([&own]) {
        let entry = match egg_info.entry(stem, path, &sources) {
            Some(entry) => entry,
            None => tree.file(path)?.into_entry(format!("{stem}/{path}")),
        };
        files.insert(path.clone(), entry);
    }
    for (name, text) in [("PKG-INFO", &project.metadata.text), ("setup.cfg", &setup_cfg)] {
        let entry = Entry::generated(format!("{stem}/{name}"), text.clone().into_bytes());
        files.insert(name.to_owned(), entry);
    }
    Ok(files.into_values().collect())
}

fn plan_wheel(subject: &Subject<'_>, tree: &Tree, options: &Options, project: &Project) -> Plan<Vec<Entry>> {
    let egg_info = EggInfo::new(subject, project, options);
    let listed = manifest(subject, tree, options, project, &egg_info)?;
    let mut files: BTreeMap<(String, String), Entry> = BTreeMap::new();
    let python_files = project.layout.python_files(subject, tree)?;
    let data_files = project.layout.data_files(tree, options, &listed)?;
    for (path, target) in python_files.into_iter().chain(data_files) {
        let (dir, name) = parent_and_name(&target);
        let entry = tree.file(&path)?.into_entry(target.clone());
        files.entry((dir.to_owned(), name.to_owned())).or_insert(entry);
    }
    for (target, text) in project.seen.built(&project.layout) {
        let (dir, name) = parent_and_name(&target);
        files.insert((dir.to_owned(), name.to_owned()), Entry::generated(target.clone(), text.as_bytes()));
    }
    Ok(files.into_values().collect())
}

fn dist_info_entries(
    tree: &Tree,
    options: &Options,
    project: &Project,
    dist_info: &str,
    generator: &str,
) -> Plan<Vec<Entry>> {
    let mut entries = Vec::new();
    for path in &project.metadata.license_files {
        entries.push(tree.file(path)?.into_entry(format!("{dist_info}/licenses/{path}")));
    }
    let wheel =
        format!("Wheel-Version: 1.0\nGenerator: {generator}\nRoot-Is-Purelib: true\nTag: py3-none-any\n\n");
    let mut add = |name: &str, text: &str| {
        entries.push(Entry::generated(format!("{dist_info}/{name}"), text.as_bytes()));
    };
    add("METADATA", &project.metadata.text);
    add("WHEEL", &wheel);
    if !project.metadata.entry_points.is_empty() {
        add("entry_points.txt", &project.metadata.entry_points);
    }
    add("top_level.txt", &top_level(&project.layout));
    if options.zip_safe == Some(true) {
        add("zip-safe", "\n");
    }
    Ok(entries)
}
