//! Where things are: the root of the checkout, the target directory, the files that belong to it.

use std::path::{Path, PathBuf};

use fs_err as fs;
use serde_json::Value;

use crate::failure::Failure;
use crate::process::Process;
use crate::python::Environment;

/// The checkout this program was started in.
pub(crate) struct Repository {
    root: PathBuf,
    target: PathBuf,
    metadata: Value,
}

impl Repository {
    /// Finds the checkout by asking `cargo metadata`, which honours `CARGO_TARGET_DIR` and every configuration.
    ///
    /// # Errors
    ///
    /// Fails outside of the workspace, or when the lock file is not current.
    pub(crate) fn find() -> Result<Self, Failure> {
        let text = Process::cargo()
            .args(["metadata", "--no-deps", "--locked", "--format-version", "1"])
            .capture()?;
        let metadata: Value = serde_json::from_str(&text)
            .map_err(|error| Failure::new(format!("output of `cargo metadata` is not JSON: {error}")))?;
        let path = |key: &str| {
            metadata[key]
                .as_str()
                .map(PathBuf::from)
                .ok_or_else(|| Failure::new(format!("output of `cargo metadata` lacks `{key}`")))
        };
        Ok(Self { root: path("workspace_root")?, target: path("target_directory")?, metadata })
    }

    /// The root of the checkout.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// What `cargo metadata --no-deps` said.
    pub(crate) fn metadata(&self) -> &Value {
        &self.metadata
    }

    /// The `pyrel` binary under test, of the profile that the tests are built in.
    pub(crate) fn binary(&self) -> PathBuf {
        self.target.join("debug").join(format!("pyrel{}", std::env::consts::EXE_SUFFIX))
    }

    /// Folder of the examples that cargo built.
    pub(crate) fn examples(&self) -> PathBuf {
        self.binary().with_file_name("examples")
    }

    /// The optimised `pyrel` binary, which benchmarks measure.
    pub(crate) fn release_binary(&self) -> PathBuf {
        self.target.join("release").join(format!("pyrel{}", std::env::consts::EXE_SUFFIX))
    }

    /// The Python environment of the tests.
    pub(crate) fn python(&self) -> Environment {
        Environment::new(self.target.join("python"))
    }

    /// Paths of all files of the checkout, from its root with `/`: tracked ones, and new ones that are not ignored.
    ///
    /// # Errors
    ///
    /// Fails when the directory is not a git checkout.
    pub(crate) fn files(&self) -> Result<Vec<String>, Failure> {
        // A checkout that belongs to another user is still the one to test.
        let text = Process::new("git")
            .args(["-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"])
            .directory(&self.root)
            .capture()?;
        let mut files: Vec<String> =
            text.split('\0').filter(|path| !path.is_empty()).map(ToOwned::to_owned).collect();
        files.retain(|path| self.root.join(path).is_file());
        files.sort();
        files.dedup();
        Ok(files)
    }

    /// The text of a file of the checkout; nothing when it is not text.
    ///
    /// # Errors
    ///
    /// Fails when it cannot be read.
    pub(crate) fn text(&self, path: &str) -> Result<Option<String>, Failure> {
        Ok(String::from_utf8(fs::read(self.root.join(path))?).ok())
    }

    /// Directories of the Python packages in the checkout, by name, from its root with `/`.
    ///
    /// # Errors
    ///
    /// Fails when the directory of the packages cannot be read.
    pub(crate) fn packages(&self) -> Result<Vec<String>, Failure> {
        let mut packages = Vec::new();
        for entry in fs::read_dir(self.root.join("packages"))? {
            let entry = entry?;
            if entry.path().join("pyproject.toml").is_file() {
                packages.push(format!("packages/{}", entry.file_name().to_string_lossy()));
            }
        }
        packages.sort();
        Ok(packages)
    }
}
