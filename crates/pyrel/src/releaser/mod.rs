//! How this command line releases: indexes from the configuration, credentials from their sources, answers from
//! the person or the flags, and the outcome as words and an exit code.

mod account;
mod arguments;
mod conclusion;
mod session;
mod settings;
mod tester;

pub use account::{find_account, find_index, planned_target, target};
pub use arguments::{ConfirmArgs, CredentialArgs, ResumeArgs, words};
pub use conclusion::{conclude, stopped};
pub use session::{Parts, Session};
pub use settings::{build_options, proof_of, verify_settings};
pub use tester::WheelTest;
