//! How this command line checks: options from the workspace, threads from the flags.

use std::collections::BTreeMap;
use std::path::PathBuf;

use pyrel_dist::{CheckOptions, CheckReport, check_files};
use pyrel_model::suggestion::nearest;
use pyrel_model::{Diagnostic, Level};
use pyrel_project::Workspace;

use crate::context::Context;
use crate::exit::CommandError;

/// Returns the options that a workspace's configuration means.
pub(crate) fn options(
    context: &Context,
    workspace: &Workspace,
    strict: bool,
) -> Result<CheckOptions, CommandError> {
    for rule in workspace.config().check.keys() {
        require_rule(context, workspace, rule)?;
    }
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
    Ok(CheckOptions { strict, levels, ..CheckOptions::default() })
}

/// The configuration may name only rules that exist.
fn require_rule(context: &Context, workspace: &Workspace, rule: &str) -> Result<(), CommandError> {
    if pyrel_dist::check::rule(rule).is_some() {
        return Ok(());
    }
    let mut diagnostic = Diagnostic::new(format!("no such rule: `{rule}`"));
    diagnostic.location = workspace.config().check_location(rule).cloned();
    let names = pyrel_dist::RULES.iter().map(|rule| rule.name);
    Err(context.located(diagnostic.with_hint(match nearest(rule, names) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "docs/rules.md lists them".to_owned(),
    })))
}

/// Checks files.
pub(crate) fn check(context: &Context, paths: &[PathBuf], options: &CheckOptions) -> CheckReport {
    context.ui().detail(&format!("checking {} files", paths.len()));
    check_files(paths, options)
}
