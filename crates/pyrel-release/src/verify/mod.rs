//! Proof that a release works: each package installed from the index in a fresh environment, imported, and its
//! console scripts started.

mod prober;
mod report;
mod request;

pub use prober::verify;
pub use report::{PackageVerification, Trial, TrialState, VerifyReport};
pub use request::{VerifyRequest, VerifySettings, VerifyTarget};
