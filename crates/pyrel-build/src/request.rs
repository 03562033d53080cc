//! What a caller asks for; every value that depends on the environment is already resolved here.

use std::collections::BTreeMap;
use std::path::PathBuf;

use pyrel_project::Package;

/// Which files to make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kinds {
    /// The source distribution.
    pub sdist: bool,
    /// The wheel; its content is that of the sdist, whether or not the sdist itself is asked for.
    pub wheel: bool,
}

impl Kinds {
    /// Sdist and wheel.
    pub const BOTH: Self = Self { sdist: true, wheel: true };
}

/// One package to build.
#[derive(Debug, Clone)]
pub struct BuildRequest<'a> {
    /// The package.
    pub package: &'a Package,
    /// Which files to make.
    pub kinds: Kinds,
    /// Where finished files go; made when missing.
    pub out_dir: PathBuf,
    /// Uses the project's own backend even where a dialect could do it.
    pub force_pep517: bool,
    /// The time of every archive member in Unix seconds: `SOURCE_DATE_EPOCH`, else the last commit, else 1980.
    pub source_date: u64,
    /// How to get at Python when a real backend has to run.
    pub python: &'a PythonSettings,
    /// The environment variables that backends may look at, none of which is a credential.
    pub variables: &'a BTreeMap<String, String>,
}

/// An environment without variables.
pub static NO_VARIABLES: BTreeMap<String, String> = BTreeMap::new();

/// How the PEP 517 fallback finds Python and packages.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PythonSettings {
    /// The interpreter of build environments; by default `python3`, then `python`, as the system finds them.
    pub interpreter: Option<PathBuf>,
    /// The `uv` executable; without it `venv` and `pip` do the work.
    pub uv: Option<PathBuf>,
    /// The simple index that build requirements come from; by default the installer's own.
    pub index_url: Option<String>,
    /// Forbids every download.
    pub offline: bool,
    /// Where installers keep downloads; by default their own place.
    pub cache_dir: Option<PathBuf>,
}
