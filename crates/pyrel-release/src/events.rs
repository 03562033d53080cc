//! What happens during a release, as data: terminal, plain text, JSON, and CI are consumers of it.
//!
//! A reporter listens. It returns nothing, so that it cannot stop a release.

use std::time::Duration;

use pyrel_model::{PackageName, Sha256, Version};
use serde::Serialize;

use crate::journal::{Phase, Step};
use crate::plan::Plan;

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Event {
    /// A run began.
    RunStarted {
        /// Its identifier.
        run: String,
        /// Whether it was taken up again.
        resumed: bool,
    },
    /// A step began.
    StepStarted {
        /// The step.
        step: Step,
        /// How many packages it is about.
        packages: usize,
    },
    /// A step was complete before this run was resumed.
    StepSkipped {
        /// The step.
        step: Step,
    },
    /// A step ended.
    StepFinished {
        /// The step.
        step: Step,
        /// Whether the run goes on.
        ok: bool,
    },
    /// A package's build began.
    BuildStarted {
        /// The project.
        package: PackageName,
    },
    /// A dependency on a sibling gets a bound that the project's file does not have.
    Bounded {
        /// The project.
        package: PackageName,
        /// The sibling.
        dependency: PackageName,
        /// What becomes of what, in words.
        change: String,
    },
    /// The project's own backend takes over.
    BuildFallback {
        /// The project.
        package: PackageName,
        /// The option that pyrel does not reproduce.
        option: String,
        /// Why.
        reason: String,
    },
    /// A file was signed, and its attestation kept with the run.
    Attested {
        /// The file.
        filename: String,
    },
    /// Bytes of a package were packed.
    BuildProgress {
        /// The project.
        package: PackageName,
        /// Bytes so far.
        done: u64,
        /// Bytes in all.
        total: u64,
    },
    /// A file was built.
    Built {
        /// The project.
        package: PackageName,
        /// The file name.
        filename: String,
        /// Size in bytes.
        size: u64,
        /// SHA-256 of the file.
        sha256: Sha256,
    },
    /// A private package is left out.
    PrivateSkipped {
        /// The project.
        package: PackageName,
    },
    /// A file was checked.
    Checked {
        /// The file name.
        filename: String,
        /// Findings of level error.
        errors: usize,
        /// Findings of level warning.
        warnings: usize,
    },
    /// A plan was made.
    Planned {
        /// The phase.
        phase: Phase,
        /// The plan.
        plan: Box<Plan>,
    },
    /// The gate was answered without a person.
    GateAnswered {
        /// The short digest that was given.
        digest: String,
        /// Who answered, and why that is right.
        reason: String,
    },
    /// A file is being sent.
    UploadStarted {
        /// The phase.
        phase: Phase,
        /// The project.
        package: PackageName,
        /// The file name.
        filename: String,
        /// Size in bytes.
        size: u64,
    },
    /// Bytes of a file were sent; starts again from zero with another attempt.
    UploadProgress {
        /// The phase.
        phase: Phase,
        /// The file name.
        filename: String,
        /// Bytes so far.
        sent: u64,
        /// Bytes in all.
        total: u64,
    },
    /// The index took a file.
    Uploaded {
        /// The phase.
        phase: Phase,
        /// The project.
        package: PackageName,
        /// The file name.
        filename: String,
    },
    /// The index had the same bytes.
    AlreadyThere {
        /// The phase.
        phase: Phase,
        /// The project.
        package: PackageName,
        /// The file name.
        filename: String,
    },
    /// A file could not be sent.
    UploadFailed {
        /// The phase.
        phase: Phase,
        /// The project.
        package: PackageName,
        /// The file name.
        filename: String,
        /// Why.
        reason: String,
    },
    /// A package is left out because one that it needs failed.
    Blocked {
        /// The phase.
        phase: Phase,
        /// The project.
        package: PackageName,
        /// The package that failed.
        by: PackageName,
    },
    /// All files of a package are up, and installers do not see them at once.
    Waiting {
        /// The phase.
        phase: Phase,
        /// The project.
        package: PackageName,
        /// How long that may take in all.
        patience: Duration,
    },
    /// An installer sees a package.
    Visible {
        /// The phase.
        phase: Phase,
        /// The project.
        package: PackageName,
    },
    /// A package is being installed from the index.
    VerifyStarted {
        /// The project.
        package: PackageName,
        /// The version.
        version: Version,
    },
    /// A package was installed and tried.
    VerifyFinished {
        /// The project.
        package: PackageName,
        /// Whether everything worked.
        ok: bool,
    },
    /// Something worth knowing.
    Note {
        /// The text, a lowercase fragment.
        message: String,
    },
}

/// Listens to a release.
pub trait Reporter: Send + Sync {
    /// Takes one event.
    fn event(&self, event: &Event);
}

/// Listens and says nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Quiet;

impl Reporter for Quiet {
    fn event(&self, _event: &Event) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_one_flat_object() {
        let event =
            Event::Blocked { phase: Phase::Publish, package: "b".parse().unwrap(), by: "a".parse().unwrap() };
        assert_eq!(
            serde_json::to_string(&event).unwrap(),
            r#"{"event":"blocked","phase":"publish","package":"b","by":"a"}"#
        );
    }
}
