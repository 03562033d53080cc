//! Where the version of a package is written: every file, line, and byte range.

use std::ops::Range;
use std::path::{Path, PathBuf};

use pyrel_model::Version;

use super::BumpError;
use super::spelling::Spelling;
use super::text::Texts;

/// What a place is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlaceKind {
    /// `project.version` or `tool.poetry.version`.
    Metadata,
    /// The file that the build backend reads the version from.
    Source,
    /// `__version__` of the package's own module, beside a version in the metadata.
    Attribute,
    /// A file that the configuration names.
    VersionFile,
    /// The package's own entry in a lock file.
    LockFile,
}

impl PlaceKind {
    /// Returns the word for it in documents.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Metadata => "metadata",
            Self::Source => "source",
            Self::Attribute => "attribute",
            Self::VersionFile => "version-file",
            Self::LockFile => "lock-file",
        }
    }
}

/// A place where a version is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// What it is.
    pub kind: PlaceKind,
    /// The file, absolute.
    pub path: PathBuf,
    /// The line, from 1.
    pub line: usize,
    /// The text there.
    pub written: String,
    /// The version that the text means.
    pub version: Version,
    /// How the version is spelt there.
    pub spelling: Spelling,
    /// The bytes of the text, without a byte order mark: one range, or one for each number.
    pub(super) spans: Vec<Range<usize>>,
}

/// All places of one package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Places {
    /// Whether the version is that of a git tag, and thus in no file.
    pub tagged: bool,
    /// The places, the one that decides first; empty for a tagged version without version files.
    pub places: Vec<Place>,
}

impl Places {
    /// Returns the version that all places agree on; `None` when there are none or they differ.
    #[must_use]
    pub fn version(&self) -> Option<&Version> {
        let (first, rest) = self.places.split_first()?;
        rest.iter().all(|place| place.version == first.version).then_some(&first.version)
    }

    /// Tells whether no two places differ.
    #[must_use]
    pub fn agree(&self) -> bool {
        self.places.is_empty() || self.version().is_some()
    }
}

impl Place {
    /// Makes a place of byte ranges of a text; `None` when they spell no version.
    pub(super) fn new(
        kind: PlaceKind,
        path: &Path,
        text: &str,
        spans: Vec<Range<usize>>,
        spelling: Spelling,
    ) -> Option<Self> {
        let parts: Option<Vec<&str>> = spans.iter().map(|span| text.get(span.clone())).collect();
        let written = parts?.join(".");
        let version = written.parse().ok()?;
        let line = text[..spans.first()?.start].matches('\n').count() + 1;
        Some(Self { kind, path: path.to_path_buf(), line, written, version, spelling, spans })
    }

    /// Writes another version in this place; the error is why that cannot be.
    pub(super) fn write(
        &self,
        version: &Version,
        texts: &mut Texts,
    ) -> Result<Result<(), String>, BumpError> {
        let (path, line) = (self.path.display(), self.line);
        if let [span] = self.spans.as_slice() {
            let Some(text) = self.spelling.of(version) else {
                return Ok(Err(format!(
                    "`{version}` has no spelling in Semantic Versioning ({path}:{line})"
                )));
            };
            // A tag-like `v` is not part of the place, but one inside the quotes of a literal is kept.
            let prefix = if self.written.starts_with(['v', 'V']) { &self.written[..1] } else { "" };
            texts.replace(&self.path, span.clone(), &format!("{prefix}{text}"))?;
            return Ok(Ok(()));
        }
        let numbers: Vec<String> = version.release().iter().map(u64::to_string).collect();
        if numbers.join(".") != version.to_string() || numbers.len() != self.spans.len() {
            let count = self.spans.len();
            return Ok(Err(format!("{path}:{line} holds {count} numbers, which cannot spell `{version}`")));
        }
        for (span, number) in self.spans.iter().zip(numbers) {
            texts.replace(&self.path, span.clone(), &number)?;
        }
        Ok(Ok(()))
    }
}
