//! Lock files: uv's, Poetry's, PDM's, and the standard one (PEP 751), read for names, versions, and who needs whom.

use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use fs_err as fs;
use pyrel_model::pyproject::parse_toml;
use pyrel_model::{PackageName, Requirement, Version};
use toml_edit::{Item, TableLike, Value};

/// The files, in the order in which they are looked for, with the command that writes each.
const FILES: [(&str, &str); 4] = [
    ("uv.lock", "uv lock"),
    ("poetry.lock", "poetry lock"),
    ("pdm.lock", "pdm lock"),
    ("pylock.toml", "pip lock"),
];

/// A locked release of a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LockedPackage {
    /// Its version; `None` for a source tree without one.
    pub(super) version: Option<Version>,
    /// Whether it comes from an index, and not from a folder, a repository, or an address.
    pub(super) from_index: bool,
    /// What it needs.
    pub(super) needs: BTreeSet<PackageName>,
}

/// A lock file.
#[derive(Debug, Clone)]
pub(super) struct Lock {
    /// The file.
    pub(super) path: PathBuf,
    /// The command that writes it anew.
    pub(super) command: &'static str,
    /// Its packages. One that is locked differently for different machines stands more than once.
    pub(super) packages: BTreeMap<PackageName, Vec<LockedPackage>>,
}

impl Lock {
    /// Reads the lock file of a package: its own, or else that of the workspace; `None` when there is none.
    ///
    /// # Errors
    /// Says why a lock file cannot be read.
    pub(super) fn find(package: &Path, root: &Path) -> Result<Option<Self>, String> {
        for folder in [package, root] {
            for (name, command) in FILES {
                let path = folder.join(name);
                match fs::read_to_string(&path) {
                    Ok(text) => return Self::parse(&path, &text, command).map(Some),
                    Err(error) if error.kind() == ErrorKind::NotFound => {}
                    Err(error) => return Err(error.to_string()),
                }
            }
        }
        Ok(None)
    }

    fn parse(path: &Path, text: &str, command: &'static str) -> Result<Self, String> {
        let document = parse_toml(path, text).map_err(|fault| fault.to_string())?;
        let root = document.as_table();
        let listed = root.get("package").or_else(|| root.get("packages"));
        let listed = listed.and_then(Item::as_array_of_tables);
        let mut packages: BTreeMap<PackageName, Vec<LockedPackage>> = BTreeMap::new();
        for table in listed.into_iter().flat_map(|tables| tables.iter()) {
            let name = table.get("name").and_then(Item::as_str).unwrap_or_default();
            let name: PackageName = name.parse().map_err(|error| format!("`{}`: {error}", path.display()))?;
            packages.entry(name).or_default().push(locked(table));
        }
        Ok(Self { path: path.to_path_buf(), command, packages })
    }

    /// Returns the releases that a project needs, directly or not, itself left out.
    pub(super) fn closure(&self, roots: &[PackageName]) -> BTreeSet<(PackageName, Version)> {
        let mut open: Vec<PackageName> = roots.to_vec();
        let mut seen: BTreeSet<PackageName> = BTreeSet::new();
        let mut found = BTreeSet::new();
        while let Some(name) = open.pop() {
            if !seen.insert(name.clone()) {
                continue;
            }
            let Some((name, releases)) = self.packages.get_key_value(&name) else { continue };
            for locked in releases {
                open.extend(locked.needs.iter().cloned());
                if let Some(version) = locked.version.clone().filter(|_| locked.from_index) {
                    found.insert((name.clone(), version));
                }
            }
        }
        found
    }
}

fn locked(table: &dyn TableLike) -> LockedPackage {
    let version = table.get("version").and_then(Item::as_str).and_then(|text| text.parse().ok());
    let mut needs = BTreeSet::new();
    for key in ["dependencies", "extras", "optional-dependencies"] {
        if let Some(item) = table.get(key) {
            gather(item, &mut needs);
        }
    }
    LockedPackage { version, from_index: is_from_index(table), needs }
}

/// uv names where a package comes from in `source`; others name it only when it is no index.
fn is_from_index(table: &dyn TableLike) -> bool {
    if let Some(source) = table.get("source").and_then(Item::as_table_like) {
        let kind = source.get("type").and_then(Item::as_str);
        return source.contains_key("registry") || matches!(kind, Some("legacy" | "pypi"));
    }
    !["vcs", "directory", "archive", "path", "git", "url"].iter().any(|key| table.contains_key(key))
}

/// Takes names from every shape that a list of dependencies has: texts, tables with `name`, tables by name, and tables
/// of extras.
fn gather(item: &Item, needs: &mut BTreeSet<PackageName>) {
    if let Some(array) = item.as_array() {
        array.iter().for_each(|value| gather_value(value, needs));
    } else if let Some(tables) = item.as_array_of_tables() {
        for table in tables {
            needs.extend(table.get("name").and_then(Item::as_str).and_then(|name| name.parse().ok()));
        }
    } else if let Some(table) = item.as_table_like() {
        for (key, inner) in table.iter() {
            match inner.as_array() {
                // An extra with its list.
                Some(array) => array.iter().for_each(|value| gather_value(value, needs)),
                None => needs.extend(key.parse::<PackageName>().ok()),
            }
        }
    }
}

fn gather_value(value: &Value, needs: &mut BTreeSet<PackageName>) {
    let name = match value {
        Value::String(text) => requirement_name(text.value()),
        Value::InlineTable(table) => {
            table.get("name").and_then(Value::as_str).and_then(|name| name.parse().ok())
        }
        _ => None,
    };
    needs.extend(name);
}

/// Poetry writes extras as `name (>=1)`, which is no requirement of today.
fn requirement_name(text: &str) -> Option<PackageName> {
    let known = text.parse::<Requirement>().ok().map(|requirement| requirement.name);
    known.or_else(|| text.split([' ', '(', '[']).next()?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn closure(file: &str, text: &str, roots: &[&str]) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(file), text).unwrap();
        let lock = Lock::find(&folder.path().join("gone"), folder.path()).unwrap().unwrap();
        let roots: Vec<PackageName> = roots.iter().map(|root| root.parse().unwrap()).collect();
        lock.closure(&roots).into_iter().map(|(name, version)| format!("{name} {version}")).collect()
    }

    #[test]
    fn every_lock_file_tells_who_needs_whom() {
        let uv = "version = 1\n[[package]]\nname = \"demo\"\nversion = \"0.1\"\nsource = { editable = \".\" }\n\
                  dependencies = [{ name = \"a\", marker = \"x\" }]\n[package.optional-dependencies]\nmore = [{ name = \"c\" }]\n\
                  [[package]]\nname = \"a\"\nversion = \"1\"\nsource = { registry = \"r\" }\ndependencies = [{ name = \"b\" }]\n\
                  [[package]]\nname = \"b\"\nversion = \"2\"\nsource = { registry = \"r\" }\n\
                  [[package]]\nname = \"c\"\nversion = \"3\"\nsource = { git = \"g\" }\n\
                  [[package]]\nname = \"d\"\nversion = \"4\"\nsource = { registry = \"r\" }\n";
        assert_eq!(closure("uv.lock", uv, &["demo"]), ["a 1", "b 2"]);
        let poetry = "[[package]]\nname = \"a\"\nversion = \"1\"\n[package.dependencies]\nB = \">=1\"\n\
                      [package.extras]\nx = [\"c (>=1)\"]\n[[package]]\nname = \"b\"\nversion = \"2\"\n\
                      [[package]]\nname = \"c\"\nversion = \"3\"\n[[package]]\nname = \"d\"\nversion = \"4\"\n";
        assert_eq!(closure("poetry.lock", poetry, &["a"]), ["a 1", "b 2", "c 3"]);
        let pdm = "[[package]]\nname = \"a\"\nversion = \"1\"\ndependencies = [\"b>=1; os_name == 'nt'\"]\n\
                   [[package]]\nname = \"b\"\nversion = \"2\"\n";
        assert_eq!(closure("pdm.lock", pdm, &["a"]), ["a 1", "b 2"]);
        let standard = "lock-version = \"1.0\"\n[[packages]]\nname = \"a\"\nversion = \"1\"\n\
                        [[packages.dependencies]]\nname = \"b\"\n[[packages]]\nname = \"b\"\nversion = \"2\"\n\
                        [packages.vcs]\ntype = \"git\"\n";
        assert_eq!(closure("pylock.toml", standard, &["a"]), ["a 1"]);
    }

    #[test]
    fn a_broken_lock_file_is_told() {
        let folder = tempfile::tempdir().unwrap();
        assert!(Lock::find(folder.path(), folder.path()).unwrap().is_none());
        fs::write(folder.path().join("uv.lock"), "[[package]\n").unwrap();
        assert!(Lock::find(folder.path(), folder.path()).unwrap_err().contains("uv.lock:1:"));
    }
}
