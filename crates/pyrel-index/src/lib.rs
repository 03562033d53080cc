//! The wire of a package index, both ends: a client that uploads and looks up, and an index that serves.
//!
//! The client speaks the legacy upload API and the simple API (PEP 503, 691) to any index. The server is the
//! embedded index of `pyrel index serve` and of rehearsals; it refuses what PyPI refuses. Nothing here reads
//! the wall clock or prints.

mod client;
mod server;
mod wire;

pub use client::{
    Certificates, ClientError, ClientOptions, Credentials, IndexClient, IndexSpec, KeyFinder, MintError,
    MintReason, MintedToken, NoKey, ReadKey, Relay, RetryPolicy, SetupError, SigningSession, SigstoreClient,
    SigstoreEndpoints, SigstoreError, Unreadable, UploadError, UploadFile, UploadOutcome, Vulnerability,
};
pub use server::{
    Account, AccountError, CacheOptions, FailureShare, FaultError, Faults, RunningServer, ServerError,
    ServerOptions, StoreError, YankChange, serve, yank,
};
pub use wire::{ListedFile, ProjectListing};
