//! The memory of a run: what was intended, and what came of it.
//!
//! An append-only file of JSON lines. An intent is on the disk before its effect begins; the result follows it.
//! Replay is a pure function from lines to a state.

mod format;
mod state;
mod store;

pub use format::{FORMAT, Header, KeptAttestation, KeptFile, Phase, Record, RunKind, Sent, Step, Target};
pub use state::{FileState, PhaseState, Replay, ReplayError, Requested, RunState, replay};
#[doc(hidden)]
pub use store::Fault;
pub(crate) use store::Flush;
pub use store::{Clock, Journal, JournalError, RunLock};
