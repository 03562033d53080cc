//! What is tested, and what the tests get. Everything that depends on the machine is already resolved here.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use fs_err as fs;
use pyrel_build::{Interpreter, PythonSettings};
use pyrel_model::PackageName;
use pyrel_project::{Cancel, Package, PackageConfig, own_folder};

use super::TestResult;

/// A package with the wheel that its tests meet.
#[derive(Debug, Clone)]
pub struct TestTarget<'a> {
    /// The package.
    pub package: &'a Package,
    /// What the configuration says about it.
    pub config: Option<&'a PackageConfig>,
    /// Its wheel, or why there is none.
    pub wheel: Result<PathBuf, String>,
    /// The wheels of its siblings: installed when something needs them, and from nowhere else.
    pub siblings: Vec<(PackageName, PathBuf)>,
}

/// How tests are run.
#[derive(Debug, Clone)]
pub struct TestSettings {
    /// How environments are filled.
    pub python: PythonSettings,
    /// The folders of `PATH`, behind those of the environment.
    pub path: Vec<PathBuf>,
    /// What `PYTEST_ADDOPTS` holds already.
    pub pytest_options: Option<String>,
    /// Where logs are kept, and reports unless `junit` names another place.
    pub results: PathBuf,
    /// Where JUnit reports are kept, one file for each package and interpreter.
    pub junit: Option<PathBuf>,
    /// How many packages are tested at once.
    pub jobs: usize,
    /// How long one package's tests may take.
    pub timeout: Duration,
    /// The wish to stop.
    pub cancel: Cancel,
}

/// Packages, interpreters, and settings.
#[derive(Debug, Clone)]
pub struct TestRequest<'a> {
    /// The packages, in order.
    pub targets: Vec<TestTarget<'a>>,
    /// The interpreters; each package is tested with each that it supports.
    pub interpreters: Vec<Interpreter>,
    /// How.
    pub settings: TestSettings,
}

/// Follows tests. Called from several threads; what it is told of one package comes from one thread.
pub trait TestWatcher: Sync {
    /// The tests of a package begin, or would begin.
    fn started(&self, package: &PackageName, python: &str);
    /// The tests of a package have written something.
    fn output(&self, package: &PackageName, python: &str, chunk: &[u8]);
    /// The tests of a package have ended.
    fn finished(&self, result: &TestResult);
}

/// Follows tests and says nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct SilentWatcher;

impl TestWatcher for SilentWatcher {
    fn started(&self, _package: &PackageName, _python: &str) {}
    fn output(&self, _package: &PackageName, _python: &str, _chunk: &[u8]) {}
    fn finished(&self, _result: &TestResult) {}
}

/// Makes the folder for results under a workspace root, `.pyrel/test`, which ignores itself in git.
///
/// # Errors
/// When the disk says no.
pub fn results_dir(root: &Path) -> io::Result<PathBuf> {
    let results = own_folder(root)?.join("test");
    fs::create_dir_all(&results)?;
    Ok(results)
}
