//! A bump as a value: what is asked for, and everything that follows from it.

use std::path::PathBuf;

use pyrel_model::{PackageName, Version};

use super::cascade::Reason;
use super::planner::Planner;
use super::{BumpError, Level};
use crate::changelog::{Chronicle, Past, PastRange};
use crate::edit::EditSet;
use crate::git::Git;
use crate::workspace::Workspace;

/// What is to happen to the versions of the selected packages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VersionChange {
    /// Each is raised by these levels.
    Levels(Vec<Level>),
    /// Each becomes this version.
    Exact(Version),
    /// Each is raised by what its commits since its last release ask for.
    Auto {
        /// The pre-release of it, if not the final version.
        pre_release: Option<Level>,
    },
}

/// What a bump is asked to do.
#[derive(Debug, Clone, Copy)]
pub struct BumpRequest<'w> {
    /// The workspace.
    pub workspace: &'w Workspace,
    /// The packages that are raised first.
    pub packages: &'w [PackageName],
    /// How.
    pub change: &'w VersionChange,
    /// The date of the release for changelogs, such as `2026-11-21`.
    pub date: &'w str,
    /// The repository, for history and tags; `None` where there is none.
    pub git: Option<&'w Git>,
    /// Whether the bump will be committed and tagged.
    pub commit: bool,
}

/// A package's new version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackageBump {
    /// The package.
    pub name: PackageName,
    /// Its present version; `None` for one that is versioned by tags and has none yet.
    pub from: Option<Version>,
    /// Its new version.
    pub to: Version,
    /// Why.
    pub reason: Reason,
    /// Its tag, when the bump is committed.
    pub tag: Option<String>,
    /// Files in which the version is written, absolute, each once.
    pub files: Vec<PathBuf>,
    /// What the changelog says about the version; `None` where no changelog is kept.
    pub notes: Option<String>,
}

/// A constraint on a sibling that is rewritten.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConstraintChange {
    /// The dependent; `None` for a root that is no package.
    pub package: Option<PackageName>,
    /// The package constrained.
    pub dependency: PackageName,
    /// The file, absolute.
    pub path: PathBuf,
    /// The line, from 1.
    pub line: usize,
    /// The whole constraint as written.
    pub from: String,
    /// The whole constraint as it will be.
    pub to: String,
}

/// Everything that a bump will do. Nothing is written yet.
#[derive(Debug, Clone)]
pub struct BumpPlan {
    /// New versions, by name.
    pub packages: Vec<PackageBump>,
    /// Rewritten constraints, by file and line.
    pub constraints: Vec<ConstraintChange>,
    /// The changes to files.
    pub edits: EditSet,
    /// The message of the commit.
    pub message: String,
    /// Tags with their messages.
    pub tags: Vec<(String, String)>,
    /// What a person should know besides.
    pub warnings: Vec<String>,
}

impl BumpPlan {
    /// Plans a bump; `None` when the commits ask for none.
    ///
    /// # Errors
    /// When a version cannot be raised, or is not the same in all of its places; when a tag exists.
    pub fn make(request: &BumpRequest<'_>) -> Result<Option<Self>, BumpError> {
        let past = Past::read(request.workspace, &PastRange::default())?;
        let chronicle = Chronicle::new(request.workspace, &past);
        Planner::new(request, &chronicle)?.plan()
    }
}
