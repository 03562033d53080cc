//! The release: plan, gate, journal, execution, verification, and the one pipeline through them.
//!
//! This crate never reads the clock, the environment, or the terminal, and prints nothing: it gets answers
//! through [`Confirm`](gate::Confirm) and tells what happens through a [`Reporter`](events::Reporter).

pub mod attest;
mod blocking;
pub mod bootstrap;
pub mod collect;
pub mod credentials;
pub mod events;
pub mod execute;
pub mod gate;
pub mod journal;
pub mod online;
pub mod package_test;
pub mod plan;
pub mod prepare;
pub mod rehearse;
pub mod release;
pub mod remote;
pub mod run_dir;
pub mod verify;
