//! Which members have changed since a revision, or since their last release.

use std::path::Path;

use pyrel_model::PackageName;
use rayon::prelude::*;

use super::{Git, GitError};
use crate::config::TagTemplate;
use crate::workspace::{Member, Workspace};

/// Returns the members with files that changed since `since`, or since their last release tag.
pub(crate) fn changed_members<'w>(
    git: &Git,
    workspace: &Workspace,
    members: &[&'w Member],
    since: Option<&str>,
) -> Result<Vec<&'w Member>, GitError> {
    match since {
        Some(revision) => {
            let changed = git.changed_since(revision, &[])?;
            Ok(members.iter().copied().filter(|member| touches(workspace, member, &changed)).collect())
        }
        None => changed_since_release(git, workspace, members),
    }
}

/// A package that was never released counts as changed once anything in the workspace was released.
fn changed_since_release<'w>(
    git: &Git,
    workspace: &Workspace,
    members: &[&'w Member],
) -> Result<Vec<&'w Member>, GitError> {
    let template = workspace.config().tag_template();
    let tags = git.tags()?;
    let names = workspace.members().iter().filter_map(member_name);
    let any_release = names.into_iter().any(|name| last_release(&template, &tags, &name).is_some());
    if !any_release {
        return Err(GitError::NoReleaseTag { template: template.to_string() });
    }
    let has_changed = |member: &&'w Member| -> Result<bool, GitError> {
        let release = member_name(member).and_then(|name| last_release(&template, &tags, &name));
        let Some(tag) = release else { return Ok(true) };
        let changed = git.changed_since(&format!("refs/tags/{tag}"), &[member.directory()])?;
        Ok(touches(workspace, member, &changed))
    };
    let verdicts: Vec<(&'w Member, bool)> = members
        .par_iter()
        .map(|member| has_changed(member).map(|changed| (*member, changed)))
        .collect::<Result<_, _>>()?;
    Ok(verdicts.into_iter().filter(|(_, changed)| *changed).map(|(member, _)| member).collect())
}

fn member_name(member: &Member) -> Option<PackageName> {
    member.name()?.parse().ok()
}

/// Returns the tag of a project's highest released version.
fn last_release<'t>(template: &TagTemplate, tags: &'t [String], name: &PackageName) -> Option<&'t str> {
    let versions = tags.iter().filter_map(|tag| Some((template.version_of(tag, name)?, tag)));
    versions.max_by(|a, b| a.0.cmp(&b.0)).map(|(_, tag)| tag.as_str())
}

/// Tells whether a changed file belongs to the member and not to another one nested in it.
fn touches(workspace: &Workspace, member: &Member, changed: &[std::path::PathBuf]) -> bool {
    let directory = member.directory();
    let is_nested =
        |other: &&Member| other.directory() != directory && other.directory().starts_with(directory);
    let nested: Vec<&Path> = workspace.members().iter().filter(is_nested).map(Member::directory).collect();
    let first = changed.partition_point(|path| path.as_path() < directory);
    let mut below = changed[first..].iter().take_while(|path| path.starts_with(directory));
    below.any(|path| !nested.iter().any(|inner| path.starts_with(inner)))
}
