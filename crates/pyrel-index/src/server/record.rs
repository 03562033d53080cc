//! What the store remembers of one file: the form it came with, its hashes, and when it came. One JSON file
//! beside each stored file.

use jiff::Timestamp;
use pyrel_model::{Blake2b256, Sha256};
use serde::{Deserialize, Serialize};

/// Layout of the record; another number is another layout.
pub(super) const SCHEMA: u32 = 1;

/// A stored file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Record {
    pub(super) schema: u32,
    /// The project as the upload spelt it.
    pub(super) name: String,
    /// The version in normal form.
    pub(super) version: String,
    pub(super) filename: String,
    pub(super) filetype: String,
    pub(super) pyversion: String,
    pub(super) size: u64,
    pub(super) sha256: Sha256,
    pub(super) blake2b: Blake2b256,
    pub(super) md5: String,
    pub(super) uploaded: Timestamp,
    /// Hash of the `METADATA` that is served beside a wheel.
    pub(super) metadata_sha256: Option<Sha256>,
    /// Whether attestations came with it.
    #[serde(default)]
    pub(super) attested: bool,
    /// The metadata fields of the form, in the order sent.
    pub(super) fields: Vec<(String, String)>,
}

impl Record {
    /// Returns the first value of a form field.
    pub(super) fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Returns all values of a form field.
    pub(super) fn fields<'r>(&'r self, name: &'r str) -> impl Iterator<Item = &'r str> {
        self.fields.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Returns the record without the long text, which need not be kept in memory.
    pub(super) fn without_description(mut self) -> Self {
        self.fields.retain(|(key, _)| key != "description");
        self
    }

    /// Returns when the file came, as the simple API writes it.
    pub(super) fn upload_time(&self) -> String {
        self.uploaded.strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string()
    }
}
