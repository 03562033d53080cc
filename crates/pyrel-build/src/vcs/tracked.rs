//! The files of a project that git tracks, which setuptools-scm puts into sdists.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use fs_err as fs;
use pyrel_project::git::TrackedKind;

use super::checkout::{ask, open};
use super::discovery::refuse_others;
use super::leftover;
use crate::detector;
use crate::dialects::Subject;
use crate::error::Plan;
use crate::tree::Tree;

/// Returns a folder without symbolic links on the way to it, where the system's paths stay usual ones.
pub(super) fn real_path(folder: &Path) -> PathBuf {
    if cfg!(windows) {
        return folder.to_path_buf();
    }
    fs::canonicalize(folder).unwrap_or_else(|_| folder.to_path_buf())
}

/// Returns the top of the checkout that a project lies in.
///
/// # Errors
/// Steps back for other version control on the way there, and for archives of git, all of whose files count.
pub(crate) fn enclosing_checkout(subject: &Subject<'_>, tree: &Tree) -> Plan<Option<PathBuf>> {
    if let Tree::Disk(_) = tree {
        tree.asked_git(true);
        let project = real_path(&subject.root);
        for folder in project.ancestors() {
            refuse_others(folder)?;
            if folder.join(".git").exists() {
                return Ok(Some(folder.to_path_buf()));
            }
        }
    }
    if leftover::is_archive(tree)? {
        let reason = "makes this an unpacked archive of git, all of whose files are packed";
        return Err(detector::file(&tree.display_path(".git_archival.txt"), ".git_archival.txt", reason));
    }
    Ok(None)
}

/// Returns the files of a project that the checkout at `top` tracks, those aside that `export-ignore` takes out; from
/// the project's folder, with `/` between parts.
///
/// # Errors
/// Steps back for links to folders and submodules among them, and where git cannot be asked.
pub(crate) fn tracked_files(subject: &Subject<'_>, top: &Path) -> Plan<Vec<String>> {
    let git = open(top)?;
    let project = real_path(&subject.root);
    let refused = |reason: String| Err(detector::file(&top.join(".git"), ".git", reason));
    let Ok(inner) = project.strip_prefix(top) else {
        return refused("is not above the project".to_owned());
    };
    if ask(&git, &["rev-parse", "--verify", "--quiet", "HEAD"])?.is_none() {
        return refused("has no commit".to_owned());
    }
    let exported = match git.exported() {
        Ok(exported) => exported,
        Err(error) => return refused(format!("does not tell its files: {error}")),
    };
    let inner = inner.to_string_lossy().replace('\\', "/");
    let prefix = if inner.is_empty() { inner } else { format!("{inner}/") };
    let exported: BTreeMap<String, TrackedKind> = exported.into_iter().collect();
    let mut files = Vec::new();
    for (path, kind) in &exported {
        let Some(path) = path.strip_prefix(&prefix) else { continue };
        if path.contains(|c: char| c.is_control() || matches!(c, '\u{fffd}' | '\\')) {
            return refused(format!("tracks an unusual name: `{path}`"));
        }
        let link = subject.link_on(&subject.tree, path);
        let is_own = link.as_ref().is_none_or(|link| *kind == TrackedKind::Link && link == path);
        if *kind == TrackedKind::Submodule || !is_own || (link.is_some() && subject.tree.is_dir(path)) {
            let shown = link.unwrap_or_else(|| path.to_owned());
            let reason = "is a link to a folder, an untracked link, or a submodule among the tracked files";
            return Err(detector::file(&subject.tree.display_path(&shown), shown, reason));
        }
        if subject.tree.is_file(path)
            && (link.is_none() || leads_to_tracked(&project.join(path), top, &exported))
        {
            files.push(path.to_owned());
        }
    }
    files.sort();
    Ok(files)
}

/// Tells whether a link leads to a file that is tracked itself; no other is packed.
fn leads_to_tracked(link: &Path, top: &Path, exported: &BTreeMap<String, TrackedKind>) -> bool {
    let target = real_path(link);
    let inner = target.strip_prefix(top).map(|inner| inner.to_string_lossy().replace('\\', "/"));
    inner.is_ok_and(|inner| exported.contains_key(&inner))
}
