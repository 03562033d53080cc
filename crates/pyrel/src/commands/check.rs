//! `pyrel check`: every rule on every distribution.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;
use fs_err as fs;
use pyrel_dist::{CheckOptions, CheckReport, Dist};
use pyrel_index::Certificates;
use pyrel_model::{PackageName, Version};
use pyrel_project::{Package, Workspace};
use pyrel_release::attest::attestations_beside;
use pyrel_release::online::online;
use pyrel_release::remote::IndexView;

use crate::cli::NarrowArgs;
use crate::context::Context;
use crate::exit::{CommandError, CommandResult, Failure};
use crate::releaser::{find_readable, require_network};
use crate::ui::{Tone, duration, plural};
use crate::verdict::{self, Sources};
use crate::{checker, remote, runtime};

/// Check distributions as strictly as PyPI does
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  pyrel check --strict\n  pyrel check dist/*.whl --format json\n  pyrel check --format sarif > check.sarif\n  pyrel check --explain secret-token"
)]
pub(crate) struct CheckArgs {
    /// Packages whose built files are checked, or files
    #[arg(value_name = "PACKAGE|FILE")]
    targets: Vec<String>,
    #[command(flatten)]
    narrow: NarrowArgs,
    /// Warnings fail too
    #[arg(long)]
    strict: bool,
    /// Also ask the index what it has of the projects
    #[arg(long)]
    online: bool,
    /// The index that is asked
    #[arg(long, value_name = "NAME", default_value = "pypi", requires = "online")]
    index: String,
    /// Write the page that PyPI would make of the description of the one file checked
    #[arg(long, value_name = "FILE")]
    render: Option<PathBuf>,
    /// Say what a rule looks at and why, and check nothing
    #[arg(long, value_name = "RULE", conflicts_with_all = ["targets", "strict", "exclude", "changed", "online", "render"])]
    explain: Option<String>,
}

/// Runs the command.
pub(crate) fn run(args: &CheckArgs, context: &Context) -> CommandResult {
    if let Some(rule) = &args.explain {
        return verdict::explain(context, rule);
    }
    let started = Instant::now();
    let (files, names): (Vec<&String>, Vec<&String>) =
        args.targets.iter().partition(|target| is_file(context.directory(), target));
    let mut paths: Vec<PathBuf> = files.iter().map(|file| context.directory().join(file)).collect();
    let mut options = CheckOptions { strict: args.strict, ..CheckOptions::default() };
    let mut sources = Sources::default();
    if files.is_empty() || !names.is_empty() {
        let workspace = context.workspace()?;
        let names: Vec<String> = names.into_iter().cloned().collect();
        options = checker::options(context, &workspace, args.strict)?;
        sources = Sources::of(&workspace);
        paths.extend(built(context, &workspace, &names, &args.narrow)?);
    }
    if args.render.is_some() && paths.len() != 1 {
        let message = format!("`--render` writes the page of one file, and {} are checked", paths.len());
        let hint = "name one file, such as `pyrel check dist/demo-1.0.tar.gz --render page.html`";
        return Err(CommandError::message(Failure::Usage, message).hint(Some(hint.to_owned())));
    }
    let mut report = checker::check(context, &paths, &options);
    if args.online {
        ask(context, &args.index, (&mut report, &options))?;
    }
    verdict::show(context, &report, args.strict, &sources)?;
    if !context.json() {
        let mut text = format!("{} in {}", plural(report.files.len(), "file"), duration(started.elapsed()));
        let findings = verdict::count(&report);
        if !findings.is_empty() {
            text = format!("{text}: {findings}");
        }
        context.ui().status(Tone::Done, "Checked", &text);
    }
    if let Some(path) = &args.render {
        render(context, &report, path)?;
    }
    if report.ok(args.strict) { Ok(()) } else { Err(CommandError::silent(Failure::Findings)) }
}

/// Writes the page that PyPI would make of the description; where there is none, nothing is written.
fn render(context: &Context, report: &CheckReport, path: &Path) -> CommandResult {
    let dist = report.files.first().and_then(|file| file.dist.as_ref());
    let Some(page) = dist.and_then(Dist::description_page) else {
        let text = format!("`{}` is not written: PyPI would show no description", path.display());
        context.ui().warning(&text, None);
        return Ok(());
    };
    let path = context.directory().join(path);
    let document = format!("<!doctype html>\n<meta charset=\"utf-8\">\n{page}");
    fs::write(&path, document)
        .map_err(|error| CommandError::new(Failure::Usage, anyhow::Error::new(error)))?;
    context.ui().status(Tone::Done, "Wrote", &context.shown(&path));
    Ok(())
}

/// Judges the checked files by what an index has of their projects.
fn ask(
    context: &Context,
    index: &str,
    (report, options): (&mut CheckReport, &CheckOptions),
) -> CommandResult {
    let workspace = context.workspace()?;
    let readable = find_readable(context, &workspace, index)?;
    require_network(context, &readable.spec)?;
    let settings = remote::client_options(context, &workspace, &Certificates::default())?;
    let client = readable.client(&settings).map_err(remote::unreachable)?;
    let names: BTreeSet<PackageName> =
        report.files.iter().filter_map(|file| file.dist.as_ref()?.metadata().name().ok()).collect();
    let now = context.environment().now;
    let online = runtime::block_on(async {
        let view = IndexView::read(&client, &names).await.map_err(remote::unreachable)?;
        Ok(online(&client, &view, report, now).await)
    })?;
    if let Some(error) = online.unknown_names {
        let text = format!("whether names look like others on `{index}` is not known: {error}");
        context.ui().warning(&text, None);
    }
    report.judge_index(&online.facts, options);
    Ok(())
}

/// Returns the built files of the current versions; a package without any is an error.
fn built(
    context: &Context,
    workspace: &Workspace,
    names: &[String],
    narrow: &NarrowArgs,
) -> Result<Vec<PathBuf>, CommandError> {
    let selection = context.select_named(workspace, names, narrow)?;
    let mut paths = Vec::new();
    for package in selection.packages() {
        let files = package.built_files();
        if files.is_empty() {
            return Err(nothing_built(package));
        }
        for file in files {
            let attestations = attestations_beside(&file.path)
                .map_err(|error| CommandError::new(Failure::Usage, anyhow::Error::new(error)))?;
            paths.push(file.path);
            paths.extend(attestations);
        }
    }
    Ok(paths)
}

fn nothing_built(package: &Package) -> CommandError {
    let name = &package.name;
    let versions: Vec<String> = package.built_versions().iter().map(Version::to_string).collect();
    let (message, hint) = if package.version().is_some() || versions.is_empty() {
        (format!("`{name}` has no built files to check"), format!("run `pyrel build {name}`"))
    } else {
        let versions = versions.join(", ");
        let message = format!(
            "the version of `{name}` is not known without a build, and there are files of several: {versions}"
        );
        (message, format!("name the files, or run `pyrel clean {name}` and build again"))
    };
    CommandError::message(Failure::Refused, message).hint(Some(hint))
}

fn is_file(directory: &Path, target: &str) -> bool {
    let looks_so = [".whl", ".gz", ".zip"].iter().any(|extension| target.ends_with(extension));
    looks_so || directory.join(target).is_file()
}
