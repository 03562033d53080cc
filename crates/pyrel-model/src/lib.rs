//! The vocabulary of Python packaging as parsed types.
//!
//! Everything here is a value: text goes in once, at the edge, and comes out as a type that cannot be wrong
//! any more. This crate never touches a file, the clock, the environment, or the network.

pub mod artifact;
pub mod changelog;
pub mod diagnostic;
pub mod digest;
pub mod filename;
pub mod metadata;
pub mod name;
pub mod pyproject;
pub mod python;
pub mod requirement;
pub mod secret;
pub mod stdlib;
pub mod suggestion;
pub mod tag;
pub mod version;

pub use artifact::{Artifact, ArtifactKind, Builder};
pub use diagnostic::{Diagnostic, Level, Location};
pub use digest::{Blake2b256, Sha256};
pub use filename::DistFilename;
pub use metadata::CoreMetadata;
pub use name::PackageName;
pub use pyproject::PyProject;
pub use requirement::Requirement;
pub use secret::Secret;
pub use version::Version;
