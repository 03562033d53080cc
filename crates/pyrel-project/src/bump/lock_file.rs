//! Entries of workspace members in `uv.lock` and `poetry.lock`: their versions, and what they hold about siblings.

use std::collections::HashMap;
use std::ops::Range;
use std::path::{Component, Path, PathBuf};

use pyrel_model::PackageName;
use pyrel_model::pyproject::parse_toml;
use toml_edit::{Item, TableLike};

use super::BumpError;
use super::text::{Texts, in_toml_string};

/// The version of a member in a lock file.
#[derive(Debug, Clone)]
pub(super) struct LockedVersion {
    pub(super) path: PathBuf,
    pub(super) span: Range<usize>,
}

/// What a member's entry in a lock file says about a dependency.
#[derive(Debug, Clone)]
pub(super) struct LockedConstraint {
    pub(super) path: PathBuf,
    pub(super) member: PackageName,
    pub(super) dependency: PackageName,
    pub(super) written: String,
    pub(super) span: Range<usize>,
}

/// The entries of members in all lock files of a workspace.
#[derive(Debug, Default)]
pub(super) struct Locks {
    versions: HashMap<PackageName, Vec<LockedVersion>>,
    pub(super) constraints: Vec<LockedConstraint>,
    /// Lock files that carry a hash of the constraints, so that a change of these makes them stale.
    pub(super) hashed: Vec<PathBuf>,
}

impl Locks {
    /// Reads the lock files in the given directories. A file that is no TOML is an error.
    pub(super) fn read(
        directories: &[&Path],
        members: &HashMap<PackageName, PathBuf>,
        texts: &mut Texts,
    ) -> Result<Self, BumpError> {
        let mut locks = Self::default();
        for directory in directories {
            for name in ["uv.lock", "poetry.lock"] {
                let path = directory.join(name);
                if path.is_file() {
                    locks.read_file(&path, members, texts)?;
                }
            }
        }
        Ok(locks)
    }

    /// Returns the entries of a package.
    pub(super) fn versions(&self, name: &PackageName) -> &[LockedVersion] {
        self.versions.get(name).map(Vec::as_slice).unwrap_or_default()
    }

    fn read_file(
        &mut self,
        path: &Path,
        members: &HashMap<PackageName, PathBuf>,
        texts: &mut Texts,
    ) -> Result<(), BumpError> {
        let Some(text) = texts.text(path)?.map(str::to_owned) else { return Ok(()) };
        let document = parse_toml(path, &text).map_err(BumpError::File)?;
        if document.get("metadata").and_then(|metadata| metadata.get("content-hash")).is_some() {
            self.hashed.push(path.to_path_buf());
        }
        let Some(packages) = document.get("package").and_then(Item::as_array_of_tables) else {
            return Ok(());
        };
        for entry in packages.iter() {
            let Some(name) = name_of(entry) else { continue };
            let Some(directory) = members.get(&name) else { continue };
            if source_directory(entry, path).as_deref() != Some(directory.as_path()) {
                continue;
            }
            if let Some(span) = string_span(&text, entry.get("version")) {
                let version = LockedVersion { path: path.to_path_buf(), span };
                self.versions.entry(name.clone()).or_default().push(version);
            }
            self.read_constraints(path, &text, &name, entry);
        }
        Ok(())
    }

    /// uv repeats the constraints of a member in `metadata.requires-dist` and `metadata.requires-dev`.
    fn read_constraints(&mut self, path: &Path, text: &str, member: &PackageName, entry: &dyn TableLike) {
        let Some(metadata) = entry.get("metadata").and_then(Item::as_table_like) else { return };
        let groups = metadata.get("requires-dev").and_then(Item::as_table_like);
        let lists = groups.into_iter().flat_map(|groups| groups.iter().map(|(_, list)| list));
        for list in metadata.get("requires-dist").into_iter().chain(lists) {
            for requirement in
                list.as_array().into_iter().flatten().filter_map(|value| value.as_inline_table())
            {
                let dependency = requirement.get("name").and_then(|name| name.as_str()?.parse().ok());
                let specifier = requirement.get("specifier");
                let (Some(dependency), Some(specifier)) = (dependency, specifier) else { continue };
                let (Some(written), Some(span)) = (specifier.as_str(), specifier.span()) else { continue };
                let Some(span) = in_toml_string(text, &span, written, &(0..written.len())) else { continue };
                self.constraints.push(LockedConstraint {
                    path: path.to_path_buf(),
                    member: member.clone(),
                    dependency,
                    written: written.to_owned(),
                    span,
                });
            }
        }
    }
}

fn name_of(entry: &dyn TableLike) -> Option<PackageName> {
    entry.get("name")?.as_str()?.parse().ok()
}

fn string_span(text: &str, item: Option<&Item>) -> Option<Range<usize>> {
    let item = item?;
    let value = item.as_str()?;
    in_toml_string(text, &item.span()?, value, &(0..value.len()))
}

/// Returns the directory that an entry was locked from; `None` for one from an index.
fn source_directory(entry: &dyn TableLike, lock: &Path) -> Option<PathBuf> {
    let source = entry.get("source")?.as_table_like()?;
    let text = |key: &str| source.get(key).and_then(Item::as_str);
    let path = match text("type") {
        Some("directory") => text("url")?,
        Some(_) => return None,
        None => text("editable").or_else(|| text("virtual")).or_else(|| text("directory"))?,
    };
    Some(normal(&lock.parent()?.join(path)))
}

/// Resolves `.` and `..` in the text of a path.
fn normal(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                out.pop();
            }
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_told_from_projects_of_an_index() {
        let folder = tempfile::tempdir().unwrap();
        let root = fs_err::canonicalize(folder.path()).unwrap();
        let uv = "version = 1\n\n[[package]]\nname = \"core\"\nversion = \"1.0\" # here\nsource = { editable = \"packages/core\" }\n\n\
                  [[package]]\nname = \"api\"\nversion = '2.0'\nsource = { virtual = \".\" }\n[package.metadata]\n\
                  requires-dist = [\n    { name = \"core\", specifier = \">=1.0\" },\n    { name = \"x\" },\n]\n\n\
                  [[package]]\nname = \"core\"\nversion = \"9.0\"\nsource = { registry = \"https://pypi.org/simple\" }\n";
        let poetry = "[[package]]\nname = \"core\"\nversion = \"1.0\"\n[package.source]\ntype = \"directory\"\nurl = \"../core\"\n\n\
                      [metadata]\ncontent-hash = \"x\"\n";
        fs_err::write(root.join("uv.lock"), uv).unwrap();
        fs_err::create_dir_all(root.join("packages/api")).unwrap();
        fs_err::write(root.join("packages/api/poetry.lock"), poetry).unwrap();
        let name = |text: &str| -> PackageName { text.parse().unwrap() };
        let members =
            HashMap::from([(name("core"), root.join("packages/core")), (name("api"), root.clone())]);
        let api = root.join("packages/api");
        let locks = Locks::read(&[&root, &api], &members, &mut Texts::default()).unwrap();
        let spelt = |text: &str, span: &Range<usize>| text[span.clone()].to_owned();
        let core = locks.versions(&name("core"));
        assert_eq!(core.len(), 2);
        assert_eq!(spelt(uv, &core[0].span), "1.0");
        assert_eq!(spelt(poetry, &core[1].span), "1.0");
        assert_eq!(spelt(uv, &locks.versions(&name("api"))[0].span), "2.0");
        assert_eq!(locks.constraints.len(), 1);
        assert_eq!(spelt(uv, &locks.constraints[0].span), ">=1.0");
        assert_eq!(locks.hashed, [api.join("poetry.lock")]);
    }
}
