//! The nearest `.gitignore`, which excludes files from builds.

use crate::detector;
use crate::error::Plan;
use crate::pattern::IgnoreSpec;
use crate::tree::Tree;

/// The nearest ignore file.
pub(super) struct IgnoreFile {
    /// Its path from the project's root, with `..` where it is further up.
    pub(super) path: String,
    /// Its lines, line ends kept; empty when the patterns hit the project itself and are dropped.
    pub(super) lines: Vec<String>,
}

/// Where an sdist is unpacked to: folders whose names nobody knows, so that only wildcards match them.
const SOMEWHERE: &str = "/\u{1}unknown\u{1}/\u{1}unknown\u{1}";

/// Looks for `.gitignore` from the root upwards, up to the folder that holds `.git`.
///
/// A tree that is an unpacked sdist has nothing above it but its folder `stem`.
pub(super) fn nearest_ignore_file(
    tree: &Tree,
    root: &std::path::Path,
    stem: &str,
) -> Plan<Option<IgnoreFile>> {
    if let Some(path) = locate(tree, root, ".hgignore", ".hg") {
        let reason = "holds exclusions of Mercurial, which are not reproduced natively";
        return Err(detector::file(&tree.display_path(&path), ".hgignore", reason));
    }
    let Some(path) = locate(tree, root, ".gitignore", ".git") else { return Ok(None) };
    let text = tree.read_text(&path)?;
    let mut lines: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
    let spec = compile(tree, &path, &lines)?;
    let project = match tree {
        Tree::Disk(_) => root.to_string_lossy().replace('\\', "/"),
        Tree::Memory(_) => format!("{SOMEWHERE}/{stem}"),
    };
    if spec.matches(&project) {
        lines.clear();
    }
    Ok(Some(IgnoreFile { path, lines }))
}

fn compile(tree: &Tree, path: &str, lines: &[String]) -> Plan<IgnoreSpec> {
    IgnoreSpec::new(lines.iter().map(String::as_str)).map_err(|invalid| {
        let reason = format!("holds a pattern that is not reproduced natively: `{}`", invalid.0);
        detector::file(&tree.display_path(path), ".gitignore", reason)
    })
}

fn locate(tree: &Tree, root: &std::path::Path, name: &str, boundary: &str) -> Option<String> {
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
