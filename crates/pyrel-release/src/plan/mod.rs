//! What would be sent where, as an immutable value with a digest.

mod builder;
mod digest;
mod document;

pub use builder::{PlanSource, order_of};
pub use digest::PlanDigest;
#[cfg(test)]
pub(crate) use document::tests as tests_support;
pub use document::{
    AccountKind, Attesting, Plan, PlanAttestation, PlanDraft, PlanFile, PlanIndex, PlanItem, Remote, Staged,
    Standing,
};
