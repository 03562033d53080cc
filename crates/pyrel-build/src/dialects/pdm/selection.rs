//! Which files are packed: what patterns include and exclude, the more exact of two winning.

use std::collections::{BTreeMap, BTreeSet};

use super::super::Subject;
use super::options::Options;
use crate::detector;
use crate::error::{Plan, unsupported};
use crate::pattern::{GlobOptions, has_magic, python_glob};
use crate::tree::{Tree, join, parent_and_name};

/// The folder in which pdm-backend works.
pub(super) const SCRATCH: &str = ".pdm-build";

/// What is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    Sdist,
    Wheel,
}

/// How exact a pattern is: its parts, then how few of them are wildcards.
type Weight = (usize, std::cmp::Reverse<usize>);
/// The paths that patterns match, with the weights of those patterns.
type Matched = BTreeMap<String, BTreeSet<Weight>>;

fn weight(pattern: &str) -> Weight {
    let parts: Vec<&str> = pattern.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    let wildcards = parts
        .iter()
        .map(|part| match *part {
            "**" => 2,
            part => usize::from(has_magic(part)),
        })
        .sum();
    (parts.len(), std::cmp::Reverse(wildcards))
}

fn matched<'p>(tree: &Tree, patterns: impl IntoIterator<Item = &'p str>) -> Plan<Matched> {
    let mut out = Matched::new();
    for pattern in patterns {
        let stem = pattern.trim_end_matches('/').trim_end_matches("/**");
        // Versions of Python do not agree about `**` behind something that is no folder.
        if pattern.contains("/**") && (stem == "**" || (!has_magic(stem) && !tree.is_dir(stem))) {
            return unsupported(
                "tool.pdm.build",
                format!("has a pattern that is not reproduced: `{pattern}`"),
            );
        }
        let options = GlobOptions { recursive: true, hidden: false };
        if stem != pattern.trim_end_matches('/')
            && let Some(file) = python_glob(tree, "", stem, options)?.iter().find(|path| !tree.is_dir(path))
        {
            let reason = format!("looks for a folder where there is a file: `{file}`");
            return unsupported("tool.pdm.build", reason);
        }
        for path in python_glob(tree, "", pattern, options)? {
            out.entry(path).or_default().insert(weight(pattern));
        }
    }
    Ok(out)
}

/// Returns the files of a target, with their paths in the project.
pub(super) fn collect(
    subject: &Subject<'_>,
    tree: &Tree,
    options: &Options,
    target: Target,
) -> Plan<BTreeSet<String>> {
    let defaults = if options.includes.is_empty() { found(tree, options)? } else { Vec::new() };
    let includes = defaults.iter().chain(&options.includes).chain(&options.source_includes);
    let mut excludes: Vec<&str> = vec![SCRATCH];
    excludes.extend(options.excludes.iter().map(String::as_str));
    if target == Target::Wheel {
        excludes.extend(options.source_includes.iter().map(String::as_str));
    }
    let includes = matched(tree, includes.map(String::as_str))?;
    let mut excludes = matched(tree, excludes)?;
    let mut kept = Vec::new();
    for (path, weights) in includes {
        if let Some(against) = excludes.get(&path) {
            if weights.len() > 1 || against.len() > 1 {
                let reason = format!("matches a path by several patterns on both sides: `{path}`");
                return unsupported("tool.pdm.build", reason);
            }
            if weights <= *against {
                continue;
            }
            excludes.remove(&path);
        }
        kept.push(path);
    }
    if let Some(odd) = excludes.keys().find(|path| has_magic(path)) {
        return unsupported(
            "tool.pdm.build.excludes",
            format!("matches a path with a wildcard in it: `{odd}`"),
        );
    }
    let is_excluded = |path: &str| {
        excludes.keys().any(|exclude| {
            path.strip_prefix(exclude.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    };
    let mut files = BTreeSet::new();
    for path in kept {
        if tree.is_file(&path) {
            files.insert(path);
        } else {
            walk(subject, tree, &path, &mut |path| {
                if !path.ends_with(".pyc") && !is_excluded(path) {
                    files.insert(path.to_owned());
                }
            })?;
        }
    }
    Ok(files)
}

/// Steps back for files in the folder that pdm-backend empties before it looks for files, or a file in its place.
pub(super) fn refuse_scratch(tree: &Tree, files: &BTreeSet<String>) -> Plan<()> {
    let is_scratch = |path: &String| path.starts_with(".pdm-build/");
    if tree.is_file(SCRATCH) || files.iter().any(is_scratch) {
        let reason = "is a file, or selected, though it is the folder in which pdm-backend works";
        return Err(detector::file(&tree.display_path(SCRATCH), SCRATCH, reason));
    }
    Ok(())
}

/// Returns the packages of the package folder, or else its modules.
fn found(tree: &Tree, options: &Options) -> Plan<Vec<String>> {
    let root = options.package_dir(tree);
    if !root.is_empty() && !tree.is_dir(&root) {
        return unsupported("tool.pdm.build.package-dir", format!("is no folder: `{root}`"));
    }
    let listing = tree.list(&root)?;
    let is_package = |name: &&String| {
        let folder = join(&root, name);
        !matches!(name.as_str(), "__pycache__" | "__pypackages__")
            && (tree.is_file(&join(&folder, "__init__.py"))
                || (name.ends_with("-stubs") && tree.is_file(&join(&folder, "__init__.pyi"))))
    };
    let packages: Vec<String> =
        listing.dirs.iter().filter(is_package).map(|name| join(&root, name)).collect();
    if let Some(odd) = packages.iter().find(|path| has_magic(path) || path.contains('\\')) {
        return unsupported(
            "tool.pdm.build",
            format!("finds a package with a wildcard in its name: `{odd}`"),
        );
    }
    Ok(if packages.is_empty() { vec![join(&root, "*.py")] } else { packages })
}

/// Visits every file below a folder; links to folders are for pdm-backend.
fn walk(subject: &Subject<'_>, tree: &Tree, dir: &str, visit: &mut dyn FnMut(&str)) -> Plan<()> {
    if subject.link_on(tree, dir).is_some() {
        let reason = "is a symbolic link to a folder, or below one";
        return Err(detector::file(&tree.display_path(dir), dir, reason));
    }
    let listing = tree.list(dir)?;
    if let Some(odd) = listing.odd.first() {
        return unsupported(join(dir, odd), "is a name that is not UTF-8");
    }
    for name in &listing.files {
        visit(&join(dir, name));
    }
    for name in &listing.dirs {
        walk(subject, tree, &join(dir, name), visit)?;
    }
    Ok(())
}

/// Returns the files of the data folders, each with its place below `*.data`.
pub(super) fn wheel_data(tree: &Tree, options: &Options) -> Plan<Vec<(String, String)>> {
    let mut out = Vec::new();
    for data in &options.data {
        for path in python_glob(tree, "", &data.pattern, GlobOptions { recursive: true, hidden: true })? {
            if !tree.is_file(&path) {
                continue;
            }
            let place = match &data.relative_to {
                None => parent_and_name(&path).1,
                Some(folder) => {
                    match path.strip_prefix(folder.as_str()).and_then(|rest| rest.strip_prefix('/')) {
                        Some(rest) => rest,
                        None => {
                            let reason = format!("matches a file outside of `{folder}`: `{path}`");
                            return unsupported("tool.pdm.build.wheel-data", reason);
                        }
                    }
                }
            };
            let place = format!("{}/{place}", data.scheme);
            out.push((path, place));
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn longer_patterns_weigh_more_than_exact_ones() {
        assert!(weight("a/b") > weight("a"));
        assert!(weight("a/*/c") > weight("a/b"));
        assert!(weight("a/b") > weight("a/*"));
        assert!(weight("a/*") > weight("a/**"));
        assert_eq!(weight("a/"), weight("a"));
    }
}
