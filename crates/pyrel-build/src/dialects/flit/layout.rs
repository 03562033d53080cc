//! The one module of a project: a folder or a file, at the root or below `src`.

use super::super::Subject;
use crate::detector;
use crate::error::{BuildError, Plan, unsupported};
use crate::tree::{Tree, join, walk_followed};

/// Where the module is.
pub(super) struct Module {
    /// Its name, dots between the parts.
    pub(super) name: String,
    path: String,
    is_package: bool,
    /// `src`, or nothing.
    prefix: &'static str,
}

impl Module {
    /// Finds the module; flit says what is wrong when there is none or more than one.
    pub(super) fn find(tree: &Tree, name: &str) -> Plan<Self> {
        let relative = name.replace('.', "/");
        let mut found = Vec::new();
        for prefix in ["", "src"] {
            let folder = join(prefix, &relative);
            let file = format!("{folder}.py");
            if tree.is_dir(&folder) {
                found.push(Self { name: name.to_owned(), path: folder, is_package: true, prefix });
            }
            if tree.is_file(&file) {
                found.push(Self { name: name.to_owned(), path: file, is_package: false, prefix });
            }
        }
        let Some(only) = found.pop() else {
            return unsupported(
                "tool.flit.module",
                format!("stands for a module that is not there: `{name}`"),
            );
        };
        if !found.is_empty() {
            return unsupported("tool.flit.module", format!("stands for more than one module: `{name}`"));
        }
        if only.is_package && !only.is_stub() && !tree.is_file(&only.file()) {
            return unsupported(
                "tool.flit.module",
                format!("stands for a folder without `__init__.py`: `{name}`"),
            );
        }
        Ok(only)
    }

    /// Tells whether the module holds nothing but type hints for another one; it needs no file to be imported.
    pub(super) fn is_stub(&self) -> bool {
        self.name.ends_with("-stubs")
    }

    /// Returns the file that an import of the module reads.
    pub(super) fn file(&self) -> String {
        if self.is_package { join(&self.path, "__init__.py") } else { self.path.clone() }
    }

    /// Returns the files that may hold the version; a later one wins.
    pub(super) fn version_files(&self, tree: &Tree) -> Vec<String> {
        let mut files = Vec::new();
        if self.is_package {
            let beside = ["__version__.py", "_version.py", "version.py"];
            files.extend(
                beside.map(|name| join(&self.path, name)).into_iter().filter(|path| tree.is_file(path)),
            );
        }
        files.push(self.file());
        files
    }

    /// Returns all files of the module but compiled ones, in order.
    pub(super) fn files(&self, tree: &Tree) -> Plan<Vec<String>> {
        if !self.is_package {
            return Ok(vec![self.path.clone()]);
        }
        all_below(tree, &self.path, &|name| name != "__pycache__" && !name.ends_with(".pyc"))
    }

    /// Returns the path of a file of the module in the wheel.
    pub(super) fn place_in_wheel<'p>(&self, path: &'p str) -> &'p str {
        path.strip_prefix(self.prefix).map_or(path, |rest| rest.trim_start_matches('/'))
    }

    /// Returns the packages that the module lies in, outermost first.
    pub(super) fn namespaces(&self) -> Vec<&str> {
        self.name.match_indices('.').map(|(at, _)| &self.name[..at]).collect()
    }
}

/// Returns every file below a folder whose own name, and the names of the folders on the way, are taken.
pub(super) fn all_below(tree: &Tree, folder: &str, takes: &dyn Fn(&str) -> bool) -> Plan<Vec<String>> {
    let mut files = Vec::new();
    let mut odd = None;
    let mut visit = |dir: &str, listing: &crate::tree::Listing| -> Result<(), BuildError> {
        files.extend(listing.files.iter().filter(|name| takes(name)).map(|name| join(dir, name)));
        odd = odd.take().or_else(|| listing.odd.first().map(|name| join(dir, name)));
        Ok(())
    };
    walk_followed(tree, folder, &mut |_, name| takes(name), &mut visit)?;
    match odd {
        Some(path) => unsupported(folder, format!("holds a name that is not UTF-8: `{path}`")),
        None => Ok(files),
    }
}

/// Steps back when a path is, or leads through, a symbolic link: flit keeps links in sdists and does not follow
/// those to folders.
pub(super) fn refuse_link(subject: &Subject<'_>, tree: &Tree, path: &str) -> Plan<()> {
    if let Some(link) = subject.link_on(tree, path) {
        let reason = "is a symbolic link, which flit keeps as a link in sdists";
        return Err(detector::file(&subject.root.join(&link), link, reason));
    }
    Ok(())
}
