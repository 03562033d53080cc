//! Builds that need not be done again: what a native build looked at is written down, and as long as none of it
//! changed, its files are still the ones that a build would make.
//!
//! A package counts as unchanged only when the same pyrel, the same settings, and every path that the plan
//! touched (present or absent, file, folder, or link) are as they were, and the built files too. Times alone are
//! not trusted: on Unix the change time, which no program can set, must be the same and older than the build.
//! Where that cannot be known, the package is built again.

mod memory;
mod record;
mod stamp;
mod trace;

pub use memory::BuildMemory;
pub(crate) use memory::Session;
pub(crate) use trace::Trace;
