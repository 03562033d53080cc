//! The history of a workspace, read by one `git log`: what each commit says and which files it touched.
//!
//! Answers which commits touched the files of a package since its last release, for all packages from that one
//! read. What a message means is none of its business.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::{Git, GitError};
use crate::process::ProcessOutput;

/// One record ends its fields with NUL, which no message and no path can hold; paths follow, NUL-terminated.
const FORMAT: &str = "--format=format:%H%x00%P%x00%at%x00%B%x00";

/// A commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// The hash, in full.
    pub hash: String,
    /// The hashes of its parents.
    pub parents: Vec<String>,
    /// When it was written, in seconds since 1970.
    pub author_time: i64,
    /// The first paragraph of the message, on one line.
    pub subject: String,
    /// What follows the first paragraph, white space at the ends removed.
    pub body: String,
    /// The files that differ from the first parent, relative to the top level, with `/`; a renamed file with
    /// both names.
    pub paths: Vec<String>,
}

impl Commit {
    /// Tells whether the commit joins branches.
    #[must_use]
    pub fn is_merge(&self) -> bool {
        self.parents.len() > 1
    }

    /// Returns the hash as people write it: its first 7 characters.
    #[must_use]
    pub fn short_hash(&self) -> &str {
        self.hash.get(..7).unwrap_or(&self.hash)
    }
}

/// Commits up to a revision, newest first.
#[derive(Debug, Clone)]
pub struct History {
    top_level: PathBuf,
    commits: Vec<Commit>,
    index: HashMap<String, usize>,
    parents: Vec<Vec<usize>>,
    /// Whether the commit belongs to the revision; others belong only to a release on another branch.
    included: Vec<bool>,
}

impl History {
    /// Makes a history without commits, for a source tree that git does not know.
    #[must_use]
    pub fn empty(top_level: &Path) -> Self {
        Self::of(top_level, Vec::new(), "")
    }

    /// Reads the commits that `to` contains, as far back as the common past of the commits `since`; everything
    /// when `since` is empty or holds `None`, which stands for the beginning.
    ///
    /// # Errors
    /// When a revision does not exist, when commits are missing because the clone is shallow, or when git cannot be
    /// asked.
    pub fn read(git: &Git, to: &str, since: &[Option<String>]) -> Result<Self, GitError> {
        let tip = git.commit(to)?;
        let mut revisions = vec![tip.clone()];
        let mut starts: Vec<String> = since.iter().flatten().cloned().collect();
        starts.sort_unstable();
        starts.dedup();
        if !starts.is_empty() && since.iter().all(Option::is_some) {
            revisions.extend(common_past(git, &tip, &starts)?.map(|base| format!("^{base}")));
        }
        revisions.extend(starts);
        let output = log(git, &revisions)?;
        let history = Self::of(git.top_level(), parse(&output.stdout), &tip);
        match shallow_boundary(git)?.iter().find(|hash| history.get(hash).is_some()) {
            Some(hash) => Err(GitError::Shallow { commit: hash.get(..7).unwrap_or(hash).to_owned() }),
            None => Ok(history),
        }
    }

    fn of(top_level: &Path, commits: Vec<Commit>, tip: &str) -> Self {
        let index: HashMap<String, usize> =
            commits.iter().enumerate().map(|(at, commit)| (commit.hash.clone(), at)).collect();
        let parents = commits
            .iter()
            .map(|commit| commit.parents.iter().filter_map(|hash| index.get(hash).copied()).collect())
            .collect();
        let mut history =
            Self { top_level: top_level.to_path_buf(), included: Vec::new(), parents, index, commits };
        history.included = history.reachable(&[tip]);
        history
    }

    /// Returns the commits, newest first.
    pub fn commits(&self) -> impl Iterator<Item = &Commit> {
        self.commits.iter().zip(&self.included).filter(|(_, included)| **included).map(|(commit, _)| commit)
    }

    /// Returns a commit by its full hash.
    #[must_use]
    pub fn get(&self, hash: &str) -> Option<&Commit> {
        self.index.get(hash).map(|at| &self.commits[*at])
    }

    /// Returns the commits that none of the commits `since` contains, newest first.
    #[must_use]
    pub fn since(&self, since: &[&str]) -> Vec<&Commit> {
        let old = self.reachable(since);
        let all = self.commits.iter().enumerate();
        all.filter(|(at, _)| self.included[*at] && !old[*at]).map(|(_, commit)| commit).collect()
    }

    /// Sorts the commits by the directories (absolute) whose files they touched. A file belongs to the deepest
    /// directory that it lies in.
    #[must_use]
    pub fn by_directory(&self, directories: &[&Path]) -> CommitsByDirectory<'_> {
        let relative = |directory: &&Path| {
            let inner = directory.strip_prefix(&self.top_level).unwrap_or(directory);
            inner.to_string_lossy().replace('\\', "/")
        };
        let owners: HashMap<String, usize> =
            directories.iter().map(relative).enumerate().map(|(at, path)| (path, at)).collect();
        let mut touching = vec![Vec::new(); directories.len()];
        let mut elsewhere = Vec::new();
        for (at, commit) in self.commits.iter().enumerate().filter(|(at, _)| self.included[*at]) {
            let mut found: Vec<usize> = commit.paths.iter().filter_map(|path| owner(&owners, path)).collect();
            found.sort_unstable();
            found.dedup();
            if found.is_empty() {
                elsewhere.push(at);
            }
            for directory in found {
                touching[directory].push(at);
            }
        }
        CommitsByDirectory { history: self, touching, elsewhere }
    }

    /// Returns the numbers of the pull requests that brought commits onto the first-parent line, keyed by the hash
    /// of the commit. `number_of` reads the number from a merge commit.
    pub fn merged_by(&self, number_of: impl Fn(&Commit) -> Option<u64>) -> HashMap<&str, u64> {
        let mut mainline = Vec::new();
        let mut at = self.included.iter().position(|included| *included);
        let mut claimed = vec![false; self.commits.len()];
        while let Some(commit) = at {
            mainline.push(commit);
            claimed[commit] = true;
            let first = self.commits[commit].parents.first();
            at = first.and_then(|hash| self.index.get(hash).copied());
        }
        let mut numbers = HashMap::new();
        for merge in mainline.into_iter().rev().filter(|at| self.commits[*at].is_merge()) {
            let number = number_of(&self.commits[merge]);
            let mut open: Vec<usize> = self.parents[merge].clone();
            while let Some(commit) = open.pop() {
                if !std::mem::replace(&mut claimed[commit], true) {
                    numbers.extend(number.map(|number| (self.commits[commit].hash.as_str(), number)));
                    open.extend(&self.parents[commit]);
                }
            }
        }
        numbers
    }

    fn reachable(&self, from: &[&str]) -> Vec<bool> {
        let mut seen = vec![false; self.commits.len()];
        let mut open: Vec<usize> = from.iter().filter_map(|hash| self.index.get(*hash).copied()).collect();
        while let Some(at) = open.pop() {
            if !std::mem::replace(&mut seen[at], true) {
                open.extend(&self.parents[at]);
            }
        }
        seen
    }
}

/// Which commits touched which directories.
#[derive(Debug, Clone)]
pub struct CommitsByDirectory<'h> {
    history: &'h History,
    touching: Vec<Vec<usize>>,
    elsewhere: Vec<usize>,
}

impl<'h> CommitsByDirectory<'h> {
    /// Returns the commits that touched files of a directory, named by its place in the list, and that the
    /// commit `since` does not contain; newest first.
    #[must_use]
    pub fn touching(&self, directory: usize, since: Option<&str>) -> Vec<&'h Commit> {
        self.without(&self.touching[directory], since.as_slice())
    }

    /// Returns the commits that touched no file of any directory and that none of the commits `since` contains.
    #[must_use]
    pub fn elsewhere(&self, since: &[&str]) -> Vec<&'h Commit> {
        self.without(&self.elsewhere, since)
    }

    fn without(&self, commits: &[usize], since: &[&str]) -> Vec<&'h Commit> {
        let history = self.history;
        let old = history.reachable(since);
        commits.iter().filter(|at| !old[**at]).map(|at| &history.commits[*at]).collect()
    }
}

fn owner(owners: &HashMap<String, usize>, path: &str) -> Option<usize> {
    let mut folder = path;
    while let Some(at) = folder.rfind('/') {
        folder = &folder[..at];
        if let Some(owner) = owners.get(folder) {
            return Some(*owner);
        }
    }
    owners.get("").copied()
}

/// Returns the best commit that all others contain, so that nothing behind it has to be read.
fn common_past(git: &Git, tip: &str, starts: &[String]) -> Result<Option<String>, GitError> {
    let mut arguments = vec!["merge-base", "--octopus", tip];
    arguments.extend(starts.iter().map(String::as_str));
    let output = git.run(&arguments)?;
    match output.status {
        Some(0) => Ok(output.stdout_text().lines().next().map(str::to_owned)),
        // Branches without a common past.
        Some(1) => Ok(None),
        _ => Err(git.failure("merge-base", &output)),
    }
}

/// Returns the commits whose parents a shallow clone lacks.
fn shallow_boundary(git: &Git) -> Result<Vec<String>, GitError> {
    let path = git.text(&["rev-parse", "--git-path", "shallow"])?;
    match fs_err::read_to_string(git.directory().join(path.trim_end_matches(['\r', '\n']))) {
        Ok(text) => Ok(text.lines().map(str::to_owned).collect()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(GitError::Io(error)),
    }
}

fn log(git: &Git, revisions: &[String]) -> Result<ProcessOutput, GitError> {
    let arguments = [
        "-c",
        "log.showRoot=true",
        "log",
        "--stdin",
        "-z",
        "--topo-order",
        "--encoding=UTF-8",
        "--no-show-signature",
        "--diff-merges=first-parent",
        "--name-only",
        "--no-renames",
        "--no-relative",
        "--no-ext-diff",
        FORMAT,
    ];
    let mut input = revisions.join("\n");
    input.push('\n');
    let output = git.run_with_input(&arguments, input.into_bytes())?;
    if output.success() { Ok(output) } else { Err(git.failure("log", &output)) }
}

fn parse(output: &[u8]) -> Vec<Commit> {
    let text = String::from_utf8_lossy(output);
    let mut fields = text.split('\0');
    let mut commits = Vec::new();
    while let (Some(hash), Some(parents), Some(time), Some(message)) =
        (fields.next(), fields.next(), fields.next(), fields.next())
    {
        // An empty field ends the paths; the first one follows a line break.
        let paths = fields.by_ref().take_while(|path| !path.is_empty());
        let paths = paths.map(|path| path.strip_prefix('\n').unwrap_or(path).to_owned()).collect();
        let (subject, body) = split_message(message);
        commits.push(Commit {
            hash: hash.to_owned(),
            parents: parents.split(' ').filter(|hash| !hash.is_empty()).map(str::to_owned).collect(),
            author_time: time.parse().unwrap_or_default(),
            subject,
            body,
            paths,
        });
    }
    commits
}

/// Splits a message as git does: the first paragraph is the subject.
fn split_message(message: &str) -> (String, String) {
    let message = message.replace("\r\n", "\n");
    let mut lines = message.trim_start_matches('\n').lines();
    let subject: Vec<&str> = lines.by_ref().map(str::trim).take_while(|line| !line.is_empty()).collect();
    let body: Vec<&str> = lines.collect();
    (subject.join(" "), body.join("\n").trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commit(hash: &str, parents: &[&str], paths: &[&str]) -> Commit {
        Commit {
            hash: hash.to_owned(),
            parents: parents.iter().map(|hash| (*hash).to_owned()).collect(),
            author_time: 0,
            subject: format!("commit {hash}"),
            body: String::new(),
            paths: paths.iter().map(|path| (*path).to_owned()).collect(),
        }
    }

    fn hashes(commits: &[&Commit]) -> String {
        commits.iter().map(|commit| commit.hash.as_str()).collect()
    }

    #[test]
    fn records_with_and_without_paths_are_told_apart() {
        let output =
            "h1\0h2 h3\x001\0subject\n\0\nb\0a b\0\0h2\0\x002\0\0\0h3\0\x003\0two\nlines\n\nbody\n\0\nx\0";
        let commits = parse(output.as_bytes());
        assert_eq!(commits.len(), 3);
        assert_eq!((commits[0].is_merge(), commits[0].paths.join("|")), (true, "b|a b".to_owned()));
        assert_eq!((commits[1].subject.as_str(), commits[1].paths.len()), ("", 0));
        assert_eq!((commits[2].subject.as_str(), commits[2].body.as_str()), ("two lines", "body"));
        assert!(parse(b"").is_empty());
    }

    #[test]
    fn a_release_on_another_branch_hides_only_what_it_contains() {
        //  a - b - c - e   (the revision)
        //       \- d       (a release)
        let commits = vec![
            commit("e", &["c"], &["p/x"]),
            commit("d", &["b"], &["p/x"]),
            commit("c", &["b"], &["q/x"]),
            commit("b", &["a"], &["p/x"]),
            commit("a", &[], &["p/x"]),
        ];
        let history = History::of(Path::new("/r"), commits, "e");
        assert_eq!(history.commits().count(), 4);
        assert_eq!(hashes(&history.since(&["d"])), "ec");
        assert_eq!(hashes(&history.since(&[])), "ecba");
        assert_eq!(hashes(&history.since(&["unknown"])), "ecba");
        let sorted = history.by_directory(&[Path::new("/r/p"), Path::new("/r/q")]);
        assert_eq!(hashes(&sorted.touching(0, Some("d"))), "e");
        assert_eq!(hashes(&sorted.touching(1, None)), "c");
    }

    #[test]
    fn a_file_belongs_to_the_deepest_directory() {
        let commits = vec![
            commit("c", &["b"], &["README.md"]),
            commit("b", &["a"], &["lib/inner/x", "lib2/x"]),
            commit("a", &[], &["lib/x"]),
        ];
        let history = History::of(Path::new("/r"), commits, "c");
        let sorted = history.by_directory(&[Path::new("/r/lib"), Path::new("/r/lib/inner")]);
        assert_eq!(hashes(&sorted.touching(0, None)), "a");
        assert_eq!(hashes(&sorted.touching(1, None)), "b");
        assert_eq!(hashes(&sorted.elsewhere(&[])), "c");
        let whole = history.by_directory(&[Path::new("/r"), Path::new("/r/lib")]);
        assert_eq!(hashes(&whole.touching(0, None)), "cb");
        assert!(whole.elsewhere(&[]).is_empty());
    }

    #[test]
    fn commits_know_the_merge_that_brought_them() {
        // m2 merges d, m1 merges b and c; all on the line a - m1 - m2.
        let mut commits = vec![
            commit("m2", &["m1", "d"], &[]),
            commit("d", &["m1"], &[]),
            commit("m1", &["a", "c"], &[]),
            commit("c", &["b"], &[]),
            commit("b", &["a"], &[]),
            commit("a", &[], &[]),
        ];
        commits[0].subject = "2".to_owned();
        commits[2].subject = "1".to_owned();
        let history = History::of(Path::new("/r"), commits, "m2");
        let merged = history.merged_by(|merge| merge.subject.parse().ok());
        let mut merged: Vec<_> = merged.into_iter().collect();
        merged.sort_unstable();
        assert_eq!(merged, [("b", 1), ("c", 1), ("d", 2)]);
    }
}
