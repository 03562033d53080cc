//! The client end: uploads one file at a time, looks projects up, waits until files are listed.

mod advice;
mod body;
mod certificates;
mod credentials;
mod error;
mod exchange;
mod index_client;
mod lookup;
mod member_count;
mod read_access;
mod relay;
mod retry;
mod sigstore;
mod transport;
mod trusted;
mod upload;
mod upload_file;
mod visibility;
mod vulnerability;

pub use certificates::{Certificates, SetupError};
pub use credentials::Credentials;
pub use error::{ClientError, Unreadable, UploadError};
pub use index_client::{ClientOptions, IndexClient, IndexSpec};
pub use read_access::{KeyFinder, NoKey, ReadKey};
pub use relay::Relay;
pub use retry::RetryPolicy;
pub use sigstore::{SigningSession, SigstoreClient, SigstoreEndpoints, SigstoreError};
pub use trusted::{MintError, MintReason, MintedToken};
pub use upload::UploadOutcome;
pub use upload_file::UploadFile;
pub use vulnerability::Vulnerability;
