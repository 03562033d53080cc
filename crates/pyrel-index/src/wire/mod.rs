//! The formats that both ends speak: simple pages, upload forms, error bodies.

mod entity;
mod error;
mod form;
mod html;
mod names;
mod simple;

pub(crate) use entity::escape;
pub(crate) use error::{clean, message_of};
pub(crate) use form::Framing;
pub(crate) use names::find_name;
pub(crate) use simple::{ACCEPT, HTML_V1, JSON_V1, is_loopback, read_project, shown};
pub use simple::{ListedFile, ProjectListing};
