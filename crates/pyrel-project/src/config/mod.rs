//! The configuration of a workspace: `pyrel.toml`, or `[tool.pyrel]` of the root's `pyproject.toml`.

mod changelog;
mod document;
mod index;
mod package;
mod release;
mod tag;
mod versioning;

pub use changelog::{Aggregate, Category, ChangelogConfig, ChangelogSource, Forge};
pub use document::Config;
pub use index::{IndexConfig, PYPI, TEST_PYPI};
pub use package::PackageConfig;
pub use release::{RELEASE_STEPS, ReleaseConfig};
pub use tag::{InvalidTag, TagTemplate};
pub use versioning::{InternalDependencyPolicy, Versioning};
