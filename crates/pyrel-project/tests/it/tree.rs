//! A source tree in a temporary folder, and a git repository around it.

use std::path::{Path, PathBuf};

use fs_err as fs;
use pyrel_project::{Member, Process, Workspace, WorkspaceError};

/// A source tree that vanishes with the value.
pub(crate) struct Tree {
    folder: tempfile::TempDir,
}

impl Tree {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// Writes a file, its folders included.
    pub(crate) fn file(&self, path: &str, text: &str) -> &Self {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    /// Writes the `pyproject.toml` of a hatchling package that depends on others.
    pub(crate) fn package(&self, directory: &str, name: &str, dependencies: &[&str]) -> &Self {
        self.file(&format!("{directory}/pyproject.toml"), &pyproject(name, dependencies))
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.root().join(path)
    }

    /// Returns the folder, links resolved, as a workspace names it.
    pub(crate) fn root(&self) -> PathBuf {
        fs::canonicalize(self.folder.path()).unwrap()
    }

    pub(crate) fn discover(&self) -> Result<Workspace, WorkspaceError> {
        Workspace::discover(self.folder.path())
    }

    pub(crate) fn workspace(&self) -> Workspace {
        self.discover().unwrap()
    }

    /// Runs git in the folder, apart from the configuration of the machine.
    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        git_in(self.folder.path(), arguments)
    }

    /// Makes the folder a repository with everything committed.
    pub(crate) fn commit(&self, message: &str) {
        if !self.path(".git").exists() {
            self.git(&["init", "-q", "-b", "main"]);
        }
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", message]);
    }
}

pub(crate) fn git_in(directory: &Path, arguments: &[&str]) -> String {
    let output = Process::new("git")
        .args(["-c", "user.name=Somebody", "-c", "user.email=somebody@example.org"])
        .args(["-c", "commit.gpgSign=false", "-c", "tag.gpgSign=false"])
        .args(arguments)
        .current_dir(directory)
        .env("GIT_CONFIG_GLOBAL", if cfg!(windows) { "NUL" } else { "/dev/null" })
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .run_checked()
        .unwrap();
    output.stdout_text().trim().to_owned()
}

pub(crate) fn pyproject(name: &str, dependencies: &[&str]) -> String {
    let list = dependencies.iter().map(|one| format!("\"{one}\"")).collect::<Vec<_>>().join(", ");
    format!(
        "[build-system]\nrequires = [\"hatchling\"]\nbuild-backend = \"hatchling.build\"\n\n[project]\nname = \"{name}\"\nversion = \"1.0\"\ndependencies = [{list}]\n"
    )
}

/// Returns the relative directories of all members, in the workspace's order.
pub(crate) fn directories(workspace: &Workspace) -> Vec<String> {
    let relative = |member: &Member| member.relative().to_string_lossy().replace('\\', "/");
    workspace.members().iter().map(relative).collect()
}

/// Returns the one broken member's error, with its place relative to the root and its hint.
pub(crate) fn broken(workspace: &Workspace) -> String {
    let errors: Vec<String> = workspace
        .members()
        .iter()
        .filter_map(|member| match member {
            Member::Healthy(_) => None,
            Member::Broken(broken) => Some(described(workspace.root(), &broken.error)),
        })
        .collect();
    assert_eq!(errors.len(), 1, "{errors:#?}");
    errors.into_iter().next().unwrap()
}

/// Returns `file:line:column: message [hint]`, the file relative to `root`.
pub(crate) fn described(root: &Path, fault: &pyrel_model::Diagnostic) -> String {
    let text = fault.to_string().replace(&format!("{}{}", root.display(), std::path::MAIN_SEPARATOR), "");
    match &fault.hint {
        Some(hint) => format!("{text} [{hint}]"),
        None => text,
    }
}

/// Returns a configuration error as [`described`] does.
pub(crate) fn config_error(root: &Path, error: &WorkspaceError) -> String {
    match error {
        WorkspaceError::Config(fault) => described(root, fault),
        other => panic!("no configuration error: {other}"),
    }
}
