//! `pyrel adopt`: turns a project that is no standard package yet into one. The plan and its execution are the
//! library's; here a person sees it and agrees.

use std::path::{Path, PathBuf};

use clap::Args;
use pyrel_model::{Level, Location, PackageName, Version};
use pyrel_project::adopt::{
    AdoptError, AdoptRequest, Adoption, Finding, Plan, Surroundings, Tree, Wishes, plan,
};
use pyrel_project::edit::Recovery;
use pyrel_project::{EditError, Git};
use serde_json::{Value, json};

use crate::context::Context;
use crate::exit::{CommandError, CommandResult, Failure};
use crate::ui::{Answer, Tone, plural};

/// Turn a project that is no standard package yet into one that `pipx run` and `uvx` can start
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  pyrel adopt --dry-run --license MIT     what would move and change, and why\n  pyrel adopt --license MIT"
)]
pub(crate) struct AdoptArgs {
    /// The project's directory [default: the working directory]
    #[arg(value_name = "DIR")]
    project: Option<PathBuf>,
    /// Print moves and changes as a diff that `git apply` takes, and write nothing
    #[arg(long)]
    dry_run: bool,
    /// Agree in advance
    #[arg(long)]
    yes: bool,
    /// Go on with changes that are not committed
    #[arg(long)]
    allow_dirty: bool,
    /// Take the last adoption back
    #[arg(long, conflicts_with_all = ["dry_run", "name", "license", "entry"])]
    undo: bool,
    #[command(flatten)]
    wishes: WishArgs,
}

/// What a person decides where no file does.
#[derive(Debug, Args)]
struct WishArgs {
    /// The project's name [default: what its files say, else the repository's name]
    #[arg(long)]
    name: Option<PackageName>,
    /// The version to start from when no file says one [default: 0.1.0]
    #[arg(long, value_name = "VERSION")]
    initial_version: Option<Version>,
    /// The licence, as an SPDX expression
    #[arg(long, value_name = "SPDX")]
    license: Option<String>,
    /// Who holds the copyright [default: the first author, else `user.name` of git]
    #[arg(long, value_name = "NAME")]
    holder: Option<String>,
    /// What starts the program: a file, `MODULE`, or `MODULE:FUNCTION`
    #[arg(long)]
    entry: Option<String>,
    /// Take the version from the tags of git
    #[arg(long)]
    version_from_git: bool,
    /// Declare `>=1.2.3,<2` where a requirements file has `==1.2.3`
    #[arg(long)]
    loosen: bool,
}

/// Runs the command.
pub(crate) fn run(args: &AdoptArgs, context: &Context) -> CommandResult {
    let root = root(args, context)?;
    let git = Git::discover(&root);
    recover(&root, git.as_ref(), context)?;
    if args.undo {
        return undo(&root, git.as_ref(), context);
    }
    let tree = Tree::read(&root).map_err(|error| failed(error, context))?;
    let request = request(args, tree.root(), git.as_ref(), context)?;
    let plan = plan(&tree, &request).map_err(|error| failed(error, context))?;
    let adoption = Adoption::new(&plan, git.clone());
    if plan.is_empty() {
        let text = format!("`{}` is a standard package already: nothing to do", plan.name);
        context.ui().status(Tone::Done, "Unchanged", &text);
        return report(&plan, None, args, context);
    }
    let diff = adoption.diff(&tree).map_err(|error| failed(error, context))?;
    show(&plan, context);
    if args.dry_run {
        return report(&plan, Some(&diff), args, context);
    }
    if !args.allow_dirty {
        refuse_dirty(git.as_ref(), context)?;
    }
    agree(args, &plan, context)?;
    adoption.carry_out().map_err(|error| failed(error, context))?;
    let text = format!(
        "`{}` is a package: {} moved, {} written",
        plan.name,
        plan.moves.len(),
        plural(plan.changes.len(), "file")
    );
    context.ui().status(Tone::Done, "Adopted", &text);
    context.ui().hint(&format!("look at it with `git diff HEAD`, try it with `pyrel build` and `pyrel check`, take it back with `{}`", undo_command(args)));
    report(&plan, None, args, context)
}

fn undo_command(args: &AdoptArgs) -> String {
    match &args.project {
        Some(project) => format!("pyrel adopt {} --undo", project.display()),
        None => "pyrel adopt --undo".to_owned(),
    }
}

/// Returns the project's directory.
fn root(args: &AdoptArgs, context: &Context) -> Result<PathBuf, CommandError> {
    let directory = match &args.project {
        Some(project) => context.directory().join(project),
        None => context.directory().to_path_buf(),
    };
    if !directory.is_dir() {
        let message = format!("no such directory: `{}`", directory.display());
        return Err(CommandError::message(Failure::Usage, message));
    }
    fs_err::canonicalize(&directory)
        .map_err(|error| CommandError::new(Failure::Usage, anyhow::Error::new(error)))
}

fn request(
    args: &AdoptArgs,
    root: &Path,
    git: Option<&Git>,
    context: &Context,
) -> Result<AdoptRequest, CommandError> {
    let today = context.environment().today().map_err(|text| {
        let message = format!("`SOURCE_DATE_EPOCH` is no number of seconds: `{text}`");
        CommandError::message(Failure::Usage, message)
    })?;
    let wishes = &args.wishes;
    let text = |arguments: &[&str]| {
        let text = git?.text(arguments).ok()?;
        Some(text.trim().to_owned()).filter(|text| !text.is_empty())
    };
    Ok(AdoptRequest {
        wishes: Wishes {
            name: wishes.name.clone(),
            version: wishes.initial_version.clone(),
            license: wishes.license.clone(),
            holder: wishes.holder.clone(),
            entry: wishes.entry.clone(),
            version_from_git: wishes.version_from_git,
            loosen: wishes.loosen,
        },
        surroundings: Surroundings {
            git_user: text(&["config", "user.name"]),
            remote: git.and_then(|git| git.remote_url("origin").ok().flatten()),
            year: today.split('-').next().and_then(|year| year.parse().ok()).unwrap_or_default(),
            is_top: git.is_none_or(|git| git.top_level() == root),
        },
    })
}

/// Ends what an interrupted run began.
fn recover(root: &Path, git: Option<&Git>, context: &Context) -> CommandResult {
    let text = match Adoption::recover(root, git).map_err(|error| failed(error, context))? {
        Some(Recovery::Before { .. }) => "an adoption was interrupted; the project is as it was before",
        Some(Recovery::After { .. }) => "an adoption was interrupted at its end; the project is adopted",
        None => return Ok(()),
    };
    context.ui().status(Tone::Warn, "Recovered", text);
    Ok(())
}

fn undo(root: &Path, git: Option<&Git>, context: &Context) -> CommandResult {
    let Some(undone) = Adoption::undo(root, git).map_err(|error| failed(error, context))? else {
        return Err(CommandError::message(Failure::Usage, "there is no adoption to take back"));
    };
    let text = format!("{} as before, {} moved back", plural(undone.files.len(), "file"), undone.moves.len());
    context.ui().status(Tone::Done, "Undone", &text);
    if context.json() {
        let document = json!({"schema": 1, "undone": true, "files": undone.files, "moves": undone.moves});
        return context.ui().json(&document);
    }
    Ok(())
}

fn refuse_dirty(git: Option<&Git>, context: &Context) -> CommandResult {
    let Some(git) = git else { return Ok(()) };
    let changed = git.uncommitted().map_err(|error| {
        let hint = error.hint();
        CommandError::new(Failure::Usage, error).hint(hint)
    })?;
    let Some(first) = changed.first() else { return Ok(()) };
    let message =
        format!("{} not committed, such as `{}`", plural(changed.len(), "change"), context.shown(first));
    let hint = "commit first, so that the adoption is a change of its own; or give `--allow-dirty`";
    Err(CommandError::message(Failure::Refused, message).hint(Some(hint)))
}

fn agree(args: &AdoptArgs, plan: &Plan, context: &Context) -> CommandResult {
    if args.yes {
        return Ok(());
    }
    let refused = |message: &str| CommandError::message(Failure::Refused, message);
    if !context.ui().settings().interactive {
        let error = refused("nobody agreed to the changes, and nobody can be asked");
        return Err(error.hint(Some("look at them with `--dry-run`, then give `--yes`")));
    }
    let question = format!(
        "Make {} and change {}?",
        plural(plan.moves.len(), "move"),
        plural(plan.changes.len(), "file")
    );
    match context.ui().ask_yes(&question)? {
        Answer::Yes => Ok(()),
        Answer::No => Err(refused("not agreed: nothing was changed")),
    }
}

/// Shows what will be done and why; the moves first.
fn show(plan: &Plan, context: &Context) {
    let ui = context.ui();
    ui.status(
        Tone::Busy,
        "Found",
        &format!("{}; the package will be `{}`, imported as `{}`", plan.shape, plan.name, plan.package),
    );
    for one in &plan.moves {
        ui.status(Tone::Busy, "Move", &format!("{} -> {}", one.from, one.to));
    }
    for change in &plan.changes {
        let after = plan.path_after(&change.path);
        let verb = match (&change.before, &change.after) {
            (None, _) => "Create",
            (_, None) => "Remove",
            _ => "Change",
        };
        ui.status(Tone::Busy, verb, &after);
    }
    for step in &plan.steps {
        ui.status(Tone::Busy, "Because", &format!("{}: {}", step.what, step.why));
    }
    for finding in &plan.findings {
        show_finding(finding, plan, context);
    }
}

fn show_finding(finding: &Finding, plan: &Plan, context: &Context) {
    let ui = context.ui();
    let place = finding.place();
    let text =
        if place.is_empty() { finding.message.clone() } else { format!("{place}: {}", finding.message) };
    let text = match &finding.hint {
        Some(hint) => format!("{text} ({hint})"),
        None => text,
    };
    let location = finding.path.as_ref().map(|path| {
        let mut location = Location::of_file(&plan.root.join(path));
        location.line = finding.line.unwrap_or_default();
        location
    });
    match finding.level {
        Level::Info => ui.status(Tone::Busy, "Note", &text),
        Level::Warning | Level::Error => ui.warning(&text, location.as_ref()),
    }
}

/// Writes the data of the run.
fn report(plan: &Plan, diff: Option<&[u8]>, args: &AdoptArgs, context: &Context) -> CommandResult {
    if context.json() {
        return context.ui().json(&document(plan, diff, args));
    }
    let Some(diff) = diff else { return Ok(()) };
    for one in &plan.moves {
        context.ui().data(&format!("move {} -> {}", one.from, one.to))?;
    }
    context.ui().raw(diff)
}

fn document(plan: &Plan, diff: Option<&[u8]>, args: &AdoptArgs) -> Value {
    let change = |change: &pyrel_project::adopt::Change| {
        let action = match (&change.before, &change.after) {
            (None, _) => "create",
            (_, None) => "remove",
            _ => "change",
        };
        json!({"path": plan.path_after(&change.path), "action": action})
    };
    json!({
        "schema": 1,
        "root": plan.root,
        "dry_run": args.dry_run,
        "changed": !plan.is_empty() && !args.dry_run,
        "standard": plan.is_standard,
        "shape": plan.shape,
        "name": plan.name,
        "package": plan.package,
        "version": plan.version,
        "moves": plan.moves,
        "files": plan.changes.iter().map(change).collect::<Vec<_>>(),
        "steps": plan.steps,
        "findings": plan.findings,
        "diff": diff.map(String::from_utf8_lossy),
    })
}

fn failed(error: AdoptError, context: &Context) -> CommandError {
    let hint = error.hint();
    let failure = match &error {
        AdoptError::Edit(
            EditError::Changed { .. } | EditError::Busy { .. } | EditError::Interrupted { .. },
        )
        | AdoptError::Occupied { .. }
        | AdoptError::Extensions { .. } => Failure::Refused,
        _ => Failure::Usage,
    };
    match error {
        AdoptError::Broken(diagnostic) => context.located(*diagnostic),
        error => CommandError::new(failure, error).hint(hint),
    }
}
