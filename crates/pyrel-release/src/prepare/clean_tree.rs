//! Nothing is uncommitted: what is released is what the tag will stand for.

use pyrel_model::Location;

use super::examination::listed;
use super::{Line, LineId, Surroundings};
use crate::execute::with_causes;

const ID: LineId = LineId::CleanTree;

pub(super) fn line(surroundings: &Surroundings<'_>) -> Line {
    if !surroundings.workspace.config().release.clean_tree {
        return Line::skipped(ID, "the configuration says `clean-tree = false`");
    }
    let Some(git) = &surroundings.git else {
        let line = Line::warning(ID, "the workspace is in no git repository");
        return line.remedy("run `git init` and commit, so that releases can be told apart");
    };
    let changed = match git.uncommitted() {
        Ok(changed) => changed,
        Err(error) => return Line::failed(ID, with_causes(&error)).remedy(error.hint().unwrap_or_default()),
    };
    let Some(first) = changed.first() else { return Line::ok(ID, "nothing is uncommitted") };
    let root = surroundings.workspace.root();
    let name = |path: &std::path::PathBuf| path.strip_prefix(root).unwrap_or(path).display().to_string();
    let names: Vec<String> = changed.iter().map(name).collect();
    Line::failed(ID, format!("uncommitted: {}", listed(&names)))
        .at(Some(Location::of_file(first)))
        .remedy("commit or stash the changes: `git status` shows them")
}
