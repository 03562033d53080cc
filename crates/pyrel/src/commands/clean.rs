//! `pyrel clean`: removes what builds and tests leave behind, and nothing that is under version control.

use std::path::{Path, PathBuf};

use clap::Args;
use fs_err as fs;
use pyrel_project::{Git, Package};
use serde_json::json;

use crate::cli::SelectionArgs;
use crate::context::Context;
use crate::exit::{CommandError, CommandResult, Failure};
use crate::ui::{Tone, plural};

/// Remove build products: dist, build, egg-info, caches
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  pyrel clean my-package --dry-run")]
pub(crate) struct CleanArgs {
    #[command(flatten)]
    selection: SelectionArgs,
    /// Only say what would go
    #[arg(long)]
    dry_run: bool,
}

/// Folders that are products wherever they stand in a package.
const CACHES: [&str; 4] = ["__pycache__", ".pytest_cache", ".ruff_cache", ".mypy_cache"];
/// Folders that are searched for nothing.
const FOREIGN: [&str; 5] = [".git", ".hg", "node_modules", ".venv", "venv"];

/// Runs the command.
pub(crate) fn run(args: &CleanArgs, context: &Context) -> CommandResult {
    let workspace = context.workspace()?;
    let selection = context.select(&workspace, &args.selection)?;
    let mut removed = Vec::new();
    for package in selection.packages() {
        for path in products(package)? {
            if holds_tracked_files(&path)? {
                let text = format!("kept `{}`: it holds files under version control", context.shown(&path));
                context.ui().warning(&text, None);
                continue;
            }
            if !args.dry_run {
                remove(&path)?;
            }
            let verb = if args.dry_run { "Would go" } else { "Removed" };
            context.ui().status(Tone::Done, verb, &context.shown(&path));
            removed.push(path);
        }
    }
    if context.json() {
        return context.ui().json(&json!({"schema": 1, "dry_run": args.dry_run, "removed": removed}));
    }
    if removed.is_empty() {
        let text = format!("nothing to remove in {}", plural(selection.packages().len(), "package"));
        context.ui().status(Tone::Done, "Clean", &text);
    }
    Ok(())
}

fn products(package: &Package) -> Result<Vec<PathBuf>, CommandError> {
    let root = &package.directory;
    let mut found = Vec::new();
    for name in ["dist", "build"] {
        let path = root.join(name);
        if fs::symlink_metadata(&path).is_ok() {
            found.push(path);
        }
    }
    walk(root, &mut found).map_err(unreadable)?;
    found.sort();
    found.dedup();
    Ok(found)
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if !entry.file_type()?.is_dir() {
            continue;
        }
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = entry.path();
        if CACHES.contains(&name.as_str()) || name.ends_with(".egg-info") {
            found.push(path);
        } else if !FOREIGN.contains(&name.as_str()) && !found.contains(&path) && !is_environment(&path) {
            walk(&path, found)?;
        }
    }
    Ok(())
}

fn is_environment(path: &Path) -> bool {
    path.join("pyvenv.cfg").is_file()
}

fn holds_tracked_files(path: &Path) -> Result<bool, CommandError> {
    let Some(folder) = path.parent() else { return Ok(true) };
    let Some(git) = Git::discover(folder) else { return Ok(false) };
    git.has_tracked_files(path).map_err(|error| CommandError::new(Failure::Usage, error))
}

fn remove(path: &Path) -> CommandResult {
    let is_link = fs::symlink_metadata(path).map_err(unreadable)?.is_symlink();
    let result = if is_link { fs::remove_file(path) } else { fs::remove_dir_all(path) };
    result.map_err(unreadable)
}

fn unreadable(error: std::io::Error) -> CommandError {
    CommandError::new(Failure::Usage, anyhow::Error::new(error))
}
