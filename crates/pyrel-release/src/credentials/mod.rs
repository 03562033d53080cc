//! Where credentials come from: one order, one answer, and the name of the source that gave it.
//!
//! Values are secrets from the moment they are read; messages name variables, files, and sections only.

mod dotenv;
mod environment;
mod keyring;
mod pypirc;
mod resolve;
mod search;

pub use dotenv::DotenvError;
pub use environment::{Conflict, EnvMap, token_variable};
pub use keyring::{Keyring, KeyringCommand};
pub use pypirc::{Pypirc, PypircError, Section};
pub use resolve::{
    CredentialError, CredentialRequest, Prompt, Question, ResolvedCredentials, TokenMint, resolve_credentials,
};
pub(crate) use search::bare;
