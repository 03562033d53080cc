//! setuptools 84.2: what `setuptools.build_meta` makes of a project that is declared in `pyproject.toml`, or in
//! `setup.cfg`.
//!
//! A `setup.py` that does anything, extension modules, commands, and whatever else is not named in this folder go to
//! setuptools itself.

mod attribute;
mod data_file;
mod declaration;
mod declared_option;
mod discovery;
mod dynamic;
mod egg_info;
mod entry_point;
mod fields;
mod ini;
mod layout;
mod license_file;
mod manifest;
mod metadata;
mod options;
mod python_source;
mod requirement;
mod scm;
mod script;
mod setup_cfg;
mod setup_py;

use std::collections::BTreeMap;

use self::declaration::{Declaration, FIELD_OPTIONS};
use self::dynamic::Dynamic;
use self::egg_info::{EggInfo, eager_resources, top_level};
use self::layout::Layout;
use self::manifest::FileList;
use self::metadata::Metadata;
use self::options::Options;
use self::scm::{Scm, Seen};
use self::setup_cfg::SetupCfg;
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

    fn own_file(&self) -> Option<&'static str> {
        Some("setup.cfg")
    }

    fn plan(&self, subject: &Subject<'_>) -> Plan<EntrySet> {
        let tree = &subject.tree;
        setup_py::check_setup_py(tree)?;
        refuse_plugins(subject)?;
        let scm = Scm::read(subject)?;
        let seen = scm.look(subject, tree)?;
        let project = Project::read(subject, tree, seen)?;
        if data_file::depends_on_place(&project.options.data_files, &subject.root) {
            return unsupported("data-files", "are searched for in a folder whose path has wildcards in it");
        }
        let stem = format!("{}-{}", subject.project.name.file_stem(), project.metadata.version);
        let sdist = plan_sdist(subject, &project, &stem)?;

        let unpacked = subject.unpacked(&sdist);
        let seen = scm.look(subject, &unpacked)?;
        let written = scm.written(&sdist, &seen).filter(|_| !subject.wheel_from_tree);
        let unpacked = written.unwrap_or(unpacked);
        let again = Project::read(subject, &unpacked, seen)?;
        if again.metadata.version != project.metadata.version {
            return unsupported("project.version", "is another one where the sdist is unpacked");
        }
        let wheel = plan_wheel(subject, &unpacked, &again)?;
        let tags = if again.file.universal { "py2.py3-none-any" } else { "py3-none-any" };
        let tags = tags.parse().expect("a constant tag");
        let mut set = EntrySet {
            dialect: self.name(),
            name: subject.project.name.clone(),
            version: normal(&project.metadata.version),
            metadata: project.metadata.text,
            tags,
            sdist,
            wheel,
        };
        let outside = outside_entries(&unpacked, &again.options, &set.stem())?;
        set.wheel.extend(outside);
        let dist_info = set.dist_info();
        let generator = generator(self, subject.version);
        set.wheel.extend(dist_info_entries(&unpacked, &again, &dist_info, &generator)?);
        Ok(set)
    }
}

/// Metadata carries the normal form.
fn normal(version: &pyrel_model::Version) -> pyrel_model::Version {
    version.normalized().parse().expect("the normal form of a version is a version")
}

/// What setuptools knows about a project before it lists files.
struct Project {
    file: SetupCfg,
    options: Options,
    layout: Layout,
    metadata: Metadata,
    seen: Seen,
}

impl Project {
    fn read(subject: &Subject<'_>, tree: &Tree, seen: Seen) -> Plan<Self> {
        let file = SetupCfg::read(tree)?;
        let options = read_options(subject, &file)?;
        let layout = discovery::layout(subject, tree, &options)?;
        if !tree.is_dir(layout.base()) {
            let reason = format!("names a folder that does not exist: `{}`", layout.base());
            return unsupported("tool.setuptools.package-dir", reason);
        }
        let metadata = if subject.pyproject.project().is_some() {
            let dynamic = Dynamic::read(subject, tree, &layout, seen.version())?;
            Metadata::read(subject, tree, &options, dynamic)?
        } else {
            let declaration = Declaration { file: &file, tree, layout: &layout };
            let name = subject.project.name.as_written();
            declaration.metadata((name, seen.version()), options.license_files.as_deref())?
        };
        Ok(Self { file, options, layout, metadata, seen })
    }
}

/// Steps back from plug-ins of an unpacked sdist, or of a project that `setup.cfg` describes, where what they fill in
/// is not reproduced.
fn refuse_plugins(subject: &Subject<'_>) -> Plan<()> {
    let pyproject = subject.pyproject;
    let mut listed = pyproject.build_system().requires.iter().map(|one| one.name.normalized());
    let plugin = listed.find(|name| Setuptools.plugins().iter().any(|(plugin, _)| plugin == name));
    let Some(plugin) = plugin else { return Ok(()) };
    if subject.tree.is_file("PKG-INFO") {
        let reason = format!("makes this an unpacked sdist, of which `{plugin}` reads more than the files");
        return Err(detector::file(&subject.tree.display_path("PKG-INFO"), "PKG-INFO", reason));
    }
    if pyproject.project().is_some() {
        return Ok(());
    }
    // A version comes from the one place or the other: with a table from tags, without one from the file.
    let has_version = SetupCfg::read(&subject.tree)?.entry("metadata", "version").is_some();
    let has_table = pyproject.tool(&["setuptools_scm"]).is_some();
    let is_plain = pyproject.build_system().requires.iter().all(|one| one.extras.is_empty());
    if plugin == SETUPTOOLS_SCM.0 && has_version != has_table && is_plain {
        return Ok(());
    }
    let reason = format!("lists `{plugin}` beside a project that `setup.cfg` describes in an unusual way");
    unsupported("build-system.requires", reason)
}

/// Reads the options from where they may be: `setup.cfg` gives those of the layout, and without `[project]` all.
fn read_options(subject: &Subject<'_>, file: &SetupCfg) -> Plan<Options> {
    let pyproject = subject.pyproject;
    let tool = pyproject.root().get("tool").and_then(toml_edit::Item::as_table_like);
    let table = tool.map(|tool| pyproject.reader("tool", tool));
    if let Some(table) = table.as_ref().filter(|table| table.get("distutils").is_some()) {
        return Err(detector::option(table, "distutils", "sets options of setuptools' commands"));
    }
    let has_project = pyproject.project().is_some();
    if has_project && !file.declares() {
        return Options::read(pyproject);
    }
    if let Some(own) = pyproject.tool(&["setuptools"])
        && let Some((key, _)) = own.iter().find(|(key, _)| !has_project || *key != "dynamic")
    {
        let own = pyproject.reader("tool.setuptools", own);
        return Err(detector::option(&own, key, "stands beside `setup.cfg`, which sets options, too"));
    }
    if !has_project {
        return declared_option::read(file, false, &FIELD_OPTIONS);
    }
    for section in ["metadata", "options.extras_require", "options.entry_points"] {
        let name = subject.project.name.as_written();
        let repeats =
            |entry: &&ini::Entry| section == "metadata" && entry.key == "name" && entry.value == name;
        if let Some(entry) = file.entries(section).iter().find(|entry| !repeats(entry)) {
            return Err(file.entry_fault(section, entry, "stands beside `[project]`"));
        }
    }
    declared_option::read(file, true, &[])
}

/// Computes the list of files that setuptools calls the manifest.
fn manifest(subject: &Subject<'_>, tree: &Tree, project: &Project, egg_info: &EggInfo) -> Plan<Vec<String>> {
    let options = &project.options;
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
    list.add_known(data_file::files(tree, &options.data_files)?.into_iter().map(|(path, _)| path));
    options.scripts.iter().for_each(|path| list.add(path));
    list.add("MANIFEST.in");
    let sources = egg_info.path("SOURCES.txt");
    if let Some(tracked) = &project.seen.tracked {
        tracked.iter().for_each(|path| list.add(path));
    } else if is_unpacked(tree) && tree.is_file(&sources) {
        egg_info::listed(tree, &sources)?.iter().for_each(|path| list.add(path));
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

/// Tells whether a tree is an unpacked sdist, whose list of files setuptools reads on purpose.
fn is_unpacked(tree: &Tree) -> bool {
    tree.is_file("PKG-INFO")
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

fn plan_sdist(subject: &Subject<'_>, project: &Project, stem: &str) -> Plan<Vec<Entry>> {
    let tree = &subject.tree;
    let egg_info = EggInfo::new(subject, project);
    if is_unpacked(tree) {
        egg_info.check_leftovers(tree, project.layout.base())?;
    }
    let setup_cfg = project.file.generated();
    if tree.is_dir(stem) {
        let reason = "has the name of the folder in which setuptools prepares the sdist";
        return Err(detector::file(&tree.display_path(stem), stem, reason));
    }
    let sources = manifest(subject, tree, project, &egg_info)?;
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

fn plan_wheel(subject: &Subject<'_>, tree: &Tree, project: &Project) -> Plan<Vec<Entry>> {
    let options = &project.options;
    let egg_info = EggInfo::new(subject, project);
    let listed = manifest(subject, tree, project, &egg_info)?;
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

/// Returns the members of the wheel that go elsewhere than to the packages: data files and scripts.
fn outside_entries(tree: &Tree, options: &Options, stem: &str) -> Plan<Vec<Entry>> {
    let mut entries: BTreeMap<String, Entry> = BTreeMap::new();
    for (path, place) in data_file::files(tree, &options.data_files)? {
        let place = format!("{stem}.data/data/{place}");
        entries.insert(place.clone(), tree.file(&path)?.into_entry(place));
    }
    for path in &options.scripts {
        let (_, name) = parent_and_name(path);
        let place = format!("{stem}.data/scripts/{name}");
        entries.insert(place.clone(), script::entry(tree, path, place)?);
    }
    Ok(entries.into_values().collect())
}

fn dist_info_entries(tree: &Tree, project: &Project, dist_info: &str, generator: &str) -> Plan<Vec<Entry>> {
    let mut entries = Vec::new();
    for path in &project.metadata.license_files {
        entries.push(tree.file(path)?.into_entry(format!("{dist_info}/licenses/{path}")));
    }
    let older = if project.file.universal { "Tag: py2-none-any\n" } else { "" };
    let wheel = format!(
        "Wheel-Version: 1.0\nGenerator: {generator}\nRoot-Is-Purelib: true\n{older}Tag: py3-none-any\n\n"
    );
    let mut add = |name: &str, text: &str| {
        entries.push(Entry::generated(format!("{dist_info}/{name}"), text.as_bytes()));
    };
    add("METADATA", &project.metadata.text);
    add("WHEEL", &wheel);
    if !project.metadata.entry_points.is_empty() {
        add("entry_points.txt", &project.metadata.entry_points);
    }
    add("top_level.txt", &top_level(&project.layout));
    if project.options.zip_safe == Some(true) {
        add("zip-safe", "\n");
    }
    if let Some(text) = eager_resources(&project.options) {
        add("eager_resources.txt", &text);
    }
    Ok(entries)
}
