//! `pyrel build`: sdists, and wheels from what the sdists hold.

use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use pyrel_build::{BuildRequest, Kinds, PythonSettings};
use pyrel_model::Artifact;
use pyrel_project::Package;
use serde_json::{Value, json};

use crate::builder;
use crate::cli::SelectionArgs;
use crate::context::Context;
use crate::exit::{CommandError, CommandResult};
use crate::ui::{Tone, duration, plural};

/// Build sdists and wheels
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  pyrel build my-package --out-dir /tmp/out")]
pub(crate) struct BuildArgs {
    #[command(flatten)]
    selection: SelectionArgs,
    #[command(flatten)]
    options: BuildOptions,
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
    pub force_pep517: bool,
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
    let artifacts = build(context, selection.packages(), &args.options)?;
    if context.json() {
        let rows: Vec<Value> = artifacts.iter().map(to_json).collect();
        return context.ui().json(&json!({"schema": 1, "artifacts": rows}));
    }
    let text = format!(
        "{} of {} in {}",
        plural(artifacts.len(), "file"),
        plural(selection.packages().len(), "package"),
        duration(started.elapsed())
    );
    context.ui().status(Tone::Done, "Finished", &text);
    Ok(())
}

/// Builds packages and says so. Either every file of a package is there afterwards, or none; the error names
/// what failed.
pub(crate) fn build(
    context: &Context,
    packages: &[&Package],
    options: &BuildOptions,
) -> Result<Vec<Artifact>, CommandError> {
    let python = builder::python_settings(context);
    builder::build(context, &requests(context, packages, options, &python)?)
}

/// Builds packages for another purpose than the files themselves.
pub(crate) fn build_silently(
    context: &Context,
    packages: &[&Package],
    options: &BuildOptions,
) -> Result<Vec<Artifact>, CommandError> {
    let python = builder::python_settings(context);
    builder::build_silently(context, &requests(context, packages, options, &python)?)
}

fn requests<'a>(
    context: &Context,
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
