//! Where a version comes from.

use std::ops::Range;
use std::path::{Path, PathBuf};

use pyrel_model::Version;

/// The version of a package and its origin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VersionSource {
    /// It stands in the metadata of `pyproject.toml`.
    Static(Version),
    /// It was read from another file, as the backend would.
    Read {
        /// The version.
        version: Version,
        /// The file that it was read from, absolute.
        path: PathBuf,
        /// How, such as `attribute` or `pattern`.
        how: &'static str,
        /// The bytes of the file that spell it, a byte order mark not counted: one range, or one for each number of
        /// a sequence. None when the version is put together in a way that cannot be written back.
        spans: Vec<Range<usize>>,
    },
    /// Only the backend knows it.
    Unresolved {
        /// Why, as a fragment such as ``it comes from git tags (`setuptools-scm`)``.
        reason: String,
        /// Whether it comes from the tags of the repository.
        from_tags: bool,
    },
}

impl VersionSource {
    /// Returns the version, when it is known.
    #[must_use]
    pub fn version(&self) -> Option<&Version> {
        match self {
            Self::Static(version) | Self::Read { version, .. } => Some(version),
            Self::Unresolved { .. } => None,
        }
    }

    /// Makes a source of a text found in a file.
    pub(super) fn read(text: &str, path: &Path, how: &'static str, spans: Vec<Range<usize>>) -> Self {
        match text.parse() {
            Ok(version) => Self::Read { version, path: path.to_path_buf(), how, spans },
            Err(error) => Self::unresolved(format!("in `{}`: {error}", path.display())),
        }
    }

    pub(super) fn unresolved(reason: impl Into<String>) -> Self {
        Self::Unresolved { reason: reason.into(), from_tags: false }
    }

    /// Makes a source of tags, which `tool` reads.
    pub(super) fn from_tags(tool: &str) -> Self {
        Self::Unresolved { reason: format!("it comes from git tags (`{tool}`)"), from_tags: true }
    }
}
