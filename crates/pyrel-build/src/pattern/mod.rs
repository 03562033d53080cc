//! The three pattern languages of the backends: git-style lists, Python's `glob`, and Python's `fnmatch`.

mod fnmatch;
mod gitignore;
mod glob;

pub(crate) use fnmatch::FnMatch;
pub(crate) use gitignore::IgnoreSpec;
pub(crate) use glob::{has_magic, python_glob};
