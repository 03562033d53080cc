//! Raising versions: in every place where they are written, in the constraints of dependents, in the changelog, and
//! in git, all of it or nothing.
//!
//! A [`BumpPlan`] is made without a write; it is what a dry run shows. [`carry_out`] writes it, commits, and tags;
//! [`recover`] brings an interrupted one to an end, [`undo`] takes the last one back. Nothing is pushed.

mod auto;
mod carry_out;
mod cascade;
pub(crate) mod constraint;
mod error;
mod level;
mod lock_file;
mod place;
mod plan;
mod planner;
mod precondition;
mod record;
mod recovery;
pub(crate) mod site;
mod spelling;
mod survey;
mod text;
mod undo;
mod version_file;

pub use carry_out::{Bumped, carry_out};
pub use cascade::Reason;
pub use error::BumpError;
pub use level::{Level, raise};
pub use place::{Place, PlaceKind, Places};
pub use plan::{BumpPlan, BumpRequest, ConstraintChange, PackageBump, VersionChange};
pub use precondition::{Precondition, check_repository};
pub use recovery::{Recovered, recover};
pub use spelling::{Spelling, parse_version};
pub use survey::places;
pub use undo::{Undone, undo};
