//! Releases that installers pass over unless they are asked for exactly (PEP 592). What is yanked is kept in one file
//! beside the files of a project, which a running server reads anew for every answer; so the command works beside it.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use fs_err as fs;
use pyrel_model::{PackageName, Version};
use serde::{Deserialize, Serialize};

use super::store::{StoreError, directories, read_record, sync_dir, write_synced};

const FILE: &str = "yanked.json";
const SCHEMA: u32 = 1;

/// Yanked releases with their reasons, which may be empty.
pub(super) type Yanks = Vec<(Version, String)>;

#[derive(Debug, Default, Serialize, Deserialize)]
struct Document {
    schema: u32,
    /// Reasons by version.
    releases: BTreeMap<String, String>,
}

/// What to do with a release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum YankChange {
    /// Yank it for this reason, which may be empty.
    Yank(String),
    /// Make it a release like any other again.
    Undo,
}

/// Yanks a release of a store, or undoes that. A server may have the directory at the same time. Returns whether
/// anything changed.
///
/// # Errors
/// When the directory is no store, has no such release, or cannot be written.
pub fn yank(
    dir: &Path,
    name: &PackageName,
    version: &Version,
    change: &YankChange,
) -> Result<bool, StoreError> {
    let projects = dir.join("projects");
    if !projects.is_dir() {
        return Err(StoreError::NoStore(dir.to_path_buf()));
    }
    let project = projects.join(name.normalized());
    let known = if project.is_dir() { versions(&project)? } else { Vec::new() };
    if !known.contains(version) {
        return Err(StoreError::NoRelease {
            name: name.as_written().to_owned(),
            version: version.to_string(),
            known: known.iter().map(ToString::to_string).collect(),
        });
    }
    let lock = fs::File::options().create(true).truncate(false).write(true).open(dir.join("yank.lock"))?;
    lock.lock()?;
    let mut yanks = read(&project)?;
    let before = yanks.clone();
    yanks.retain(|(yanked, _)| yanked != version);
    if let YankChange::Yank(reason) = change {
        yanks.push((version.clone(), reason.clone()));
    }
    yanks.sort();
    if yanks == before {
        return Ok(false);
    }
    write(&project, yanks)?;
    Ok(true)
}

/// Returns the versions of a project that have files, in ascending order.
fn versions(project: &Path) -> Result<Vec<Version>, StoreError> {
    let mut versions = Vec::new();
    for directory in directories(project)? {
        let record = read_record(&directory.join("record.json"))?;
        if directory.join(&record.filename).exists() {
            versions.extend(record.version.parse::<Version>().ok());
        }
    }
    versions.sort();
    versions.dedup();
    Ok(versions)
}

/// Reads what is yanked of a project.
pub(super) fn read(project: &Path) -> Result<Yanks, StoreError> {
    let path = project.join(FILE);
    let text = match fs::read(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Yanks::new()),
        Err(error) => return Err(error.into()),
    };
    let wrong = |detail: String| StoreError::Yanked { path: path.clone(), detail };
    let document: Document = serde_json::from_slice(&text).map_err(|error| wrong(error.to_string()))?;
    if document.schema != SCHEMA {
        return Err(wrong(format!("layout {} is unknown", document.schema)));
    }
    let parse = |(version, reason): (String, String)| match version.parse() {
        Ok(version) => Ok((version, reason)),
        Err(_) => Err(wrong(format!("no version: `{version}`"))),
    };
    let mut yanks = document.releases.into_iter().map(parse).collect::<Result<Yanks, _>>()?;
    yanks.sort();
    Ok(yanks)
}

/// Replaces the file whole.
fn write(project: &Path, yanks: Yanks) -> io::Result<()> {
    let releases = yanks.into_iter().map(|(version, reason)| (version.to_string(), reason)).collect();
    let text = serde_json::to_vec_pretty(&Document { schema: SCHEMA, releases })?;
    let next = project.join(format!("{FILE}.next"));
    write_synced(&next, &text)?;
    fs::rename(&next, project.join(FILE))?;
    sync_dir(project)
}
