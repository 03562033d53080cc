//! Trusted publishing: the identity that a CI offers, exchanged for a token that lives a quarter of an hour.
//!
//! An identity token is good for one exchange, and a minted token for fifteen minutes, so that a long release asks
//! for both again where the CI hands them out as often as it is asked.

mod claims;
mod identity;
mod publisher;

pub use claims::{Claims, PublisherForm};
pub use identity::{Identity, IdentityError, Offer};
pub use publisher::{TrustedError, TrustedPublisher};
