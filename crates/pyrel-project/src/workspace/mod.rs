//! A workspace: its root, its configuration, and its members, healthy or not.

mod error;
mod ignore_rules;
mod member;
pub(crate) mod pattern;
mod scan;
mod tree;

pub use error::WorkspaceError;
pub use member::{BrokenMember, Member};
pub use tree::Workspace;

pub(crate) use tree::duplicate_message;
