//! Proof that a release works: each package installed from the index in a fresh environment, imported, and its
//! console scripts started.

mod installation;
mod prober;
mod report;
mod request;
mod sibling;
mod verification;

pub use report::{PackageVerification, Trial, TrialState, VerifyReport};
pub use request::{VerifyRequest, VerifySettings, VerifyTarget};
pub use verification::verify;
