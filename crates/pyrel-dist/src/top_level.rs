//! The names that an installed wheel makes importable. Works on member names alone.

use std::collections::{BTreeMap, BTreeSet};

use crate::member::MemberInfo;

/// File name endings of Python modules; a compiled one may have a tag before (`a.cpython-312-x86_64-linux-gnu.so`).
const SOURCE: &str = ".py";
const COMPILED: [&str; 2] = [".so", ".pyd"];

/// Returns the importable names at the top, sorted.
pub(crate) fn modules(members: &[MemberInfo]) -> Vec<String> {
    modules_of(members.iter().filter(|member| member.is_file()).map(|member| member.name.as_str()))
}

/// Returns the importable names at the top that files of these names make, sorted.
pub(crate) fn modules_of<'a>(names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut tree = Directory::default();
    for name in names {
        if let Some(path) = installed_path(name) {
            tree.insert(&path);
        }
    }
    let mut names = BTreeSet::new();
    for module in tree.modules.iter().filter(|module| *module != "__init__") {
        names.insert(module.clone());
    }
    for (name, directory) in &tree.directories {
        directory.collect(name, &mut names);
    }
    names.into_iter().collect()
}

/// One directory of the tree that is put on the import path.
#[derive(Default)]
struct Directory {
    modules: BTreeSet<String>,
    directories: BTreeMap<String, Directory>,
}

impl Directory {
    fn insert(&mut self, path: &[&str]) {
        match path {
            [file] => {
                self.modules.extend(module_name(file));
            }
            [first, rest @ ..] if is_identifier(first) => {
                self.directories.entry((*first).to_owned()).or_default().insert(rest);
            }
            _ => {}
        }
    }

    /// A regular package is one name; a namespace package is those of the packages in it, or else its modules.
    fn collect(&self, name: &str, names: &mut BTreeSet<String>) {
        if self.modules.contains("__init__") {
            names.insert(name.to_owned());
            return;
        }
        let before = names.len();
        for (inner, directory) in &self.directories {
            directory.collect(&format!("{name}.{inner}"), names);
        }
        if names.len() == before {
            names.extend(self.modules.iter().map(|module| format!("{name}.{module}")));
        }
    }
}

/// Returns the path below the import root; `None` for what is not installed there.
pub(crate) fn installed_path(name: &str) -> Option<Vec<&str>> {
    let mut parts: Vec<&str> = name.split('/').collect();
    let first = *parts.first()?;
    if first.ends_with(".dist-info") {
        return None;
    }
    if first.ends_with(".data") {
        let scheme = *parts.get(1)?;
        let on_path = scheme == "purelib" || scheme == "platlib";
        parts.drain(..2);
        return (on_path && !parts.is_empty()).then_some(parts);
    }
    Some(parts)
}

fn module_name(file: &str) -> Option<String> {
    let stem = match file.strip_suffix(SOURCE) {
        Some(stem) => stem,
        None if COMPILED.iter().any(|ending| file.ends_with(ending)) => file.split('.').next()?,
        None => return None,
    };
    is_identifier(stem).then(|| stem.to_owned())
}

fn is_identifier(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(|c| c.is_alphabetic() || c == '_')
        && chars.all(|c| c.is_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::member::MemberKind;

    fn names(files: &[&str]) -> Vec<String> {
        let members: Vec<MemberInfo> = files
            .iter()
            .map(|name| MemberInfo {
                name: (*name).to_owned(),
                kind: MemberKind::File,
                size: 0,
                packed: 0,
                mode: None,
                sha256: None,
                other_digest: None,
            })
            .collect();
        modules(&members)
    }

    #[test]
    fn packages_modules_and_extensions() {
        let found = names(&[
            "pkg/__init__.py",
            "pkg/sub/__init__.py",
            "single.py",
            "_fast.cpython-312-x86_64-linux-gnu.so",
            "pkg-1.0.dist-info/METADATA",
            "pkg-1.0.data/purelib/extra.py",
            "pkg-1.0.data/scripts/run.py",
            "pkg/data.txt",
        ]);
        assert_eq!(found, ["_fast", "extra", "pkg", "single"]);
    }

    #[test]
    fn namespace_packages_give_what_is_in_them() {
        assert_eq!(names(&["a/b/__init__.py", "a/b/c.py", "a/d/__init__.py"]), ["a.b", "a.d"]);
        assert_eq!(names(&["a/one.py", "a/data.json"]), ["a.one"]);
        assert!(names(&["not-a-name/x.py", "docs/index.md"]).is_empty());
    }
}
