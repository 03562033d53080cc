//! Paths that cannot stand beside each other in one archive.

use std::collections::HashSet;
use std::path::Path;

use pyrel_model::Diagnostic;

use crate::entry_set::Entry;
use crate::error::BuildError;

/// Refuses members with the same path, and a member that is the folder of another.
pub(super) fn refuse_clashes(entries: &[Entry], archive: &Path) -> Result<(), BuildError> {
    let mut files = HashSet::with_capacity(entries.len());
    if let Some(entry) = entries.iter().find(|entry| !files.insert(entry.path.as_str())) {
        return Err(clash(&format!("two files would be `{}`", entry.path), archive));
    }
    let is_folder = |path: &&str| path.match_indices('/').any(|(at, _)| files.contains(&path[..at]));
    match entries.iter().map(|entry| entry.path.as_str()).find(is_folder) {
        None => Ok(()),
        Some(path) => Err(clash(&format!("a folder of `{path}` would also be a file"), archive)),
    }
}

fn clash(what: &str, archive: &Path) -> BuildError {
    let message = format!("{what} in `{}`", archive.display());
    let hint = "the options that select or move files overlap; take one of the files out";
    BuildError::Project(Box::new(Diagnostic::new(message).with_hint(hint)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clashes_are_refused() {
        let refused = |paths: &[&str]| {
            let entries: Vec<Entry> = paths.iter().map(|path| Entry::generated(*path, *b"")).collect();
            refuse_clashes(&entries, Path::new("x.whl")).is_err()
        };
        assert!(!refused(&["a/b", "a/c", "a.b"]));
        assert!(refused(&["a/b", "a/b"]));
        assert!(refused(&["a/b", "a"]));
        assert!(refused(&["a/b/c/d", "a/b"]));
    }
}
