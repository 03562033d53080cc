//! `pyrel changelog`: writes entries, quotes them, and tells what nobody has told yet.

use std::path::{Path, PathBuf};

use clap::Args;
use pyrel_model::{Level, Location, Version};
use pyrel_project::changelog::{
    ChangelogChange, ChangelogError, Chronicle, PackageRelease, Past, PastRange, changelog_path, has_entry,
    notes_of,
};
use pyrel_project::edit::{EditError, EditSet, Transaction};
use pyrel_project::{Package, Selection, Versioning, Workspace};
use serde_json::{Value, json};

use super::bump::{bring_to_end, recover_only};
use crate::cli::SelectionArgs;
use crate::context::Context;
use crate::environment::day;
use crate::exit::{CommandError, CommandResult, Failure};
use crate::ui::{Tone, plural};

/// What the record of an interrupted write calls this command.
const KIND: &str = "changelog";

/// Write changelog entries from commits and change fragments
///
/// Without `--version` the entry goes under Unreleased and is made of the commits since the last release that are
/// not told there yet. With `--version` it becomes the section of that release, and fragments are used up.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  pyrel changelog my-package --dry-run\n  pyrel changelog my-package --notes --version 1.2.0 > notes.md"
)]
pub(crate) struct ChangelogArgs {
    #[command(flatten)]
    selection: SelectionArgs,
    /// The revision that the commits follow [default: the last release tag]
    #[arg(long, value_name = "REV", conflicts_with = "notes")]
    from: Option<String>,
    /// The last commit; a release tag also gives version and day [default: HEAD]
    #[arg(long, value_name = "REV", conflicts_with = "notes")]
    to: Option<String>,
    /// The release that the entry is about [default: what comes next; with `--notes` the package's own version]
    #[arg(long, value_name = "VERSION")]
    version: Option<String>,
    /// Print the entry of a version, as for a release on a forge, and write nothing
    #[arg(long, conflicts_with = "check")]
    notes: bool,
    /// Write nothing; fail when changes since the last release, or `--version`, are told nowhere
    #[arg(long)]
    check: bool,
    /// Write nothing; print the difference
    #[arg(long, conflicts_with_all = ["notes", "check"])]
    dry_run: bool,
    /// Bring an interrupted write to an end, and say to which
    #[arg(long, conflicts_with_all = ["packages", "from", "to", "version", "notes", "check", "dry_run", "exclude", "changed"])]
    recover: bool,
}

/// Runs the command.
pub(crate) fn run(args: &ChangelogArgs, context: &Context) -> CommandResult {
    let root = context.discover()?.root().to_path_buf();
    if args.recover {
        return recover_only(context, &root, "write of changelogs");
    }
    if !(args.notes || args.check || args.dry_run) {
        recover(context, &root)?;
    }
    // What was recovered is read anew.
    let workspace = context.workspace()?;
    if workspace.config().changelog.is_none() {
        let error = CommandError::message(Failure::Usage, "changelogs are turned off: `changelog = false`");
        return Err(error.hint(Some("remove the key to have entries written")));
    }
    let selection = context.select(&workspace, &args.selection)?;
    let version = args.version.as_deref().map(str::parse::<Version>).transpose();
    let version = version.map_err(|error| CommandError::new(Failure::Usage, error))?;
    if version.is_some() && entries(&workspace, &selection).len() > 1 {
        let text =
            format!("`--version` is about one package, and {} are selected", selection.packages().len());
        return Err(CommandError::message(Failure::Usage, text).hint(Some("name the package")));
    }
    if args.notes {
        return notes(context, &workspace, &selection, version.as_ref());
    }
    if args.check {
        return check(args, context, &workspace, &selection, version.as_ref());
    }
    write(args, context, &workspace, &selection, version.as_ref())
}

/// Returns the packages with changelogs of their own; in lockstep one stands for all.
fn entries<'w>(workspace: &Workspace, selection: &Selection<'w>) -> Vec<&'w Package> {
    let is_common = workspace.config().versioning == Versioning::Lockstep;
    let packages = selection.packages().iter().copied();
    packages.take(if is_common { 1 } else { usize::MAX }).collect()
}

fn past(args: &ChangelogArgs, workspace: &Workspace) -> Result<Past, CommandError> {
    let range = PastRange { from: args.from.clone(), to: args.to.clone() };
    Past::read(workspace, &range).map_err(refused)
}

fn write(
    args: &ChangelogArgs,
    context: &Context,
    workspace: &Workspace,
    selection: &Selection<'_>,
    version: Option<&Version>,
) -> CommandResult {
    let past = past(args, workspace)?;
    let mut date = today(context)?;
    let mut releases = Vec::new();
    for package in entries(workspace, selection) {
        let tagged = args.to.as_ref().filter(|_| version.is_none()).and_then(|to| {
            let tags = past.tags().of(&package.name);
            tags.into_iter().find(|tag| tag.name == *to)
        });
        if let Some(tag) = &tagged
            && let Some(commit) = past.history().get(&tag.commit)
        {
            date = day(u64::try_from(commit.author_time).unwrap_or_default());
        }
        releases.push(PackageRelease {
            package: package.name.clone(),
            version: version.cloned().or(tagged.map(|tag| tag.version)),
            updated: Vec::new(),
        });
    }
    let changes = Chronicle::new(workspace, &past).compose(&releases, &date).map_err(refused)?;
    let edits = planned(workspace, &changes)?;
    if !args.dry_run && !edits.is_empty() {
        Transaction::apply(edits.clone(), KIND).map_err(unwritten)?;
    }
    if context.json() {
        let rows: Vec<Value> = changes.iter().map(|change| to_json(change, &releases)).collect();
        let diff = String::from_utf8_lossy(&edits.diff(workspace.root())).into_owned();
        let diff = args.dry_run.then_some(diff);
        let document =
            json!({"schema": 1, "dry_run": args.dry_run, "date": date, "entries": rows, "diff": diff});
        return context.ui().json(&document);
    }
    if args.dry_run {
        context.ui().raw(&edits.diff(workspace.root()))?;
    }
    report(args, context, &changes);
    Ok(())
}

fn planned(workspace: &Workspace, changes: &[ChangelogChange]) -> Result<EditSet, CommandError> {
    let mut edits = EditSet::new(workspace.root()).map_err(unwritten)?;
    for edit in changes.iter().flat_map(|change| &change.edits) {
        edits.insert(edit.clone()).map_err(unwritten)?;
    }
    Ok(edits)
}

/// Ends an earlier write of this command that was interrupted; what other commands left is theirs.
fn recover(context: &Context, root: &Path) -> CommandResult {
    let earlier = Transaction::interrupted(root).map_err(unwritten)?;
    if earlier.is_none_or(|transaction| transaction.kind() != KIND) {
        return Ok(());
    }
    match bring_to_end(context, root)? {
        Some(recovered) if recovered.completed => {
            let message = "the interrupted `pyrel changelog` was completed, so that this may not be wanted";
            let hint = "look at `git diff`, then run the command again if you want to";
            Err(CommandError::message(Failure::Refused, message).hint(Some(hint)))
        }
        _ => Ok(()),
    }
}

fn report(args: &ChangelogArgs, context: &Context, changes: &[ChangelogChange]) {
    let ui = context.ui();
    for change in changes {
        let mut parts = vec![plural(change.told, "commit")];
        if change.hidden > 0 {
            parts.push(format!("{} left out by type", change.hidden));
        }
        if change.superseded > 0 {
            parts.push(format!("{} left to what was written by hand", change.superseded));
        }
        let Some(edit) = change.edits.first() else { continue };
        let verb = if args.dry_run { "Would write" } else { "Wrote" };
        ui.status(Tone::Done, verb, &format!("{}: {}", context.shown(&edit.path), parts.join(", ")));
        for used in change.edits.iter().filter(|edit| edit.after.is_none()) {
            let verb = if args.dry_run { "Would go" } else { "Removed" };
            ui.status(Tone::Done, verb, &context.shown(&used.path));
        }
    }
    if changes.iter().all(|change| change.edits.is_empty()) {
        ui.status(Tone::Done, "Current", "there is nothing to add");
    }
}

fn to_json(change: &ChangelogChange, releases: &[PackageRelease]) -> Value {
    let of_package = |release: &&PackageRelease| Some(&release.package) == change.package.as_ref();
    let version = match releases.iter().find(of_package) {
        Some(release) => release.version.as_ref(),
        None if releases.len() == 1 => releases[0].version.as_ref(),
        None => None,
    };
    let (written, removed): (Vec<_>, Vec<_>) = change.edits.iter().partition(|edit| edit.after.is_some());
    let paths = |edits: Vec<&pyrel_project::edit::Edit>| -> Vec<PathBuf> {
        edits.into_iter().map(|edit| edit.path.clone()).collect()
    };
    json!({
        "package": change.package,
        "version": version,
        "written": paths(written),
        "removed": paths(removed),
        "notes": change.notes,
        "told": change.told,
        "hidden": change.hidden,
        "superseded": change.superseded,
    })
}

fn notes(
    context: &Context,
    workspace: &Workspace,
    selection: &Selection<'_>,
    version: Option<&Version>,
) -> CommandResult {
    let packages = entries(workspace, selection);
    let mut rows = Vec::new();
    for package in &packages {
        let Some(path) = changelog_path(workspace, package) else { continue };
        let Some(version) = version.or_else(|| package.version()) else {
            let text = format!("the version of `{}` is not known without a build", package.name);
            return Err(
                CommandError::message(Failure::Usage, text).hint(Some("name it: `--version VERSION`"))
            );
        };
        let text = notes_of(&path, version).map_err(refused)?;
        rows.push((package, version, path, text));
    }
    if context.json() {
        let row = |(package, version, path, text): &(&&Package, &Version, PathBuf, String)| json!({"package": package.name, "version": version, "path": path, "notes": text});
        let rows: Vec<Value> = rows.iter().map(row).collect();
        return context.ui().json(&json!({"schema": 1, "notes": rows}));
    }
    for (at, (package, version, _, text)) in rows.iter().enumerate() {
        if rows.len() > 1 {
            let gap = if at > 0 { "\n" } else { "" };
            context.ui().raw(format!("{gap}## {} {version}\n\n", package.name).as_bytes())?;
        }
        context.ui().raw(text.as_bytes())?;
    }
    Ok(())
}

fn check(
    args: &ChangelogArgs,
    context: &Context,
    workspace: &Workspace,
    selection: &Selection<'_>,
    version: Option<&Version>,
) -> CommandResult {
    let past = past(args, workspace)?;
    let chronicle = Chronicle::new(workspace, &past);
    let mut rows = Vec::new();
    for package in entries(workspace, selection) {
        let Some(path) = changelog_path(workspace, package) else { continue };
        let problem = match version {
            Some(version) if has_entry(&path, version).map_err(refused)? => None,
            Some(version) => Some(format!("`{}` has no entry for {version}", context.shown(&path))),
            None => match chronicle.untold(package).map_err(refused)? {
                0 => None,
                count => Some(format!("{} since the last release not told", plural(count, "change"))),
            },
        };
        rows.push((package, problem));
    }
    for (package, problem) in &rows {
        let place = changelog_path(workspace, package).filter(|path| path.is_file());
        let place = place.map(|path| Location::of_file(Path::new(&context.shown(&path))));
        if let Some(problem) = problem {
            context.ui().annotate(
                Level::Error,
                "changelog",
                &format!("{}: {problem}", package.name),
                place.as_ref(),
            );
        }
    }
    let failed = rows.iter().filter(|(_, problem)| problem.is_some()).count();
    if context.json() {
        let rows: Vec<Value> = rows
            .iter()
            .map(|(package, problem)| json!({"package": package.name, "ok": problem.is_none(), "message": problem}))
            .collect();
        context.ui().json(&json!({"schema": 1, "ok": failed == 0, "packages": rows}))?;
    } else {
        for (package, problem) in &rows {
            match problem {
                Some(problem) => {
                    context.ui().status(Tone::Fail, "Untold", &format!("{}: {problem}", package.name))
                }
                None => context.ui().status(Tone::Done, "Told", package.name.as_written()),
            }
        }
    }
    if failed == 0 {
        return Ok(());
    }
    context.ui().hint("write it with `pyrel changelog`, by hand under Unreleased, or as a change fragment");
    Err(CommandError::silent(Failure::Findings))
}

fn today(context: &Context) -> Result<String, CommandError> {
    context.environment().today().map_err(|text| {
        let message = format!("`SOURCE_DATE_EPOCH` is no number of seconds: `{text}`");
        CommandError::message(Failure::Usage, message)
    })
}

fn refused(error: ChangelogError) -> CommandError {
    let hint = error.hint();
    CommandError::new(Failure::Usage, error).hint(hint)
}

fn unwritten(error: EditError) -> CommandError {
    let hint = error.hint();
    CommandError::new(Failure::Refused, error).hint(hint)
}
