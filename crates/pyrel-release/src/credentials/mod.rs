//! Where credentials come from: one order, one answer, and the name of the source that gave it.
//!
//! Values are secrets from the moment they are read; messages name variables, files, and sections only.

mod account;
mod dotenv;
mod environment;
mod keyring;
mod macaroon;
mod program;
mod proof;
mod pypirc;
mod reading;
mod resolve;
mod search;
mod trusted;

pub use account::Account;
pub use dotenv::DotenvError;
pub use environment::{Conflict, EnvMap, token_variable};
pub use keyring::{Keyring, KeyringCommand};
pub use macaroon::TokenFacts;
pub use proof::{Exchange, Proof, prove_account};
pub use pypirc::{Pypirc, PypircError, Section};
pub(crate) use reading::foreign_token;
pub use reading::{ReadableIndex, Reading};
pub use resolve::{
    CredentialError, CredentialRequest, Prompt, Purpose, Question, ResolvedCredentials, resolve_credentials,
};
pub use search::bare;
pub use trusted::{Claims, Identity, IdentityError, Offer, PublisherForm, TrustedError, TrustedPublisher};
