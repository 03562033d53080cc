//! What git knows about a source tree. Reading only, always through the real `git`.

mod changes;
mod error;
mod repository;

pub use error::GitError;
pub use repository::Git;

pub(crate) use changes::changed_members;
