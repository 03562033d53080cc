//! Changelogs: what commits say, what they weigh, and the text that is written about them.
//!
//! [`Past`] reads history and tags once, a [`Chronicle`] sorts them by packages. [`Change`] and [`Significance`] read
//! commits by Conventional Commits 1.0; [`compose`] writes one entry. Nothing here touches a file: entries are edits.

mod aggregate;
mod change;
mod chronicle;
mod compose;
mod draft;
mod error;
mod fragment;
mod message;
mod notes;
mod patch;
mod remote;
mod significance;
mod style;

pub use change::{Change, settle};
pub use chronicle::{Chronicle, PackageRelease, Past, PastRange, aggregate_path, changelog_path};
pub use compose::{ChangelogChange, Release, Request, compose};
pub use error::ChangelogError;
pub use fragment::Fragment;
pub use message::{Message, Reverted};
pub use notes::{has_entry, notes_of};
pub use remote::Remote;
pub use significance::Significance;
