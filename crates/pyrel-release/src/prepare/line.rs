//! One line of the list.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use pyrel_model::{Location, PackageName};
use serde::Serialize;

/// What a line is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LineId {
    /// Nothing is uncommitted.
    CleanTree,
    /// The branch may release.
    Branch,
    /// The branch is where its upstream is.
    Upstream,
    /// A quality command of the project succeeds.
    Gate,
    /// The version is the same wherever it is written.
    Version,
    /// No earlier release has the tag.
    TagFree,
    /// The index does not have the version.
    VersionFree,
    /// The changelog tells about the version.
    Changelog,
    /// Packages of the workspace fit together.
    Constraints,
    /// Other dependencies are locked or bounded.
    Dependencies,
    /// Sdist and wheel can be built.
    Build,
    /// The built files pass the check.
    Check,
    /// Neither sources nor built files hold a secret.
    Secrets,
    /// The package's own tests pass against its wheel.
    Tests,
    /// No resolved dependency has a known vulnerability.
    Audit,
}

impl LineId {
    /// All of them, in the order of the list.
    pub const ALL: [Self; 15] = [
        Self::CleanTree,
        Self::Branch,
        Self::Upstream,
        Self::Gate,
        Self::Version,
        Self::TagFree,
        Self::VersionFree,
        Self::Changelog,
        Self::Constraints,
        Self::Dependencies,
        Self::Build,
        Self::Check,
        Self::Secrets,
        Self::Tests,
        Self::Audit,
    ];

    /// Returns the name that people type and programs read.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CleanTree => "clean-tree",
            Self::Branch => "branch",
            Self::Upstream => "upstream",
            Self::Gate => "gate",
            Self::Version => "version",
            Self::TagFree => "tag-free",
            Self::VersionFree => "version-free",
            Self::Changelog => "changelog",
            Self::Constraints => "constraints",
            Self::Dependencies => "dependencies",
            Self::Build => "build",
            Self::Check => "check",
            Self::Secrets => "secrets",
            Self::Tests => "tests",
            Self::Audit => "audit",
        }
    }
}

impl fmt::Display for LineId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for LineId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let names = || Self::ALL.map(Self::as_str).join("`, `");
        let found = Self::ALL.into_iter().find(|id| id.as_str() == text);
        found.ok_or_else(|| format!("no such line; there are `{}`", names()))
    }
}

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It holds.
    Ok,
    /// It holds, but somebody should look.
    Warning,
    /// It does not hold.
    Failed,
    /// It was not looked at, or does not apply.
    Skipped,
}

impl Verdict {
    /// Returns `ok`, `warning`, `failed`, or `skipped`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }
}

/// What could mend a line on the spot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mend {
    /// A new version.
    Bump,
    /// A changelog entry.
    Changelog,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// What it is about.
    pub id: LineId,
    /// The package; `None` for the workspace as a whole.
    pub package: Option<PackageName>,
    /// The command, for a gate.
    pub name: Option<String>,
    /// What was found.
    pub verdict: Verdict,
    /// Why.
    pub reason: String,
    /// What to do about it, as far as that is known.
    pub remedy: Option<String>,
    /// Where.
    pub location: Option<Location>,
    /// More about it: the output of a command.
    pub log: Option<PathBuf>,
    /// What could mend it on the spot.
    #[serde(skip)]
    pub mend: Option<Mend>,
}

impl Line {
    fn new(id: LineId, verdict: Verdict, reason: impl Into<String>) -> Self {
        let reason = reason.into();
        Self {
            id,
            package: None,
            name: None,
            verdict,
            reason,
            remedy: None,
            location: None,
            log: None,
            mend: None,
        }
    }

    /// Makes a line that holds.
    pub fn ok(id: LineId, reason: impl Into<String>) -> Self {
        Self::new(id, Verdict::Ok, reason)
    }

    /// Makes a line that somebody should look at.
    pub fn warning(id: LineId, reason: impl Into<String>) -> Self {
        Self::new(id, Verdict::Warning, reason)
    }

    /// Makes a line that does not hold.
    pub fn failed(id: LineId, reason: impl Into<String>) -> Self {
        Self::new(id, Verdict::Failed, reason)
    }

    /// Makes a line that was not looked at.
    pub fn skipped(id: LineId, reason: impl Into<String>) -> Self {
        Self::new(id, Verdict::Skipped, reason)
    }

    /// Makes it a line about a package.
    #[must_use]
    pub fn of(mut self, package: &PackageName) -> Self {
        self.package = Some(package.clone());
        self
    }

    /// Says what to do.
    #[must_use]
    pub fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }

    /// Says where.
    #[must_use]
    pub fn at(mut self, location: Option<Location>) -> Self {
        self.location = location;
        self
    }

    /// Says what could mend it on the spot.
    #[must_use]
    pub fn mend(mut self, mend: Mend) -> Self {
        self.mend = Some(mend);
        self
    }
}
