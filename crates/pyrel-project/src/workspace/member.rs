//! A member of a workspace: a package, or a directory that would be one if it were not broken.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use pyrel_model::Diagnostic;
use pyrel_model::name::normalize;

use crate::package::{Manifest, Package};

/// A member of a workspace.
#[derive(Debug, Clone)]
pub enum Member {
    /// A package that can be worked with.
    Healthy(Box<Package>),
    /// A package that cannot be read.
    Broken(BrokenMember),
}

/// A member whose files cannot be read as a package.
#[derive(Debug, Clone)]
pub struct BrokenMember {
    /// The directory, absolute.
    pub directory: PathBuf,
    /// The directory relative to the root of the workspace; `.` for the root itself.
    pub relative: PathBuf,
    /// The name as written, when that much could be read; it may be invalid.
    pub name: Option<String>,
    /// What is wrong.
    pub error: Box<Diagnostic>,
}

impl Member {
    /// Reads the member in a directory; `None` when nothing there describes a package.
    pub(crate) fn read(root: &Path, relative: &Path) -> Option<Self> {
        let directory = if relative == Path::new(".") { root.to_path_buf() } else { root.join(relative) };
        let package = match Manifest::read(&directory) {
            Ok(None) => return None,
            Ok(Some(manifest)) => Package::from_manifest(manifest, &directory, relative),
            Err(unreadable) => Err(unreadable),
        };
        Some(match package {
            Ok(package) => Self::Healthy(Box::new(package)),
            Err(unreadable) => Self::Broken(BrokenMember {
                directory,
                relative: relative.to_path_buf(),
                name: unreadable.name,
                error: unreadable.error,
            }),
        })
    }

    /// Returns the directory, absolute.
    #[must_use]
    pub fn directory(&self) -> &Path {
        match self {
            Self::Healthy(package) => &package.directory,
            Self::Broken(broken) => &broken.directory,
        }
    }

    /// Returns the directory relative to the root of the workspace; `.` for the root itself.
    #[must_use]
    pub fn relative(&self) -> &Path {
        match self {
            Self::Healthy(package) => &package.relative,
            Self::Broken(broken) => &broken.relative,
        }
    }

    /// Returns the name as written, when it is known.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Healthy(package) => Some(package.name.as_written()),
            Self::Broken(broken) => broken.name.as_deref(),
        }
    }

    /// Returns the name, or that of the directory when the name is unknown.
    #[must_use]
    pub fn display_name(&self) -> String {
        let directory = || self.directory_name().to_string_lossy().into_owned();
        self.name().map_or_else(directory, str::to_owned)
    }

    /// Returns the package, when it is healthy.
    #[must_use]
    pub fn package(&self) -> Option<&Package> {
        match self {
            Self::Healthy(package) => Some(package),
            Self::Broken(_) => None,
        }
    }

    pub(crate) fn directory_name(&self) -> &OsStr {
        self.directory().file_name().unwrap_or_default()
    }

    /// Members are listed by this.
    pub(crate) fn sort_key(&self) -> (String, PathBuf) {
        (normalize(&self.display_name()), self.relative().to_path_buf())
    }
}
