//! What is verified, and with what means. Everything the environment decides is already resolved here.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use pyrel_build::Interpreter;
use pyrel_model::{PackageName, Requirement, Version};

/// One package to verify.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifyTarget {
    /// The project.
    pub package: PackageName,
    /// The version, installed exactly.
    pub version: Version,
    /// The packages of the workspace that it needs, directly or through others, with their versions: those of the same
    /// release, and of the others those that the index has. They are installed from the index besides it, before
    /// third-party packages are.
    pub needs: Vec<(PackageName, Version)>,
}

/// How packages are installed and tried.
#[derive(Debug, Clone)]
pub struct VerifySettings {
    /// The interpreters: each package is tried with each.
    pub interpreters: Vec<Interpreter>,
    /// The `uv` executable; without it `venv` and `pip` do the work.
    pub uv: Option<PathBuf>,
    /// The simple index that third-party packages come from; none when the index itself has them.
    pub third_party_index: Option<String>,
    /// Installs nothing from other machines: only the release's own packages, without their dependencies.
    pub offline: bool,
    /// What each package of the workspace needs of the others to run.
    pub siblings: BTreeMap<PackageName, Vec<Requirement>>,
    /// Hosts that are asked without a proxy, as `NO_PROXY` has them.
    pub no_proxy: Option<String>,
    /// Where installers keep downloads; by default their own place.
    pub cache_dir: Option<PathBuf>,
    /// Further commands per package, as a shell takes them; the environment's scripts come first in `PATH`.
    pub commands: BTreeMap<PackageName, Vec<String>>,
    /// The `PATH` behind the environment's own scripts.
    pub path: Option<OsString>,
    /// How many packages are verified at once, at least 1.
    pub jobs: usize,
    /// How long one import, script, or command may take.
    pub timeout: Duration,
}

/// One verification.
#[derive(Debug, Clone)]
pub struct VerifyRequest {
    /// The simple index to install from, without credentials.
    pub index_url: String,
    /// The packages.
    pub targets: Vec<VerifyTarget>,
    /// The means.
    pub settings: VerifySettings,
    /// The directory for environments; made when missing, and each environment is removed after use.
    pub work_dir: PathBuf,
}
