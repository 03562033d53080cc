//! Where a version comes from: the checkout that the settings name, what is left of one, or a constant.

use std::path::{Path, PathBuf};

use super::leftover;
use super::settings::{Settings, Spelling};
use super::state::State;
use super::tracked::real_path;
use crate::detector;
use crate::dialects::Subject;
use crate::error::Plan;
use crate::tree::{Tree, list_folder, normalize};

/// What tells the version.
#[derive(Debug)]
pub(crate) enum Workdir {
    /// A checkout, by its top.
    Checkout(PathBuf),
    /// `scm_version.json`, and the files that were tracked.
    Record { state: State, files: Vec<String> },
    /// An unpacked archive of git.
    Archive(State),
    /// `PKG-INFO`.
    PackageInfo(State),
    /// What the settings say.
    Constant(State),
}

/// Looks for what tells the version of a project; in memory there is no checkout.
pub(crate) fn discover(subject: &Subject<'_>, tree: &Tree, settings: &Settings) -> Plan<Option<Workdir>> {
    if let Tree::Memory(_) = tree {
        let found = leftover::find(tree, settings)?;
        return Ok(match found {
            Some(found) => Some(found),
            None => constant(None, settings)?,
        });
    }
    tree.asked_git(true);
    let project = real_path(&subject.root);
    let root = PathBuf::from(normalize(&project.join(&settings.root).to_string_lossy().replace('\\', "/")));
    let parents = root.ancestors().skip(1).filter(|_| settings.searches_parents);
    for folder in [root.as_path()].into_iter().chain(parents) {
        refuse_others(folder)?;
        if folder.join(".git").exists() {
            check_place(&project, &root, folder, settings)?;
            return Ok(Some(Workdir::Checkout(folder.to_path_buf())));
        }
        if folder != project {
            refuse_leftovers(folder, settings)?;
        }
    }
    // A function that gets the checkout's place looks nowhere else.
    let looks_here = settings.spelling == Spelling::Table || root == project;
    if looks_here && let Some(found) = leftover::find(tree, settings)? {
        return Ok(Some(found));
    }
    constant(project.file_name().filter(|_| looks_here).and_then(|name| name.to_str()), settings)
}

/// Steps back where the library would ask another version control.
pub(super) fn refuse_others(folder: &Path) -> Plan<()> {
    for name in [".hg", ".jj"] {
        if folder.join(name).is_dir() {
            let reason = "is of a version control that is not reproduced natively";
            return Err(detector::file(&folder.join(name), name, reason));
        }
    }
    Ok(())
}

/// Steps back where a folder above the project, which is no checkout, would have a say.
fn refuse_leftovers(folder: &Path, settings: &Settings) -> Plan<()> {
    for name in [".git_archival.txt", ".hg_archival.txt", "PKG-INFO"] {
        if folder.join(name).exists() {
            return Err(settings.step_back(format!("would look at `{}`", folder.join(name).display())));
        }
    }
    let listing = list_folder(folder, &|_| ())?;
    match listing.dirs.iter().find(|name| name.ends_with(".egg-info")) {
        None => Ok(()),
        Some(name) => Err(settings.step_back(format!("would look into `{}`", folder.join(name).display()))),
    }
}

/// Steps back where the library finds the project in another place of the checkout than its settings say.
fn check_place(project: &Path, root: &Path, top: &Path, settings: &Settings) -> Plan<()> {
    if settings.spelling == Spelling::Arguments || settings.root == "." {
        return Ok(());
    }
    if !project.starts_with(root) || top != root {
        return Err(
            settings.step_back(format!("names a checkout that the project is not in: `{}`", settings.root))
        );
    }
    Ok(())
}

/// Returns the version that the name of the folder, or the settings alone, give.
fn constant(folder: Option<&str>, settings: &Settings) -> Plan<Option<Workdir>> {
    if let (Some(prefix), Some(folder)) = (&settings.parent_prefix, folder)
        && let Some(rest) = folder.strip_prefix(prefix.as_str())
        && let Some(version) = settings.version_of_tag(rest)?
    {
        return Ok(State::preformatted(&version.to_string()).map(Workdir::Constant));
    }
    let Some(fallback) = &settings.fallback_version else { return Ok(None) };
    match State::preformatted(fallback) {
        Some(state) => Ok(Some(Workdir::Constant(state))),
        None => Err(settings.step_back(format!("has a fallback version that is none: `{fallback}`"))),
    }
}
