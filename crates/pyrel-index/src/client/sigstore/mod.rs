//! Signing through Sigstore: a key of one run, a certificate of Fulcio for it, an entry in Rekor's log for each
//! signature, and the attestation (PEP 740) made of these.
//!
//! Speaks the protocols of Fulcio (version 2) and Rekor (version 1). Rekor's newer log tells no time of its own, and
//! an attestation has no field for the time stamp that would take its place, so that index servers take entries of
//! the older one alone. Verifies nothing that only Sigstore's roots could: the index does.

mod csr;
mod entry;
mod error;
mod key;
mod sigstore_client;
mod statement;

pub use error::SigstoreError;
pub use sigstore_client::{SigningSession, SigstoreClient, SigstoreEndpoints};
