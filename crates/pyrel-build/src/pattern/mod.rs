//! The pattern languages of the backends: git-style lists, Python's `glob` and `fnmatch`, `MANIFEST.in`, and the
//! portable globs of PEP 639; expressions of Python's `re`, and templates of its `str.format`.

mod expression;
mod fnmatch;
mod gitignore;
mod glob;
mod manifest;
mod portable;
mod template;

pub(crate) use expression::{Flags, Found, PythonExpression};
pub(crate) use fnmatch::FnMatch;
pub(crate) use gitignore::IgnoreSpec;
pub(crate) use glob::{GlobOptions, has_magic, python_glob};
pub(crate) use manifest::ManifestPattern;
pub(crate) use portable::{Escapes, PortableGlob};
pub(crate) use template::fill_template;
