//! The licence files that patterns find.

use crate::error::Plan;
use crate::pattern::{GlobOptions, python_glob};
use crate::tree::Tree;

/// What setuptools looks for where nothing is said.
pub(super) const DEFAULT_GLOBS: [&str; 4] = ["LICEN[CS]E*", "COPYING*", "NOTICE*", "AUTHORS*"];

/// Tells whether a pattern means the same to everybody.
pub(super) fn is_usual(pattern: &str) -> bool {
    pattern.chars().all(|c| c.is_alphanumeric() || "_-./*?[]".contains(c))
        && !pattern.starts_with('/')
        && !pattern.contains("..")
        && !pattern.is_empty()
}

/// Returns the files, pattern by pattern, each in order, without doubles and backups.
pub(super) fn matching(tree: &Tree, patterns: &[String]) -> Plan<Vec<String>> {
    let mut files: Vec<String> = Vec::new();
    for pattern in patterns {
        for path in python_glob(tree, "", pattern, GlobOptions { recursive: true, hidden: false })? {
            if !path.ends_with('~') && tree.is_file(&path) && !files.contains(&path) {
                files.push(path);
            }
        }
    }
    Ok(files)
}
