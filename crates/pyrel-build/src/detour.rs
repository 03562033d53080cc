//! Whether the detour through the sdist changes a wheel: what a wheel made from the project's own folder would hold,
//! against the one that is built, which is made of what the sdist holds.

use std::collections::BTreeMap;

use fs_err as fs;
use pyrel_model::PackageName;
use serde::Serialize;

use crate::detector;
use crate::entry_set::{Entry, Planned, Source};
use crate::error::BuildError;
use crate::request::BuildRequest;

/// A member of a wheel that depends on whether it is made from the tree or from the sdist.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TreeDifference {
    /// The package.
    pub package: PackageName,
    /// The member.
    pub path: String,
    /// Which of the two wheels has it.
    pub place: Place,
}

/// Which of two wheels has a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    /// The one from the tree: the sdist lacks what it is made of.
    Tree,
    /// The one from the sdist.
    Sdist,
    /// Both, with other content.
    Both,
}

/// Compares the wheel that is built with one made from the tree, by what each would hold, and writes nothing; `None`
/// where a real backend builds, or would for the tree, so that nobody can tell without it.
///
/// # Errors
/// When the project is at fault, or a file cannot be read.
pub fn tree_differences(request: &BuildRequest<'_>) -> Result<Option<Vec<TreeDifference>>, BuildError> {
    if request.force_pep517 {
        return Ok(None);
    }
    let (Planned::Native(set), _) = detector::plan(request, None)? else { return Ok(None) };
    let Some(direct) = detector::plan_from_tree(request) else { return Ok(None) };
    let by_path = |entries: &[Entry]| -> BTreeMap<String, Entry> {
        entries.iter().map(|entry| (entry.path.clone(), entry.clone())).collect()
    };
    let (tree, sdist) = (by_path(&direct.wheel), by_path(&set.wheel));
    let mut differences = Vec::new();
    let mut note = |path: &str, place| {
        differences.push(TreeDifference { package: set.name.clone(), path: path.to_owned(), place });
    };
    for (path, entry) in &tree {
        match sdist.get(path) {
            None => note(path, Place::Tree),
            Some(other) if !is_same(entry, other)? => note(path, Place::Both),
            Some(_) => {}
        }
    }
    for path in sdist.keys().filter(|path| !tree.contains_key(*path)) {
        note(path, Place::Sdist);
    }
    Ok(Some(differences))
}

fn is_same(one: &Entry, other: &Entry) -> Result<bool, BuildError> {
    if one.executable != other.executable || one.source.size() != other.source.size() {
        return Ok(false);
    }
    match (&one.source, &other.source) {
        (Source::File { path: one, .. }, Source::File { path: other, .. }) if one == other => Ok(true),
        (one, other) => Ok(bytes(one)? == bytes(other)?),
    }
}

fn bytes(source: &Source) -> Result<Vec<u8>, BuildError> {
    match source {
        Source::File { path, .. } => {
            fs::read(path).map_err(|source| BuildError::Read { path: path.clone(), source })
        }
        Source::Bytes(bytes) => Ok(bytes.to_vec()),
    }
}
