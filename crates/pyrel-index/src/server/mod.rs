//! The embedded index: PyPI's upload rules in front of a directory, and what installers and people read of it.

mod accept;
mod account;
mod attestation;
mod auth;
mod conditional;
mod fault;
mod file;
mod form;
mod intake;
mod integrity;
mod json_api;
mod judge;
mod legacy;
mod metadata;
mod order;
mod overlay;
mod overlay_cache;
mod overlay_fetch;
mod page;
mod project_page;
mod range;
mod record;
mod refusal;
mod repr;
mod router;
mod running_server;
mod simple;
mod store;
mod yank;

pub use account::{Account, AccountError};
pub use fault::{FailureShare, FaultError, Faults};
pub use overlay::CacheOptions;
pub use running_server::{RunningServer, ServerError, ServerOptions, serve};
pub use store::StoreError;
pub use yank::{YankChange, yank};
