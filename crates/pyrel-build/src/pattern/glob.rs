//! Python's `glob.glob` over a tree: hidden names need a dot in the pattern; `**` only when asked for.

use super::FnMatch;
use crate::error::BuildError;
use crate::tree::{Tree, join, walk_followed};

/// Tells whether a text has a wildcard of `glob`.
pub(crate) fn has_magic(text: &str) -> bool {
    text.contains(['*', '?', '['])
}

/// Which of its dialects `glob` speaks.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct GlobOptions {
    /// A segment `**` stands for any number of folders.
    pub(crate) recursive: bool,
    /// Wildcards take names that begin with a dot, as in the copy that setuptools has for `MANIFEST.in`.
    pub(crate) hidden: bool,
}

/// Returns the paths (files and folders) below `base` that a relative pattern matches, sorted and without
/// doubles.
pub(crate) fn python_glob(
    tree: &Tree,
    base: &str,
    pattern: &str,
    options: GlobOptions,
) -> Result<Vec<String>, BuildError> {
    let segments: Vec<&str> = pattern.split('/').collect();
    let mut found = vec![base.to_owned()];
    for (index, segment) in segments.iter().enumerate() {
        let is_last = index + 1 == segments.len();
        let mut next = Vec::new();
        for dir in &found {
            expand((tree, dir), segment, (options, is_last), &mut next)?;
        }
        found = next;
    }
    found.retain(|path| !path.is_empty());
    found.sort();
    found.dedup();
    Ok(found)
}

fn expand(
    (tree, dir): (&Tree, &str),
    segment: &str,
    (options, is_last): (GlobOptions, bool),
    out: &mut Vec<String>,
) -> Result<(), BuildError> {
    if segment.is_empty() || segment == "." {
        if tree.is_dir(dir) {
            out.push(dir.to_owned());
        }
    } else if options.recursive && segment == "**" {
        descend((tree, dir), options.hidden, is_last, out)?;
    } else if has_magic(segment) {
        let pattern = FnMatch::new(segment);
        let listing = tree.list(dir)?;
        let dirs = listing.dirs.iter();
        let files = listing.files.iter().filter(|_| is_last);
        let all = options.hidden || segment.starts_with('.');
        let visible = |name: &&String| all || !name.starts_with('.');
        out.extend(
            dirs.chain(files)
                .filter(visible)
                .filter(|name| pattern.matches(name))
                .map(|name| join(dir, name)),
        );
    } else {
        let path = join(dir, segment);
        let exists = if is_last { tree.is_file(&path) || tree.is_dir(&path) } else { tree.is_dir(&path) };
        if exists {
            out.push(path);
        }
    }
    Ok(())
}

fn descend(
    (tree, start): (&Tree, &str),
    hidden: bool,
    with_files: bool,
    out: &mut Vec<String>,
) -> Result<(), BuildError> {
    let visible = |name: &str| hidden || !name.starts_with('.');
    walk_followed(tree, start, &mut |_, name| visible(name), &mut |dir, listing| {
        out.push(dir.to_owned());
        if with_files {
            out.extend(listing.files.iter().filter(|name| visible(name)).map(|name| join(dir, name)));
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry_set::Entry;

    #[test]
    fn wildcards_hidden_names_and_recursion() {
        let paths = ["p/LICENSE", "p/.LICENSE", "p/a/b.txt", "p/a/c/d.txt", "p/a/.h/e.txt"];
        let entries = paths.map(|path| Entry::generated(path, path.as_bytes()));
        let tree = Tree::unpacked(&entries);
        let glob = |pattern: &str, recursive| {
            python_glob(&tree, "", pattern, GlobOptions { recursive, hidden: false }).unwrap()
        };
        assert_eq!(glob("LICEN[CS]E*", false), ["LICENSE"]);
        assert_eq!(glob(".LIC*", false), [".LICENSE"]);
        assert_eq!(glob("a/*", false), ["a/b.txt", "a/c"]);
        assert_eq!(glob("**/*.txt", false), ["a/b.txt"]);
        assert_eq!(glob("**/*.txt", true), ["a/b.txt", "a/c/d.txt"]);
        assert_eq!(glob("a/**", true), ["a", "a/b.txt", "a/c", "a/c/d.txt"]);
        assert_eq!(glob("a/b.txt", false), ["a/b.txt"]);
        assert_eq!(glob("a/./c/d.*", false), ["a/c/d.txt"]);
        let hidden = GlobOptions { recursive: true, hidden: true };
        assert_eq!(python_glob(&tree, "", "**/e.txt", hidden).unwrap(), ["a/.h/e.txt"]);
        assert_eq!(python_glob(&tree, "", "*LICENSE", hidden).unwrap(), [".LICENSE", "LICENSE"]);
    }
}
