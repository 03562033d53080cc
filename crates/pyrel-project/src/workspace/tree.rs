//! The workspace as a whole.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

use pyrel_model::suggestion::nearest;
use pyrel_model::{Diagnostic, Location, PackageName};
use toml_edit::Document;

use super::{BrokenMember, Member, WorkspaceError, scan};
use crate::config::Config;
use crate::graph::Graph;
use crate::package::Package;
use crate::root::{CONFIG_FILE, Root, RootReason, absolute, parse_marker};
use crate::selection::{SelectError, Selection, SelectionRequest};
use crate::source_file;

/// A source tree with one or many packages.
#[derive(Debug, Clone)]
pub struct Workspace {
    root: Root,
    config: Config,
    members: Vec<Member>,
    duplicates: Vec<Duplicate>,
}

/// Directories whose packages claim one name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Duplicate {
    pub(crate) name: PackageName,
    /// Relative to the root, sorted.
    pub(crate) directories: Vec<PathBuf>,
}

impl Workspace {
    /// Finds the workspace that `start` belongs to and reads its members. No process is started.
    ///
    /// # Errors
    /// When `start` is no directory, a directory cannot be listed, or the configuration has a mistake. A broken
    /// member is no error: it is listed with its own.
    pub fn discover(start: &Path) -> Result<Self, WorkspaceError> {
        let start = match absolute(start) {
            Ok(path) if path.is_dir() => path,
            _ => return Err(WorkspaceError::NoDirectory { path: start.to_path_buf() }),
        };
        let root = Root::find(&start)?;
        let pyproject = parse_marker(&root.path.join("pyproject.toml"))?;
        let mut config = read_config(&root, pyproject.as_ref())?;
        let table = pyproject.as_ref().map(|document| -> &dyn toml_edit::TableLike { document.as_table() });
        let mut members = scan::members(&root.path, &config, table)?;
        config.settle_tag(members.len());
        let duplicates = mark_duplicates(&mut members);
        members.sort_by_cached_key(Member::sort_key);
        check_package_tables(&config, &members)?;
        settle_packages(&mut members, &config);
        Ok(Self { root, config, members, duplicates })
    }

    /// Returns the root, absolute.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root.path
    }

    /// Returns what made the root the root.
    #[must_use]
    pub fn root_reason(&self) -> RootReason {
        self.root.reason
    }

    /// Returns the configuration.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Returns all members, healthy or not, sorted by name.
    #[must_use]
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// Returns the healthy members, sorted by name.
    pub fn packages(&self) -> impl Iterator<Item = &Package> {
        self.members.iter().filter_map(Member::package)
    }

    /// Returns a healthy member by its name.
    #[must_use]
    pub fn package(&self, name: &PackageName) -> Option<&Package> {
        self.packages().find(|package| package.name == *name)
    }

    /// Returns the graph of dependencies between the healthy members.
    #[must_use]
    pub fn graph(&self) -> Graph {
        Graph::new(self.packages())
    }

    /// Returns the packages that a request asks for, in the order in which they can be published.
    ///
    /// # Errors
    /// When the request asks for what does not exist, for a broken member, or for packages on a cycle.
    pub fn select(&self, request: &SelectionRequest) -> Result<Selection<'_>, SelectError> {
        Selection::new(self, request)
    }

    /// Returns the members that a request asks for, broken ones included, sorted by name.
    ///
    /// # Errors
    /// When the request asks for what does not exist.
    pub fn select_members(&self, request: &SelectionRequest) -> Result<Vec<&Member>, SelectError> {
        crate::selection::members(self, request)
    }

    pub(crate) fn duplicates(&self) -> &[Duplicate] {
        &self.duplicates
    }
}

fn read_config(root: &Root, pyproject: Option<&Document<String>>) -> Result<Config, WorkspaceError> {
    let path = root.path.join("pyproject.toml");
    let in_pyproject = match pyproject {
        Some(document) => Config::from_document(&path, document.raw(), document.as_table())?,
        None => None,
    };
    let path = root.path.join(CONFIG_FILE);
    let Some(text) = source_file::read(&path)? else { return Ok(in_pyproject.unwrap_or_default()) };
    if let Some(second) = in_pyproject {
        let mut fault = Diagnostic::new(format!("`[tool.pyrel]` is not read beside `{CONFIG_FILE}`"));
        fault.location = second.path.as_deref().map(Location::of_file);
        let fault = fault.with_hint(format!("move its keys to `{CONFIG_FILE}`"));
        return Err(Box::new(fault).into());
    }
    Ok(Config::parse(&path, &text)?)
}

/// Turns packages that share a name into broken members: none of them may be taken for the other.
fn mark_duplicates(members: &mut [Member]) -> Vec<Duplicate> {
    let mut by_name: BTreeMap<PackageName, Vec<PathBuf>> = BTreeMap::new();
    for package in members.iter().filter_map(Member::package) {
        by_name.entry(package.name.clone()).or_default().push(package.relative.clone());
    }
    by_name.retain(|_, directories| directories.len() > 1);
    for member in members.iter_mut() {
        let Some(package) = member.package() else { continue };
        let Some((name, directories)) = by_name.get_key_value(&package.name) else { continue };
        let path = package.directory.join("pyproject.toml");
        let error = Diagnostic::new(duplicate_message(name, directories))
            .at(Location::of_file(if path.is_file() { &path } else { &package.directory }))
            .with_hint("rename all but one, or list them under `exclude`");
        *member = Member::Broken(BrokenMember {
            directory: package.directory.clone(),
            relative: package.relative.clone(),
            name: Some(package.name.as_written().to_owned()),
            error: Box::new(error),
        });
    }
    by_name.into_iter().map(|(name, directories)| Duplicate { name, directories }).collect()
}

/// Words the error for a name that several directories claim.
pub(crate) fn duplicate_message(name: &PackageName, directories: &[PathBuf]) -> String {
    let list: Vec<String> = directories.iter().map(|path| format!("`{}`", path.display())).collect();
    format!("{} packages have the name `{name}`: {}", list.len(), list.join(" and "))
}

/// Refuses `[package.NAME]` for a name that no member has, unless a member's name could not be read.
fn check_package_tables(config: &Config, members: &[Member]) -> Result<(), WorkspaceError> {
    if members.iter().any(|member| member.name().is_none()) {
        return Ok(());
    }
    let names: HashSet<String> =
        members.iter().filter_map(Member::name).map(pyrel_model::name::normalize).collect();
    let Some(unknown) = config.packages.keys().find(|name| !names.contains(name.normalized())) else {
        return Ok(());
    };
    let mut fault = Diagnostic::new(format!("no package of the workspace has this name: `{unknown}`"));
    fault.location = config.package_location(unknown).cloned();
    let near = nearest(unknown.normalized(), names.iter().map(String::as_str));
    fault.hint = near.map(|near| format!("did you mean `{near}`?"));
    Err(Box::new(fault).into())
}

/// Fills in what a package knows only as part of a workspace.
fn settle_packages(members: &mut [Member], config: &Config) {
    let names: HashSet<PackageName> =
        members.iter().filter_map(Member::name).filter_map(|name| name.parse().ok()).collect();
    for member in members {
        let Member::Healthy(package) = member else { continue };
        package.keep_internal(&names);
        let override_ = config.package(&package.name).and_then(|config| config.publish);
        package.private |= override_ == Some(false);
    }
}
