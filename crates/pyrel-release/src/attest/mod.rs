//! Attestations (PEP 740): those that lie beside built files, and those that a run signs with the identity of its CI.

mod attester;
mod beside;

pub use attester::{AttestError, Attestations, Attester};
pub use beside::attestations_beside;
pub(crate) use beside::{FoundAttestation, beside, publish_attestation};
