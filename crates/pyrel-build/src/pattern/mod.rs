//! The pattern languages of the backends: git-style lists, Python's `glob` and `fnmatch`, and `MANIFEST.in`.

mod fnmatch;
mod gitignore;
mod glob;
mod manifest;

pub(crate) use fnmatch::FnMatch;
pub(crate) use gitignore::IgnoreSpec;
pub(crate) use glob::{GlobOptions, has_magic, python_glob};
pub(crate) use manifest::ManifestPattern;
