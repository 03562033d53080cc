//! The nearest `.gitignore` and `.hgignore`, which exclude files from builds.

use std::path::Path;

use crate::detector;
use crate::error::Plan;
use crate::pattern::IgnoreSpec;
use crate::tree::Tree;

/// The nearest ignore files.
pub(super) struct IgnoreFiles {
    /// Their paths from the project's root, with `..` where they are further up, and their names.
    pub(super) paths: Vec<(String, &'static str)>,
    /// Their patterns, line ends kept; empty when these hit the project itself and are dropped.
    pub(super) lines: Vec<String>,
}

/// Where an sdist is unpacked to: folders whose names nobody knows, so that only wildcards match them.
const SOMEWHERE: &str = "/\u{1}unknown\u{1}/\u{1}unknown\u{1}";

/// Looks for the files from the root upwards, up to the folder that holds `.git` or `.hg`.
///
/// A tree that is an unpacked sdist has nothing above it but its folder `stem`.
pub(super) fn nearest_ignore_files(tree: &Tree, root: &Path, stem: &str) -> Plan<IgnoreFiles> {
    let mut paths = Vec::new();
    let mut lines: Vec<String> = Vec::new();
    for (name, boundary) in [(".gitignore", ".git"), (".hgignore", ".hg")] {
        let Some(path) = locate(tree, root, name, boundary) else { continue };
        let text = tree.read_text(&path)?;
        let own: Vec<&str> =
            if name == ".hgignore" { globs(&text) } else { text.split_inclusive('\n').collect() };
        check(tree, (&path, name), &own)?;
        lines.extend(own.into_iter().map(str::to_owned));
        paths.push((path, name));
    }
    let spec = IgnoreSpec::new(lines.iter().map(String::as_str));
    let spec = spec.expect("a list is valid when each of its patterns is");
    let project = match tree {
        Tree::Disk(_) => root.to_string_lossy().replace('\\', "/"),
        Tree::Memory(_) => format!("{SOMEWHERE}/{stem}"),
    };
    if spec.matches(&project) {
        lines.clear();
    }
    Ok(IgnoreFiles { paths, lines })
}

/// Returns the lines of the sections in the syntax of globs.
fn globs(text: &str) -> Vec<&str> {
    let mut is_glob = false;
    let mut out = Vec::new();
    for line in text.split_inclusive('\n') {
        match line.trim() {
            "syntax: glob" => is_glob = true,
            other if other.starts_with("syntax: ") => is_glob = false,
            _ if is_glob => out.push(line),
            _ => {}
        }
    }
    out
}

fn check(tree: &Tree, (path, name): (&str, &str), lines: &[&str]) -> Plan<()> {
    match IgnoreSpec::new(lines.iter().copied()) {
        Ok(_) => Ok(()),
        Err(invalid) => {
            let reason = format!("holds a pattern that is not reproduced natively: `{}`", invalid.0);
            Err(detector::file(&tree.display_path(path), name, reason))
        }
    }
}

fn locate(tree: &Tree, root: &Path, name: &str, boundary: &str) -> Option<String> {
    if tree.is_file(name) {
        return Some(name.to_owned());
    }
    if matches!(tree, Tree::Memory(_)) {
        return None;
    }
    let mut up = String::new();
    let mut folder = root;
    while !tree.exists(&format!("{up}{boundary}")) {
        folder = folder.parent()?;
        up.push_str("../");
        if tree.is_file(&format!("{up}{name}")) {
            return Some(format!("{up}{name}"));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_globs_of_mercurial_count() {
        let text = "^x$\nsyntax: glob\n*.o\n# c\nsyntax: regexp\ny\nsyntax: glob\nz";
        assert_eq!(globs(text), ["*.o\n", "# c\n", "z"]);
    }
}
