//! Carrying a plan out: in which order, what of it happens, and what came of it.

mod executor;
mod outcome;
mod schedule;

pub use executor::with_causes;
pub use executor::{Execution, execute};
pub use outcome::{FileOutcome, FileResult, Outcome, PackageOutcome};
