//! External data: the folder whose content an installer puts beside the environment's own folders.

use super::layout::all_below;
use crate::entry_set::Entry;
use crate::error::{Plan, unsupported};
use crate::tree::{Tree, parent_and_name};

/// Lists the files of the folder but those below a `__pycache__` in it.
pub(super) fn files(tree: &Tree, directory: &str) -> Plan<Vec<String>> {
    let mut files = all_below(tree, directory, &|_| true)?;
    files
        .retain(|path| !parent_and_name(below(directory, path)).0.split('/').any(|dir| dir == "__pycache__"));
    Ok(files)
}

/// Returns the members of the wheel, in order.
pub(super) fn wheel_entries(tree: &Tree, directory: &str, stem: &str) -> Plan<Vec<Entry>> {
    if !tree.is_dir(directory) {
        let reason = format!("names a folder of which the sdist holds nothing: `{directory}`");
        return unsupported("tool.flit.external-data.directory", reason);
    }
    let mut entries = Vec::new();
    for path in files(tree, directory)? {
        let place = format!("{stem}.data/data/{}", below(directory, &path));
        entries.push(tree.file(&path)?.into_entry(place));
    }
    Ok(entries)
}

/// Returns a path as it is from the folder.
fn below<'p>(directory: &str, path: &'p str) -> &'p str {
    path[directory.len()..].trim_start_matches('/')
}
