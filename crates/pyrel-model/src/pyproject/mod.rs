//! `pyproject.toml`: the document with spans, `[build-system]`, and `[project]`.

mod build_system;
mod document;
mod project;
mod reader;

pub use build_system::{BuildSystem, LEGACY_BACKEND};
pub use document::{PyProject, parse_toml};
pub use project::{Entries, License, Person, Project, Readme};
pub use reader::{SpannedStr, TableReader};
