//! The version of a package and where it is written, read without running Python.

mod flit;
mod hatch;
mod pattern;
mod pdm;
mod python_literal;
mod resolve;
mod setuptools;
mod source;

pub use python_literal::{Assignment, Literal, assigned_spans, find_assignment};
pub use source::VersionSource;

pub(crate) use python_literal::unescaped;
pub(crate) use resolve::resolve;
