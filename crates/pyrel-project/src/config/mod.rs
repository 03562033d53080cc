//! The configuration of a workspace: `pyrel.toml`, or `[tool.pyrel]` of the root's `pyproject.toml`.

mod bump;
mod changelog;
mod document;
mod gate;
mod index;
mod package;
mod release;
mod tag;
mod version_file;
mod versioning;

pub use bump::{BumpConfig, ConstraintPolicy, ZeroPolicy};
pub use changelog::{Aggregate, Category, ChangelogConfig, ChangelogSource, Forge};
pub use document::Config;
pub use gate::GateCommand;
pub use index::{IndexConfig, PYPI, TEST_PYPI};
pub use package::PackageConfig;
pub use release::{RELEASE_STEPS, ReleaseConfig};
pub use tag::{InvalidTag, TagTemplate};
pub use version_file::VersionFile;
pub use versioning::{InternalDependencyPolicy, Versioning};
