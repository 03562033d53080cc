//! What git knows about a source tree, and what pyrel adds to it; always through the real `git`.

mod changes;
mod error;
mod export;
mod history;
mod release_tag;
mod repository;
mod write;

pub use error::GitError;
pub use export::TrackedKind;
pub use history::{Commit, CommitsByDirectory, History};
pub use release_tag::{ReleaseTag, ReleaseTags};
pub use repository::Git;
pub use write::Upstream;

pub(crate) use changes::changed_members;
