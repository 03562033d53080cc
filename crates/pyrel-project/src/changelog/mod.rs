//! Changelogs: what commits say, what they weigh, and the text that is written about them.
//!
//! [`Change`] and [`Significance`] read commits by Conventional Commits 1.0.

mod change;
mod message;
mod significance;

pub use change::{Change, settle};
pub use message::{Message, Reverted};
pub use significance::Significance;
