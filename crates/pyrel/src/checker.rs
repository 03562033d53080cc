//! How this command line checks: options from the workspace, threads from the flags.

use std::collections::BTreeMap;
use std::path::PathBuf;

use pyrel_dist::{CheckOptions, CheckReport, check_files};
use pyrel_model::suggestion::nearest;
use pyrel_model::{Diagnostic, Level, Location};
use pyrel_project::Workspace;

use crate::context::Context;
use crate::exit::CommandError;
use crate::package_facts;

/// Returns the options that a workspace's configuration means.
pub(crate) fn options(
    context: &Context,
    workspace: &Workspace,
    strict: bool,
) -> Result<CheckOptions, CommandError> {
    let config = workspace.config();
    for rule in config.check.keys() {
        require_rule(context, rule, config.check_location(rule))?;
    }
    for package in config.packages.values() {
        for rule in package.check.keys() {
            require_rule(context, rule, package.check_locations.get(rule))?;
        }
    }
    let packages = package_facts::of(context, workspace)?;
    Ok(CheckOptions { strict, levels: levels(&config.check), packages, ..CheckOptions::default() })
}

/// Returns the levels that a table of the configuration gives; `None` turns a rule off.
pub(crate) fn levels(table: &BTreeMap<String, String>) -> BTreeMap<String, Option<Level>> {
    let level = |text: &str| match text {
        "error" => Some(Level::Error),
        "warning" => Some(Level::Warning),
        "info" => Some(Level::Info),
        _ => None,
    };
    table.iter().map(|(rule, text)| (rule.clone(), level(text))).collect()
}

/// The configuration may name only rules that exist.
fn require_rule(context: &Context, rule: &str, place: Option<&Location>) -> Result<(), CommandError> {
    if pyrel_dist::check::rule(rule).is_some() {
        return Ok(());
    }
    let mut diagnostic = Diagnostic::new(format!("no such rule: `{rule}`"));
    diagnostic.location = place.cloned();
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
