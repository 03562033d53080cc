//! Python source, as far as a check needs it: which names a module has, and how new its syntax is.
//!
//! This is no parser. It reads tokens and the first words of statements, and whatever it does not understand makes
//! it answer "unknown", never something false.

mod feature;
mod fstring;
mod module;
mod statement;
mod token;

pub(crate) use feature::Feature;
pub(crate) use module::{Outline, PythonModule};
