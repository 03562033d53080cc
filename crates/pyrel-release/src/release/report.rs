//! What a run did, complete even when it failed.

use pyrel_dist::CheckReport;
use pyrel_model::PackageName;
use serde::ser::{Serialize, SerializeMap as _, Serializer};

use super::ReleaseError;
use crate::execute::Outcome;
use crate::journal::{KeptAttestation, KeptFile, Step};
use crate::plan::Plan;
use crate::verify::VerifyReport;

/// What a run did. Absent parts were not reached, or were not asked for.
#[derive(Debug, Default)]
pub struct ReleaseReport {
    /// The run.
    pub run: String,
    /// The steps that are complete, in their order, those of an earlier attempt included.
    pub done: Vec<Step>,
    /// The private packages that were left out.
    pub private: Vec<PackageName>,
    /// The files of this run.
    pub files: Vec<KeptFile>,
    /// The attestations of these files, found and signed.
    pub attestations: Vec<KeptAttestation>,
    /// What the check found.
    pub check: Option<CheckReport>,
    /// What came of staging.
    pub staged: Option<Outcome>,
    /// How the staged packages did.
    pub verified_staged: Option<VerifyReport>,
    /// The plan of the publication.
    pub plan: Option<Plan>,
    /// What came of publishing.
    pub published: Option<Outcome>,
    /// How the published packages did.
    pub verified_published: Option<VerifyReport>,
    /// Why the run stopped.
    pub failure: Option<ReleaseError>,
    /// Whether this run has sent a file to any index, now or before it was resumed.
    pub has_sent: bool,
    /// The command that takes the run up again, when that makes sense.
    pub resume_command: Option<String>,
}

/// The JSON form has `"schema": 1`; the findings of the check have a form of their own.
impl Serialize for ReleaseReport {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_map(None)?;
        out.serialize_entry("schema", &1)?;
        out.serialize_entry("run", &self.run)?;
        out.serialize_entry("exit_code", &self.exit_code())?;
        out.serialize_entry("done", &self.done)?;
        out.serialize_entry("private", &self.private)?;
        out.serialize_entry("files", &self.files)?;
        out.serialize_entry("attestations", &self.attestations)?;
        out.serialize_entry("staged", &self.staged)?;
        out.serialize_entry("verified_staged", &self.verified_staged)?;
        out.serialize_entry("plan", &self.plan)?;
        out.serialize_entry("digest", &self.plan.as_ref().map(Plan::digest))?;
        out.serialize_entry("published", &self.published)?;
        out.serialize_entry("verified_published", &self.verified_published)?;
        out.serialize_entry("failure", &self.failure.as_ref().map(ToString::to_string))?;
        out.serialize_entry("hint", &self.failure.as_ref().and_then(ReleaseError::hint))?;
        out.serialize_entry("resume_command", &self.resume_command)?;
        out.end()
    }
}

impl ReleaseReport {
    /// Returns the exit code.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        self.failure.as_ref().map_or(0, |failure| failure.exit_code(self.has_sent))
    }

    /// Tells whether everything that was asked for is done.
    #[must_use]
    pub fn ok(&self) -> bool {
        self.failure.is_none()
    }
}
