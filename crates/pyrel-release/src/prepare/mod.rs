//! Readiness: what must hold before a release, one file for each line of the list.
//!
//! A [`Line`] is data: what was looked at, the verdict, the reason, and the remedy. [`examine`] looks at the tree and at
//! git alone; the other lines are made of what a build, a check, tests, an index, and the project's own commands gave.
//! Nothing here writes into the tree.

mod audit;
mod bound;
mod branch;
mod build;
mod changelog;
mod check;
mod clean_tree;
mod constraint;
mod examination;
mod free_version;
mod gate;
mod line;
mod lock;
mod report;
mod secret;
mod tag;
mod upstream;
mod version;
mod wheel_test;

pub use audit::{Audited, Resolved, audit_line, installed, locked, query};
pub use build::build_line;
pub use check::check_line;
pub use examination::{Surroundings, examine};
pub use free_version::free_version_line;
pub use gate::{GateRun, run_gates};
pub use line::{Line, LineId, Mend, Verdict};
pub use report::Readiness;
pub use secret::secret_line;
pub use wheel_test::test_line;
