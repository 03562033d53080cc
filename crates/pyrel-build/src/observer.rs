//! Progress as events; whoever shows them cannot stop a build.

use pyrel_model::{Artifact, PackageName};

use crate::entry_set::Unsupported;

/// Something that happened during a build.
#[derive(Debug)]
#[non_exhaustive]
pub enum BuildEvent<'a> {
    /// A package is being built.
    Started {
        /// The package.
        package: &'a PackageName,
    },
    /// The native build stepped back for the project's own backend.
    FallingBack {
        /// The package.
        package: &'a PackageName,
        /// Which option did it, where, and why.
        unsupported: &'a Unsupported,
    },
    /// A step of a PEP 517 build began, such as `installing build requirements`.
    Step {
        /// The package.
        package: &'a PackageName,
        /// The step, as a phrase.
        step: &'a str,
    },
    /// Bytes went into an archive.
    Bytes {
        /// The package.
        package: &'a PackageName,
        /// Uncompressed bytes written so far.
        done: u64,
        /// Uncompressed bytes altogether.
        total: u64,
    },
    /// A file of an earlier build is what a build now would make, so it stays.
    Unchanged {
        /// The file.
        artifact: &'a Artifact,
    },
    /// A file is complete and in its place.
    Built {
        /// The file.
        artifact: &'a Artifact,
    },
}

/// Receives events, from several threads at once when several packages are built.
pub trait BuildObserver: Sync {
    /// Takes one event.
    fn event(&self, event: BuildEvent<'_>);
}

/// An observer that looks away.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl BuildObserver for Silent {
    fn event(&self, _event: BuildEvent<'_>) {}
}
