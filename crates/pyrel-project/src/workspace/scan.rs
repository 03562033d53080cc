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
        let mut found = BTreeSet::new();
        for pattern in parse_all(&config.members)? {
            let before = found.len();
            expand(&self.folder, pattern.segments(), &mut found).map_err(WorkspaceError::Io)?;
            if found.len() == before && pattern.is_literal() && !self.names_package(&pattern) {
                return Err(missing_member(config, &pattern));
            }
        }
        let members = self.read(found);
        if members.is_empty() && config.exclude.is_empty() {
            let mut fault =
                Diagnostic::new(format!("`members` matches no package: {}", quoted(&config.members)));
            fault.location = config.members_location().cloned();
            let fault = fault.with_hint(
                "a package is a directory with `pyproject.toml`, `setup.cfg`, or `setup.py`; hidden, git-ignored, `node_modules`, `dist`, and `build` folders never hold one",
            );
            return Err(Box::new(fault).into());
        }
        Ok(members)
    }

    /// Tells whether the directory of a literal pattern was found by an earlier one.
    fn names_package(&self, pattern: &Pattern) -> bool {
        let mut again = BTreeSet::new();
        expand(&self.folder, pattern.segments(), &mut again).is_ok() && !again.is_empty()
    }

    fn uv(&self, workspace: &dyn TableLike, root_is_member: bool) -> Result<Vec<Member>, WorkspaceError> {
        let mut found = BTreeSet::new();
        for pattern in parse_all(&string_array(workspace, "members"))? {
            expand(&self.folder, pattern.segments(), &mut found).map_err(WorkspaceError::Io)?;
        }
        let excluded = parse_all(&string_array(workspace, "exclude"))?;
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

    /// Reads the members among directories; those without a package are left out.
    fn read(&self, directories: BTreeSet<PathBuf>) -> Vec<Member> {
        let is_wanted = |relative: &PathBuf| !self.excluded.iter().any(|pattern| pattern.covers(relative));
        let wanted: Vec<PathBuf> = directories.into_iter().filter(is_wanted).collect();
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

fn missing_member(config: &Config, pattern: &Pattern) -> WorkspaceError {
    let message = format!(
        "`members` names a directory that does not exist or never holds a package: `{}`",
        pattern.as_str()
    );
    let mut fault = Diagnostic::new(message);
    fault.location = match config.members_location() {
        Some(location) => Some(location.clone()),
        None => config.path.as_deref().map(Location::of_file),
    };
    Box::new(
        fault.with_hint("hidden, git-ignored, `node_modules`, `dist`, and `build` folders never hold one"),
    )
    .into()
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
