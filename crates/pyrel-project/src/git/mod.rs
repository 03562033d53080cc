//! What git knows about a source tree, and what pyrel adds to it; always through the real `git`.

mod changes;
mod error;
mod repository;
mod write;

pub use error::GitError;
pub use repository::Git;
pub use write::Upstream;

pub(crate) use changes::changed_members;
