//! The walk: which files of a tree a target takes, in hatchling's order.

use std::path::Path;

use fs_err as fs;
use pyrel_model::{Diagnostic, Location};

use super::target::Target;
use crate::detector;
use crate::error::{BuildError, Plan, Stop};
use crate::tree::{Listing, Tree, join, parent_and_name, walk_followed};

/// Folders that hatchling never enters.
const SKIPPED_FOLDERS: [&str; 11] = [
    "__pycache__",
    ".venv",
    ".git",
    ".hg",
    ".hatch",
    ".tox",
    ".nox",
    ".ruff_cache",
    ".pytest_cache",
    ".mypy_cache",
    ".pixi",
];
/// Files that hatchling never takes.
const SKIPPED_FILES: [&str; 2] = [".DS_Store", ".git"];

/// One file that is taken.
pub(super) struct Selected {
    /// Its path in the tree.
    pub(super) path: String,
    /// The path that hatchling takes for the one in the tree.
    pub(super) relative: String,
    /// Its path in the archive.
    pub(super) distribution: String,
}

/// Selects the files of one target.
pub(super) struct Selection<'a> {
    tree: &'a Tree,
    target: &'a Target,
}

impl<'a> Selection<'a> {
    pub(super) fn new(tree: &'a Tree, target: &'a Target) -> Self {
        Self { tree, target }
    }

    /// Returns all files: selected ones first, then forced ones.
    pub(super) fn files(&self) -> Plan<Vec<Selected>> {
        let mut out = Vec::new();
        if self.target.only_include.is_empty() {
            self.walk_project(&mut out)?;
        } else {
            for path in &self.target.only_include {
                self.explicit((path, path), &mut out)?;
            }
        }
        for (source, target) in &self.target.force_include {
            self.forced(source, target, &mut out)?;
        }
        Ok(out)
    }

    fn walk_project(&self, out: &mut Vec<Selected>) -> Result<(), BuildError> {
        let mut enter = |dir: &str, name: &str| {
            let path = join(dir, name);
            let skips = self.target.skips_excluded_dirs();
            let is_excluded = skips && self.target.excludes(&format!("{path}/"));
            !is_excluded && !SKIPPED_FOLDERS.contains(&name) && !self.target.is_reserved(&path)
        };
        walk_followed(self.tree, "", &mut enter, &mut |dir, listing| {
            self.visit((dir, dir), false, listing, out)
        })
    }

    /// Returns the files of a table that gives paths their places.
    pub(super) fn mapped(&self, map: &[(String, String)]) -> Result<Vec<Selected>, BuildError> {
        let mut out = Vec::new();
        for (source, target) in map {
            self.explicit((source, target), &mut out)?;
        }
        Ok(out)
    }

    /// Takes a listed file, or everything below a listed folder whose place is not excluded.
    fn explicit(&self, (source, target): (&str, &str), out: &mut Vec<Selected>) -> Result<(), BuildError> {
        if self.tree.is_file(source) {
            let distribution = self.target.distribution_path(target);
            if !self.target.is_reserved(&distribution) {
                out.push(Selected { path: source.to_owned(), relative: source.to_owned(), distribution });
            }
            return Ok(());
        }
        if !self.tree.is_dir(source) {
            return Ok(());
        }
        let mut enter = |_: &str, name: &str| !SKIPPED_FOLDERS.contains(&name);
        walk_followed(self.tree, source, &mut enter, &mut |dir, listing| {
            let below = dir[source.len()..].trim_start_matches('/');
            self.visit((dir, &join(target, below)), true, listing, out)
        })
    }

    /// Takes the files of one folder, judged by the place that they get.
    fn visit(
        &self,
        (dir, place): (&str, &str),
        explicit: bool,
        listing: &Listing,
        out: &mut Vec<Selected>,
    ) -> Result<(), BuildError> {
        let in_package = listing.files.iter().any(|name| name == "__init__.py");
        for name in &listing.files {
            if SKIPPED_FILES.contains(&name.as_str()) {
                continue;
            }
            let relative = join(place, name);
            let distribution = self.target.distribution_path(&relative);
            if !self.target.is_reserved(&distribution) && self.target.takes(&relative, explicit, in_package) {
                out.push(Selected { path: join(dir, name), relative, distribution });
            }
        }
        let is_taken = |name: &&String| self.target.takes(&join(place, name), explicit, in_package);
        match listing.odd.iter().find(is_taken) {
            Some(name) => Err(odd_name(&self.tree.display_path(&join(dir, name)))),
            None => Ok(()),
        }
    }

    fn forced(&self, source: &str, target: &str, out: &mut Vec<Selected>) -> Plan<()> {
        if self.tree.is_file(source) {
            let (path, relative) = (source.to_owned(), source.to_owned());
            out.push(Selected { path, relative, distribution: self.target.distribution_path(target) });
            return Ok(());
        }
        if !self.tree.is_dir(source) {
            return Err(missing(self.tree, source));
        }
        let mut enter = |_: &str, name: &str| !SKIPPED_FOLDERS.contains(&name);
        walk_followed(self.tree, source, &mut enter, &mut |dir, listing| {
            let below = dir[source.len()..].trim_start_matches('/');
            for name in listing.files.iter().filter(|name| !SKIPPED_FILES.contains(&name.as_str())) {
                let relative = join(&join(target, below), name);
                let distribution = self.target.distribution_path(&relative);
                if !self.target.is_reserved(&distribution) {
                    out.push(Selected { path: join(dir, name), relative, distribution });
                }
            }
            match listing.odd.first() {
                Some(name) => Err(odd_name(&self.tree.display_path(&join(dir, name)))),
                None => Ok(()),
            }
        })?;
        Ok(())
    }
}

fn odd_name(path: &Path) -> BuildError {
    let message = "file name is not UTF-8, which no archive of Python can hold";
    BuildError::Project(Box::new(
        Diagnostic::new(message)
            .at(Location::of_file(path))
            .with_hint("rename the file, or exclude it from the package"),
    ))
}

fn missing(tree: &Tree, path: &str) -> Stop {
    let (folder, _) = parent_and_name(path);
    let message = format!("a file that `force-include` lists does not exist: `{path}`");
    let place = match tree {
        Tree::Disk(_) => format!("create it in `{}`, or correct the table `force-include`", display(folder)),
        Tree::Memory(_) => {
            "wheels are built from the sdist, which does not hold it; include it there".to_owned()
        }
    };
    Box::new(Diagnostic::new(message).at(Location::of_file(&tree.display_path(path))).with_hint(place)).into()
}

fn display(folder: &str) -> &str {
    if folder.is_empty() { "." } else { folder }
}

/// Decides about a symbolic link in an sdist, where hatchling keeps it a link.
pub(super) fn link(root: &Path, path: &str) -> Stop {
    let full = root.join(path);
    let inside = match (fs::canonicalize(root), fs::canonicalize(&full)) {
        (Ok(root), Ok(target)) => target.starts_with(root),
        _ => false,
    };
    if inside {
        return detector::file(&full, path, "is a symbolic link, which hatchling keeps as a link in sdists");
    }
    let target = fs::read_link(&full).unwrap_or_default();
    let message = format!("symbolic link leads out of the project: `{}`", target.display());
    let hint = "copy the file into the project: whoever unpacks the sdist does not have its target";
    Box::new(Diagnostic::new(message).at(Location::of_file(&full)).with_hint(hint)).into()
}
