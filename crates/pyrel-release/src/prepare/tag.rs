//! No earlier release has the tag. A tag on the very commit is this release's own.

use std::collections::BTreeMap;

use pyrel_project::{GitError, Package};

use super::examination::bump;
use super::{Line, LineId, Mend, Surroundings};
use crate::execute::with_causes;

const ID: LineId = LineId::TagFree;

/// Every tag with its commit, and the commit that is checked out.
type Known = (BTreeMap<String, String>, Option<String>);

/// What git knows, asked once for all packages.
pub(super) struct Tags(Option<Result<Known, GitError>>);

impl Tags {
    pub(super) fn read(surroundings: &Surroundings<'_>) -> Self {
        let read = |git: &pyrel_project::Git| {
            let head = match git.commit("HEAD") {
                Ok(head) => Some(head),
                Err(GitError::UnknownRevision { .. }) => None,
                Err(error) => return Err(error),
            };
            Ok((git.all_tags()?, head))
        };
        Self(surroundings.git.as_ref().map(read))
    }

    pub(super) fn line(&self, surroundings: &Surroundings<'_>, package: &Package) -> Line {
        let name = &package.name;
        let (tags, head) = match &self.0 {
            None => return Line::skipped(ID, "there is no git repository").of(name),
            Some(Err(error)) => {
                let line = Line::failed(ID, with_causes(error)).of(name);
                return line.remedy(error.hint().unwrap_or_default());
            }
            Some(Ok((tags, head))) => (tags, head),
        };
        let Some(version) = surroundings.target(package) else {
            return Line::skipped(ID, "the version is not known without a build").of(name);
        };
        let tag = surroundings.workspace.config().tag_template().render(name, version);
        match tags.get(&tag) {
            None => Line::ok(ID, format!("there is no tag `{tag}`")).of(name),
            Some(commit) if Some(commit) == head.as_ref() => {
                Line::ok(ID, format!("the tag `{tag}` is on this commit")).of(name)
            }
            Some(commit) => {
                let short = &commit[..commit.len().min(9)];
                Line::failed(ID, format!("the tag `{tag}` stands for another commit: {short}"))
                    .of(name)
                    .remedy(format!("choose the next version: {}", bump(surroundings, name)))
                    .mend(Mend::Bump)
            }
        }
    }
}
