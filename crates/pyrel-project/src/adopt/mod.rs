//! Adoption: takes a project that is no standard package yet to one that `pipx run` and `uvx` can start.
//!
//! [`plan`] is a pure function from the files of a project to what changes, why, and what is left to a person; it
//! never guesses. [`Adoption`] carries a plan out, all or nothing. No Python is run.

mod apply;
mod companion;
mod complete;
mod entry;
mod error;
mod expression;
mod finding;
mod gather;
mod imports;
mod judge;
mod layout;
mod license;
mod metadata;
mod patch;
mod plan;
mod poetry;
mod pyproject;
mod python_floor;
mod readme;
mod reference;
mod request;
mod requirements_file;
mod resolve;
mod setup_config;
mod setup_script;
mod shim;
mod source;
mod start;
mod tree;

pub(crate) use apply::ADOPT;
pub use apply::{Adoption, Undone};
pub use error::AdoptError;
pub use finding::{Finding, Move, Step};
pub use plan::{Change, Plan, plan};
pub use request::{AdoptRequest, Surroundings, Wishes};
pub use tree::Tree;
