//! A temporary workspace that is filled by a builder and in which the program runs.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use fs_err as fs;
use tempfile::TempDir;

use crate::Run;

/// A folder with packages in it, removed at the end.
#[derive(Debug)]
pub struct Workspace {
    folder: TempDir,
    program: PathBuf,
    environment: Vec<(String, String)>,
}

impl Workspace {
    /// Makes an empty workspace for the program at `program` (`env!("CARGO_BIN_EXE_pyrel")`).
    ///
    /// # Panics
    /// When the temporary folder cannot be made.
    #[must_use]
    pub fn new(program: &str) -> Self {
        let folder = TempDir::new().expect("a temporary folder can be made");
        let workspace = Self { folder, program: PathBuf::from(program), environment: Vec::new() };
        fs::create_dir_all(workspace.home()).expect("the temporary folder can be written");
        fs::create_dir_all(workspace.root()).expect("the temporary folder can be written");
        workspace
    }

    /// Returns the root of the workspace.
    #[must_use]
    pub fn root(&self) -> PathBuf {
        let folder =
            fs::canonicalize(self.folder.path()).unwrap_or_else(|_| self.folder.path().to_path_buf());
        folder.join("work")
    }

    /// Returns the home folder that the program sees.
    #[must_use]
    pub fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    /// Writes a file, with its folders.
    ///
    /// # Panics
    /// When it cannot be written.
    #[must_use]
    pub fn file(self, path: &str, text: impl AsRef<[u8]>) -> Self {
        self.write(path, text);
        self
    }

    /// Writes a file into a workspace that is already in use.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.root().join(path);
        fs::create_dir_all(path.parent().expect("a file has a folder"))
            .expect("the workspace can be written");
        fs::write(path, text).expect("the workspace can be written");
    }

    /// Adds a hatchling package under `packages/`, with a module, a console script, a README, and the
    /// dependencies given.
    #[must_use]
    pub fn package(self, name: &str, version: &str, dependencies: &[&str]) -> Self {
        let module = name.replace(['-', '.'], "_").to_lowercase();
        let list: Vec<String> = dependencies.iter().map(|dependency| format!("\"{dependency}\"")).collect();
        let pyproject = format!(
            "[build-system]\nrequires = [\"hatchling\"]\nbuild-backend = \"hatchling.build\"\n\n\
             [project]\nname = \"{name}\"\nversion = \"{version}\"\ndescription = \"The package {name}\"\n\
             readme = \"README.md\"\nrequires-python = \">=3.8\"\nlicense = \"Apache-2.0\"\ndependencies = [{}]\n\n\
             [project.scripts]\n{name} = \"{module}:main\"\n\n\
             [tool.hatch.build.targets.wheel]\npackages = [\"src/{module}\"]\n",
            list.join(", ")
        );
        let source = format!(
            "\"\"\"The package {name}.\"\"\"\n\n\ndef main() -> None:\n    print(\"{name} {version}\")\n"
        );
        self.file(&format!("packages/{name}/pyproject.toml"), pyproject)
            .file(&format!("packages/{name}/README.md"), format!("# {name}\n\nA package of the tests.\n"))
            .file(&format!("packages/{name}/src/{module}/__init__.py"), source)
    }

    /// Sets a variable for every later run.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Returns the program, ready to run in the workspace with a cleared environment.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the tests start the program itself, hermetically")]
    pub fn command<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Command {
        let mut command = Command::new(&self.program);
        command.args(arguments).current_dir(self.root()).env_clear().stdin(Stdio::null());
        for name in [
            "PATH",
            "SystemRoot",
            "TEMP",
            "TMP",
            "SSL_CERT_FILE",
            "PIP_CERT",
            "PIP_INDEX_URL",
            "UV_INDEX_URL",
        ] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        command
            .env(if cfg!(windows) { "USERPROFILE" } else { "HOME" }, self.home())
            .env("GIT_CONFIG_GLOBAL", self.home().join("gitconfig"))
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("SOURCE_DATE_EPOCH", "1700000000")
            .envs(self.environment.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        command
    }

    /// Runs the program to its end.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn run<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Run {
        let output = self.command(arguments).output().expect("the program can be started");
        Run::new(output.status.code().unwrap_or(-1), &output.stdout, &output.stderr, &self.root())
    }

    /// Runs git in the workspace.
    ///
    /// # Panics
    /// When git fails.
    #[expect(clippy::disallowed_methods, reason = "the tests start git itself, hermetically")]
    pub fn git(&self, arguments: &[&str]) {
        let output = Command::new("git")
            .args([
                "-c",
                "user.name=Test",
                "-c",
                "user.email=test@example.org",
                "-c",
                "init.defaultBranch=main",
            ])
            .args(arguments)
            .current_dir(self.root())
            .env("GIT_CONFIG_GLOBAL", self.home().join("gitconfig"))
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_AUTHOR_DATE", "2024-01-02T03:04:05Z")
            .env("GIT_COMMITTER_DATE", "2024-01-02T03:04:05Z")
            .output()
            .expect("git can be started");
        assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// Lists every file below a folder of the workspace, as sorted relative paths; empty when it is absent.
    #[must_use]
    pub fn files(&self, folder: &str) -> Vec<String> {
        let mut found = Vec::new();
        list(&self.root().join(folder), &self.root(), &mut found);
        found.sort();
        found
    }
}

fn list(folder: &Path, root: &Path, found: &mut Vec<String>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            list(&path, root, found);
        } else if let Ok(relative) = path.strip_prefix(root) {
            found.push(relative.display().to_string().replace('\\', "/"));
        }
    }
}
