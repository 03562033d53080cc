//! `pyrel build`: sdists, and wheels from what the sdists hold.

use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use pyrel_build::{BuildRequest, Kinds, PythonSettings};
use pyrel_model::Artifact;
use pyrel_project::{Package, Workspace};
use serde_json::{Value, json};

use crate::builder;
use crate::cli::SelectionArgs;
use crate::context::Context;
use crate::exit::{CommandError, CommandResult, Failure};
use crate::ui::{Tone, duration, plural};
use crate::{bounder, listing, reproduction};

/// Build sdists and wheels
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  pyrel build my-package --out-dir /tmp/out")]
pub(crate) struct BuildArgs {
    #[command(flatten)]
    selection: SelectionArgs,
    #[command(flatten)]
    options: BuildOptions,
    /// Build also what did not change since the last build
    #[arg(long)]
    rebuild: bool,
    /// Show what the files would hold, and write none
    #[arg(long, conflicts_with = "verify_reproducible")]
    list: bool,
    /// Build each package again, twice, from copies that differ in place, order, times, and permissions, and
    /// compare
    #[arg(long)]
    verify_reproducible: bool,
}

/// What decides how packages are built.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct BuildOptions {
    /// Only the sdist
    #[arg(long, conflicts_with = "wheel")]
    pub(crate) sdist: bool,
    /// Only the wheel
    #[arg(long)]
    pub(crate) wheel: bool,
    /// Put the files here instead of each package's `dist`
    #[arg(long, value_name = "DIR")]
    pub(crate) out_dir: Option<PathBuf>,
    /// Use each project's own backend, never the native build
    #[arg(long)]
    pub(crate) force_pep517: bool,
    /// Refuse packages that only their own backend can build
    #[arg(long, conflicts_with = "force_pep517")]
    pub(crate) native_only: bool,
    /// The time stamped on every file, in seconds since 1970
    /// [default: `SOURCE_DATE_EPOCH`, else the last commit, else 1980-01-01]
    #[arg(long, value_name = "T")]
    pub(crate) source_date_epoch: Option<u64>,
}

/// Runs the command.
pub(crate) fn run(args: &BuildArgs, context: &Context) -> CommandResult {
    let started = Instant::now();
    let workspace = context.workspace()?;
    let selection = context.select(&workspace, &args.selection)?;
    let bounds = bounder::bound(context, &workspace, selection.packages())?;
    let packages = bounds.over(selection.packages());
    bounds.show(context);
    bounds.warn(context);
    let python = builder::python_settings(context);
    let requests = requests(context, &packages, &args.options, &python)?;
    if args.options.native_only {
        builder::require_native(context, &requests)?;
    }
    if args.list {
        return listing::show(context, &requests);
    }
    let memory = builder::memory(context, workspace.root(), args.rebuild);
    let artifacts = builder::build(context, &requests, memory.as_ref())?;
    let shown: &[Artifact] = if context.json() { &artifacts } else { &[] };
    let mut document = json!({
        "schema": 1,
        "artifacts": shown.iter().map(to_json).collect::<Vec<Value>>(),
    });
    if bounds.is_asked_for {
        document["bounds"] = json!(bounds.to_json(context));
    }
    let mut reproducible = true;
    if args.verify_reproducible {
        let differences = reproduction::verify(context, &requests, &artifacts)?;
        reproducible = differences.is_empty();
        document["reproducible"] = json!(reproducible);
        document["differences"] = json!(differences);
        document["tree_differences"] = json!(reproduction::compare_with_tree(context, &requests)?);
    }
    if context.json() {
        context.ui().json(&document)?;
    }
    if !reproducible {
        return Err(CommandError::silent(Failure::Findings));
    }
    if context.json() {
        return Ok(());
    }
    let text = format!(
        "{} of {} in {}",
        plural(artifacts.len(), "file"),
        plural(packages.len(), "package"),
        duration(started.elapsed())
    );
    context.ui().status(Tone::Done, "Finished", &text);
    Ok(())
}

/// Builds packages for another purpose than the files themselves, each with a result of its own, in order.
pub(crate) fn build_each(
    context: &Context,
    workspace: &Workspace,
    packages: &[&Package],
    options: &BuildOptions,
) -> Result<Vec<Result<Vec<Artifact>, CommandError>>, CommandError> {
    let bounds = bounder::bound(context, workspace, packages)?;
    let python = builder::python_settings(context);
    Ok(builder::build_each(context, &requests(context, &bounds.over(packages), options, &python)?))
}

fn requests<'a>(
    context: &'a Context,
    packages: &[&'a Package],
    options: &BuildOptions,
    python: &'a PythonSettings,
) -> Result<Vec<BuildRequest<'a>>, CommandError> {
    let kinds = Kinds { sdist: !options.wheel, wheel: !options.sdist };
    let request = |package: &&'a Package| {
        Ok(BuildRequest {
            package,
            kinds,
            out_dir: match &options.out_dir {
                Some(folder) => context.directory().join(folder),
                None => package.dist_dir(),
            },
            force_pep517: options.force_pep517,
            source_date: builder::source_date(context, options.source_date_epoch, package)?,
            python,
            variables: context.environment().for_backends(),
        })
    };
    packages.iter().map(request).collect()
}

fn to_json(artifact: &Artifact) -> Value {
    let dialect = match &artifact.builder {
        pyrel_model::Builder::Native { dialect } => Value::from(*dialect),
        pyrel_model::Builder::Pep517 { .. } => Value::Null,
    };
    json!({
        "package": artifact.package,
        "version": artifact.version,
        "kind": artifact.kind,
        "path": artifact.path,
        "size": artifact.size,
        "sha256": artifact.sha256,
        "builder": artifact.builder.as_str(),
        "dialect": dialect,
    })
}
