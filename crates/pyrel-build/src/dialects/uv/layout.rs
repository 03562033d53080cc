//! The files that uv_build takes: modules, data, licences, and whatever the globs of the sdist select.

use super::super::Subject;
use super::Profile;
use super::options::{Exclude, Options, no_module};
use crate::detector;
use crate::error::{Plan, unsupported};
use crate::pattern::PortableGlob;
use crate::tree::{Tree, join, parent_and_name};

/// Checks that every module is where the options say, the way uv_build does.
pub(super) fn check_modules(tree: &Tree, options: &Options) -> Plan<()> {
    for module in &options.modules {
        let folder = options.module_path(module);
        if options.namespace {
            if !tree.is_dir(&folder) {
                return no_module(format!("stands for a folder that is not there: `{folder}`"));
            }
            continue;
        }
        let is_stubs = module.split('/').next().is_some_and(|first| first.ends_with("-stubs"));
        let file = join(&folder, if is_stubs { "__init__.pyi" } else { "__init__.py" });
        if !tree.is_file(&file) {
            return no_module(format!("stands for a module that is not there: `{file}`"));
        }
        if options.is_named {
            check_namespaces(tree, options, module)?;
        }
    }
    Ok(())
}

/// Steps back for a module in a folder that is a package; a name that is only taken for the module's is not checked.
fn check_namespaces(tree: &Tree, options: &Options, module: &str) -> Plan<()> {
    let mut parent = module;
    while !parent.is_empty() {
        parent = parent_and_name(parent).0;
        for name in ["__init__.py", "__init__.pyi"] {
            let file = join(&options.module_path(parent), name);
            if tree.is_file(&file) || tree.is_dir(&file) {
                return no_module(format!("stands for a module below a package: `{file}` exists"));
            }
        }
    }
    Ok(())
}

/// A walk over a folder: which paths are entered and taken.
struct Walk<'a> {
    subject: &'a Subject<'a>,
    tree: &'a Tree,
    /// Whether a folder is entered.
    enters: &'a dyn Fn(&str) -> bool,
    /// Whether a file is taken.
    takes: &'a dyn Fn(&str) -> bool,
    files: Vec<String>,
}

impl Walk<'_> {
    fn visit(&mut self, dir: &str) -> Plan<()> {
        let listing = self.tree.list(dir)?;
        let mut odd = listing.odd.iter().map(|name| join(dir, name));
        if let Some(path) = odd.find(|path| (self.enters)(path) || (self.takes)(path)) {
            return unsupported(path, "is a name that is not UTF-8");
        }
        let mut names: Vec<(&String, bool)> = listing
            .dirs
            .iter()
            .map(|name| (name, true))
            .chain(listing.files.iter().map(|name| (name, false)))
            .collect();
        names.sort();
        for (name, is_dir) in names {
            let path = join(dir, name);
            if !(if is_dir { (self.enters)(&path) } else { (self.takes)(&path) }) {
                continue;
            }
            if matches!(name.as_str(), "pyvenv.cfg" | "lib64") {
                return Err(self.stop(&path, "may be that of a virtual environment, which uv_build refuses"));
            }
            if is_dir {
                self.refuse_link(&path)?;
                self.visit(&path)?;
            } else {
                self.files.push(path);
            }
        }
        Ok(())
    }

    fn refuse_link(&self, path: &str) -> Plan<()> {
        if self.subject.link_on(self.tree, path).is_some() {
            return Err(self.stop(path, "is a symbolic link to a folder, which uv_build refuses"));
        }
        Ok(())
    }

    fn stop(&self, path: &str, reason: &str) -> crate::error::Stop {
        detector::file(&self.tree.display_path(path), path, reason)
    }
}

fn walk<'a>(
    (subject, tree): (&'a Subject<'a>, &'a Tree),
    start: &str,
    enters: &'a dyn Fn(&str) -> bool,
    takes: &'a dyn Fn(&str) -> bool,
) -> Plan<Vec<String>> {
    let mut walk = Walk { subject, tree, enters, takes, files: Vec::new() };
    walk.visit(start)?;
    Ok(walk.files)
}

fn excluded(excludes: &[Exclude], path: &str) -> bool {
    excludes.iter().any(|exclude| exclude.glob.matches(path))
}

/// Returns the files of the sdist that the project has, without `pyproject.toml`.
pub(super) fn sdist_files(
    subject: &Subject<'_>,
    options: &Options,
    includes: &[PortableGlob],
) -> Plan<Vec<String>> {
    if excluded(&options.source_exclude, "pyproject.toml") || excluded(&options.source_exclude, "") {
        return unsupported(
            "tool.uv.build-backend.source-exclude",
            "takes `pyproject.toml` out of the sdist",
        );
    }
    let remains = |path: &str| !excluded(&options.source_exclude, path);
    let enters = |path: &str| includes.iter().any(|glob| glob.matches_or_leads_to(path)) && remains(path);
    let profile = Profile::of(subject);
    let takes = |path: &str| {
        path != "pyproject.toml"
            && (path != "pyproject.toml.orig" || !profile.rewrites)
            && includes.iter().any(|glob| profile.takes(glob, path))
            && remains(path)
    };
    let files = walk((subject, &subject.tree), "", &enters, &takes)?;
    if files.iter().any(|path| path == "PKG-INFO") {
        let reason = "would stand beside the file of that name that every sdist has";
        return Err(detector::file(&subject.tree.display_path("PKG-INFO"), "PKG-INFO", reason));
    }
    Ok(files)
}

/// Returns the files of a module for the wheel.
///
/// Patterns from the project's folder on do not keep uv_build out of a folder, only unanchored ones do.
pub(super) fn module_files(
    subject: &Subject<'_>,
    tree: &Tree,
    options: &Options,
    module: &str,
) -> Plan<Vec<String>> {
    let enters = |path: &str| {
        !options.wheel_exclude.iter().any(|exclude| !exclude.is_anchored && exclude.glob.matches(path))
    };
    let start = options.module_path(module);
    if !enters(&start) {
        return unsupported(
            "tool.uv.build-backend.wheel-exclude",
            format!("takes out the module `{module}`"),
        );
    }
    walk((subject, tree), &start, &enters, &|path| !excluded(&options.wheel_exclude, path))
}

/// Returns the files below a folder of data.
pub(super) fn data_files(
    subject: &Subject<'_>,
    tree: &Tree,
    options: &Options,
    folder: &str,
) -> Plan<Vec<String>> {
    if !tree.is_dir(folder) || excluded(&options.wheel_exclude, folder) {
        return unsupported(
            "tool.uv.build-backend.data",
            format!("names a folder that is not in the sdist, or that is excluded: `{folder}`"),
        );
    }
    let remains = |path: &str| !excluded(&options.wheel_exclude, path);
    walk((subject, tree), folder, &remains, &remains)
}

/// Returns the licence files, sorted.
pub(super) fn license_files(subject: &Subject<'_>, tree: &Tree, globs: &[PortableGlob]) -> Plan<Vec<String>> {
    let enters = |path: &str| globs.iter().any(|glob| glob.matches_or_leads_to(path));
    let takes = |path: &str| globs.iter().any(|glob| Profile::of(subject).takes(glob, path));
    let mut files = walk((subject, tree), "", &enters, &takes)?;
    files.sort();
    Ok(files)
}
