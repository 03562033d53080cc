//! How this command line checks: options from the workspace, threads from the flags.

use std::collections::BTreeMap;
use std::path::PathBuf;

use pyrel_dist::{CheckOptions, CheckReport, check_files};
use pyrel_model::Level;
use pyrel_project::Workspace;

use crate::context::Context;

/// Returns the options that a workspace's configuration means.
pub(crate) fn options(workspace: &Workspace, strict: bool) -> CheckOptions {
    let levels: BTreeMap<String, Option<Level>> = workspace
        .config()
        .check
        .iter()
        .map(|(rule, level)| {
            let level = match level.as_str() {
                "error" => Some(Level::Error),
                "warning" => Some(Level::Warning),
                "info" => Some(Level::Info),
                _ => None,
            };
            (rule.clone(), level)
        })
        .collect();
    CheckOptions { strict, levels, ..CheckOptions::default() }
}

/// Checks files.
pub(crate) fn check(context: &Context, paths: &[PathBuf], options: &CheckOptions) -> CheckReport {
    context.ui().detail(&format!("checking {} files", paths.len()));
    check_files(paths, options)
}
