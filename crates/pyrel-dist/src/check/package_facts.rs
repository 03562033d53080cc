//! What a workspace knows of one of its packages, as far as rules judge by it. The caller looks; rules only compare.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use pyrel_model::{Level, Version};

/// What is known of a package besides its files.
#[derive(Debug, Clone, Default)]
pub struct PackageFacts {
    /// Its current version in the workspace, when known.
    pub version: Option<Version>,
    /// Its built wheels. Those of packages that are not checked are asked for the names that they install.
    pub wheels: Vec<PathBuf>,
    /// The user's levels for this package, by rule; they go before those of [`super::CheckOptions::levels`].
    pub levels: BTreeMap<String, Option<Level>>,
    /// What git says of the files of its directory; `None` when there is no repository.
    pub tree: Option<TreeFacts>,
    /// Its changelog, when there is one.
    pub changelog: Option<ChangelogFacts>,
}

/// What git does not track below the directory of a package. Paths are relative to it, with slashes.
#[derive(Debug, Clone, Default)]
pub struct TreeFacts {
    /// Files that nobody told git about.
    pub untracked: BTreeSet<String>,
    /// Files and, ending in a slash, directories that git was told to ignore.
    pub ignored: BTreeSet<String>,
}

/// The changelog of a package.
#[derive(Debug, Clone)]
pub struct ChangelogFacts {
    /// Its path as the person knows it.
    pub path: String,
    /// Its text.
    pub text: String,
}
