//! The branch is one that releases are made from.

use super::examination::listed;
use super::{Line, LineId, Surroundings};
use crate::execute::with_causes;

const ID: LineId = LineId::Branch;

pub(super) fn line(surroundings: &Surroundings<'_>) -> Line {
    let Some(git) = &surroundings.git else { return Line::skipped(ID, "there is no git repository") };
    let release = &surroundings.workspace.config().release;
    match git.branch() {
        Err(error) => Line::failed(ID, with_causes(&error)).remedy(error.hint().unwrap_or_default()),
        Ok(None) => Line::failed(ID, "no branch is checked out (`HEAD` is detached)")
            .remedy("check out the branch to release from: `git switch BRANCH`"),
        Ok(Some(branch)) if !release.allows_branch(&branch) => {
            let allowed = listed(&release.allowed_branches);
            Line::failed(ID, format!("`{branch}` is none of the allowed branches: {allowed}"))
                .remedy("switch to one of them, or add the branch to `release.allowed-branches`")
        }
        Ok(Some(branch)) if release.allowed_branches.is_empty() => {
            Line::ok(ID, format!("`{branch}`; every branch may release"))
        }
        Ok(Some(branch)) => Line::ok(ID, format!("`{branch}` may release")),
    }
}
