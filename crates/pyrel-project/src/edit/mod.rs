//! Changes to the files of a tree: planned as values, shown as a diff, applied all or none.
//!
//! An [`EditSet`] is a plan and touches nothing. A [`Transaction`] carries it out, so that even after a `SIGKILL`
//! the tree can be told and brought to "before" or "after". Nothing here knows what the files mean.

mod diff;
mod error;
mod intent;
mod line_diff;
mod set;
mod transaction;

pub use error::{EditError, remedy};
pub use set::{Edit, EditSet};
pub use transaction::{Observer, Recovery, Step, Transaction};
