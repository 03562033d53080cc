//! Secrets in the members of an archive: what they look like, and the search for them. Keeps places, never texts.

mod folder;
mod scanner;
mod shape;

pub(crate) use folder::is_for_show;
pub(crate) use scanner::{Secret, SecretScanner};
pub(crate) use shape::SecretKind;
#[cfg(test)]
pub(crate) use shape::sample;
