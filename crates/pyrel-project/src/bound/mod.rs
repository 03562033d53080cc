//! Bounds for a build: what is written into the metadata of archives where a dependency on a sibling has none.
//!
//! The project's own files stay as they are; a package gets another `pyproject.toml` in memory. What stands elsewhere,
//! in `setup.cfg` or in files that a backend reads, is left alone, and told as a [`Gap`].

mod bounds;
mod gap;
mod written;

pub use bounds::{Bounded, Bounds};
pub use gap::Gap;
pub use written::{Bound, WrittenBounds};
