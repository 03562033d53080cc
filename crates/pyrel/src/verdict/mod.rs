//! How the report of a check is shown: to people, to programs, to GitHub. Judges nothing.

mod explain;
mod human;
mod sarif;
mod source;

pub(crate) use explain::explain;
pub(crate) use human::{count, remark, show};
pub(crate) use source::Sources;
