//! `pyrel bump`: raise versions everywhere they are written, with dependents, changelogs, commit, and tags.

use std::path::Path;
use std::sync::Arc;

use anstyle::Style;
use clap::Args;
use pyrel_model::suggestion::nearest;
use pyrel_model::{PackageName, Version};
use pyrel_project::bump::{
    self, BumpError, BumpPlan, BumpRequest, Bumped, ConstraintChange, Level, PackageBump, Place, Reason,
    Recovered, VersionChange,
};
use pyrel_project::{EditError, Git, Workspace};
use serde_json::{Value, json};

use crate::cli::NarrowArgs;
use crate::context::Context;
use crate::exit::{CommandError, CommandResult, Failure};
use crate::ui::{Align, Table, Tone, plural};

/// Raise versions everywhere, with dependents, changelog, commit, and tags
///
/// Levels are major, minor, patch, stable, alpha, beta, rc, post, and dev, applied from the largest to the smallest, or
/// `auto`, which asks the commits since the last release. Nothing is pushed.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  pyrel bump minor my-package --dry-run\n  pyrel bump minor rc           1.2.3 becomes 1.3.0rc1\n  pyrel bump auto"
)]
pub(crate) struct BumpArgs {
    /// Levels, then packages: names, directories, or globs [default: all]
    #[arg(value_name = "LEVEL|PACKAGE")]
    words: Vec<String>,
    /// This version instead of a level
    #[arg(long = "version", value_name = "V")]
    new_version: Option<String>,
    /// A pre-release of the new version
    #[arg(long, value_name = "LEVEL", value_parser = ["alpha", "beta", "rc", "dev"], conflicts_with = "new_version")]
    pre_release: Option<String>,
    #[command(flatten)]
    narrow: NarrowArgs,
    /// Show the effect and the diff, write nothing
    #[arg(long)]
    dry_run: bool,
    /// Write files only: no commit, no tags
    #[arg(long)]
    no_git: bool,
    /// Take the last bump back, if it was not pushed
    #[arg(long, conflicts_with_all = ["words", "new_version", "pre_release", "dry_run", "no_git", "exclude", "changed"])]
    undo: bool,
    /// Bring an interrupted bump to an end, and say to which
    #[arg(long, conflicts_with_all = ["words", "new_version", "pre_release", "dry_run", "no_git", "undo", "exclude", "changed"])]
    recover: bool,
}

/// Runs the command.
pub(crate) fn run(args: &BumpArgs, context: &Context) -> CommandResult {
    let workspace = context.discover()?;
    if args.recover {
        return recover_only(context, workspace.root(), "bump");
    }
    if !args.dry_run {
        recover(context, workspace.root())?;
    }
    if args.undo {
        return undo(context, workspace.root());
    }
    // What was recovered is read anew.
    let workspace = context.workspace()?;
    let (change, words) = asked(args, &workspace)?;
    let selection = context.select_named(&workspace, &words, &args.narrow)?;
    let packages: Vec<PackageName> =
        selection.packages().iter().map(|package| package.name.clone()).collect();
    let git = Git::discover(workspace.root());
    let committing =
        if args.no_git { None } else { Some(committing(args, context, &workspace, git.as_ref())?) };
    let date = context.environment().today().map_err(|text| {
        let message = format!("`SOURCE_DATE_EPOCH` is no number of seconds: `{text}`");
        CommandError::message(Failure::Usage, message)
    })?;
    let request = BumpRequest {
        workspace: &workspace,
        packages: &packages,
        change: &change,
        date: &date,
        git: git.as_ref(),
        commit: !args.no_git,
    };
    let Some(plan) = BumpPlan::make(&request).map_err(|error| failed(context, error))? else {
        return nothing_to_do(args, context, packages.len());
    };
    for warning in &plan.warnings {
        context.ui().warning(warning, None);
    }
    if args.dry_run {
        return show(context, &plan, &workspace, git.as_ref());
    }
    if !context.json() {
        context.ui().table(&table(&plan))?;
        constraint_lines(context, &plan).iter().try_for_each(|line| context.ui().data(line))?;
    }
    let done = bump::carry_out(&plan, &workspace, committing.flatten(), Arc::new(|_| ()));
    let done = done.map_err(|error| failed(context, error))?;
    report(context, &plan, &done)
}

/// Reads the words: levels first, then packages.
fn asked(args: &BumpArgs, workspace: &Workspace) -> Result<(VersionChange, Vec<String>), CommandError> {
    let usage = |message: String| CommandError::message(Failure::Usage, message);
    let known = |word: &&String| word.as_str() == "auto" || word.parse::<Level>().is_ok();
    let count = if args.new_version.is_some() { 0 } else { args.words.iter().take_while(known).count() };
    let (levels, packages) = args.words.split_at(count);
    for word in levels.iter().skip(1) {
        let named = |member: &&pyrel_project::Member| member.name() == Some(word.as_str());
        if let Some(member) = workspace.members().iter().find(named) {
            let directory = member.relative().display().to_string();
            let hint = format!(
                "for the package, write `{directory}`; for the level, `--pre-release` or put it first"
            );
            return Err(usage(format!("`{word}` is a level and also a package")).hint(Some(hint)));
        }
    }
    let pre_release = args.pre_release.as_deref().and_then(|word| word.parse::<Level>().ok());
    let change = if let Some(text) = &args.new_version {
        let version = bump::parse_version(text).map_err(|error| CommandError::new(Failure::Usage, error))?;
        VersionChange::Exact(version)
    } else if levels.iter().any(|word| word == "auto") {
        if levels.len() > 1 {
            return Err(usage("`auto` finds the level itself and takes no other".to_owned())
                .hint(Some("for a pre-release of what it finds, add `--pre-release rc`")));
        }
        VersionChange::Auto { pre_release }
    } else {
        let levels = levels.iter().filter_map(|word| word.parse().ok()).chain(pre_release);
        VersionChange::Levels(levels.collect())
    };
    if change == VersionChange::Levels(Vec::new()) {
        return Err(no_level(args, workspace));
    }
    Ok((change, packages.to_vec()))
}

fn no_level(args: &BumpArgs, workspace: &Workspace) -> CommandError {
    let words: Vec<&str> = Level::ALL.iter().map(|level| level.as_str()).chain(["auto"]).collect();
    let first = args.words.first().map(String::as_str);
    let is_package = |word: &str| workspace.members().iter().any(|member| member.name() == Some(word));
    let hint =
        match first.filter(|word| !is_package(word)).and_then(|word| nearest(word, words.iter().copied())) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("levels are `{}`; or name the version: `--version 1.2.0`", words.join("`, `")),
        };
    let message = match first {
        Some(word) => format!("a level must come first, not `{word}`"),
        None => "a level is missing".to_owned(),
    };
    CommandError::message(Failure::Usage, message).hint(Some(hint))
}

/// Makes sure that the bump may be committed. A dry run only says that it may not.
fn committing<'g>(
    args: &BumpArgs,
    context: &Context,
    workspace: &Workspace,
    git: Option<&'g Git>,
) -> Result<Option<&'g Git>, CommandError> {
    let checked = match git {
        Some(git) => bump::check_repository(git, workspace.config()),
        None => Err(bump::Precondition::NoRepository { directory: workspace.root().to_path_buf() }.into()),
    };
    match checked {
        Ok(()) => Ok(git),
        Err(error @ BumpError::Refused(_)) if args.dry_run => {
            context.ui().warning(&format!("the bump itself would be refused: {error}"), None);
            Ok(None)
        }
        Err(error) => Err(failed(context, error)),
    }
}

fn recover(context: &Context, root: &Path) -> CommandResult {
    let Some(recovered) = bring_to_end(context, root)? else { return Ok(()) };
    // Whatever else was interrupted does not stand in the way of a bump.
    if recovered.completed && recovered.kind.starts_with("bump") {
        let message = format!(
            "the interrupted `pyrel {}` was completed, so that this may not be wanted",
            recovered.kind
        );
        return Err(CommandError::message(Failure::Refused, message).hint(Some(
            "look at the versions with `pyrel info`, then run the command again if you want to",
        )));
    }
    Ok(())
}

/// Brings whatever was interrupted while it wrote to an end, and says to which.
pub(super) fn bring_to_end(context: &Context, root: &Path) -> Result<Option<Recovered>, CommandError> {
    let recovered = bump::recover(root).map_err(|error| failed(context, error))?;
    if let Some(recovered) = &recovered {
        let text =
            format!("an interrupted `pyrel {}`; the tree is as {} it", recovered.kind, side(recovered));
        context.ui().status(Tone::Done, "Recovered", &text);
    }
    Ok(recovered)
}

/// Does what `--recover` asks for: `command` is the one that has the flag.
pub(super) fn recover_only(context: &Context, root: &Path, command: &str) -> CommandResult {
    let recovered = bring_to_end(context, root)?;
    if recovered.is_none() {
        context.ui().status(Tone::Done, "Recovered", &format!("nothing: no {command} was interrupted"));
    }
    if !context.json() {
        return Ok(());
    }
    let value = recovered.map(|recovered| json!({"kind": recovered.kind, "state": side(&recovered)}));
    context.ui().json(&json!({"schema": 1, "recovered": value}))
}

fn side(recovered: &Recovered) -> &'static str {
    if recovered.completed { "after" } else { "before" }
}

fn undo(context: &Context, root: &Path) -> CommandResult {
    let undone = bump::undo(root, !context.offline(), Arc::new(|_| ()));
    let undone = undone.map_err(|error| failed(context, error))?;
    for (package, version) in &undone.packages {
        context.ui().status(Tone::Done, "Took back", &format!("{package} {version}"));
    }
    if !undone.tags.is_empty() {
        context.ui().status(Tone::Done, "Untagged", &undone.tags.join(", "));
    }
    if context.json() {
        let packages: Vec<Value> =
            undone.packages.iter().map(|(name, version)| json!({"name": name, "version": version})).collect();
        return context.ui().json(&json!({
            "schema": 1,
            "undone": packages,
            "commit": undone.commit,
            "tags": undone.tags,
        }));
    }
    Ok(())
}

fn nothing_to_do(args: &BumpArgs, context: &Context, packages: usize) -> CommandResult {
    if context.json() {
        return context.ui().json(&json!({
            "schema": 1, "dry_run": args.dry_run, "packages": [], "constraints": [], "tags": [], "commit": null,
        }));
    }
    let text = format!("the commits ask for no release of {}", plural(packages, "package"));
    context.ui().status(Tone::Done, "Unchanged", &text);
    Ok(())
}

/// Shows what would be done: the table beside, the diff as data.
fn show(context: &Context, plan: &BumpPlan, workspace: &Workspace, git: Option<&Git>) -> CommandResult {
    let base = git.map_or(workspace.root(), Git::top_level);
    let diff = plan.edits.diff(base);
    if context.json() {
        let mut document = document(plan, None);
        document["dry_run"] = Value::Bool(true);
        document["diff"] = Value::String(String::from_utf8_lossy(&diff).into_owned());
        return context.ui().json(&document);
    }
    for line in table(plan).lines().iter().chain(&constraint_lines(context, plan)) {
        context.ui().note(line);
    }
    context.ui().raw(&diff)
}

fn report(context: &Context, plan: &BumpPlan, done: &Bumped) -> CommandResult {
    let files = plan.edits.paths().len();
    context.ui().status(Tone::Done, "Wrote", &plural(files, "file"));
    if let Some(commit) = &done.commit {
        let subject = plan.message.lines().next().unwrap_or_default();
        context.ui().status(
            Tone::Done,
            "Committed",
            &format!("{} {subject}", commit.get(..7).unwrap_or(commit)),
        );
    }
    if !done.tags.is_empty() {
        context.ui().status(Tone::Done, "Tagged", &done.tags.join(", "));
        context.ui().hint("`pyrel bump --undo` takes it back; `git push --follow-tags` makes it final");
    }
    if context.json() { context.ui().json(&document(plan, Some(done))) } else { Ok(()) }
}

fn table(plan: &BumpPlan) -> Table {
    let mut table = Table::new(&[
        ("package", Align::Left),
        ("from", Align::Left),
        ("to", Align::Left),
        ("why", Align::Left),
        ("tag", Align::Left),
    ]);
    for package in &plan.packages {
        let plain = |text: String| (text, Style::new());
        let new = Tone::Done.style();
        table.row(vec![
            plain(package.name.to_string()),
            plain(package.from.as_ref().map_or_else(|| "-".to_owned(), Version::to_string)),
            (package.to.to_string(), new),
            plain(why(&package.reason)),
            plain(package.tag.clone().unwrap_or_else(|| "-".to_owned())),
        ]);
    }
    table
}

fn why(reason: &Reason) -> String {
    match reason {
        Reason::Asked => "asked for".to_owned(),
        Reason::Commits { count, weight } => format!("{weight}: {}", plural(*count, "commit")),
        Reason::Together(with) => format!("shares the version of {with}"),
        Reason::Dependency(on) => format!("needs the new {on}"),
    }
}

fn constraint_lines(context: &Context, plan: &BumpPlan) -> Vec<String> {
    let line = |change: &ConstraintChange| {
        let place = format!("{}:{}", context.shown(&change.path), change.line);
        format!("{place}  {}  ->  {}", change.from, change.to)
    };
    plan.constraints.iter().map(line).collect()
}

fn document(plan: &BumpPlan, done: Option<&Bumped>) -> Value {
    let package = |package: &PackageBump| {
        json!({
            "name": package.name,
            "from": package.from,
            "to": package.to,
            "reason": reason(&package.reason),
            "tag": package.tag,
            "files": package.files,
            "notes": package.notes,
        })
    };
    let constraint = |change: &ConstraintChange| {
        json!({
            "package": change.package,
            "dependency": change.dependency,
            "path": change.path,
            "line": change.line,
            "from": change.from,
            "to": change.to,
        })
    };
    json!({
        "schema": 1,
        "dry_run": false,
        "packages": plan.packages.iter().map(package).collect::<Vec<_>>(),
        "constraints": plan.constraints.iter().map(constraint).collect::<Vec<_>>(),
        "message": plan.message,
        "tags": plan.tags.iter().map(|(tag, _)| tag).collect::<Vec<_>>(),
        "commit": done.and_then(|done| done.commit.clone()),
        "warnings": plan.warnings,
    })
}

fn reason(reason: &Reason) -> Value {
    match reason {
        Reason::Asked => json!({"kind": "asked"}),
        Reason::Commits { count, weight } => json!({"kind": "commits", "count": count, "weight": weight}),
        Reason::Together(with) => json!({"kind": "together", "package": with}),
        Reason::Dependency(on) => json!({"kind": "dependency", "package": on}),
    }
}

fn failed(context: &Context, error: BumpError) -> CommandError {
    if let BumpError::File(diagnostic) = error {
        return context.located(*diagnostic);
    }
    if let BumpError::Mismatch { package, places } = &error {
        let place =
            |place: &Place| format!("`{}` in {}:{}", place.written, context.shown(&place.path), place.line);
        let list = places.iter().map(place).collect::<Vec<_>>().join(", ");
        let message = format!("the version of `{package}` is not the same everywhere: {list}");
        return CommandError::message(Failure::Refused, message).hint(error.hint());
    }
    let failure = match &error {
        BumpError::Edit(EditError::NotRestored { .. }) => Failure::Partial,
        BumpError::NotHigher { .. } | BumpError::Refused(_) | BumpError::Edit(_) | BumpError::Git(_) => {
            Failure::Refused
        }
        _ => Failure::Usage,
    };
    let hint = error.hint();
    CommandError::new(failure, error).hint(hint)
}
