//! Where a workspace begins.

use std::path::{Path, PathBuf};

use fs_err as fs;
use pyrel_model::Diagnostic;
use pyrel_model::pyproject::parse_toml;
use toml_edit::{Document, Item, TableLike};

use crate::source_file;

/// The configuration file that marks a root.
pub(crate) const CONFIG_FILE: &str = "pyrel.toml";

/// The root of a workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Root {
    /// The directory, absolute.
    pub path: PathBuf,
    /// What made it the root.
    pub reason: RootReason,
}

/// What made a directory the root of a workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RootReason {
    /// It holds `pyrel.toml`.
    ConfigFile,
    /// Its `pyproject.toml` has `[tool.pyrel]` or `[tool.uv.workspace]`.
    PyProject,
    /// It is the top level of a git repository.
    GitTopLevel,
    /// Nothing: it is the directory that the search began in.
    Start,
}

impl Root {
    /// Finds the root that `start`, an absolute path, belongs to.
    ///
    /// # Errors
    /// When a file that may make a directory the root cannot be read, or is broken and may be meant.
    pub fn find(start: &Path) -> Result<Self, Box<Diagnostic>> {
        let found = |path: &Path, reason| Self { path: path.to_path_buf(), reason };
        if let Some(path) = start.ancestors().find(|path| path.join(CONFIG_FILE).is_file()) {
            return Ok(found(path, RootReason::ConfigFile));
        }
        for path in start.ancestors() {
            if marks_root(&path.join("pyproject.toml"))? {
                return Ok(found(path, RootReason::PyProject));
            }
        }
        Ok(match git_top_level(start) {
            Some(path) => found(path, RootReason::GitTopLevel),
            None => found(start, RootReason::Start),
        })
    }
}

/// Returns the nearest directory with a `.git`, which is a file in linked work trees and submodules.
pub(crate) fn git_top_level(start: &Path) -> Option<&Path> {
    start.ancestors().find(|path| path.join(".git").exists())
}

/// Returns an existing path as absolute, links resolved.
pub(crate) fn absolute(path: &Path) -> std::io::Result<PathBuf> {
    let path = fs::canonicalize(path)?;
    #[cfg(windows)]
    if let Some(plain) = path.to_str().and_then(|text| text.strip_prefix(r"\\?\"))
        && plain.as_bytes().get(1) == Some(&b':')
    {
        return Ok(PathBuf::from(plain));
    }
    Ok(path)
}

fn marks_root(path: &Path) -> Result<bool, Box<Diagnostic>> {
    Ok(parse_marker(path)?.is_some_and(|document| {
        has_table(document.as_table(), &["tool", "pyrel"])
            || has_table(document.as_table(), &["tool", "uv", "workspace"])
    }))
}

/// Parses a `pyproject.toml` that may speak of a workspace; `None` when its text cannot.
///
/// # Errors
/// When it cannot be read or parsed although its text names the tables: the error then belongs to the configuration and
/// not to a member.
pub(crate) fn parse_marker(path: &Path) -> Result<Option<Document<String>>, Box<Diagnostic>> {
    let text = match source_file::read(path) {
        Ok(Some(text)) => text,
        Ok(None) => return Ok(None),
        Err(fault) => return if is_meant(&source_file::read_lossy(path)) { Err(fault) } else { Ok(None) },
    };
    if !text.contains("pyrel") && !text.contains("workspace") {
        return Ok(None);
    }
    match parse_toml(path, &text) {
        Ok(document) => Ok(Some(document)),
        Err(fault) => {
            if is_meant(&text) {
                Err(fault)
            } else {
                Ok(None)
            }
        }
    }
}

/// Tells whether a text that cannot be parsed names the tables that make a root.
fn is_meant(text: &str) -> bool {
    let headers = ["[tool.pyrel", "[tool.uv.workspace"];
    text.lines().any(|line| headers.iter().any(|header| line.trim_start().starts_with(header)))
}

fn has_table(root: &dyn TableLike, keys: &[&str]) -> bool {
    let Some((first, rest)) = keys.split_first() else { return true };
    match root.get(first) {
        Some(item) if rest.is_empty() => !item.is_none(),
        Some(item) => item.as_table_like().is_some_and(|table| has_table(table, rest)),
        None => false,
    }
}

/// Returns an array of strings of a document, for tables that belong to other tools.
pub(crate) fn string_array(table: &dyn TableLike, key: &str) -> Vec<String> {
    let array = table.get(key).and_then(Item::as_array);
    array.into_iter().flatten().filter_map(|value| value.as_str().map(str::to_owned)).collect()
}
