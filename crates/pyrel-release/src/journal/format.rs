//! The lines of a journal: a header with the format's version, then one numbered record a line.

use std::fmt;
use std::str::FromStr;

use pyrel_model::{ArtifactKind, PackageName, Sha256, Version};
use serde::{Deserialize, Deserializer, Serialize};

/// The version of the format that this program writes, and the newest that it reads.
pub const FORMAT: u32 = 1;

/// The first line of a journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// Always `pyrel`.
    pub journal: String,
    /// The version of the format.
    pub format: u32,
    /// The identifier of the run.
    pub run: String,
    /// The program that began the run, with its version.
    pub tool: String,
    /// When, in Unix seconds.
    pub started: u64,
}

/// Which of the two uploads of a release a record speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// The upload to the staging index.
    Stage,
    /// The upload to the index that was asked for.
    Publish,
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stage => "stage",
            Self::Publish => "publish",
        })
    }
}

/// The steps of a release, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// Sdists and wheels are made and kept with the run.
    Build,
    /// Sdists and wheels that were built before are kept with the run.
    Collect,
    /// Each package's own tests run against its wheel.
    Test,
    /// Every rule on every file.
    Check,
    /// Upload to the staging index.
    Stage,
    /// Install from the staging index.
    VerifyStaged,
    /// The two confirmations.
    Gate,
    /// Upload to the index that was asked for.
    Publish,
    /// Install from that index.
    VerifyPublished,
}

impl Step {
    /// Returns a word for people: `build`, `verify staged`, ….
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Build => "build",
            Self::Collect => "collect",
            Self::Test => "test",
            Self::Check => "check",
            Self::Stage => "stage",
            Self::VerifyStaged => "verify staged",
            Self::Gate => "gate",
            Self::Publish => "publish",
            Self::VerifyPublished => "verify published",
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What kind of run it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RunKind {
    /// Against real indexes.
    Release,
    /// Against embedded indexes, whose files lie in the run's directory.
    Rehearsal,
}

/// What a run was asked to release: a resumed run must be asked for the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// The project.
    #[serde(deserialize_with = "parsed")]
    pub package: PackageName,
    /// The version, when it is known without a build.
    #[serde(default, deserialize_with = "maybe_parsed")]
    pub version: Option<Version>,
}

/// A file that is kept with the run, so that a resumed run sends the same bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptFile {
    /// The project.
    #[serde(deserialize_with = "parsed")]
    pub package: PackageName,
    /// The version.
    #[serde(deserialize_with = "parsed")]
    pub version: Version,
    /// The file name; the file is in the run's `files` directory.
    pub filename: String,
    /// Sdist or wheel.
    pub kind: ArtifactKind,
    /// Size in bytes.
    pub size: u64,
    /// SHA-256 of the file.
    pub sha256: Sha256,
}

/// An attestation (PEP 740) that is kept with the run, so that a resumed run sends the same bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptAttestation {
    /// The name of the file that it is about.
    pub file: String,
    /// Its own file name; it is in the run's `files` directory.
    pub attestation: String,
    /// SHA-256 of the attestation.
    pub sha256: Sha256,
    /// Whether this run signed it.
    pub signed: bool,
}

/// How a file came to be on the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sent {
    /// This run sent it.
    Uploaded,
    /// The index had the same bytes.
    AlreadyThere,
}

/// One record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "record", rename_all = "kebab-case")]
pub enum Record {
    /// What the run is to do.
    Requested {
        /// The kind of run.
        kind: RunKind,
        /// The steps.
        steps: Vec<Step>,
        /// The packages with their versions, sorted by name.
        targets: Vec<Target>,
        /// The upload URL of the staging index.
        stage_url: Option<String>,
        /// The upload URL of the index that was asked for.
        publish_url: Option<String>,
        /// The time that goes into archives, in Unix seconds.
        source_date: u64,
    },
    /// The run was taken up again.
    Resumed,
    /// A file was built or found, and is kept with the run.
    Kept(KeptFile),
    /// An attestation of a kept file was found or made, and is kept with the run.
    Attested(KeptAttestation),
    /// The files of a phase, the index, and the account kind, by their plan's digest.
    Planned {
        /// The phase.
        phase: Phase,
        /// The plan's digest, 64 hexadecimal digits.
        digest: String,
    },
    /// A plan was confirmed twice.
    Confirmed {
        /// Its digest.
        digest: String,
    },
    /// A file is about to be sent.
    Intent {
        /// The phase.
        phase: Phase,
        /// The file name.
        filename: String,
        /// SHA-256 of the file.
        sha256: Sha256,
    },
    /// A file is on the index.
    Sent {
        /// The phase.
        phase: Phase,
        /// The file name.
        filename: String,
        /// How it came there.
        how: Sent,
    },
    /// A file could not be sent.
    Failed {
        /// The phase.
        phase: Phase,
        /// The file name.
        filename: String,
        /// Why.
        reason: String,
    },
    /// An installer sees all files of a package.
    Visible {
        /// The phase.
        phase: Phase,
        /// The project.
        #[serde(deserialize_with = "parsed")]
        package: PackageName,
    },
    /// A package was installed from the index and tried.
    Verified {
        /// The phase.
        phase: Phase,
        /// The project.
        #[serde(deserialize_with = "parsed")]
        package: PackageName,
        /// Whether everything worked.
        ok: bool,
    },
    /// A step is complete.
    StepDone {
        /// The step.
        step: Step,
    },
    /// The run ended by itself.
    Finished {
        /// The exit code.
        code: u8,
    },
}

/// One line after the header.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Line {
    /// The number of the record, from 1.
    pub seq: u64,
    /// When, in Unix seconds.
    pub at: u64,
    /// The record.
    #[serde(flatten)]
    pub record: Record,
}

fn parsed<'de, D: Deserializer<'de>, T>(deserializer: D) -> Result<T, D::Error>
where
    T: FromStr,
    T::Err: fmt::Display,
{
    String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
}

fn maybe_parsed<'de, D: Deserializer<'de>, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    T: FromStr,
    T::Err: fmt::Display,
{
    let text: Option<String> = Option::deserialize(deserializer)?;
    text.map(|text| text.parse().map_err(serde::de::Error::custom)).transpose()
}
