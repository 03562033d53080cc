//! What pyrel changes in a repository: commits, tags, moves. Hooks run and signatures are made as git is configured;
//! nothing is pushed.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

use super::{Git, GitError};

/// How a branch stands to the one that it follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upstream {
    /// The branch that is followed, such as `origin/main`.
    pub name: String,
    /// Commits that only this branch has.
    pub ahead: usize,
    /// Commits that only the followed branch has, as far as they were fetched.
    pub behind: usize,
}

impl Git {
    /// Commits the given files as they are in the work tree, new and removed ones included, and nothing else.
    /// Returns the hash of the commit.
    ///
    /// # Errors
    /// When a hook refuses, a signature fails, or nothing differs; the index then still holds the files.
    pub fn commit_paths(&self, message: &str, paths: &[PathBuf]) -> Result<String, GitError> {
        let list = self.path_list(paths);
        self.write(&["add", "--all", "--pathspec-from-file=-", "--pathspec-file-nul"], Some(&list))?;
        // The message goes through a file: standard input holds the paths.
        let file = self.private_file("PYREL_COMMIT_MESSAGE")?;
        fs_err::write(&file, message).map_err(GitError::Io)?;
        let file_text = file.to_string_lossy().into_owned();
        let result = self.write(
            &[
                "commit",
                "--quiet",
                "--only",
                "--cleanup=whitespace",
                "--file",
                &file_text,
                "--pathspec-from-file=-",
                "--pathspec-file-nul",
            ],
            Some(&list),
        );
        fs_err::remove_file(&file).map_err(GitError::Io)?;
        result?;
        self.commit("HEAD")
    }

    /// Makes the index agree with `HEAD` for the given files; the work tree stays as it is.
    ///
    /// # Errors
    /// When git cannot write its index.
    pub fn unstage(&self, paths: &[PathBuf]) -> Result<(), GitError> {
        let list = self.path_list(paths);
        self.write(&["reset", "--quiet", "--pathspec-from-file=-", "--pathspec-file-nul"], Some(&list))
    }

    /// Makes an annotated tag on a commit, signed when `tag.gpgSign` says so.
    ///
    /// # Errors
    /// When there is such a tag, or the signature fails.
    pub fn tag(&self, name: &str, message: &str, commit: &str) -> Result<(), GitError> {
        self.write(
            &["tag", "--annotate", "--cleanup=whitespace", "--file=-", "--end-of-options", name, commit],
            Some(message.as_bytes()),
        )
    }

    /// Removes a tag.
    ///
    /// # Errors
    /// When there is no such tag.
    pub fn delete_tag(&self, name: &str) -> Result<(), GitError> {
        self.write(&["tag", "--delete", "--end-of-options", name], None)
    }

    /// Moves a tracked file or folder.
    ///
    /// # Errors
    /// When it is not tracked, or the target exists.
    pub fn mv(&self, from: &Path, to: &Path) -> Result<(), GitError> {
        self.write(&["mv", "--", &from.to_string_lossy(), &to.to_string_lossy()], None)
    }

    /// Moves the branch that is checked out from one commit to another; index and work tree stay as they are.
    ///
    /// # Errors
    /// When the branch is not at `from`.
    pub fn move_branch(&self, from: &str, to: &str, reason: &str) -> Result<(), GitError> {
        self.write(&["update-ref", "-m", reason, "HEAD", to, from], None)
    }

    /// Returns every tag of the repository with the commit that it stands for, tags on other things left out.
    ///
    /// # Errors
    /// When git cannot be asked.
    pub fn all_tags(&self) -> Result<BTreeMap<String, String>, GitError> {
        let format = "--format=%(refname:strip=2)%00%(objectname)%00%(*objectname)";
        let text = self.text(&["for-each-ref", format, "refs/tags"])?;
        let line = |line: &str| {
            let mut fields = line.split('\0');
            let (name, object, peeled) = (fields.next()?, fields.next()?, fields.next()?);
            let commit = if peeled.is_empty() { object } else { peeled };
            Some((name.to_owned(), commit.to_owned()))
        };
        Ok(text.lines().filter_map(line).collect())
    }

    /// Returns how the branch stands to its upstream; `None` when it follows none or `HEAD` is detached.
    ///
    /// # Errors
    /// When git cannot be asked.
    pub fn upstream(&self) -> Result<Option<Upstream>, GitError> {
        let Some(branch) = self.branch()? else { return Ok(None) };
        let reference = format!("refs/heads/{branch}");
        let name = self.text(&["for-each-ref", "--format=%(upstream:short)", &reference])?;
        let name = name.trim().to_owned();
        if name.is_empty() {
            return Ok(None);
        }
        let range = "HEAD...@{upstream}";
        // The branch that is followed may never have been fetched.
        let Ok(counts) = self.text(&["rev-list", "--left-right", "--count", range]) else { return Ok(None) };
        let mut counts = counts.split_whitespace().map(|count| count.parse().unwrap_or(0));
        let (ahead, behind) = (counts.next().unwrap_or(0), counts.next().unwrap_or(0));
        Ok(Some(Upstream { name, ahead, behind }))
    }

    /// Returns the URL of a remote, credentials in it removed; `None` when there is no such remote.
    ///
    /// # Errors
    /// When git cannot be asked.
    pub fn remote_url(&self, remote: &str) -> Result<Option<String>, GitError> {
        if !self.remotes()?.iter().any(|known| known == remote) {
            return Ok(None);
        }
        let text = self.text(&["remote", "get-url", "--", remote])?;
        let url = text.trim();
        if url.is_empty() {
            return Ok(None);
        }
        let Ok(mut parsed) = url::Url::parse(url) else { return Ok(Some(url.to_owned())) };
        if parsed.password().is_none()
            && (parsed.username().is_empty() || !parsed.scheme().starts_with("http"))
        {
            return Ok(Some(url.to_owned()));
        }
        // Fails only for URLs that cannot have a user, which have none to remove.
        let _no_user = parsed.set_username("").and_then(|()| parsed.set_password(None));
        Ok(Some(parsed.to_string()))
    }

    /// Returns the names of the remotes.
    ///
    /// # Errors
    /// When git cannot be asked.
    pub fn remotes(&self) -> Result<Vec<String>, GitError> {
        Ok(self.text(&["remote"])?.lines().map(str::to_owned).collect())
    }

    /// Returns the remote branches, as far as they were fetched, that contain a commit.
    ///
    /// # Errors
    /// When git cannot be asked.
    pub fn remote_branches_with(&self, commit: &str) -> Result<Vec<String>, GitError> {
        let contains = format!("--contains={commit}");
        let text = self.text(&["for-each-ref", "--format=%(refname:short)", &contains, "refs/remotes"])?;
        Ok(text.lines().map(str::to_owned).collect())
    }

    /// Asks a remote which of the given tags it has.
    ///
    /// # Errors
    /// When it cannot be reached.
    pub fn remote_tags(&self, remote: &str, tags: &[String]) -> Result<Vec<String>, GitError> {
        if tags.is_empty() {
            return Ok(Vec::new());
        }
        let text =
            self.text(&["ls-remote", "--tags", "--refs", "--", remote]).map_err(|error| match error {
                error @ GitError::Failed(_) => {
                    GitError::Unreachable { remote: remote.to_owned(), source: Box::new(error) }
                }
                other => other,
            })?;
        let names = text.lines().filter_map(|line| line.split_once("refs/tags/")).map(|(_, name)| name);
        let known: HashSet<&str> = names.collect();
        Ok(tags.iter().filter(|tag| known.contains(tag.as_str())).cloned().collect())
    }

    /// Returns those of the given paths that git ignores, tracked ones not counted.
    ///
    /// # Errors
    /// When git cannot be asked.
    pub fn ignored(&self, paths: &[PathBuf]) -> Result<HashSet<PathBuf>, GitError> {
        let mut list = Vec::new();
        for path in paths {
            list.extend(path.to_string_lossy().as_bytes());
            list.push(0);
        }
        let output = self.run_with_input(&["check-ignore", "-z", "--stdin"], list)?;
        // 1 says that none is ignored.
        if !matches!(output.status, Some(0 | 1)) {
            return Err(self.failure("check-ignore", &output));
        }
        let names: HashSet<&[u8]> = output.stdout.split(|byte| *byte == 0).collect();
        Ok(paths.iter().filter(|path| names.contains(path.to_string_lossy().as_bytes())).cloned().collect())
    }

    /// Returns the message of a commit.
    ///
    /// # Errors
    /// When there is no such commit.
    pub fn message(&self, commit: &str) -> Result<String, GitError> {
        self.text(&["log", "-1", "--format=%B", "--end-of-options", commit])
    }

    /// Returns the commits that lie between two on the first-parent line, the oldest first, `from` not included.
    ///
    /// # Errors
    /// When there is no such commit.
    pub fn first_parents(&self, from: &str, to: &str) -> Result<Vec<String>, GitError> {
        let range = format!("{from}..{to}");
        let text = self.text(&["rev-list", "--first-parent", "--reverse", "--end-of-options", &range])?;
        Ok(text.lines().map(str::to_owned).collect())
    }

    /// Returns a name in the repository's own directory, where nothing of it is seen by git.
    fn private_file(&self, name: &str) -> Result<PathBuf, GitError> {
        let text = self.text(&["rev-parse", "--git-path", name])?;
        Ok(self.directory().join(text.trim_end_matches(['\r', '\n'])))
    }

    /// Returns paths for `--pathspec-from-file`, each meant literally.
    fn path_list(&self, paths: &[PathBuf]) -> Vec<u8> {
        let mut list = Vec::new();
        for path in paths {
            list.extend(self.literal_path(path).into_bytes());
            list.push(0);
        }
        list
    }
}
