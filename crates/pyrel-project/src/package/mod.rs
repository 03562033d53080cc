//! One package: what its own files say about it.

mod backend;
mod built_file;
mod dependency;
mod dependency_group;
mod description;
mod manifest;
mod poetry;
mod poetry_constraint;
mod record;
mod setup_cfg;

pub use backend::Backend;
pub use built_file::BuiltFile;
pub use dependency::{DependencyKind, InternalDependency};
pub use record::Package;

pub(crate) use manifest::Manifest;
pub(crate) use poetry_constraint::to_specifiers as poetry_specifiers;
pub(crate) use setup_cfg::SetupCfg;
