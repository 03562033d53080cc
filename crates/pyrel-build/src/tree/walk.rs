//! Walks that follow links and end: the folders of a tree, depth first, in name order.

use std::collections::HashSet;

use super::{Tree, join};
use crate::error::BuildError;

/// Walks the folders below `start`, following links; `enter(dir, name)` says which sub-folders are visited,
/// `visit(dir, listing)` sees each folder before its sub-folders.
///
/// A folder that was visited before, by whatever path, is skipped, as `hatchling` does.
pub(crate) fn walk_followed(
    tree: &Tree,
    start: &str,
    enter: &mut dyn FnMut(&str, &str) -> bool,
    visit: &mut dyn FnMut(&str, &super::Listing) -> Result<(), BuildError>,
) -> Result<(), BuildError> {
    let mut seen = HashSet::new();
    let mut stack = vec![start.to_owned()];
    while let Some(dir) = stack.pop() {
        if let Some(identity) = tree.identity(&dir)
            && !seen.insert(identity)
        {
            continue;
        }
        let listing = tree.list(&dir)?;
        visit(&dir, &listing)?;
        for name in listing.dirs.iter().rev() {
            if enter(&dir, name) {
                stack.push(join(&dir, name));
            }
        }
    }
    Ok(())
}
