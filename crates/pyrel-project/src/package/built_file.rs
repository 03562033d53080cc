//! The built files of a package's current version, found by name; nothing is opened.

use std::path::PathBuf;

use fs_err as fs;
use pyrel_model::{ArtifactKind, DistFilename, Version};

use super::Package;

/// A file in a package's `dist` folder whose name is that of the package and its current version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuiltFile {
    /// Sdist or wheel.
    pub kind: ArtifactKind,
    /// Where the file is, absolute.
    pub path: PathBuf,
    /// Size in bytes.
    pub size: u64,
}

impl Package {
    /// Returns the built files of the current version, wheels first, then by name.
    ///
    /// A neighbour of another version or project is left out. Where the version is not known without running the
    /// backend, it is that of the files, provided that they have one in common.
    #[must_use]
    pub fn built_files(&self) -> Vec<BuiltFile> {
        let all = self.all_built_files();
        let version = self.version().cloned().or_else(|| common(&all));
        let current = all.into_iter().filter(|(found, _)| Some(found) == version.as_ref());
        let mut files: Vec<BuiltFile> = current.map(|(_, file)| file).collect();
        files.sort_by(|a, b| (a.kind, &a.path).cmp(&(b.kind, &b.path)));
        files
    }

    /// Returns the version, or that of the built files where it is not known without running the backend and they have
    /// one in common.
    #[must_use]
    pub fn version_or_built(&self) -> Option<Version> {
        self.version().cloned().or_else(|| common(&self.all_built_files()))
    }

    /// Returns the versions of which there are built files, oldest first.
    #[must_use]
    pub fn built_versions(&self) -> Vec<Version> {
        let mut versions: Vec<Version> =
            self.all_built_files().into_iter().map(|(version, _)| version).collect();
        versions.sort_by(|a, b| a.cmp(b).then_with(|| a.as_written().cmp(b.as_written())));
        versions.dedup();
        versions
    }

    fn all_built_files(&self) -> Vec<(Version, BuiltFile)> {
        let Ok(entries) = fs::read_dir(self.dist_dir()) else { return Vec::new() };
        let ours = entries.filter_map(|entry| {
            let entry = entry.ok()?;
            let filename: DistFilename = entry.file_name().to_str()?.parse().ok()?;
            let metadata = entry.metadata().ok().filter(std::fs::Metadata::is_file)?;
            let file = BuiltFile { kind: filename.kind(), path: entry.path(), size: metadata.len() };
            (*filename.name() == self.name).then(|| (filename.version().clone(), file))
        });
        ours.collect()
    }

    /// Returns the extras of `[project.optional-dependencies]`, in file order.
    #[must_use]
    pub fn extras(&self) -> Vec<String> {
        let project = self.pyproject.as_ref().and_then(|file| file.project());
        let extras = project.map(|project| project.optional_dependencies.as_slice()).unwrap_or_default();
        extras.iter().map(|(extra, _)| extra.clone()).collect()
    }
}

/// Returns the one version that all of some files have.
fn common(files: &[(Version, BuiltFile)]) -> Option<Version> {
    let (first, _) = files.first()?;
    files.iter().all(|(version, _)| version == first).then(|| first.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_of_the_current_version_count() {
        let folder = tempfile::tempdir().unwrap();
        let text =
            "[project]\nname = \"My.Pkg\"\nversion = \"1.0\"\n[project.optional-dependencies]\ndev = []\n";
        fs::write(folder.path().join("pyproject.toml"), text).unwrap();
        let package = Package::load(folder.path()).unwrap();
        assert!(package.built_files().is_empty());
        fs::create_dir_all(package.dist_dir().join("my_pkg-1.0-py3-none-any.whl")).unwrap();
        for name in
            ["my_pkg-1.0.tar.gz", "my_pkg-0.9.tar.gz", "other-1.0.tar.gz", "my_pkg-1.0.0-py2-none-any.whl"]
        {
            fs::write(package.dist_dir().join(name), "x").unwrap();
        }
        let names: Vec<_> =
            package.built_files().into_iter().map(|file| file.path.file_name().unwrap().to_owned()).collect();
        assert_eq!(names, ["my_pkg-1.0.0-py2-none-any.whl", "my_pkg-1.0.tar.gz"]);
        assert_eq!(package.extras(), ["dev"]);
    }

    #[test]
    fn files_of_one_version_tell_it_where_nothing_else_does() {
        let folder = tempfile::tempdir().unwrap();
        let text = "[build-system]\nrequires = [\"hatchling\", \"hatch-vcs\"]\nbuild-backend = \"hatchling.build\"\n\
            [project]\nname = \"my-pkg\"\ndynamic = [\"version\"]\n[tool.hatch.version]\nsource = \"vcs\"\n";
        fs::write(folder.path().join("pyproject.toml"), text).unwrap();
        let package = Package::load(folder.path()).unwrap();
        assert_eq!(package.version(), None);
        assert_eq!(package.version_or_built(), None);
        fs::create_dir(package.dist_dir()).unwrap();
        let file = |name: &str| fs::write(package.dist_dir().join(name), "x").unwrap();
        file("other-9.tar.gz");
        file("my_pkg-1.0.tar.gz");
        file("my_pkg-1.0.0-py3-none-any.whl");
        assert_eq!(package.built_files().len(), 2);
        assert_eq!(package.version_or_built(), Some("1.0".parse().unwrap()));
        file("my_pkg-0.9.tar.gz");
        assert!(package.built_files().is_empty(), "nobody can say which is meant");
        let versions: Vec<String> = package.built_versions().iter().map(Version::to_string).collect();
        assert_eq!(versions, ["0.9", "1.0"]);
    }
}
