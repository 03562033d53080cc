//! Packages and modules with their folders, and the Python files in them.

use pyrel_model::{Diagnostic, Location};

use super::super::Subject;
use super::options::{Options, is_identifier};
use crate::error::{BuildError, Plan, unsupported};
use crate::pattern::{FnMatch, GlobOptions, python_glob};
use crate::tree::{Tree, join, parent_and_name};

/// Packages and modules by name, and the folders they lie in.
#[derive(Debug, Default)]
pub(super) struct Layout {
    pub(super) packages: Vec<String>,
    pub(super) modules: Vec<String>,
    /// Folders by package; `""` is the folder of all others.
    pub(super) folders: Vec<(String, String)>,
}

/// A file with its place in the wheel.
pub(super) type Placed = (String, String);

/// Data files that every package ships.
const IMPLICIT_DATA: [&str; 2] = ["*.pyi", "py.typed"];

impl Layout {
    /// Returns the folder that is given for a package.
    pub(super) fn folder(&self, package: &str) -> Option<&str> {
        self.folders.iter().find(|(name, _)| name == package).map(|(_, folder)| folder.as_str())
    }

    /// Gives a package a folder, over any other.
    pub(super) fn set_folder(&mut self, package: &str, folder: &str) {
        self.folders.retain(|(name, _)| name != package);
        self.folders.push((package.to_owned(), folder.to_owned()));
    }

    /// Gives the folder of all packages without their own, unless there is one.
    pub(super) fn set_default_folder(&mut self, folder: &str) {
        if self.folder("").is_none() {
            self.set_folder("", folder);
        }
    }

    /// Returns the folder that sources start in, empty for the project's.
    pub(super) fn base(&self) -> &str {
        self.folder("").unwrap_or("")
    }

    /// Returns where a package lies: the nearest given folder, then the rest of its name.
    pub(super) fn package_folder(&self, package: &str) -> String {
        let mut name = package;
        let mut tail = String::new();
        while !name.is_empty() {
            if let Some(folder) = self.folder(name) {
                return join(folder, &tail);
            }
            let (parent, last) = name.rsplit_once('.').unwrap_or(("", name));
            tail = join(last, &tail);
            name = parent;
        }
        join(self.base(), &tail)
    }

    /// Returns every Python file of packages and modules.
    pub(super) fn python_files(&self, subject: &Subject<'_>, tree: &Tree) -> Plan<Vec<Placed>> {
        let mut out = Vec::new();
        for module in &self.modules {
            self.module_files(subject, tree, module, &mut out)?;
        }
        for package in &self.packages {
            let folder = self.package_folder(package);
            check_folder(subject, tree, package, &folder)?;
            for path in python_glob(tree, &folder, "*.py", GlobOptions::default())? {
                if path == "setup.py" || tree.is_dir(&path) {
                    continue;
                }
                let (_, name) = parent_and_name(&path);
                let target = join(&package.replace('.', "/"), name);
                tree.file(&path)?;
                out.push((path, target));
            }
        }
        Ok(out)
    }

    fn module_files(
        &self,
        subject: &Subject<'_>,
        tree: &Tree,
        module: &str,
        out: &mut Vec<Placed>,
    ) -> Plan<()> {
        let (package, name) = module.rsplit_once('.').unwrap_or(("", module));
        let folder = if package.is_empty() { self.base().to_owned() } else { self.package_folder(package) };
        let target = package.replace('.', "/");
        if !package.is_empty() {
            check_folder(subject, tree, package, &folder)?;
            let init = join(&folder, "__init__.py");
            if tree.is_file(&init) {
                out.push((init, join(&target, "__init__.py")));
            }
        }
        let path = join(&folder, &format!("{name}.py"));
        if !tree.is_file(&path) {
            let reason = format!("lists a module that does not exist: `{module}`");
            return unsupported("tool.setuptools.py-modules", reason);
        }
        out.push((path, join(&target, &format!("{name}.py"))));
        Ok(())
    }

    /// Returns the data files of packages: those of patterns, and those of the sdist's list.
    pub(super) fn data_files(&self, tree: &Tree, options: &Options, listed: &[String]) -> Plan<Vec<Placed>> {
        let from_list = if options.include_package_data { self.assign(listed) } else { Vec::new() };
        let mut out = Vec::new();
        for package in &self.packages {
            let folder = self.package_folder(package);
            let own = from_list.iter().filter(|(owner, _)| owner == package).map(|(_, path)| path.clone());
            let mut files: Vec<String> = own.collect();
            for pattern in patterns(&options.package_data, package, &IMPLICIT_DATA) {
                let found =
                    python_glob(tree, &folder, &pattern, GlobOptions { recursive: true, hidden: false })?;
                files.extend(found.into_iter().filter(|path| tree.is_file(path)));
            }
            let excluded: Vec<FnMatch> = patterns(&options.exclude_package_data, package, &[])
                .iter()
                .map(|pattern| FnMatch::new(&join(&folder, pattern)))
                .collect();
            files.retain(|path| !excluded.iter().any(|pattern| pattern.matches(path)));
            for path in files {
                let below = path[folder.len()..].trim_start_matches('/').to_owned();
                out.push((path, join(&package.replace('.', "/"), &below)));
            }
        }
        Ok(out)
    }

    /// Gives each listed file to the nearest package above it, modules directly in a package aside.
    fn assign(&self, listed: &[String]) -> Vec<(String, String)> {
        let folders: Vec<(String, &String)> =
            self.packages.iter().map(|package| (self.package_folder(package), package)).collect();
        // The last package of a folder counts, as in a mapping that is filled in order.
        let owner =
            |dir: &str| folders.iter().rev().find(|(folder, _)| folder == dir).map(|(_, package)| *package);
        let mut out = Vec::new();
        for path in listed {
            let (direct, name) = parent_and_name(path);
            let mut dir = direct;
            while !dir.is_empty() && owner(dir).is_none() {
                dir = parent_and_name(dir).0;
            }
            let Some(package) = owner(dir) else { continue };
            let is_module = name.strip_suffix(".py").is_some_and(is_identifier);
            if dir != direct || !is_module {
                out.push((package.clone(), path.clone()));
            }
        }
        out
    }

    /// Returns the first parts of all names, sorted.
    pub(super) fn top_level(&self) -> Vec<&str> {
        let names = self.packages.iter().chain(&self.modules);
        let mut out: Vec<&str> = names.map(|name| name.split('.').next().unwrap_or_default()).collect();
        out.sort_unstable();
        out.dedup();
        out
    }
}

/// Returns the patterns for a package: implicit ones, those for all, its own.
fn patterns(lists: &[(String, Vec<String>)], package: &str, implicit: &[&str]) -> Vec<String> {
    let mut out: Vec<String> = implicit.iter().map(|pattern| (*pattern).to_owned()).collect();
    for wanted in ["", package] {
        out.extend(
            lists.iter().filter(|(name, _)| name == wanted).flat_map(|(_, list)| list.iter().cloned()),
        );
    }
    out
}

fn check_folder(subject: &Subject<'_>, tree: &Tree, package: &str, folder: &str) -> Plan<()> {
    if !folder.is_empty() && !tree.is_dir(folder) {
        let message = format!("the folder of package `{package}` does not exist: `{folder}`");
        let hint = "correct `packages` or `package-dir` in `[tool.setuptools]`";
        let location = Location::of_file(subject.pyproject.path());
        return Err(Box::new(Diagnostic::new(message).at(location).with_hint(hint)).into());
    }
    match tree.list(folder)?.odd.first() {
        None => Ok(()),
        Some(name) => {
            let path = tree.display_path(&join(folder, name));
            let message = "file name is not UTF-8, which no archive of Python can hold";
            let diagnostic =
                Diagnostic::new(message).at(Location::of_file(&path)).with_hint("rename the file");
            Err(BuildError::Project(Box::new(diagnostic)).into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_follow_the_nearest_given_one() {
        let layout = Layout {
            folders: [("", "src"), ("a.b", "other")].map(|(a, b)| (a.to_owned(), b.to_owned())).into(),
            ..Layout::default()
        };
        assert_eq!(layout.package_folder("a"), "src/a");
        assert_eq!(layout.package_folder("a.b"), "other");
        assert_eq!(layout.package_folder("a.b.c.d"), "other/c/d");
        assert_eq!(Layout::default().package_folder("a.b"), "a/b");
    }

    #[test]
    fn listed_files_go_to_the_nearest_package() {
        let layout = Layout { packages: vec!["a".to_owned(), "a.b".to_owned()], ..Layout::default() };
        let listed = ["a/x.py", "a/x.txt", "a/data/y.py", "a/b/z.json", "c/w.txt"].map(str::to_owned);
        let assigned = layout.assign(&listed);
        let expected = [("a", "a/x.txt"), ("a", "a/data/y.py"), ("a.b", "a/b/z.json")];
        assert_eq!(assigned, expected.map(|(a, b)| (a.to_owned(), b.to_owned())));
    }
}
