//! The one pipeline: build, check, stage, verify, gate, publish, verify. Every command that uploads is a part
//! of it.

mod check;
mod dry_run;
mod error;
mod gather;
mod inspection;
mod pipeline;
mod preview;
mod report;
mod request;
mod upload;
mod verification;

pub use dry_run::{DryRun, DryTarget, dry_run};
pub use error::ReleaseError;
pub(crate) use pipeline::run_in;
pub use pipeline::run_release;
pub use preview::{Preview, Previewed, preview};
pub use report::ReleaseReport;
pub use request::{BuildOptions, PackageTest, ReleaseRequest, ReleaseTarget, RunRequest};
