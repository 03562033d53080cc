//! Why a run stopped.

use std::path::PathBuf;

use pyrel_build::BuildError;
use pyrel_dist::OpenError;
use pyrel_index::{ClientError, ServerError};
use pyrel_model::PackageName;

use crate::attest::AttestError;
use crate::collect::CollectError;
use crate::credentials::TrustedError;
use crate::execute::with_causes;
use crate::gate::Refusal;
use crate::journal::{JournalError, Phase};
use crate::run_dir::RunDirError;

/// Why a run stopped. What it had done until then is in the report.
#[derive(Debug, thiserror::Error)]
pub enum ReleaseError {
    /// Every selected package is private, or none was selected.
    #[error("there is nothing to release{}", because_private(.private))]
    Nothing {
        /// The private packages.
        private: Vec<PackageName>,
    },
    /// The run directory cannot be used.
    #[error(transparent)]
    RunDir(#[from] RunDirError),
    /// The journal cannot be used.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A run is taken up again with another request.
    #[error("the run `{run}` was asked for something else: {difference}")]
    OtherRequest {
        /// The run.
        run: String,
        /// What differs.
        difference: String,
    },
    /// Built files cannot be taken.
    #[error("{}", listed(.0.iter().map(|error| with_causes(error))))]
    Collect(Vec<CollectError>),
    /// Packages cannot be built.
    #[error("{}", listed(.0.iter().map(|(name, error)| format!("`{name}` cannot be built: {}", with_causes(error)))))]
    Build(Vec<(PackageName, BuildError)>),
    /// Packages' own tests failed.
    #[error("{}", listed(.0.iter().map(|(name, output)| format!("the tests of `{name}` failed: {output}"))))]
    Test(Vec<(PackageName, String)>),
    /// The check found something; the findings are in the report.
    #[error("{errors} of {files} files did not pass the check, and nothing was sent")]
    Findings {
        /// Files that did not pass.
        errors: usize,
        /// Files in all.
        files: usize,
    },
    /// A checked file cannot be read again, or changed since.
    #[error("{}", with_causes(.0))]
    File(#[from] OpenError),
    /// A trusted publisher gets no token.
    #[error("{}", with_causes(.0))]
    Account(#[from] TrustedError),
    /// An account is known to be turned down before anything is sent.
    #[error("the credentials for `{index}` would be turned down: {}", details.join("; "))]
    Credentials {
        /// The index.
        index: String,
        /// What is known of them.
        details: Vec<String>,
        /// The remedy, where there is one.
        hint: Option<String>,
    },
    /// Files cannot be attested.
    #[error("{}", with_causes(.0))]
    Attest(#[from] AttestError),
    /// An index cannot be asked.
    #[error("cannot read the index `{index}`: {}", with_causes(.source))]
    Index {
        /// The index.
        index: String,
        /// Why.
        source: ClientError,
    },
    /// The index holds other bytes under the names of files of this run.
    #[error("the index `{index}` holds other bytes under the names of files of this run: {}", files.join(", "))]
    Conflict {
        /// The index.
        index: String,
        /// The files.
        files: Vec<String>,
    },
    /// The plan is not the one that this run began with.
    #[error("the plan of this run was `{expected}` and is `{found}` now: {}", .path.display())]
    PlanChanged {
        /// The digest in the journal.
        expected: String,
        /// The digest now.
        found: String,
        /// The journal.
        path: PathBuf,
    },
    /// The gate stayed shut.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Not every file is on the index, or seen there; the outcome is in the report.
    #[error("the {phase} upload is not complete")]
    Incomplete {
        /// The phase.
        phase: Phase,
        /// The exit code of the outcome.
        code: u8,
    },
    /// What was uploaded does not work; the trials are in the report.
    #[error("packages installed from the {phase} index do not work: {}", names(.packages))]
    Verification {
        /// The phase.
        phase: Phase,
        /// The packages.
        packages: Vec<PackageName>,
    },
    /// The embedded index does not start.
    #[error(transparent)]
    Server(#[from] ServerError),
}

fn because_private(names: &[PackageName]) -> String {
    if names.is_empty() {
        String::new()
    } else {
        format!(", because these are private: {}", self::names(names))
    }
}

fn names(names: &[PackageName]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

fn listed(lines: impl Iterator<Item = String>) -> String {
    lines.collect::<Vec<_>>().join("\n")
}

impl ReleaseError {
    /// Returns the remedy, where there is one.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::RunDir(error) => error.hint(),
            Self::Journal(error) => error.hint(),
            Self::OtherRequest { .. } => {
                Some("resume without other packages or indexes, or start a new run".to_owned())
            }
            Self::Collect(errors) => errors.first().and_then(CollectError::hint),
            Self::Build(errors) => errors.first().and_then(|(_, error)| error.hint()),
            Self::File(error) => error.hint(),
            Self::Account(error) => error.hint(),
            Self::Attest(error) => error.hint(),
            Self::Credentials { hint, .. } => hint.clone(),
            Self::Index { source, .. } => source.hint(),
            Self::Conflict { .. } => {
                Some("a file name is never free again: give the package a new version".to_owned())
            }
            Self::PlanChanged { .. } => Some(
                "resume with the account and the `--attest` that began the run, or start a new run"
                    .to_owned(),
            ),
            Self::Refused(refusal) => refusal.hint(),
            Self::Server(error) => error.hint(),
            Self::Nothing { .. }
            | Self::Test(_)
            | Self::Findings { .. }
            | Self::Incomplete { .. }
            | Self::Verification { .. } => None,
        }
    }

    /// Returns the exit code. `has_sent` tells whether this run has sent a file to any index.
    #[must_use]
    pub fn exit_code(&self, has_sent: bool) -> u8 {
        match self {
            Self::Build(_) | Self::Test(_) | Self::Findings { .. } | Self::Verification { .. } => 1,
            Self::Nothing { .. } | Self::OtherRequest { .. } => 2,
            Self::Refused(_) | Self::Collect(_) | Self::PlanChanged { .. } => 3,
            Self::RunDir(RunDirError::Id(_) | RunDirError::Missing(_)) => 2,
            Self::RunDir(_) | Self::File(_) | Self::Journal(_) | Self::Server(_) => {
                if has_sent {
                    5
                } else {
                    3
                }
            }
            Self::Account(_)
            | Self::Credentials { .. }
            | Self::Attest(_)
            | Self::Index { .. }
            | Self::Conflict { .. } => {
                if has_sent {
                    5
                } else {
                    4
                }
            }
            Self::Incomplete { code, .. } => {
                if has_sent {
                    5
                } else {
                    *code
                }
            }
        }
    }
}
