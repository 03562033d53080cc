//! The built files of a package's current version, found by name; nothing is opened.

use std::path::PathBuf;

use fs_err as fs;
use pyrel_model::{ArtifactKind, DistFilename};

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
    /// A neighbour of another version or project is left out, as is everything when the version is not known
    /// without running the backend, or when there is no `dist` folder.
    #[must_use]
    pub fn built_files(&self) -> Vec<BuiltFile> {
        let (Some(version), Ok(entries)) = (self.version(), fs::read_dir(self.dist_dir())) else {
            return Vec::new();
        };
        let mut files: Vec<BuiltFile> = entries
            .filter_map(|entry| {
                let entry = entry.ok()?;
                let filename: DistFilename = entry.file_name().to_str()?.parse().ok()?;
                let metadata = entry.metadata().ok().filter(std::fs::Metadata::is_file)?;
                let ours = *filename.name() == self.name && filename.version() == version;
                ours.then(|| BuiltFile { kind: filename.kind(), path: entry.path(), size: metadata.len() })
            })
            .collect();
        files.sort_by(|a, b| (a.kind, &a.path).cmp(&(b.kind, &b.path)));
        files
    }

    /// Returns the extras of `[project.optional-dependencies]`, in file order.
    #[must_use]
    pub fn extras(&self) -> Vec<String> {
        let project = self.pyproject.as_ref().and_then(|file| file.project());
        let extras = project.map(|project| project.optional_dependencies.as_slice()).unwrap_or_default();
        extras.iter().map(|(extra, _)| extra.clone()).collect()
    }
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
}
