//! A commit as it concerns one package, and which of them are left once reverts are settled.

use std::collections::HashSet;

use super::Message;
use crate::git::Commit;

/// A commit as it concerns one package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change<'h> {
    /// The commit.
    pub commit: &'h Commit,
    /// What its message says.
    pub message: Message,
    /// Whether the scope names another package of the workspace, so that the change only touched this one.
    pub foreign: bool,
}

impl<'h> Change<'h> {
    /// Takes a commit for a change of the package itself.
    #[must_use]
    pub fn of(commit: &'h Commit) -> Self {
        Self { commit, message: Message::of(commit), foreign: false }
    }
}

/// Removes each change that a later one takes back, together with the one that takes it back. `changes` are
/// ordered newest first. A revert of something that is not among them stays.
#[must_use]
pub fn settle(changes: Vec<Change<'_>>) -> Vec<Change<'_>> {
    let mut gone: HashSet<usize> = HashSet::new();
    for (at, change) in changes.iter().enumerate() {
        // A revert that was itself reverted takes nothing back.
        if gone.contains(&at) {
            continue;
        }
        let targets = targets(&changes, at, &gone);
        if !targets.is_empty() && change.message.reverts.is_some() {
            gone.insert(at);
            gone.extend(targets);
        }
    }
    let kept = changes.into_iter().enumerate().filter(|(at, _)| !gone.contains(at));
    kept.map(|(_, change)| change).collect()
}

fn targets(changes: &[Change<'_>], at: usize, gone: &HashSet<usize>) -> Vec<usize> {
    let Some(reverts) = &changes[at].message.reverts else { return Vec::new() };
    let older = || (at + 1..changes.len()).filter(|older| !gone.contains(older));
    if !reverts.hashes.is_empty() {
        let named =
            |hash: &String| older().find(|older| changes[*older].commit.hash.starts_with(hash.as_str()));
        let found: Vec<usize> = reverts.hashes.iter().filter_map(named).collect();
        // What it takes back in part only is still there in part.
        return if found.len() == reverts.hashes.len() { found } else { Vec::new() };
    }
    let Some(subject) = &reverts.subject else { return Vec::new() };
    let is_meant = |older: &usize| {
        let other = &changes[*older].commit.subject;
        other == subject || other.strip_prefix(subject.as_str()).is_some_and(|rest| rest.starts_with(" (#"))
    };
    older().find(is_meant).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::super::message::commit;
    use super::*;

    /// Makes commits of subjects and bodies, newest first, whose hashes are `1111111…`, `2222222…`, and so on.
    fn settled(commits: &[(&str, &str)]) -> Vec<String> {
        let made: Vec<Commit> = commits
            .iter()
            .enumerate()
            .map(|(at, (subject, body))| {
                let mut commit = commit(subject, body);
                commit.hash = (at + 1).to_string().repeat(40);
                commit
            })
            .collect();
        let left = settle(made.iter().map(Change::of).collect());
        left.into_iter().map(|change| change.commit.subject.clone()).collect()
    }

    #[test]
    fn a_revert_and_what_it_takes_back_cancel() {
        let reverted =
            [("fix: b", ""), ("Revert \"feat: a\"", "This reverts commit 3333333."), ("feat: a", "")];
        assert_eq!(settled(&reverted), ["fix: b"]);
        let by_subject = [("Revert \"feat: a\" (#4)", ""), ("feat: a (#3)", ""), ("feat: a (#1)", "")];
        assert_eq!(settled(&by_subject), ["feat: a (#1)"]);
        assert!(settled(&[("revert: feat: a", "Refs: 2222222"), ("feat: a", "")]).is_empty());
        assert_eq!(
            settled(&[("Revert \"feat: a\"", "This reverts commit 9999999."), ("fix: b", "")]).len(),
            2
        );
    }

    #[test]
    fn a_reverted_revert_leaves_the_change() {
        let git = [
            ("Reapply \"feat: a\"", "This reverts commit 2222222."),
            ("Revert \"feat: a\"", "This reverts commit 3333333."),
            ("feat: a", ""),
        ];
        assert_eq!(settled(&git), ["feat: a"]);
        let old_git = [("Revert \"Revert \"feat: a\"\"", ""), ("Revert \"feat: a\"", ""), ("feat: a", "")];
        assert_eq!(settled(&old_git), ["feat: a"]);
    }

    #[test]
    fn a_revert_of_several_is_settled_only_when_all_are_there() {
        let both = [("revert: a and b", "Refs: 2222222, 3333333"), ("feat: b", ""), ("feat: a", "")];
        assert!(settled(&both).is_empty());
        let one = [("revert: a and b", "Refs: 2222222, 9999999"), ("feat: b", "")];
        assert_eq!(settled(&one).len(), 2);
    }
}
