//! Licence files: those that are named, or else those that are usual, which no header mentions.

use pyrel_model::pyproject::{License, TableReader};

use super::super::Subject;
use crate::detector::option;
use crate::entry_set::Entry;
use crate::error::Plan;
use crate::pattern::{GlobOptions, python_glob};
use crate::tree::{Tree, normalize};

const DEFAULT_GLOBS: [&str; 3] = ["LICEN[CS]E*", "COPYING*", "NOTICE*"];

/// The licences of a project.
pub(super) struct Licenses {
    /// The path of `license = { file = … }`.
    pub(super) text_file: Option<String>,
    /// What `license-files` selects, when it is set.
    pub(super) listed: Option<Vec<String>>,
}

/// Finds the licence files that are named.
pub(super) fn read(subject: &Subject<'_>, tree: &Tree) -> Plan<Licenses> {
    let table = subject.project_table();
    let text_file = match &subject.project.license {
        Some(License::File(path)) => {
            if normalize(path) != *path
                || path.starts_with(['/', '.'])
                || path.contains('\\')
                || !tree.is_file(path)
            {
                let reason = format!("names no file by a plain path: `{path}`");
                return Err(option(&table, "license", reason));
            }
            Some(path.clone())
        }
        _ => None,
    };
    let listed = match &subject.project.license_files {
        None => None,
        Some(globs) => {
            let mut files = Vec::new();
            for glob in globs {
                files.extend(selected(&table, tree, glob)?);
            }
            files.sort_by(|one: &String, other| one.split('/').cmp(other.split('/')));
            files.dedup();
            Some(files)
        }
    };
    Ok(Licenses { text_file, listed })
}

fn selected(table: &TableReader<'_>, tree: &Tree, glob: &str) -> Plan<Vec<String>> {
    let odd =
        |reason: &str| option(table, "license-files", format!("holds a pattern that {reason}: `{glob}`"));
    let is_plain = glob.chars().all(|c| c.is_ascii_alphanumeric() || "_-./*?[]".contains(c))
        && glob
            .split('/')
            .all(|part| !matches!(part, "" | "." | "..") && (part == "**" || !part.contains("**")))
        && !glob.ends_with("**");
    // pdm-backend looks for the files when the folder in which it works has a file already.
    let scratch = Tree::unpacked(&[Entry::generated("project/.pdm-build/.gitignore", *b"*")]);
    let options = GlobOptions { recursive: true, hidden: true };
    if !is_plain || python_glob(&scratch, "", glob, options)?.iter().any(|path| scratch.is_file(path)) {
        return Err(odd("is not reproduced natively"));
    }
    let mut files = python_glob(tree, "", glob, options)?;
    files.retain(|path| tree.is_file(path));
    if files.is_empty() {
        return Err(odd("matches no file"));
    }
    Ok(files)
}

/// Returns all files that go into the archives as licences.
pub(super) fn packed(licenses: &Licenses, tree: &Tree) -> Plan<Vec<String>> {
    let mut files: Vec<String> =
        licenses.text_file.iter().chain(licenses.listed.iter().flatten()).cloned().collect();
    if licenses.text_file.is_none() && licenses.listed.is_none() {
        for glob in DEFAULT_GLOBS {
            files.extend(python_glob(tree, "", glob, GlobOptions { recursive: false, hidden: true })?);
        }
        files.retain(|path| tree.is_file(path));
    }
    files.sort();
    files.dedup();
    Ok(files)
}
