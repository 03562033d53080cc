//! A distribution that could be opened: the value that rules judged and that an upload sends.

use std::io;
use std::path::{Path, PathBuf};

use pyrel_model::filename::InvalidFilename;
use pyrel_model::{ArtifactKind, CoreMetadata, DistFilename, Sha256};

use crate::digest::DigestError;
use crate::entry_points::{EntryPoint, EntryPoints};
use crate::fault::FaultKind;
use crate::limits::Limits;
use crate::member::MemberInfo;
use crate::reading::Reading;
use crate::{top_level, upload_form};

/// Why a file is no distribution that can be worked with.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The operating system refused.
    #[error("cannot read `{path}`")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It has other bytes than the ones that were read and judged.
    #[error("`{path}` changed after it was read")]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// The name is neither a wheel's nor an sdist's.
    #[error("`{path}` is neither a wheel (`.whl`) nor an sdist (`.tar.gz`)")]
    Format {
        /// The file.
        path: PathBuf,
    },
    /// The archive is damaged or hostile.
    #[error("`{path}` is no readable archive: {detail}")]
    Archive {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        detail: String,
    },
    /// There is no metadata file, or it cannot be parsed.
    #[error("`{path}` has no usable metadata: {detail}")]
    Metadata {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        detail: String,
    },
}

impl OpenError {
    /// Returns what to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Io { .. } => None,
            Self::Changed { .. } => Some(
                "let nothing write to the file, and run the command again: it reads the file anew".to_owned(),
            ),
            Self::Format { .. } => Some("name a file that ends in `.whl` or `.tar.gz`".to_owned()),
            Self::Archive { .. } | Self::Metadata { .. } => {
                Some("build the distribution again, then run `pyrel check` on it".to_owned())
            }
        }
    }
}

/// A wheel or an sdist, read once from end to end.
#[derive(Debug)]
pub struct Dist {
    reading: Reading,
    metadata: CoreMetadata,
    kind: ArtifactKind,
}

impl Dist {
    /// Opens a file and reads all of it: every member is unpacked and hashed, only the describing texts are kept.
    ///
    /// # Errors
    /// When the file cannot be read, is no wheel or sdist, is damaged or crosses a limit, or has no metadata.
    pub fn open(path: &Path, limits: &Limits) -> Result<Self, OpenError> {
        let reading =
            Reading::of(path, limits).map_err(|source| OpenError::Io { path: path.to_path_buf(), source })?;
        Self::from_reading(reading).map_err(|(_, error)| error)
    }

    /// Makes a distribution of a reading, or gives the reading back with the reason.
    pub(crate) fn from_reading(reading: Reading) -> Result<Self, (Box<Reading>, OpenError)> {
        let path = reading.path.clone();
        let Some(kind) = reading.kind else {
            return Err((Box::new(reading), OpenError::Format { path }));
        };
        let fatal = reading.archive.faults.iter().find(|fault| {
            matches!(
                fault.kind,
                FaultKind::Refused
                    | FaultKind::TwoFormats
                    | FaultKind::Damaged
                    | FaultKind::Encrypted
                    | FaultKind::Limit
            )
        });
        if let Some(fault) = fatal {
            let detail = match (&fault.reason, &fault.member) {
                (Some(reason), _) => reason.clone(),
                (None, Some(member)) => format!("{}: `{member}`", fault.detail),
                (None, None) => fault.detail.clone(),
            };
            return Err((Box::new(reading), OpenError::Archive { path, detail }));
        }
        let detail = match &reading.metadata {
            Some((_, Ok(metadata))) => {
                let metadata = metadata.clone();
                return Ok(Self { reading, metadata, kind });
            }
            Some((_, Err(error))) => error.to_string(),
            None => format!("`{}` is missing", expected_metadata(&reading, kind)),
        };
        Err((Box::new(reading), OpenError::Metadata { path, detail }))
    }

    /// Returns all that was read.
    pub(crate) fn reading(&self) -> &Reading {
        &self.reading
    }

    /// Returns the path as given.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.reading.path
    }

    /// Returns the file name.
    #[must_use]
    pub fn file_name(&self) -> &str {
        &self.reading.filename
    }

    /// Returns the parsed file name, or why it is none.
    ///
    /// # Errors
    /// When the file name breaks the rules; a rule reports that too.
    pub fn filename(&self) -> Result<&DistFilename, &InvalidFilename> {
        self.reading.parsed.as_ref()
    }

    /// Returns wheel or sdist.
    #[must_use]
    pub fn kind(&self) -> ArtifactKind {
        self.kind
    }

    /// Returns the size of the file in bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.reading.digests.size
    }

    /// Returns the SHA-256 of the file.
    #[must_use]
    pub fn sha256(&self) -> Sha256 {
        self.reading.digests.sha256
    }

    /// Returns the metadata: `METADATA` of a wheel, `PKG-INFO` of an sdist.
    #[must_use]
    pub fn metadata(&self) -> &CoreMetadata {
        &self.metadata
    }

    /// Renders the description as PyPI would show it: the body of a page, made safe.
    ///
    /// There is none when the description is missing, or when PyPI would refuse it or is not known to take it.
    #[must_use]
    pub fn description_page(&self) -> Option<String> {
        let text = self.metadata().description().filter(|text| text.trim_end() != "UNKNOWN")?;
        let page = pyrel_readme::render(self.metadata().get("Description-Content-Type"), text)?;
        Some(page.as_str().to_owned())
    }

    /// Returns the members in archive order.
    #[must_use]
    pub fn members(&self) -> &[MemberInfo] {
        &self.reading.archive.members
    }

    /// Returns the python tag of the file name (`py3`, `py2.py3`, `cp312`, …), or `source` for an sdist.
    #[must_use]
    pub fn python_tag(&self) -> String {
        upload_form::python_tag(&self.reading, self.kind)
    }

    /// Returns the text fields of the form that carries the file to an index, in the order in which they are sent:
    /// the very fields that the rules judged, and the BLAKE2b of the file besides.
    ///
    /// That only an upload needs. Unless the file was read for one, it is made when the form is first asked for, of the
    /// file read once more, which must still have the SHA-256 that was judged.
    ///
    /// # Errors
    /// When the file cannot be read any more, or has other bytes by now.
    pub fn upload_form(&self) -> Result<Vec<(&'static str, String)>, OpenError> {
        let path = || self.path().to_path_buf();
        let blake2b = self.reading.blake2b().map_err(|error| match error {
            DigestError::Io(source) => OpenError::Io { path: path(), source },
            DigestError::Changed => OpenError::Changed { path: path() },
        })?;
        Ok(upload_form::complete(upload_form::fields(&self.reading, self.kind, &self.metadata), blake2b))
    }

    /// Returns the entry points of a wheel; `None` when it has none or they are broken.
    #[must_use]
    pub fn entry_points(&self) -> Option<&EntryPoints> {
        self.reading.entry_points.as_ref().and_then(|parsed| parsed.as_ref().ok())
    }

    /// Returns the names of the console scripts that an installation makes, sorted.
    #[must_use]
    pub fn console_scripts(&self) -> Vec<String> {
        self.console_script_targets().into_iter().map(|entry| entry.name).collect()
    }

    /// Returns the console scripts with their targets (`package.module:function`), sorted by name.
    #[must_use]
    pub fn console_script_targets(&self) -> Vec<EntryPoint> {
        self.entry_points().map(|points| points.group("console_scripts")).unwrap_or_default()
    }

    /// Returns the importable names at the top of a wheel, sorted: modules and packages, and for a namespace
    /// package the regular packages in it (`a.b` when there is `a/b/__init__.py` but no `a/__init__.py`).
    /// Empty for an sdist.
    #[must_use]
    pub fn top_level_modules(&self) -> Vec<String> {
        match self.kind {
            ArtifactKind::Wheel => top_level::modules(self.members()),
            ArtifactKind::Sdist => Vec::new(),
        }
    }
}

fn expected_metadata(reading: &Reading, kind: ArtifactKind) -> String {
    match kind {
        ArtifactKind::Sdist => format!("{}/PKG-INFO", reading.common_path()),
        ArtifactKind::Wheel => match reading.dist_info() {
            Some(directory) => format!("{directory}/METADATA"),
            None => "*.dist-info/METADATA".to_owned(),
        },
    }
}
