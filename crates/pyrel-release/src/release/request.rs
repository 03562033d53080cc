//! What a run is asked for: packages, steps, indexes, and means. Absent parts are steps that do not happen.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use pyrel_build::PythonSettings;
use pyrel_dist::CheckOptions;
use pyrel_index::{ClientOptions, IndexSpec, KeyFinder};
use pyrel_model::PackageName;
use pyrel_project::Package;
use url::Url;

use crate::attest::Attestations;
use crate::credentials::{Account, ReadableIndex};
use crate::gate::GatePolicy;
use crate::journal::{Clock, Fault, RunKind};
use crate::verify::VerifySettings;

/// Runs the packages' own tests against their built wheels.
pub trait PackageTest: Send + Sync {
    /// Tests the packages of a run, each with its wheel; returns those that failed, each with the end of its output.
    fn test(&self, packages: &[(Package, PathBuf)]) -> Vec<(PackageName, String)>;
}

/// How packages are built.
#[derive(Debug, Clone)]
pub struct BuildOptions {
    /// The time of every archive member in Unix seconds.
    pub source_date: u64,
    /// Uses the projects' own backends even where pyrel could do it.
    pub force_pep517: bool,
    /// How to get at Python when a real backend has to run.
    pub python: PythonSettings,
    /// The environment variables that backends may look at.
    pub variables: BTreeMap<String, String>,
    /// Packages that are built with other bounds of their siblings than their files have.
    pub bounded: BTreeMap<PackageName, Package>,
}

/// An index with the credentials for it.
#[derive(Debug, Clone)]
pub struct ReleaseTarget {
    /// The index. Its simple URL must tell what the index itself holds.
    pub spec: IndexSpec,
    /// Who uploads.
    pub account: Account,
    /// What it is read with when it refuses strangers.
    pub keys: Arc<dyn KeyFinder>,
    /// The simple URL that installers use, when it is another one (an embedded index with an overlay).
    pub install_url: Option<Url>,
    /// What it gets besides the files.
    pub attestations: Attestations,
}

impl ReleaseTarget {
    /// Returns the index as one that is read.
    #[must_use]
    pub fn readable(&self) -> ReadableIndex {
        ReadableIndex { spec: self.spec.clone(), keys: Arc::clone(&self.keys) }
    }
}

/// One run. `publish` and `release` have every part, `publish-test` stops after staging, `upload` has no
/// build and no stage, `upload-test` neither build nor publish.
pub struct ReleaseRequest<'a> {
    /// The workspace root, under which the run is kept.
    pub root: &'a Path,
    /// The packages. Private ones are left out.
    pub packages: Vec<&'a Package>,
    /// The directories of all packages of the workspace: one inside another is not its source.
    pub directories: Vec<&'a Path>,
    /// How to build; without it the files in `dist` are taken.
    pub build: Option<BuildOptions>,
    /// Runs the packages' own tests; without it none are run.
    pub test: Option<Arc<dyn PackageTest>>,
    /// How to check.
    pub check: CheckOptions,
    /// The index to stage on.
    pub stage: Option<ReleaseTarget>,
    /// The staging index that is only asked for proof, when nothing is staged in this run.
    pub proof: Option<ReadableIndex>,
    /// The index to publish on. The gate stands before it when it is a production index.
    pub publish: Option<ReleaseTarget>,
    /// How to verify what was uploaded; without it nothing is installed.
    pub verify: Option<VerifySettings>,
    /// How strict the gate is.
    pub policy: GatePolicy,
    /// How requests are made.
    pub client: ClientOptions,
    /// How many packages are sent at once.
    pub concurrency: usize,
    /// How long an installer may take to see a package.
    pub patience: Duration,
    /// The run.
    pub run: RunRequest,
}

/// Which run this is.
pub struct RunRequest {
    /// The kind of run.
    pub kind: RunKind,
    /// Its identifier: of a new run, or of the one to take up again.
    pub id: String,
    /// Whether to take it up again.
    pub resume: bool,
    /// The program with its version, for the journal.
    pub tool: String,
    /// The clock, for the journal.
    pub clock: Clock,
    /// The command that takes this run up again, as a person types it.
    pub resume_command: String,
    /// Where a test cuts the run off.
    #[doc(hidden)]
    pub fault: Option<Fault>,
}
