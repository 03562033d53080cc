//! Sends the question to what the backend would read.

use std::path::Path;

use pyrel_model::PackageName;

use super::{VersionSource, flit, hatch, pdm, setuptools};
use crate::package::{Backend, Manifest};
use crate::source_file;

/// What a backend knows about the package whose version it is asked for.
pub(super) struct Question<'a> {
    pub(super) directory: &'a Path,
    pub(super) manifest: &'a Manifest,
    pub(super) name: &'a PackageName,
}

/// A text that was found, or why it was not.
pub(super) type Found<T> = Result<T, String>;

/// Finds the version of a package that does not state it in `[project]`.
pub(crate) fn resolve(
    directory: &Path,
    manifest: &Manifest,
    backend: &Backend,
    name: &PackageName,
) -> VersionSource {
    let question = Question { directory, manifest, name };
    let answer = match backend {
        Backend::Hatchling => hatch::resolve(&question),
        Backend::Setuptools => setuptools::resolve(&question),
        Backend::Flit => flit::resolve(&question),
        Backend::Pdm => pdm::resolve(&question),
        Backend::Poetry => {
            Err("`version` is dynamic, and `tool.poetry.version` does not state it".to_owned())
        }
        Backend::Uv => Err("`version` is dynamic, which `uv_build` does not support".to_owned()),
        Backend::Other(backend) => Err(format!("only the build backend `{backend}` knows it")),
    };
    answer.unwrap_or_else(VersionSource::unresolved)
}

impl Question<'_> {
    /// Returns whether the build requires a project, by normal form of its name.
    pub(super) fn build_requires(&self, project: &str) -> bool {
        self.manifest.pyproject.as_ref().is_some_and(|file| {
            file.build_system().requires.iter().any(|requirement| requirement.name.normalized() == project)
        })
    }

    /// Returns the text of a file of the package.
    pub(super) fn text(&self, path: &Path) -> Found<String> {
        match source_file::read(path) {
            Ok(Some(text)) => Ok(text),
            Ok(None) => Err(format!("no such file: `{}`", path.display())),
            Err(fault) => Err(fault.to_string()),
        }
    }
}
