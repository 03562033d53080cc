//! Built files as a release takes them: those of the current version only, and none that is older than its
//! sources. Nothing is opened here; what the files hold is for the check.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use fs_err as fs;
use ignore::WalkBuilder;
use pyrel_model::{ArtifactKind, PackageName, Version};
use pyrel_project::Package;

/// Why a package's built files cannot be taken.
#[derive(Debug, thiserror::Error)]
pub enum CollectError {
    /// The version is known to the backend only, and there are no files that would tell it.
    #[error("the version of `{package}` is not known without a build: {reason}")]
    NoVersion {
        /// The package.
        package: String,
        /// Why.
        reason: String,
    },
    /// The version is known to the backend only, and there are files of several.
    #[error("the version of `{package}` is not known without a build, and there are files of several: {}", .versions.join(", "))]
    Ambiguous {
        /// The package.
        package: String,
        /// The versions of which there are files, oldest first.
        versions: Vec<String>,
    },
    /// There are none.
    #[error("`{package}` has no built files of version {version}: {}", .directory.display())]
    Missing {
        /// The package.
        package: String,
        /// Its version.
        version: String,
        /// Where they would be.
        directory: PathBuf,
    },
    /// A file is older than what it was built from.
    #[error("`{}` is older than its source `{}`", .file.display(), .source_file.display())]
    Stale {
        /// The package.
        package: String,
        /// The built file.
        file: PathBuf,
        /// The newest source.
        source_file: PathBuf,
    },
    /// The tree cannot be read.
    #[error("cannot read the files of `{package}`")]
    Io {
        /// The package.
        package: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

impl CollectError {
    /// Returns the remedy: a command that builds.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NoVersion { package, .. } => Some(format!(
                "run `pyrel build {package}` first; `pyrel publish {package}` does it in one go"
            )),
            Self::Ambiguous { package, .. } => Some(format!(
                "run `pyrel clean {package}` and build again, or remove those that are not meant"
            )),
            Self::Missing { package, .. } | Self::Stale { package, .. } => {
                Some(format!("run `pyrel build {package}` first"))
            }
            Self::Io { .. } => None,
        }
    }
}

/// A built file of a package's current version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collected {
    /// The project.
    pub package: PackageName,
    /// The version.
    pub version: Version,
    /// The file name.
    pub filename: String,
    /// Sdist or wheel.
    pub kind: ArtifactKind,
    /// Where the file is, absolute.
    pub path: PathBuf,
    /// Size in bytes.
    pub size: u64,
}

/// Returns the built files of a package's current version, wheels first, after making sure that none is older
/// than the newest source. `others` are the directories of the workspace's packages: those inside this one are
/// not its sources.
///
/// # Errors
///
/// Fails when there are no files, one is stale, the version is not known, or the tree cannot be read.
pub fn collect(package: &Package, others: &[&Path]) -> Result<Vec<Collected>, CollectError> {
    let name = package.name.to_string();
    let Some(version) = package.version_or_built() else { return Err(versionless(package)) };
    let files = current_files(package, &version);
    if files.is_empty() {
        let (version, directory) = (version.to_string(), package.dist_dir());
        return Err(CollectError::Missing { package: name, version, directory });
    }
    let io = |source| CollectError::Io { package: name.clone(), source };
    let Some((newest, source_file)) = newest_source(&package.directory, others).map_err(io)? else {
        return Ok(files);
    };
    for file in &files {
        if modified(&file.path).map_err(io)? < newest {
            let file = file.path.clone();
            return Err(CollectError::Stale { package: name, file, source_file });
        }
    }
    Ok(files)
}

/// Says why nobody can tell which files are current.
fn versionless(package: &Package) -> CollectError {
    let name = package.name.to_string();
    let versions: Vec<String> = package.built_versions().iter().map(Version::to_string).collect();
    if !versions.is_empty() {
        return CollectError::Ambiguous { package: name, versions };
    }
    let reason = match &package.version {
        pyrel_project::VersionSource::Unresolved { reason, .. } => reason.clone(),
        _ => "no version is written".to_owned(),
    };
    CollectError::NoVersion { package: name, reason }
}

fn current_files(package: &Package, version: &Version) -> Vec<Collected> {
    let named = |file: pyrel_project::BuiltFile| {
        Some(Collected {
            package: package.name.clone(),
            version: version.clone(),
            filename: file.path.file_name()?.to_str()?.to_owned(),
            kind: file.kind,
            path: file.path,
            size: file.size,
        })
    };
    package.built_files().into_iter().filter_map(named).collect()
}

/// Returns the newest file of a source tree, build products, caches, hidden and ignored files left out.
fn newest_source(
    directory: &Path,
    others: &[&Path],
) -> Result<Option<(SystemTime, PathBuf)>, std::io::Error> {
    let inner: Vec<PathBuf> = others
        .iter()
        .filter(|other| **other != directory && other.starts_with(directory))
        .map(|other| other.to_path_buf())
        .collect();
    let walk = WalkBuilder::new(directory)
        .require_git(false)
        .filter_entry(move |entry| {
            entry.depth() == 0
                || !entry.path().is_dir()
                || !(is_product(entry.path()) || inner.contains(&entry.path().to_path_buf()))
        })
        .build();
    let mut newest: Option<(SystemTime, PathBuf)> = None;
    for entry in walk {
        let entry = entry.map_err(std::io::Error::other)?;
        if !entry.file_type().is_some_and(|kind| kind.is_file()) {
            continue;
        }
        let time = modified(entry.path())?;
        if newest.as_ref().is_none_or(|(known, _)| time > *known) {
            newest = Some((time, entry.into_path()));
        }
    }
    Ok(newest)
}

fn modified(path: &Path) -> Result<SystemTime, std::io::Error> {
    fs::metadata(path)?.modified()
}

/// Tells whether a directory holds products and not sources.
fn is_product(path: &Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    matches!(&*name, "dist" | "build" | "__pycache__" | "node_modules")
        || name.ends_with(".egg-info")
        || path.join("pyvenv.cfg").is_file()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    struct Tree(tempfile::TempDir);

    impl Tree {
        fn new() -> Self {
            let tree = Self(tempfile::tempdir().unwrap());
            tree.write("pyproject.toml", "[project]\nname = \"a\"\nversion = \"1.0\"\n", 100);
            tree.write("src/a/__init__.py", "", 200);
            tree
        }

        fn write(&self, path: &str, text: &str, at: u64) {
            let path = self.0.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, text).unwrap();
            let time = SystemTime::UNIX_EPOCH + Duration::from_secs(at);
            fs::OpenOptions::new().write(true).open(&path).unwrap().file().set_modified(time).unwrap();
        }

        fn collect(&self, others: &[&Path]) -> Result<Vec<Collected>, CollectError> {
            collect(&Package::load(self.0.path()).unwrap(), others)
        }
    }

    #[test]
    fn takes_the_current_version_and_no_stale_neighbour() {
        let tree = Tree::new();
        assert!(matches!(tree.collect(&[]), Err(CollectError::Missing { .. })));
        for name in ["a-1.0-py3-none-any.whl", "a-1.0.tar.gz", "a-0.9.tar.gz", "b-1.0.tar.gz"] {
            tree.write(&format!("dist/{name}"), "", 300);
        }
        let files = tree.collect(&[]).unwrap();
        let names: Vec<_> = files.iter().map(|file| file.filename.as_str()).collect();
        assert_eq!(names, ["a-1.0-py3-none-any.whl", "a-1.0.tar.gz"]);
    }

    #[test]
    fn built_files_tell_the_version_that_only_the_backend_knows() {
        let tree = Tree::new();
        let text = "[build-system]\nrequires = [\"hatchling\", \"hatch-vcs\"]\nbuild-backend = \"hatchling.build\"\n\
            [project]\nname = \"a\"\ndynamic = [\"version\"]\n[tool.hatch.version]\nsource = \"vcs\"\n";
        tree.write("pyproject.toml", text, 100);
        let error = tree.collect(&[]).unwrap_err();
        assert!(matches!(error, CollectError::NoVersion { .. }), "{error}");
        assert!(error.hint().unwrap().starts_with("run `pyrel build a` first"));
        tree.write("dist/a-1.1.dev3-py3-none-any.whl", "", 300);
        tree.write("dist/a-1.1.dev3.tar.gz", "", 300);
        let files = tree.collect(&[]).unwrap();
        assert_eq!((files.len(), files[0].version.to_string()), (2, "1.1.dev3".to_owned()));
        tree.write("dist/a-1.0.tar.gz", "", 300);
        let error = tree.collect(&[]).unwrap_err();
        assert!(error.to_string().ends_with("there are files of several: 1.0, 1.1.dev3"), "{error}");
        assert!(error.hint().unwrap().contains("`pyrel clean a`"));
    }

    #[test]
    fn a_file_older_than_its_sources_is_refused() {
        let tree = Tree::new();
        tree.write("dist/a-1.0.tar.gz", "", 200);
        assert!(tree.collect(&[]).is_ok(), "as old as its sources");
        tree.write("src/a/late.py", "", 201);
        let error = tree.collect(&[]).unwrap_err();
        assert!(error.to_string().contains("a-1.0.tar.gz` is older than its source"), "{error}");
        assert!(error.to_string().contains("late.py"));
        assert_eq!(error.hint().unwrap(), "run `pyrel build a` first");
    }

    #[test]
    fn products_caches_and_inner_packages_are_no_sources() {
        let tree = Tree::new();
        tree.write("dist/a-1.0.tar.gz", "", 300);
        tree.write(".gitignore", "*.log\n", 100);
        for late in [
            "build/x",
            "src/a.egg-info/PKG-INFO",
            "src/a/__pycache__/x.pyc",
            ".venv/x",
            "env/pyvenv.cfg",
            "env/lib/x.py",
            "debug.log",
            "packages/b/x.py",
        ] {
            tree.write(late, "", 900);
        }
        let inner = tree.0.path().join("packages/b");
        assert!(matches!(tree.collect(&[]), Err(CollectError::Stale { .. })));
        assert!(tree.collect(&[tree.0.path(), &inner]).is_ok());
    }
}
