//! One file to upload: its bytes by hash, and the form that goes with it. Made from a parsed distribution only,
//! so that what was checked is what is sent.

use std::path::{Path, PathBuf};

use pyrel_dist::{Dist, OpenError};
use pyrel_model::metadata::MissingField;
use pyrel_model::{PackageName, Sha256};

/// A distribution that is ready to go to an index.
#[derive(Debug, Clone)]
pub struct UploadFile {
    path: PathBuf,
    filename: String,
    project: Result<PackageName, MissingField>,
    size: u64,
    sha256: Sha256,
    fields: Vec<(String, String)>,
}

impl UploadFile {
    /// Takes everything that an upload needs from a distribution that was read. Reads the file once more, for the
    /// digests that only an upload has.
    ///
    /// # Errors
    /// When the file cannot be read any more, or has other bytes than the distribution was read from.
    pub fn from_dist(dist: &Dist) -> Result<Self, OpenError> {
        let fields = dist.upload_form()?.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Ok(Self {
            path: dist.path().to_path_buf(),
            filename: dist.file_name().to_owned(),
            project: dist.metadata().name(),
            size: dist.size(),
            sha256: dist.sha256(),
            fields,
        })
    }

    /// Adds attestations (PEP 740), each one JSON object, as the form field `attestations`. Their bytes are sent as they
    /// are. Without any the form stays as it is, because an index refuses an empty set.
    #[must_use]
    pub fn with_attestations(mut self, attestations: &[String]) -> Self {
        if !attestations.is_empty() {
            let all: Vec<&str> = attestations.iter().map(|attestation| attestation.trim()).collect();
            self.fields.push(("attestations".to_owned(), format!("[{}]", all.join(","))));
        }
        self
    }

    /// Returns where the file is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the file name, without directory.
    #[must_use]
    pub fn filename(&self) -> &str {
        &self.filename
    }

    /// Returns the project that the file is of.
    ///
    /// # Errors
    /// When its metadata have no valid name.
    pub fn project(&self) -> Result<&PackageName, &MissingField> {
        self.project.as_ref()
    }

    /// Returns the size in bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Returns the SHA-256 of the file.
    #[must_use]
    pub fn sha256(&self) -> &Sha256 {
        &self.sha256
    }

    /// Returns the text fields of the upload form in the order in which they are sent.
    #[must_use]
    pub fn fields(&self) -> &[(String, String)] {
        &self.fields
    }
}
