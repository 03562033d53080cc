//! What came of a plan, complete even when it failed.

use pyrel_model::{PackageName, Sha256, Version};
use serde::Serialize;

use crate::journal::{JournalError, Phase};

/// What became of one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "result", rename_all = "kebab-case")]
pub enum FileResult {
    /// This run sent it just now.
    Uploaded,
    /// The index had the same bytes, or this run sent it before it was resumed.
    AlreadyThere,
    /// It could not be sent.
    Failed {
        /// Why.
        reason: String,
        /// What to do.
        hint: Option<String>,
    },
    /// A package that it needs failed.
    Blocked {
        /// That package.
        by: PackageName,
    },
    /// It was not tried.
    NotSent {
        /// Why.
        reason: String,
    },
}

impl FileResult {
    /// Tells whether the file is on the index.
    #[must_use]
    pub fn is_there(&self) -> bool {
        matches!(self, Self::Uploaded | Self::AlreadyThere)
    }
}

/// What became of one file, with its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileOutcome {
    /// The file name.
    pub filename: String,
    /// SHA-256 of the file.
    pub sha256: Sha256,
    /// What became of it.
    #[serde(flatten)]
    pub result: FileResult,
}

/// What became of one package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PackageOutcome {
    /// The project.
    pub package: PackageName,
    /// The version.
    pub version: Version,
    /// Whether an installer sees all files.
    pub visible: bool,
    /// Why it is not seen although everything was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waiting: Option<String>,
    /// The files in the order in which they are sent.
    pub files: Vec<FileOutcome>,
}

impl PackageOutcome {
    /// Tells whether every file is on the index.
    pub(super) fn is_sent(&self) -> bool {
        self.files.iter().all(|file| file.result.is_there())
    }

    /// Tells whether every file is on the index and seen by an installer.
    #[must_use]
    pub fn ok(&self) -> bool {
        self.visible && self.files.iter().all(|file| file.result.is_there())
    }
}

/// What became of a whole plan.
#[derive(Debug, Serialize)]
pub struct Outcome {
    /// The phase.
    pub phase: Phase,
    /// The packages, sorted by name: every one of the plan.
    pub packages: Vec<PackageOutcome>,
    /// Whether this run has sent a file to this index, now or before it was resumed.
    pub has_sent: bool,
    /// Why the journal could not go on, which stopped everything.
    #[serde(skip)]
    pub fault: Option<JournalError>,
}

impl Outcome {
    /// Tells whether everything is on the index and seen by an installer.
    #[must_use]
    pub fn ok(&self) -> bool {
        self.fault.is_none() && self.packages.iter().all(PackageOutcome::ok)
    }

    /// Returns the exit code: 0 when everything is done; 5 when something of this run is on the index and
    /// something is missing, so that resuming makes sense; 4 when nothing of this run is there.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match (self.ok(), self.has_sent) {
            (true, _) => 0,
            (false, true) => 5,
            (false, false) => 4,
        }
    }

    /// Returns all files.
    pub fn files(&self) -> impl Iterator<Item = &FileOutcome> {
        self.packages.iter().flat_map(|package| &package.files)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(results: &[FileResult], visible: bool, has_sent: bool) -> Outcome {
        let files = results
            .iter()
            .map(|result| FileOutcome {
                filename: "f".to_owned(),
                sha256: Sha256::new([0; 32]),
                result: result.clone(),
            })
            .collect();
        let package = PackageOutcome {
            package: "a".parse().unwrap(),
            version: "1".parse().unwrap(),
            visible,
            waiting: None,
            files,
        };
        Outcome { phase: Phase::Stage, packages: vec![package], has_sent, fault: None }
    }

    #[test]
    fn the_exit_code_tells_done_nothing_and_half() {
        let failed = FileResult::Failed { reason: "no".to_owned(), hint: None };
        assert_eq!(outcome(&[FileResult::Uploaded, FileResult::AlreadyThere], true, true).exit_code(), 0);
        assert_eq!(outcome(&[FileResult::AlreadyThere], true, false).exit_code(), 0);
        assert_eq!(outcome(std::slice::from_ref(&failed), false, false).exit_code(), 4);
        assert_eq!(outcome(&[FileResult::AlreadyThere, failed.clone()], false, false).exit_code(), 4);
        assert_eq!(outcome(&[FileResult::Uploaded, failed], false, true).exit_code(), 5);
        assert_eq!(outcome(&[FileResult::Uploaded], false, true).exit_code(), 5, "sent and not seen");
        let mut cut = outcome(&[FileResult::Uploaded], true, true);
        cut.fault = Some(JournalError::Broken);
        assert_eq!(cut.exit_code(), 5);
    }
}
