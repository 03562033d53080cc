//! Which files are packed: packages, what is included beside them, less what is excluded or ignored by git.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use pyrel_project::Git;

use super::super::Subject;
use super::options::{Formats, Options, Package};
use crate::detector;
use crate::error::{Plan, unsupported};
use crate::pattern::{GlobOptions, python_glob};
use crate::tree::{Tree, join};

/// What is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    Sdist,
    Wheel,
}

impl Target {
    fn is_in(self, formats: Formats) -> bool {
        match self {
            Self::Sdist => formats.sdist,
            Self::Wheel => formats.wheel,
        }
    }
}

/// Python's `Path.glob`, in which wildcards take hidden names, too.
fn glob(tree: &Tree, base: &str, pattern: &str) -> Plan<Vec<String>> {
    Ok(python_glob(tree, base, pattern, GlobOptions { recursive: true, hidden: true })?)
}

/// Selects files of one tree for one archive.
pub(super) struct Selection<'a> {
    pub(super) subject: &'a Subject<'a>,
    pub(super) tree: &'a Tree,
    pub(super) options: &'a Options,
    pub(super) target: Target,
}

impl Selection<'_> {
    /// Returns the files by their paths in the tree, each with its place in the archive.
    pub(super) fn files(&self) -> Plan<BTreeMap<String, String>> {
        let excluded = self.excluded()?;
        let is_excluded = |path: &str| excluded.holds(path);
        let mut files = BTreeMap::new();
        for package in self.packages()? {
            for path in self.package_files(&package)? {
                if !is_excluded(&path) {
                    let place = self.place(&package, &path);
                    files.entry(path).or_insert(place);
                }
            }
        }
        for pattern in self.includes() {
            for path in glob(self.tree, "", pattern)? {
                if self.tree.is_dir(&path) {
                    let inside = self.below(&path)?;
                    let kept = inside.into_iter().filter(|path| !is_excluded(path));
                    files.extend(
                        kept.filter(|path| !files.contains_key(path))
                            .map(|path| (path.clone(), path))
                            .collect::<Vec<_>>(),
                    );
                } else if !path.split('/').any(|part| part == "__pycache__") {
                    files.entry(path.clone()).or_insert(path);
                }
            }
        }
        self.refuse_links(files.keys())?;
        Ok(files)
    }

    /// Returns the packages for this archive. Those for the other one are not even looked for; without any, the usual
    /// one is.
    pub(super) fn packages(&self) -> Plan<Vec<Package>> {
        let listed = self.options.packages.iter();
        let packages: Vec<Package> =
            listed.filter(|package| self.target.is_in(package.formats)).cloned().collect();
        if packages.is_empty() { Ok(vec![self.find_package()?]) } else { Ok(packages) }
    }

    fn includes(&self) -> impl Iterator<Item = &str> {
        let includes = self.options.includes.iter();
        includes.filter(|(_, formats)| self.target.is_in(*formats)).map(|(path, _)| path.as_str())
    }

    /// Returns the files and folders that an entry of `packages` matches.
    pub(super) fn elements(&self, package: &Package) -> Plan<Vec<String>> {
        glob(self.tree, &package.from, &package.include)
    }

    /// Returns the package that the project's name stands for.
    fn find_package(&self) -> Plan<Package> {
        let module = self.subject.project.name.normalized().replace('-', "_");
        for from in ["", "src"] {
            let folder = join(from, &module);
            let file = format!("{folder}.py");
            let include = match (self.tree.is_dir(&folder), self.tree.is_file(&file)) {
                (true, true) => {
                    return unsupported(
                        "tool.poetry.packages",
                        format!("stands for a folder and a file: `{folder}`"),
                    );
                }
                (true, false) => module,
                (false, true) => format!("{module}.py"),
                (false, false) => continue,
            };
            let formats = Formats { sdist: true, wheel: true };
            let is_rerooted = !from.is_empty();
            return Ok(Package { include, from: from.to_owned(), to: String::new(), is_rerooted, formats });
        }
        unsupported("tool.poetry.packages", format!("stands for a module that is not there: `{module}`"))
    }

    fn package_files(&self, package: &Package) -> Plan<Vec<String>> {
        let elements = self.elements(package)?;
        let elements = match &elements[..] {
            [only] if self.tree.is_dir(only) => {
                let files = self.below(only)?;
                check_modules(only.rsplit('/').next().unwrap_or(only), &files)?;
                return Ok(files);
            }
            [] => {
                return unsupported(
                    "tool.poetry.packages",
                    format!("has an entry that matches nothing: `{}`", package.include),
                );
            }
            _ => elements,
        };
        if elements.len() > 1 {
            let parent = elements[0].rsplit('/').nth(1).unwrap_or_default();
            let files: Vec<String> =
                elements.iter().filter(|path| self.tree.is_file(path)).cloned().collect();
            let has_python_folder =
                elements.iter().any(|path| path.ends_with(".py") && self.tree.is_dir(path));
            if !has_python_folder {
                check_modules(parent, &files)?;
            }
        }
        let mut files = BTreeSet::new();
        for path in elements {
            if self.tree.is_dir(&path) {
                files.extend(self.below(&path)?);
            } else {
                files.insert(path);
            }
        }
        Ok(files.into_iter().collect())
    }

    /// Returns where a file of a package goes: in the wheel below `to`, and without `from`.
    fn place(&self, package: &Package, path: &str) -> String {
        if self.target == Target::Sdist {
            return path.to_owned();
        }
        let inside =
            if package.is_rerooted { path[package.from.len()..].trim_start_matches('/') } else { path };
        join(&package.to, inside)
    }

    /// Returns the files that `exclude` and git leave out, less those that `include` names.
    pub(super) fn excluded(&self) -> Plan<Excluded> {
        let mut out: HashSet<String> = HashSet::new();
        if matches!(self.tree, Tree::Disk(_)) {
            out.extend(ignored_by_git(self.subject)?);
        }
        for pattern in &self.options.excludes {
            for path in glob(self.tree, "", pattern)? {
                out.extend(self.all_of(path)?);
            }
        }
        for pattern in self.includes() {
            for path in glob(self.tree, "", pattern)? {
                for file in self.all_of(path)? {
                    out.remove(&file);
                }
            }
        }
        Ok(Excluded(out))
    }

    fn all_of(&self, path: String) -> Plan<Vec<String>> {
        if self.tree.is_dir(&path) { self.below(&path) } else { Ok(vec![path]) }
    }

    /// Returns every file below a folder.
    fn below(&self, folder: &str) -> Plan<Vec<String>> {
        let mut files = Vec::new();
        let mut folders = vec![folder.to_owned()];
        while let Some(dir) = folders.pop() {
            self.refuse_links([&dir])?;
            let listing = self.tree.list(&dir)?;
            if let Some(odd) = listing.odd.first() {
                return unsupported(join(&dir, odd), "is a name that is not UTF-8");
            }
            files.extend(listing.files.iter().map(|name| join(&dir, name)));
            folders.extend(listing.dirs.iter().map(|name| join(&dir, name)));
        }
        files.sort();
        Ok(files)
    }

    /// Steps back for links, which poetry-core resolves before it looks at paths.
    pub(super) fn refuse_links<'p>(&self, paths: impl IntoIterator<Item = &'p String>) -> Plan<()> {
        let mut links = paths.into_iter().filter_map(|path| self.subject.link_on(self.tree, path));
        match links.next() {
            None => Ok(()),
            Some(link) => {
                let reason = "is a symbolic link, which poetry-core takes for the file that it leads to";
                Err(detector::file(&self.subject.root.join(&link), link, reason))
            }
        }
    }
}

/// Files and folders that are left out, as compiled modules always are.
pub(super) struct Excluded(HashSet<String>);

impl Excluded {
    pub(super) fn holds(&self, path: &str) -> bool {
        is_compiled(path) || has_prefix_in(path, &self.0)
    }
}

/// Steps back where poetry-core would miss modules: there must be one, unless all are stubs.
fn check_modules(folder: &str, files: &[String]) -> Plan<()> {
    let is_stub = |path: &String| {
        path.ends_with("/py.typed")
            || path == "py.typed"
            || (path.ends_with(".pyi") && !path.ends_with("/.pyi"))
    };
    let is_module = |path: &String| path.ends_with(".py") && !path.ends_with("/.py");
    if files.iter().any(is_module) || (folder.ends_with("-stubs") && files.iter().all(is_stub)) {
        return Ok(());
    }
    unsupported("tool.poetry.packages", format!("stands for a folder without modules: `{folder}`"))
}

fn is_compiled(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    path.split('/').any(|part| part == "__pycache__") || (name.ends_with(".pyc") && name != ".pyc")
}

/// Tells whether a path, or a folder on the way to it, is in the set.
fn has_prefix_in(path: &str, set: &HashSet<String>) -> bool {
    set.contains(path) || path.match_indices('/').any(|(at, _)| set.contains(&path[..at]))
}

/// Returns the untracked files below the project that git ignores, the way poetry-core asks for them.
fn ignored_by_git(subject: &Subject<'_>) -> Plan<Vec<String>> {
    let git = Git::discover(&subject.root);
    subject.tree.asked_git(git.is_some());
    let Some(git) = git else { return Ok(Vec::new()) };
    // A project that is ignored as a whole is packed as a whole; a repository that git refuses counts as none.
    if git.text(&["check-ignore", "."]).is_ok() || git.text(&["rev-parse", "--show-cdup"]).is_err() {
        return Ok(Vec::new());
    }
    let listed = git.text(&["ls-files", "-z", "--others", "--ignored", "--exclude-standard"]);
    let Ok(listed) = listed else {
        return unsupported(".git", "does not tell which files are ignored");
    };
    let paths: Vec<String> = listed.split('\0').filter(|path| !path.is_empty()).map(str::to_owned).collect();
    let is_odd = |c: char| !c.is_ascii() || c.is_control() || matches!(c, '"' | '\\');
    match paths.iter().find(|path| path.contains(is_odd) || path.starts_with(' ') || path.ends_with(' ')) {
        None => Ok(paths),
        Some(odd) => {
            unsupported(".gitignore", format!("ignores a file that git prints in a way of its own: `{odd}`"))
        }
    }
}
