//! A git repository and the questions that pyrel asks it.

use std::path::{Path, PathBuf};

use super::GitError;
use crate::process::{Process, ProcessError, ProcessOutput};
use crate::root::git_top_level;

/// Variables by which a calling git (a hook, an alias) would redirect the git started here.
const REDIRECTING: &[&str] = &[
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_NAMESPACE",
    "GIT_PREFIX",
    "GIT_CEILING_DIRECTORIES",
    "GIT_EXTERNAL_DIFF",
    "GIT_TRACE",
];

/// A git repository, seen from a directory in it.
#[derive(Debug, Clone)]
pub struct Git {
    directory: PathBuf,
    top_level: PathBuf,
    program: PathBuf,
}

impl Git {
    /// Finds the repository that a directory lies in; `None` when there is none. No process is started.
    #[must_use]
    pub fn discover(directory: &Path) -> Option<Self> {
        let directory = crate::root::absolute(directory).ok()?;
        let top_level = git_top_level(&directory)?.to_path_buf();
        Some(Self { directory, top_level, program: PathBuf::from("git") })
    }

    /// Uses another `git` than the one on `PATH`.
    #[must_use]
    pub fn with_program(mut self, program: impl Into<PathBuf>) -> Self {
        self.program = program.into();
        self
    }

    /// Returns the directory that the repository was found from, absolute.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Returns the top level of the work tree, absolute.
    #[must_use]
    pub fn top_level(&self) -> &Path {
        &self.top_level
    }

    /// Returns when `HEAD` was committed, in seconds since 1970; `None` when that cannot be told, such as
    /// before the first commit.
    #[must_use]
    pub fn last_commit_time(&self) -> Option<u64> {
        match self.text(&["log", "-1", "--format=%ct"]) {
            Ok(text) => text.trim().parse().ok(),
            Err(error) => {
                tracing::debug!(%error, "the time of the last commit is unknown");
                None
            }
        }
    }

    /// Returns the hash of the commit that a revision names.
    ///
    /// # Errors
    /// When there is no such commit, or git cannot be asked.
    pub fn commit(&self, revision: &str) -> Result<String, GitError> {
        let peeled = format!("{revision}^{{commit}}");
        let output = self.run(&["rev-parse", "--verify", "--quiet", "--end-of-options", &peeled])?;
        if output.success() {
            return Ok(output.stdout_text().trim().to_owned());
        }
        if output.stderr.is_empty() {
            return Err(GitError::UnknownRevision { revision: revision.to_owned() });
        }
        Err(self.failure("rev-parse", &output))
    }

    /// Returns the branch that is checked out; `None` when `HEAD` is detached.
    ///
    /// # Errors
    /// When git cannot be asked.
    pub fn branch(&self) -> Result<Option<String>, GitError> {
        let output = self.run(&["symbolic-ref", "--quiet", "--short", "HEAD"])?;
        match output.status {
            Some(0) => Ok(Some(output.stdout_text().trim().to_owned())),
            Some(1) => Ok(None),
            _ => Err(self.failure("symbolic-ref", &output)),
        }
    }

    /// Returns the files below the directory that differ from `HEAD` or are neither tracked nor ignored.
    ///
    /// # Errors
    /// When git cannot be asked.
    pub fn uncommitted(&self) -> Result<Vec<PathBuf>, GitError> {
        match self.commit("HEAD") {
            Ok(_) => self.changed_since("HEAD", &[]),
            // Nothing is committed yet: every file is a change.
            Err(GitError::UnknownRevision { .. }) => {
                self.paths(&["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate"])
            }
            Err(error) => Err(error),
        }
    }

    /// Returns the files below the directory that differ between a revision and the work tree, and those that
    /// are neither tracked nor ignored; absolute, sorted. With `within`, only files below those paths.
    ///
    /// # Errors
    /// When the revision does not exist, or git cannot be asked.
    pub fn changed_since(&self, revision: &str, within: &[&Path]) -> Result<Vec<PathBuf>, GitError> {
        let commit = self.commit(revision)?;
        let limits: Vec<String> = within.iter().map(|path| self.literal_path(path)).collect();
        let limits: Vec<&str> = limits.iter().map(String::as_str).collect();
        let mut diff =
            vec!["diff", "--name-only", "-z", "--relative", "--no-renames", "--no-ext-diff", &commit, "--"];
        diff.extend(&limits);
        let mut untracked = vec!["ls-files", "-z", "--others", "--exclude-standard", "--"];
        untracked.extend(&limits);
        let mut paths = self.paths(&diff)?;
        paths.extend(self.paths(&untracked)?);
        paths.sort_unstable();
        paths.dedup();
        Ok(paths)
    }

    /// Returns the tracked files below the directory; absolute, sorted.
    ///
    /// # Errors
    /// When git cannot be asked.
    pub fn tracked_files(&self) -> Result<Vec<PathBuf>, GitError> {
        self.paths(&["ls-files", "-z", "--cached", "--deduplicate"])
    }

    /// Tells whether a path is tracked, or a folder that holds tracked files.
    ///
    /// # Errors
    /// When git cannot be asked.
    pub fn has_tracked_files(&self, path: &Path) -> Result<bool, GitError> {
        let pathspec = self.literal_path(path);
        let limits = ["ls-files", "-z", "--cached", "--", pathspec.as_str()];
        Ok(!self.checked(&limits)?.stdout.is_empty())
    }

    /// Returns the names of the tags whose commits `HEAD` contains.
    ///
    /// # Errors
    /// When git cannot be asked.
    pub fn tags(&self) -> Result<Vec<String>, GitError> {
        match self.commit("HEAD") {
            Ok(_) => {}
            Err(GitError::UnknownRevision { .. }) => return Ok(Vec::new()),
            Err(error) => return Err(error),
        }
        let text =
            self.text(&["for-each-ref", "--merged=HEAD", "--format=%(refname:strip=2)", "refs/tags"])?;
        Ok(text.lines().map(str::to_owned).collect())
    }

    /// Returns the version that is stored under a revision for a file; `None` when it was not there.
    ///
    /// # Errors
    /// When the revision does not exist, or git cannot be asked.
    pub fn file_at(&self, revision: &str, path: &Path) -> Result<Option<Vec<u8>>, GitError> {
        let commit = self.commit(revision)?;
        let relative = path.strip_prefix(&self.directory).unwrap_or(path);
        let relative = relative.to_string_lossy().replace('\\', "/");
        let object = format!("{commit}:./{relative}");
        let exists = self.run(&["cat-file", "-e", &object])?;
        if !exists.success() {
            return Ok(None);
        }
        Ok(Some(self.checked(&["cat-file", "blob", &object])?.stdout))
    }

    /// Runs a reading git command in the directory and returns what it prints.
    ///
    /// # Errors
    /// When git is missing or fails.
    pub fn text(&self, arguments: &[&str]) -> Result<String, GitError> {
        Ok(self.checked(arguments)?.stdout_text())
    }

    /// Returns a pathspec for a path that is meant literally.
    pub(super) fn literal_path(&self, path: &Path) -> String {
        let relative = path.strip_prefix(&self.directory).unwrap_or(path);
        let text = relative.to_string_lossy().replace('\\', "/");
        format!(":(literal){}", if text.is_empty() { "." } else { &text })
    }

    fn paths(&self, arguments: &[&str]) -> Result<Vec<PathBuf>, GitError> {
        let output = self.checked(arguments)?;
        let names = output.stdout.split(|byte| *byte == 0).filter(|name| !name.is_empty());
        let mut paths: Vec<PathBuf> = names.map(|name| self.directory.join(path_of(name))).collect();
        paths.sort_unstable();
        paths.dedup();
        Ok(paths)
    }

    fn checked(&self, arguments: &[&str]) -> Result<ProcessOutput, GitError> {
        let output = self.run(arguments)?;
        if output.success() {
            Ok(output)
        } else {
            Err(self.failure(arguments.first().unwrap_or(&""), &output))
        }
    }

    /// Runs a writing git command, with the person's own language for the hooks that it starts.
    pub(super) fn write(&self, arguments: &[&str], input: Option<&[u8]>) -> Result<(), GitError> {
        let process = self.process(arguments);
        let output = started(match input {
            Some(input) => process.input(input),
            None => process,
        })?;
        if output.success() {
            return Ok(());
        }
        Err(self.failure(arguments.first().unwrap_or(&""), &output))
    }

    pub(super) fn run(&self, arguments: &[&str]) -> Result<ProcessOutput, GitError> {
        started(self.reading(arguments))
    }

    /// Runs a reading git command that gets its revisions by its standard input.
    pub(super) fn run_with_input(
        &self,
        arguments: &[&str],
        input: Vec<u8>,
    ) -> Result<ProcessOutput, GitError> {
        started(self.reading(arguments).input(input))
    }

    fn reading(&self, arguments: &[&str]) -> Process {
        self.process(arguments).env("LC_ALL", "C").env("GIT_OPTIONAL_LOCKS", "0")
    }

    fn process(&self, arguments: &[&str]) -> Process {
        let mut process = Process::new(&self.program)
            .args(["--no-pager", "-c", "core.quotePath=false", "-c", "color.ui=false"])
            .args(arguments)
            .current_dir(&self.directory)
            .env("GIT_TERMINAL_PROMPT", "0");
        for name in REDIRECTING {
            process = process.env_remove(name);
        }
        process
    }

    pub(super) fn failure(&self, command: &str, output: &ProcessOutput) -> GitError {
        let message = output.stderr_text();
        if message.contains("dubious ownership") {
            return GitError::ForeignOwner { directory: self.top_level.clone() };
        }
        if message.contains("not a git repository") {
            return GitError::NotARepository { directory: self.directory.clone() };
        }
        GitError::Failed(ProcessError::Failed {
            command: format!("git {command}"),
            code: output.status,
            tail: output.tail(),
        })
    }
}

fn started(process: Process) -> Result<ProcessOutput, GitError> {
    process.run().map_err(|error| match error {
        ProcessError::NotFound { .. } => GitError::NotInstalled(error),
        error => GitError::Failed(error),
    })
}

#[cfg(unix)]
fn path_of(name: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt;
    PathBuf::from(std::ffi::OsStr::from_bytes(name))
}

/// Git for Windows prints UTF-8.
#[cfg(windows)]
fn path_of(name: &[u8]) -> PathBuf {
    PathBuf::from(String::from_utf8_lossy(name).into_owned())
}
