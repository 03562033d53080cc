//! Files outside of packages, which an installer puts below the data of an environment.

use super::layout::Placed;
use super::options::{Lists, pure_path};
use crate::error::{Plan, unsupported};
use crate::pattern::{GlobOptions, has_magic, python_glob};
use crate::tree::{Tree, join, parent_and_name};

/// Returns what keeps a folder and its patterns from being reproduced.
pub(super) fn odd(folder: &str, patterns: &[String]) -> Option<String> {
    let leads_out = |path: &str| {
        path.starts_with(['/', '~'])
            || path.contains(['\\', ':'])
            || path.contains(char::is_control)
            || path.split('/').any(|part| part == "..")
    };
    if leads_out(folder) {
        return Some(format!("names a folder that is not reproduced natively: `{folder}`"));
    }
    let odd = patterns.iter().find(|pattern| pattern.is_empty() || leads_out(pattern))?;
    Some(format!("has a pattern that is not reproduced natively: `{odd}`"))
}

/// Returns the files with their places below the data of an environment.
pub(super) fn files(tree: &Tree, lists: &Lists) -> Plan<Vec<Placed>> {
    let mut out: Vec<Placed> = Vec::new();
    for (folder, patterns) in lists {
        for pattern in patterns {
            for path in matching(tree, folder, pattern)? {
                let (_, name) = parent_and_name(&path);
                let place = join(&pure_path(folder), name);
                if out.iter().any(|(earlier, taken)| *taken == place && *earlier != path) {
                    let reason =
                        format!("puts two files in one place, of which the newer one wins: `{place}`");
                    return unsupported(format!("data-files.{folder}"), reason);
                }
                out.push((path, place));
            }
        }
    }
    Ok(out)
}

fn matching(tree: &Tree, folder: &str, pattern: &str) -> Plan<Vec<String>> {
    let relative = pure_path(pattern);
    // A brace or a closing bracket makes setuptools look for files, though it means nothing there.
    let found = if pattern.contains(['*', '?', '[', ']', '{', '}']) {
        python_glob(tree, "", &relative, GlobOptions { recursive: true, hidden: false })?
    } else {
        vec![relative]
    };
    match found.iter().find(|path| !tree.is_file(path)) {
        None => Ok(found),
        Some(path) => {
            let reason = format!("has a pattern that takes something else than a file: `{path}`");
            unsupported(format!("data-files.{folder}"), reason)
        }
    }
}

/// Tells whether the patterns mean something else where the project lies: setuptools puts its path before them.
pub(super) fn depends_on_place(lists: &Lists, root: &std::path::Path) -> bool {
    !lists.is_empty() && root.to_str().is_none_or(has_magic)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry_set::Entry;

    fn tree() -> Tree {
        let paths = ["conf/a.ini", "conf/.b.ini", "conf/deep/c.ini", "man.1"];
        Tree::unpacked(&paths.map(|path| Entry::generated(format!("t/{path}"), *b"")))
    }

    fn places(folder: &str, pattern: &str) -> Option<Vec<String>> {
        let lists = vec![(folder.to_owned(), vec![pattern.to_owned()])];
        files(&tree(), &lists).ok().map(|placed| placed.into_iter().map(|(_, place)| place).collect())
    }

    #[test]
    fn files_lose_their_folders() {
        assert_eq!(places("etc/x/", "./conf//*.ini").as_deref(), Some(&["etc/x/a.ini".to_owned()][..]));
        assert_eq!(places("", "conf/deep/c.ini").as_deref(), Some(&["c.ini".to_owned()][..]));
        assert_eq!(places("x", "none*").as_deref(), Some(&[][..]));
        assert_eq!(places("x", "man.{1}").as_deref(), Some(&[][..]));
        assert_eq!(places("x", "none"), None);
        assert_eq!(places("x", "conf/*"), None);
        let two = vec![("x".to_owned(), ["conf/a.ini", "conf/a.ini"].map(str::to_owned).into())];
        assert!(files(&tree(), &two).is_ok());
        let clash = vec![("x".to_owned(), ["a/same", "b/same"].map(str::to_owned).into())];
        let same =
            Tree::unpacked(&["a/same", "b/same"].map(|path| Entry::generated(format!("t/{path}"), *b"")));
        assert!(files(&same, &clash).is_err());
    }

    #[test]
    fn paths_stay_inside() {
        for (folder, pattern) in [("/etc", "a"), ("x", "../a"), ("..", "a"), ("x", ""), ("x", "a\\b")] {
            assert!(odd(folder, &[pattern.to_owned()]).is_some(), "{folder} {pattern}");
        }
        assert!(odd("", &["a/*".to_owned()]).is_none());
    }
}
