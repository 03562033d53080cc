//! The `.egg-info` folder of sdists, and the files that setuptools adds beside it.

use std::collections::BTreeMap;

use pyrel_model::Requirement;

use super::super::Subject;
use super::Project;
use super::layout::Layout;
use super::options::Options;
use crate::detector;
use crate::entry_set::Entry;
use crate::error::Plan;
use crate::tree::{Tree, join, normalize};

/// What setuptools writes again, or deletes, when it finds the folder.
const REWRITTEN: [&str; 10] = [
    "PKG-INFO",
    "SOURCES.txt",
    "dependency_links.txt",
    "eager_resources.txt",
    "entry_points.txt",
    "namespace_packages.txt",
    "not-zip-safe",
    "requires.txt",
    "top_level.txt",
    "zip-safe",
];

/// The generated files, by path from the project's root.
pub(super) struct EggInfo {
    folder: String,
    files: Vec<(String, String)>,
}

impl EggInfo {
    pub(super) fn new(subject: &Subject<'_>, project: &Project) -> Self {
        let Project { layout, metadata, seen, options, .. } = project;
        let name = subject.project.name.as_written().replace('-', "_");
        let folder = join(layout.base(), &format!("{}.egg-info", name.trim_matches('_')));
        let mut files = vec![
            ("PKG-INFO".to_owned(), metadata.text.clone()),
            ("dependency_links.txt".to_owned(), "\n".to_owned()),
            ("top_level.txt".to_owned(), top_level(layout)),
        ];
        let requires = requires(&metadata.dependencies, &metadata.optional);
        for (name, text) in [("entry_points.txt", &metadata.entry_points), ("requires.txt", &requires)] {
            if !text.is_empty() {
                files.push((name.to_owned(), text.clone()));
            }
        }
        if let Some(safe) = options.zip_safe {
            files.push((if safe { "zip-safe" } else { "not-zip-safe" }.to_owned(), "\n".to_owned()));
        }
        files.extend(seen.records());
        if let Some(text) = eager_resources(options) {
            files.push(("eager_resources.txt".to_owned(), text));
        }
        Self { folder, files }
    }

    /// Steps back where an unpacked sdist has more in the folder, or more such folders, than is written anew.
    pub(super) fn check_leftovers(&self, tree: &Tree, base: &str) -> Plan<()> {
        for dir in ["", base] {
            for name in tree.list(dir)?.dirs.iter().filter(|name| name.ends_with(".egg-info")) {
                let path = join(dir, name);
                if path != self.folder {
                    let reason = "is of another project, or written by another tool";
                    return Err(detector::file(&tree.display_path(&path), path, reason));
                }
            }
        }
        let listing = tree.list(&self.folder)?;
        let mut inside = listing.files.iter().chain(&listing.dirs).chain(&listing.odd);
        match inside.find(|name| !REWRITTEN.contains(&name.as_str())) {
            None => Ok(()),
            Some(name) => {
                let path = self.path(name);
                let reason = "is left over, and would go into the wheel";
                Err(detector::file(&tree.display_path(&path), path, reason))
            }
        }
    }

    /// Returns the path of a file in the folder.
    pub(super) fn path(&self, name: &str) -> String {
        join(&self.folder, name)
    }

    /// Returns the folder.
    pub(super) fn folder(&self) -> &str {
        &self.folder
    }

    /// Returns the paths of all files, the list of sources included.
    pub(super) fn paths(&self) -> Vec<String> {
        let mut paths: Vec<String> = self.files.iter().map(|(name, _)| self.path(name)).collect();
        paths.push(self.path("SOURCES.txt"));
        paths
    }

    /// Returns the sdist member at a path of the folder.
    pub(super) fn entry(&self, stem: &str, path: &str, sources: &[String]) -> Option<Entry> {
        let name = path.strip_prefix(&self.folder)?.strip_prefix('/')?;
        let text = if name == "SOURCES.txt" {
            sources.join("\n")
        } else {
            self.files.iter().find(|(known, _)| known == name)?.1.clone()
        };
        Some(Entry::generated(format!("{stem}/{path}"), text.into_bytes()))
    }
}

/// Returns the paths in an old list of files; odd ones are for setuptools.
pub(super) fn listed(tree: &Tree, list: &str) -> Plan<Vec<String>> {
    let text = tree.read_text(list)?;
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let paths: Vec<String> = lines.map(str::to_owned).collect();
    match paths
        .iter()
        .find(|path| normalize(path) != **path || path.starts_with(['/', '~']) || path.starts_with(".."))
    {
        None => Ok(paths),
        Some(odd) => {
            let reason = format!("lists a file in an unusual spelling: `{odd}`");
            Err(detector::file(&tree.display_path(list), list, reason))
        }
    }
}

/// Returns `top_level.txt`: the first parts of all names, one a line.
pub(super) fn top_level(layout: &Layout) -> String {
    format!("{}\n", layout.top_level().join("\n"))
}

/// Returns `eager_resources.txt`, if there is one.
pub(super) fn eager_resources(options: &Options) -> Option<String> {
    options.eager_resources.as_ref().map(|lines| format!("{}\n", lines.join("\n")))
}

/// Returns `requires.txt`: requirements without a condition, then a section for each extra and condition.
fn requires(dependencies: &[Requirement], optional: &[(String, Vec<Requirement>)]) -> String {
    let mut sections: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (extra, requirements) in optional {
        sections.entry(extra.clone()).or_default();
        for requirement in requirements {
            push(&mut sections, extra, requirement);
        }
    }
    let mut out = String::new();
    for requirement in dependencies {
        if requirement.marker.is_some() {
            push(&mut sections, "", requirement);
        } else {
            out.push_str(&format!("{requirement}\n"));
        }
    }
    for (section, lines) in sections {
        out.push_str(&format!("\n[{section}]\n"));
        out.extend(lines.iter().map(|line| format!("{line}\n")));
    }
    out
}

fn push(sections: &mut BTreeMap<String, Vec<String>>, extra: &str, requirement: &Requirement) {
    let condition = requirement.marker.as_ref().map(|marker| format!(":{marker}")).unwrap_or_default();
    let lines = sections.entry(format!("{extra}{condition}")).or_default();
    let mut plain = requirement.clone();
    plain.marker = None;
    let line = plain.to_string();
    if !lines.contains(&line) {
        lines.push(line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_become_sections() {
        let parse =
            |list: &[&str]| list.iter().map(|text| text.parse().unwrap()).collect::<Vec<Requirement>>();
        let dependencies = parse(&["b>=1", "a; os_name == 'nt'"]);
        let optional =
            [("dev".to_owned(), parse(&["c", "d; python_version<'3'", "c"])), ("e".to_owned(), vec![])];
        assert_eq!(
            requires(&dependencies, &optional),
            "b>=1\n\n[:os_name == \"nt\"]\na\n\n[dev]\nc\n\n[dev:python_version < \"3\"]\nd\n\n[e]\n"
        );
        assert_eq!(requires(&[], &[]), "");
    }
}
