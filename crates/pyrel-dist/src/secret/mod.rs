//! Secrets in the members of an archive, and in files of a source tree: what they look like, and the search for them. Keeps places, never texts.

mod folder;
mod purpose;
mod scanner;
mod shape;
mod source;

pub(crate) use folder::is_for_show;
pub(crate) use purpose::is_made_for_secrets;
pub(crate) use scanner::{Secret, SecretScanner};
pub(crate) use shape::SecretKind;
#[cfg(test)]
pub(crate) use shape::sample;
pub use source::{FoundSecret, find_secrets};
