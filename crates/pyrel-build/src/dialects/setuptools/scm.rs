//! setuptools-scm beside setuptools: whether it is there, the version it tells, the files it adds.
//!
//! It is there when `build-system.requires` lists it, and then all tracked files are packed. It tells the version
//! when it has a table, or is listed with the extra `simple`, and the version is dynamic.

use pyrel_model::{Location, Version};
use pyrel_project::Git;

use super::super::Subject;
use super::layout::Layout;
use crate::detector::{self, option};
use crate::entry_set::{Entry, Source};
use crate::error::{Plan, unsupported};
use crate::tree::{Tree, join, normalize, parent_and_name};
use crate::vcs::{
    Resolved, SETUPTOOLS_SCM, Settings, Spelling, VersionFile, Workdir, ask, discover, enclosing_checkout,
    ignored_roots, resolve, tracked_files, version_file,
};

/// What setuptools-scm does for a project.
pub(super) struct Scm {
    is_required: bool,
    settings: Option<Settings>,
}

/// What setuptools-scm did when it looked at one tree.
#[derive(Default)]
pub(super) struct Seen {
    resolved: Option<Resolved>,
    /// The tracked files; without them setuptools reads an old list.
    pub(super) tracked: Option<Vec<String>>,
    /// Files that are written: path, text.
    files: Vec<(String, String)>,
}

impl Scm {
    /// Reads what decides; steps back for options that are not reproduced.
    pub(super) fn read(subject: &Subject<'_>) -> Plan<Self> {
        let requires = &subject.pyproject.build_system().requires;
        let listed = |name: &str| requires.iter().find(|one| one.name.normalized() == name);
        let Some(requirement) = listed(SETUPTOOLS_SCM.0) else {
            return Ok(Self { is_required: false, settings: None });
        };
        let tables = ["setuptools_scm", "vcs-versioning"];
        let table = tables.into_iter().find_map(|name| Some((name, subject.pyproject.tool(&[name])?)));
        let is_simple = requirement.extras.iter().any(|extra| extra == "simple");
        if subject.project.version.is_some() || (table.is_none() && !is_simple) {
            return Ok(Self { is_required: true, settings: None });
        }
        let mut settings = match table {
            Some((name, table)) => {
                let name = format!("tool.{name}");
                Settings::read(&subject.pyproject.reader(&name, table), Spelling::Table)?
            }
            None => {
                let place = Location::of_file(subject.pyproject.path());
                Settings::defaults("tool.setuptools_scm", place, Spelling::Table)
            }
        };
        let own = subject.project.name.as_written();
        if let Some(other) = settings.dist_name().filter(|name| *name != own) {
            return Err(settings.step_back(format!("has another name for the project: `{other}`")));
        }
        settings.set_dist_name(own);
        if let Some(dynamic) = subject.pyproject.tool(&["setuptools", "dynamic"])
            && dynamic.get("version").is_some()
        {
            let dynamic = subject.pyproject.reader("tool.setuptools.dynamic", dynamic);
            return Err(option(
                &dynamic,
                "version",
                "stands beside setuptools-scm, which gives the version, too",
            ));
        }
        Ok(Self { is_required: true, settings: Some(settings) })
    }

    /// Looks at a tree, and writes into one on disk what setuptools-scm would.
    pub(super) fn look(&self, subject: &Subject<'_>, tree: &Tree) -> Plan<Seen> {
        if !self.is_required {
            return Ok(Seen::default());
        }
        let Some(settings) = &self.settings else {
            if let Some(name) = ignored_roots(subject.variables()) {
                return unsupported(name, "changes which files setuptools-scm lists");
            }
            let top = enclosing_checkout(subject, tree)?;
            let tracked = top.map(|top| tracked_files(subject, &top)).transpose()?;
            return Ok(Seen { tracked: tracked.filter(|files| !files.is_empty()), ..Seen::default() });
        };
        let path = normalize(&join(settings.root(), ".config/python-vcs-versioning.toml"));
        if tree.exists(&path) {
            let reason = "changes the settings of setuptools-scm";
            return Err(detector::file(&tree.display_path(&path), path, reason));
        }
        let resolved = resolve(subject, tree, settings)?;
        let mut files = Vec::new();
        for file in &settings.version_files {
            let text = version_file(file, &resolved.text, resolved.node.as_deref(), settings)?;
            write((subject, tree), settings, file, &text)?;
            files.push((file.path.clone(), text));
        }
        let tracked = self.tracked(subject, tree, settings)?;
        if let Tree::Disk(_) = tree {
            let written = files.iter().filter(|_| settings.writes_to_source).map(|(path, _)| path.as_str());
            refuse_tracked(subject, written)?;
        }
        Ok(Seen { resolved: Some(resolved), tracked: tracked.filter(|files| !files.is_empty()), files })
    }

    fn tracked(&self, subject: &Subject<'_>, tree: &Tree, settings: &Settings) -> Plan<Option<Vec<String>>> {
        let found = match discover(subject, tree, settings)? {
            Some(Workdir::Checkout(top)) => Some(tracked_files(subject, &top)?),
            Some(Workdir::Record { files, .. }) => Some(files),
            Some(Workdir::Archive(_)) => {
                let (path, reason) =
                    (".git_archival.txt", "makes all files of an unpacked archive tracked ones");
                return Err(detector::file(&tree.display_path(path), path, reason));
            }
            Some(Workdir::PackageInfo(_) | Workdir::Constant(_)) | None => None,
        };
        match found.filter(|files| !files.is_empty()) {
            Some(files) => Ok(Some(files)),
            None => {
                let top = enclosing_checkout(subject, tree)?;
                top.map(|top| tracked_files(subject, &top)).transpose()
            }
        }
    }

    /// Returns the unpacked sdist as it is after setuptools-scm has written into it, too.
    pub(super) fn written(&self, sdist: &[Entry], seen: &Seen) -> Option<Tree> {
        if seen.files.is_empty() || !self.settings.as_ref().is_some_and(|settings| settings.writes_to_source)
        {
            return None;
        }
        let tree = Tree::unpacked(sdist);
        let top = sdist.first()?.path.split('/').next()?;
        let mut entries = sdist.to_vec();
        for (path, text) in &seen.files {
            let source = Source::Bytes(text.as_bytes().into());
            let place = format!("{top}/{path}");
            match entries.iter_mut().find(|entry| entry.path == place) {
                Some(entry) => entry.source = source,
                None if tree.is_dir(parent_and_name(path).0) => {
                    entries.push(Entry { path: place, executable: false, source });
                }
                None => {}
            }
        }
        Some(Tree::unpacked(&entries))
    }
}

/// Steps back where git tracks what is written once before the version counts: the checkout would have changes by then.
fn refuse_tracked<'p>(subject: &Subject<'_>, written: impl Iterator<Item = &'p str>) -> Plan<()> {
    let Some(git) = Git::discover(&subject.root) else { return Ok(()) };
    let paths: Vec<String> = written.map(|path| format!(":(literal){path}")).collect();
    let mut arguments = vec!["ls-files", "--", ":(glob)**/*.egg-info/**"];
    arguments.extend(paths.iter().map(String::as_str));
    match ask(&git, &arguments)?.as_deref().and_then(|listed| listed.lines().next()) {
        None => Ok(()),
        Some(path) => {
            let reason = "is written by setuptools before the version counts, though it is tracked";
            Err(detector::file(&subject.tree.display_path(path), path, reason))
        }
    }
}

/// Writes a version file beside the sources, where its folder exists.
fn write(
    (subject, tree): (&Subject<'_>, &Tree),
    settings: &Settings,
    file: &VersionFile,
    text: &str,
) -> Plan<()> {
    if let Some(link) = subject.link_on(tree, &file.path) {
        return Err(settings.step_back(format!("writes through a symbolic link: `{link}`")));
    }
    if settings.writes_to_source && tree.is_dir(parent_and_name(&file.path).0) {
        tree.put(&file.path, text.as_bytes());
    }
    Ok(())
}

impl Seen {
    /// Returns the version that was told.
    pub(super) fn version(&self) -> Option<&Version> {
        self.resolved.as_ref().map(|resolved| &resolved.version)
    }

    /// Returns the files for the folder `*.egg-info`: name and text.
    pub(super) fn records(&self) -> Vec<(String, String)> {
        self.resolved.as_ref().map(|resolved| resolved.records(self.tracked.as_deref())).unwrap_or_default()
    }

    /// Returns the version files that are written into packages when modules are copied: place in the wheel, text.
    pub(super) fn built(&self, layout: &Layout) -> Vec<(String, &str)> {
        let placed = self.files.iter().map(|(path, text)| (place(path, layout), text.as_str()));
        placed.filter(|(place, _)| is_in_package(place, layout)).collect()
    }
}

/// Returns where a source file would lie in the wheel, by the folders of packages.
fn place(path: &str, layout: &Layout) -> String {
    let below = |folder: &str| path.strip_prefix(folder).and_then(|rest| rest.strip_prefix('/'));
    if let Some(rest) = layout.folder("").filter(|folder| !folder.is_empty()).and_then(below) {
        return rest.to_owned();
    }
    let own = layout.folders.iter().filter(|(package, _)| !package.is_empty());
    let mut found = own.filter_map(|(package, folder)| Some((package, below(folder)?)));
    match found.next() {
        Some((package, rest)) => join(&package.replace('.', "/"), rest),
        None => path.to_owned(),
    }
}

fn is_in_package(place: &str, layout: &Layout) -> bool {
    layout.packages.iter().any(|package| {
        place.strip_prefix(&package.replace('.', "/")).is_some_and(|rest| rest.starts_with('/'))
    })
}
