//! How this command line prepares a release: what is asked for each line, and how the list is shown.

mod assess;
mod mend;
mod network;
mod next;
mod show;

pub(crate) use assess::{Asked, assess};
pub(crate) use mend::mend;
pub(crate) use next::{Next, show_next};
pub(crate) use show::{forbidding, show, to_json};
