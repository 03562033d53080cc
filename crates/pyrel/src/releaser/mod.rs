//! How this command line releases: indexes from the configuration, credentials from their sources, answers from
//! the person or the flags, and the outcome as words and an exit code.

mod account;
mod arguments;
mod attestations;
mod conclusion;
mod dry_run;
mod session;
mod settings;
mod tester;

pub(crate) use account::{
    find_account, find_index, find_readable, find_resolved, planned_target, require_network, target,
};
pub(crate) use arguments::{ConfirmArgs, CredentialArgs, ModeArgs, ResumeArgs, words};
pub(crate) use attestations::{attestations, attesting, takes_attestations};
pub(crate) use conclusion::{carry_out, conclude, show_trials, stopped};
pub(crate) use session::{Parts, Session, directories, selection};
pub(crate) use settings::{build_options, proof_of, verify_settings};
pub(crate) use tester::WheelTest;
