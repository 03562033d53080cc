//! Built files as a release takes them: those of the current version only, and none that is older than its
//! sources. Nothing is opened here; what the files hold is for the check.

use std::collections::{HashMap, HashSet};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use fs_err as fs;
use ignore::{DirEntry, WalkBuilder};
use pyrel_model::{ArtifactKind, PackageName, Version};
use pyrel_project::Package;
use rayon::iter::ParallelIterator as _;
use rayon::slice::ParallelSlice as _;

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

/// Returns the built files of each package's current version, wheels first, after making sure that none is older than the
/// package's newest source. `others` are the directories of the workspace's packages: those inside another one are not
/// its sources.
///
/// # Errors
///
/// Fails for each package of which there are no files, one is stale, the version is not known, or the tree cannot be
/// read.
pub fn collect(packages: &[&Package], others: &[&Path]) -> Result<Vec<Collected>, Vec<CollectError>> {
    let others: HashSet<&Path> = others.iter().copied().collect();
    // A walk for many packages reads git's rules for all of them once.
    let share = packages.len().div_ceil(rayon::current_num_threads()).max(1);
    let shares: Vec<_> =
        packages.par_chunks(share).map(|packages| collect_share(packages, &others)).collect();
    let (mut found, mut errors) = (Vec::new(), Vec::new());
    for one in shares.into_iter().flatten() {
        match one {
            Ok(files) => found.extend(files),
            Err(error) => errors.push(error),
        }
    }
    if errors.is_empty() { Ok(found) } else { Err(errors) }
}

type OfPackage = Result<Vec<Collected>, CollectError>;

fn collect_share(packages: &[&Package], others: &HashSet<&Path>) -> Vec<OfPackage> {
    let mut newest = newest_sources(packages, others);
    let judge = |package: &&Package| {
        let files = files_of(package)?;
        let io = |source| CollectError::Io { package: package.name.to_string(), source };
        let newest = newest.remove(package.directory.as_path()).unwrap_or(Ok(None)).map_err(io)?;
        let Some((newest, source_file)) = newest else { return Ok(files) };
        for file in &files {
            if modified(&file.path).map_err(io)? < newest {
                let (package, file) = (package.name.to_string(), file.path.clone());
                return Err(CollectError::Stale { package, file, source_file });
            }
        }
        Ok(files)
    };
    packages.iter().map(judge).collect()
}

fn files_of(package: &Package) -> OfPackage {
    let Some(version) = package.version_or_built() else { return Err(versionless(package)) };
    let files = current_files(package, &version);
    if files.is_empty() {
        let (version, directory) = (version.to_string(), package.dist_dir());
        return Err(CollectError::Missing { package: package.name.to_string(), version, directory });
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

/// The newest file of a source tree, if it has any.
type Newest = Result<Option<(SystemTime, PathBuf)>, io::Error>;

/// Returns the newest file of each package's source tree, build products, caches, hidden and ignored files left out.
fn newest_sources<'p>(packages: &[&'p Package], others: &HashSet<&Path>) -> HashMap<&'p Path, Newest> {
    let roots: HashSet<&Path> = packages.iter().map(|package| package.directory.as_path()).collect();
    let Some((first, rest)) = packages.split_first() else { return HashMap::new() };
    let mut walk = WalkBuilder::new(&first.directory);
    for package in rest {
        walk.add(&package.directory);
    }
    let others: HashSet<PathBuf> = others.iter().map(|other| other.to_path_buf()).collect();
    walk.require_git(false).filter_entry(move |entry| {
        let is_dir = entry.file_type().is_some_and(|kind| kind.is_dir());
        entry.depth() == 0 || !is_dir || !(is_product(entry.path()) || others.contains(entry.path()))
    });
    let mut newest: HashMap<&Path, Newest> = HashMap::new();
    let mut root = first.directory.as_path();
    for entry in walk.build() {
        // A package comes before what it holds, and inside another one it is not entered.
        if let Some(next) = entry.as_ref().ok().and_then(|entry| roots.get(entry.path())) {
            root = next;
        }
        let known = newest.entry(root).or_insert(Ok(None));
        match entry.map_err(io::Error::other).and_then(time_of) {
            Ok(Some((time, path))) => {
                if let Ok(before) = known
                    && before.as_ref().is_none_or(|(before, _)| time > *before)
                {
                    *before = Some((time, path));
                }
            }
            Ok(None) => {}
            Err(error) => *known = Err(error),
        }
    }
    newest
}

/// Returns when a file was changed; nothing for what is no file.
fn time_of(entry: DirEntry) -> Newest {
    if !entry.file_type().is_some_and(|kind| kind.is_file()) {
        return Ok(None);
    }
    Ok(Some((modified(entry.path())?, entry.into_path())))
}

fn modified(path: &Path) -> Result<SystemTime, io::Error> {
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
            let mut errors = match collect(&[&Package::load(self.0.path()).unwrap()], others) {
                Ok(files) => return Ok(files),
                Err(errors) => errors,
            };
            assert_eq!(errors.len(), 1);
            Err(errors.remove(0))
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

    #[test]
    fn each_package_has_sources_of_its_own() {
        let tree = Tree::new();
        let packages = ["", "packages/b", "packages/c", "packages/c/inner"];
        for (package, late) in packages.iter().zip([300, 300, 900, 300]) {
            let name = package.rsplit('/').next().filter(|name| !name.is_empty()).unwrap_or("a");
            let path = |file: &str| format!("{package}{}{file}", if package.is_empty() { "" } else { "/" });
            let text = format!("[project]\nname = \"{name}\"\nversion = \"1.0\"\n");
            tree.write(&path("pyproject.toml"), &text, 100);
            tree.write(&path(&format!("dist/{name}-1.0.tar.gz")), "", 300);
            tree.write(&path("late.py"), "", late);
        }
        let load = |path: &&str| Package::load(&tree.0.path().join(path)).unwrap();
        let all: Vec<Package> = packages.iter().map(load).collect();
        let others: Vec<&Path> = all.iter().map(|package| package.directory.as_path()).collect();
        let collected = |indices: &[usize]| {
            let packages: Vec<&Package> = indices.iter().map(|index| &all[*index]).collect();
            collect(&packages, &others)
        };
        let names = |found: &[Collected]| found.iter().map(|one| one.filename.clone()).collect::<Vec<_>>();
        let found = collected(&[0, 1, 3]).unwrap();
        assert_eq!(names(&found), ["a-1.0.tar.gz", "b-1.0.tar.gz", "inner-1.0.tar.gz"]);
        let errors = collected(&[3, 2, 1, 0]).unwrap_err();
        assert!(matches!(&errors[..], [CollectError::Stale { package, .. }] if package == "c"), "{errors:?}");
    }
}
