//! How this command line tests: interpreters from `PATH` and uv, wheels built aside, output on the screen.

mod means;
mod screen;
mod summary;
mod targets;

pub(crate) use means::Means;
pub(crate) use screen::Screen;
pub(crate) use summary::{markdown, table};
pub(crate) use targets::{Wheels, targets};
