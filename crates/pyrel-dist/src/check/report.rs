//! The report of a check: files in the order given, their findings in the driver's order.

use std::path::PathBuf;

use pyrel_model::{Level, Sha256};

use super::finding::Finding;
use crate::Dist;

/// What the rules say about one file.
#[derive(Debug)]
pub struct FileReport {
    /// The path as given.
    pub path: PathBuf,
    /// Its last component.
    pub filename: String,
    /// SHA-256 of the file; `None` when it could not be read.
    pub sha256: Option<Sha256>,
    /// The findings: errors first, then by rule name.
    pub findings: Vec<Finding>,
    /// The distribution, when it could be opened: the value that was judged is the one to upload.
    pub dist: Option<Dist>,
}

impl FileReport {
    /// Tells whether the file passes: no error, under `strict` no warning either.
    #[must_use]
    pub fn ok(&self, strict: bool) -> bool {
        let worst = self.findings.iter().map(|finding| finding.level).max();
        match worst {
            Some(Level::Error) => false,
            Some(Level::Warning) => !strict,
            Some(Level::Info) | None => true,
        }
    }
}

/// What the rules say about a set of files.
#[derive(Debug)]
pub struct CheckReport {
    /// One report a file, in the order given.
    pub files: Vec<FileReport>,
}

impl CheckReport {
    /// Tells whether every file passes.
    #[must_use]
    pub fn ok(&self, strict: bool) -> bool {
        self.files.iter().all(|file| file.ok(strict))
    }
}
