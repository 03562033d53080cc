//! What an archive made by git would hold: the tracked paths but for those that `export-ignore` takes out.

use std::collections::{BTreeSet, HashSet};

use super::{Git, GitError};

/// What a tracked path is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrackedKind {
    /// A regular file.
    File,
    /// A symbolic link.
    Link,
    /// The place of another repository.
    Submodule,
}

impl Git {
    /// Returns the tracked paths below the directory, with `/` between parts and from there, in the order of the
    /// index, invalid UTF-8 replaced. A folder with the attribute `export-ignore` takes all in it out.
    ///
    /// # Errors
    /// When git cannot be asked.
    pub fn exported(&self) -> Result<Vec<(String, TrackedKind)>, GitError> {
        let listed = self.text(&["ls-files", "-z", "-s", "--", ".", ":(exclude,attr:export-ignore)"])?;
        let mut paths = Vec::new();
        for record in listed.split('\0').filter(|record| !record.is_empty()) {
            let (info, path) = record.split_once('\t').unwrap_or(("", record));
            let kind = match info.split(' ').next() {
                Some("160000") => TrackedKind::Submodule,
                Some("120000") => TrackedKind::Link,
                _ => TrackedKind::File,
            };
            paths.push((path.to_owned(), kind));
        }
        let ignored = self.ignored_folders(&paths)?;
        let is_out = |path: &str| {
            ignored.contains(path) || path.match_indices('/').any(|(at, _)| ignored.contains(&path[..at]))
        };
        paths.retain(|(path, _)| !is_out(path));
        Ok(paths)
    }

    /// Returns the folders, and places of other repositories, that have the attribute themselves.
    fn ignored_folders(&self, paths: &[(String, TrackedKind)]) -> Result<HashSet<String>, GitError> {
        let mut folders: BTreeSet<&str> = BTreeSet::new();
        for (path, kind) in paths {
            folders.extend(path.match_indices('/').map(|(at, _)| &path[..at]));
            if *kind == TrackedKind::Submodule {
                folders.insert(path);
            }
        }
        if folders.is_empty() {
            return Ok(HashSet::new());
        }
        let asked: Vec<String> = folders.iter().map(|folder| format!("{folder}/")).collect();
        let arguments = ["check-attr", "-z", "--stdin", "export-ignore"];
        let output = self.run_with_input(&arguments, asked.join("\0").into_bytes())?;
        if !output.success() {
            return Err(self.failure("check-attr", &output));
        }
        let text = output.stdout_text();
        let fields: Vec<&str> = text.split('\0').collect();
        let rows = fields.chunks_exact(3);
        let set = rows.filter(|row| row[2] == "set").map(|row| row[0].trim_end_matches('/').to_owned());
        Ok(set.collect())
    }
}
