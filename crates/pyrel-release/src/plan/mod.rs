//! What would be sent where, as an immutable value with a digest.

mod digest;
mod document;

pub use digest::PlanDigest;
pub use document::{AccountKind, Plan, PlanDraft, PlanFile, PlanIndex, PlanItem, Remote, Staged, Standing};

#[cfg(test)]
pub(crate) use document::tests as tests_support;
