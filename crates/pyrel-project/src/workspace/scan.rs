//! Which directories of a workspace are members, by the first rule that finds any.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use pyrel_model::{Diagnostic, Location};
use rayon::prelude::*;
use toml_edit::{Item, TableLike};

use super::WorkspaceError;
use super::ignore_rules::Folder;
use super::member::Member;
use super::pattern::{Pattern, Segment};
use crate::config::Config;
use crate::root::string_array;

const A_PACKAGE_IS: &str = "a package is a directory with `pyproject.toml`, `setup.cfg`, or `setup.py`";
const NEVER_HOLD: &str =
    "hidden, git-ignored, `node_modules`, `dist`, and `build` folders never hold a package";

/// Finds and reads the members of the workspace at `root`; `pyproject` is the root's own file, parsed.
pub(super) fn members(
    root: &Path,
    config: &Config,
    pyproject: Option<&dyn TableLike>,
) -> Result<Vec<Member>, WorkspaceError> {
    let excluded = parse_all(&config.exclude)?;
    let scan = Scan { root, folder: Folder::root(root), excluded };
    if !config.members.is_empty() {
        return scan.configured(config);
    }
    if let Some(workspace) = pyproject.and_then(uv_workspace) {
        return scan.uv(workspace, pyproject.is_some_and(has_project));
    }
    if let Some(packages) = scan.folder.child("packages") {
        let members = scan.read(Scan::children(&packages)?);
        if !members.is_empty() {
            return Ok(members);
        }
    }
    let members = scan.read(Scan::children(&scan.folder)?);
    if !members.is_empty() {
        return Ok(members);
    }
    Ok(scan.read([PathBuf::from(".")].into()))
}

struct Scan<'a> {
    root: &'a Path,
    folder: Folder,
    excluded: Vec<Pattern>,
}

impl Scan<'_> {
    fn configured(&self, config: &Config) -> Result<Vec<Member>, WorkspaceError> {
        let patterns = parse_all(&config.members)?;
        let mut found = BTreeSet::new();
        for pattern in &patterns {
            expand(&self.folder, pattern.segments(), &mut found).map_err(WorkspaceError::Io)?;
        }
        let members = self.read(found.clone());
        for directory in patterns.iter().filter_map(Pattern::literal) {
            let is_there = members.iter().any(|member| member.relative() == directory);
            if !is_there && !self.excludes(&directory) {
                return Err(missing_member(config, &directory, found.contains(&directory)));
            }
        }
        if members.is_empty() && config.exclude.is_empty() {
            let message = format!("`members` matches no package: {}", quoted(&config.members));
            return Err(members_fault(config, message, &format!("{A_PACKAGE_IS}; {NEVER_HOLD}")));
        }
        Ok(members)
    }

    fn uv(&self, workspace: &dyn TableLike, root_is_member: bool) -> Result<Vec<Member>, WorkspaceError> {
        let parse = |key: &str| -> Result<Vec<Pattern>, WorkspaceError> {
            let parsed = string_array(workspace, key).iter().map(|text| Pattern::parse(text)).collect();
            let parsed: Result<Vec<Pattern>, _> = parsed;
            parsed.map_err(|error| {
                let place = Location::of_file(&self.root.join("pyproject.toml"));
                let message = format!("in `tool.uv.workspace.{key}`: {error}");
                Box::new(Diagnostic::new(message).at(place)).into()
            })
        };
        let mut found = BTreeSet::new();
        for pattern in parse("members")? {
            expand(&self.folder, pattern.segments(), &mut found).map_err(WorkspaceError::Io)?;
        }
        let excluded = parse("exclude")?;
        found.retain(|relative| !excluded.iter().any(|pattern| pattern.covers(relative)));
        if root_is_member {
            found.insert(PathBuf::from("."));
        }
        Ok(self.read(found))
    }

    /// Returns the directories directly in `folder` that may be members.
    fn children(folder: &Folder) -> Result<BTreeSet<PathBuf>, WorkspaceError> {
        let children = folder.children(|_| true).map_err(WorkspaceError::Io)?;
        Ok(children.iter().map(|child| child.relative().to_path_buf()).collect())
    }

    fn excludes(&self, relative: &Path) -> bool {
        self.excluded.iter().any(|pattern| pattern.covers(relative))
    }

    /// Reads the members among directories; those without a package are left out.
    fn read(&self, directories: BTreeSet<PathBuf>) -> Vec<Member> {
        let wanted: Vec<PathBuf> =
            directories.into_iter().filter(|relative| !self.excludes(relative)).collect();
        wanted.par_iter().filter_map(|relative| Member::read(self.root, relative)).collect()
    }
}

/// Collects the directories below `folder` that match the segments.
fn expand(folder: &Folder, segments: &[Segment], found: &mut BTreeSet<PathBuf>) -> io::Result<()> {
    let Some((segment, rest)) = segments.split_first() else {
        found.insert(folder.relative().to_path_buf());
        return Ok(());
    };
    match segment {
        Segment::Literal(name) => match folder.child(name) {
            Some(child) => expand(&child, rest, found),
            None => Ok(()),
        },
        Segment::Glob(matcher) => {
            let children = folder.children(|name| matcher.is_match(name))?;
            children.iter().try_for_each(|child| expand(child, rest, found))
        }
        Segment::AnyDepth => {
            expand(folder, rest, found)?;
            for child in folder.children(|_| true)? {
                // A link may be a member, but a search behind it might never end.
                expand(&child, if child.is_link() { rest } else { segments }, found)?;
            }
            Ok(())
        }
    }
}

fn parse_all(patterns: &[String]) -> Result<Vec<Pattern>, WorkspaceError> {
    let parse =
        |text: &String| Pattern::parse(text).map_err(|error| Box::new(Diagnostic::new(error.to_string())));
    Ok(patterns.iter().map(parse).collect::<Result<_, _>>()?)
}

fn missing_member(config: &Config, directory: &Path, exists: bool) -> WorkspaceError {
    let directory = directory.display();
    if exists {
        let message = format!("`members` names a directory without a package: `{directory}`");
        return members_fault(config, message, A_PACKAGE_IS);
    }
    let message =
        format!("`members` names a directory that does not exist or never holds a package: `{directory}`");
    members_fault(config, message, NEVER_HOLD)
}

fn members_fault(config: &Config, message: String, hint: &str) -> WorkspaceError {
    let mut fault = Diagnostic::new(message);
    fault.location = match config.members_location() {
        Some(location) => Some(location.clone()),
        None => config.path.as_deref().map(Location::of_file),
    };
    Box::new(fault.with_hint(hint)).into()
}

fn quoted(words: &[String]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

fn uv_workspace(root: &dyn TableLike) -> Option<&dyn TableLike> {
    root.get("tool")?.as_table_like()?.get("uv")?.as_table_like()?.get("workspace")?.as_table_like()
}

fn has_project(root: &dyn TableLike) -> bool {
    root.get("project").and_then(Item::as_table_like).is_some()
}
