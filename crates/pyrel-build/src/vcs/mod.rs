//! Versions from git, as setuptools-scm 10.3.4 and hatch-vcs 0.5.0 tell them, which both have them from
//! vcs-versioning 2.6.0.
//!
//! [`Settings`] are read from a table; [`resolve`] asks, in this order, the variables, the checkout, and what is
//! left of one in unpacked archives; [`version_file`] writes what is wanted into the package. Whatever the library
//! would refuse, and all that only it knows (callables, other version control, schemes that read other files), is a
//! reason for the backend itself. What pdm-backend makes of git's answer is its dialect's.

mod checkout;
mod discovery;
mod leftover;
mod local;
mod pretence;
mod resolution;
mod scheme;
mod settings;
mod state;
mod tag;
mod tracked;
mod version_file;

pub(crate) use checkout::ask;
pub(crate) use discovery::{Workdir, discover};
pub(crate) use pretence::ignored_roots;
pub(crate) use resolution::{Resolved, resolve};
pub(crate) use settings::{Settings, Spelling};
pub(crate) use tag::{DEFAULT_TAG_EXPRESSION, IN_A_TAG};
pub(crate) use tracked::{enclosing_checkout, tracked_files};
pub(crate) use version_file::{VersionFile, version_file};

/// The version of setuptools-scm that is reproduced.
pub(crate) const SETUPTOOLS_SCM: (&str, &str) = ("setuptools-scm", "10.3.4");
/// The version of vcs-versioning that is reproduced.
pub(crate) const VCS_VERSIONING: (&str, &str) = ("vcs-versioning", "2.6.0");
