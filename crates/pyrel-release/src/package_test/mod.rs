//! A package's own tests against its built wheel, where no source tree can be imported.
//!
//! Each package gets, for each interpreter, an environment of its own with its wheel, the wheels of its siblings in
//! the workspace, and what its tests need; the tests are copied beside it, the sources are not. Blocking: an async
//! caller runs it on a thread of its own.

mod folder;
mod junit;
mod needs;
mod report;
mod request;
mod runner;
mod sibling;
mod trial;

pub use junit::{Case, CaseCounts};
pub use report::{TestOutcome, TestReport, TestResult};
pub use request::{SilentWatcher, TestRequest, TestSettings, TestTarget, TestWatcher, results_dir};
pub use runner::run_tests;
pub use sibling::siblings;
