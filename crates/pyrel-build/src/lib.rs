//! From a source tree to archives.
//!
//! A *dialect* reads a package and says what its backend would put into the sdist and the wheel: an
//! [`EntrySet`], which is data and writes nothing. The writers turn it into files that are complete or absent
//! and the same on every machine. Whatever a dialect cannot reproduce exactly goes to the project's own
//! backend through PEP 517, with the reason as data.

mod build;
mod detector;
mod detour;
mod dialects;
mod entry_set;
mod error;
mod incremental;
mod listing;
mod metadata;
mod native;
mod observer;
mod pattern;
mod pep517;
pub mod python;
mod replica;
mod request;
mod tree;
mod vcs;
mod writer;

pub use build::{build, build_all, build_changed, plan};
pub use detour::{Place, TreeDifference, tree_differences};
pub use entry_set::{Entry, EntrySet, Planned, Source, Unsupported};
pub use error::BuildError;
pub use incremental::BuildMemory;
pub use listing::{ListedMember, Listing};
pub use observer::{BuildEvent, BuildObserver, Silent};
pub use pep517::Pep517Error;
pub use python::{InstallRequest, Interpreter, PythonError, Venv};
pub use replica::{Variation, replicate};
pub use request::{BuildRequest, Kinds, NO_VARIABLES, PythonSettings};
