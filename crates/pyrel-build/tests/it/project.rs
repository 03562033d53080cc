//! Projects in temporary folders.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use fs_err as fs;
use pyrel_build::{BuildError, BuildObserver, BuildRequest, Kinds, Planned, PythonSettings, Silent};
use pyrel_model::Artifact;
use pyrel_project::{Package, Process};
use tempfile::TempDir;

pub(crate) const HATCHLING: &str =
    "[build-system]\nrequires = [\"hatchling\"]\nbuild-backend = \"hatchling.build\"\n";
pub(crate) const SETUPTOOLS: &str =
    "[build-system]\nrequires = [\"setuptools\"]\nbuild-backend = \"setuptools.build_meta\"\n";
pub(crate) const FLIT: &str =
    "[build-system]\nrequires = [\"flit_core\"]\nbuild-backend = \"flit_core.buildapi\"\n";
pub(crate) const PDM: &str =
    "[build-system]\nrequires = [\"pdm-backend\"]\nbuild-backend = \"pdm.backend\"\n";
pub(crate) const POETRY: &str =
    "[build-system]\nrequires = [\"poetry-core\"]\nbuild-backend = \"poetry.core.masonry.api\"\n";
pub(crate) const UV: &str = "[build-system]\nrequires = [\"uv_build\"]\nbuild-backend = \"uv_build\"\n";
pub(crate) const DEMO: &str = "[project]\nname = \"demo\"\nversion = \"1.0\"\n";

/// 2020-02-02T00:00:00Z
pub(crate) const SOURCE_DATE: u64 = 1_580_601_600;

pub(crate) struct Project {
    root: TempDir,
}

impl Project {
    /// Makes a project of a `pyproject.toml` and other files.
    pub(crate) fn new(pyproject: &str, files: &[(&str, &str)]) -> Self {
        let project = Self { root: tempfile::tempdir().unwrap() };
        project.write("pyproject.toml", pyproject);
        for (path, content) in files {
            project.write(path, content);
        }
        project
    }

    /// The usual project: a package `demo` with one module.
    pub(crate) fn demo(system: &str, tool: &str) -> Self {
        Self::new(&format!("{system}{DEMO}{tool}"), &[("demo/__init__.py", "x = 1\n")])
    }

    pub(crate) fn write(&self, path: &str, content: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.root.path().join(path)
    }

    /// Runs git in the project, which is made a repository first where it is none.
    pub(crate) fn git(&self, commands: &[&str]) {
        if !self.path(".git").exists() {
            self.git_command("init -q -b main");
        }
        commands.iter().for_each(|command| self.git_command(command));
    }

    /// Commits everything and tags it.
    pub(crate) fn tagged(self, tag: &str) -> Self {
        self.git(&["add -A", "commit -q --allow-empty -m all", &format!("tag {tag}")]);
        self
    }

    fn git_command(&self, command: &str) {
        let mut process = Process::new("git").args(command.split(' ')).current_dir(self.root.path());
        for role in ["AUTHOR", "COMMITTER"] {
            process = process
                .env(format!("GIT_{role}_NAME"), "Test")
                .env(format!("GIT_{role}_EMAIL"), "test@example.org")
                .env(format!("GIT_{role}_DATE"), format!("@{SOURCE_DATE} +0000"));
        }
        process.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "").run_checked().unwrap();
    }

    pub(crate) fn package(&self) -> Package {
        Package::load(self.root.path()).unwrap()
    }

    pub(crate) fn plan(&self) -> Result<Planned, BuildError> {
        self.plan_with(&pyrel_build::NO_VARIABLES)
    }

    /// Plans in an environment with variables.
    pub(crate) fn plan_with(&self, variables: &BTreeMap<String, String>) -> Result<Planned, BuildError> {
        let (package, python) = (self.package(), PythonSettings::default());
        pyrel_build::plan(&request(&package, &python, variables))
    }

    /// Plans and returns `option @ line` of the reason to step back, or `native`, which must be by the dialect where one
    /// is named.
    pub(crate) fn verdict(&self, dialect: Option<&str>) -> String {
        self.verdict_with(dialect, &pyrel_build::NO_VARIABLES)
    }

    /// As [`verdict`](Self::verdict), in an environment with variables.
    pub(crate) fn verdict_with(&self, dialect: Option<&str>, variables: &BTreeMap<String, String>) -> String {
        match self.plan_with(variables) {
            Ok(Planned::Native(set)) => {
                assert_eq!(dialect.unwrap_or(set.dialect), set.dialect);
                "native".to_owned()
            }
            Ok(Planned::Fallback(unsupported)) => {
                let line = unsupported.location.as_ref().map_or(0, |location| location.line);
                assert!(!unsupported.reason.is_empty());
                format!("{} @ {line}", unsupported.option)
            }
            Err(error) => format!("error: {error}"),
        }
    }

    /// Builds into the folder `out`.
    pub(crate) fn build(&self) -> Result<Vec<Artifact>, BuildError> {
        self.build_watched(&Silent)
    }

    pub(crate) fn build_watched(&self, observer: &dyn BuildObserver) -> Result<Vec<Artifact>, BuildError> {
        build_dir(self.root.path(), &PythonSettings::default(), observer)
    }

    /// Returns the names in the folder `out`, and `None` when there is no such folder.
    pub(crate) fn built(&self) -> Option<Vec<String>> {
        let entries = fs::read_dir(self.path("out")).ok()?;
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        Some(names)
    }
}

/// Builds the project in a folder into its folder `out`.
pub(crate) fn build_dir(
    dir: &Path,
    python: &PythonSettings,
    observer: &dyn BuildObserver,
) -> Result<Vec<Artifact>, BuildError> {
    let package = Package::load(dir).unwrap();
    pyrel_build::build(&request(&package, python, &pyrel_build::NO_VARIABLES), observer)
}

/// Returns an error with all its causes, as a person sees it.
pub(crate) fn chain(error: &BuildError) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text.push_str(&format!("\n{cause}"));
        source = cause.source();
    }
    text
}

/// Asks for both files, in the folder `out` of the package.
pub(crate) fn request<'a>(
    package: &'a Package,
    python: &'a PythonSettings,
    variables: &'a BTreeMap<String, String>,
) -> BuildRequest<'a> {
    BuildRequest {
        package,
        kinds: Kinds::BOTH,
        out_dir: package.directory.join("out"),
        force_pep517: false,
        source_date: SOURCE_DATE,
        python,
        variables,
    }
}
