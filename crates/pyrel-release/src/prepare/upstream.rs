//! The branch is where its upstream is: others see what is released, and nothing of theirs is missing.

use pyrel_project::{Git, GitError};

use super::{Line, LineId, Surroundings};
use crate::execute::with_causes;

const ID: LineId = LineId::Upstream;

pub(super) fn line(surroundings: &Surroundings<'_>) -> Line {
    let Some(git) = &surroundings.git else { return Line::skipped(ID, "there is no git repository") };
    match judge(git, surroundings.online) {
        Ok(line) => line,
        Err(error) => Line::failed(ID, with_causes(&error)).remedy(error.hint().unwrap_or_default()),
    }
}

fn judge(git: &Git, online: bool) -> Result<Line, GitError> {
    let Some(branch) = git.branch()? else { return Ok(Line::skipped(ID, "no branch is checked out")) };
    let Some(upstream) = git.upstream()? else {
        if git.remotes()?.is_empty() {
            return Ok(Line::skipped(ID, "the repository has no remote"));
        }
        let line = Line::warning(ID, format!("`{branch}` follows no branch"));
        return Ok(line.remedy(format!("run `git push --set-upstream REMOTE {branch}`")));
    };
    let name = &upstream.name;
    if upstream.behind > 0 {
        let line = Line::failed(ID, format!("it lacks {} of `{name}`", commits(upstream.behind)));
        return Ok(line.remedy("run `git pull --ff-only`"));
    }
    if online && moved_on(git, &branch)? {
        let line = Line::failed(ID, format!("`{name}` has moved on since it was fetched"));
        return Ok(line.remedy("run `git pull --ff-only`"));
    }
    if upstream.ahead > 0 {
        let line = Line::warning(ID, format!("it has {} that `{name}` lacks", commits(upstream.ahead)));
        return Ok(line.remedy("run `git push`"));
    }
    let when = if online { "" } else { " as it was fetched last" };
    Ok(Line::ok(ID, format!("the same as `{name}`{when}")))
}

fn commits(count: usize) -> String {
    if count == 1 { "1 commit".to_owned() } else { format!("{count} commits") }
}

/// Asks the remote whether its branch still is where it was when it was fetched.
fn moved_on(git: &Git, branch: &str) -> Result<bool, GitError> {
    let setting =
        |key: &str| Ok(git.text(&["config", "--get", &format!("branch.{branch}.{key}")])?.trim().to_owned());
    let (remote, reference): (String, String) = (setting("remote")?, setting("merge")?);
    if remote == "." {
        return Ok(false);
    }
    let answer = git.text(&["ls-remote", "--", &remote, &reference])?;
    let there = answer.split_whitespace().next().unwrap_or_default();
    Ok(there != git.commit("@{upstream}")?)
}
