//! What a run needs from this machine: how to build, how to install, which index proves staging.

use std::time::Duration;

use pyrel_build::Interpreter;
use pyrel_index::IndexSpec;
use pyrel_model::Requirement;
use pyrel_project::{DependencyKind, Package, Workspace};
use pyrel_release::credentials::ReadableIndex;
use pyrel_release::release::BuildOptions;
use pyrel_release::verify::VerifySettings;

use super::account::find_readable;
use crate::context::Context;
use crate::exit::{CommandError, Failure};
use crate::{bounder, builder};

/// How long one import or script of a verified package may take.
const TRIAL: Duration = Duration::from_secs(60);

/// Returns how packages are built in a run: with one time for all of them, the latest of their own.
pub(crate) fn build_options(
    context: &Context,
    workspace: &Workspace,
    packages: &[&Package],
) -> Result<BuildOptions, CommandError> {
    let times = packages.iter().map(|package| builder::source_date(context, None, package));
    let source_date = times.collect::<Result<Vec<u64>, _>>()?.into_iter().max().unwrap_or_default();
    let bounds = bounder::bound(context, workspace, packages)?;
    bounds.warn(context);
    Ok(BuildOptions {
        source_date,
        force_pep517: false,
        python: builder::python_settings(context),
        variables: context.environment().for_backends().clone(),
        bounded: bounds.into_packages(),
    })
}

/// Returns how what was uploaded is installed and tried.
pub(crate) fn verify_settings(
    context: &Context,
    workspace: &Workspace,
    pythons: &[String],
) -> Result<VerifySettings, CommandError> {
    let python = builder::python_settings(context);
    let configs = workspace.config().packages.iter();
    Ok(VerifySettings {
        interpreters: interpreters(context, pythons)?,
        uv: python.uv,
        third_party_index: Some(third_party_index(context, workspace)),
        offline: context.offline(),
        siblings: workspace.packages().map(|package| (package.name.clone(), siblings(package))).collect(),
        no_proxy: ["NO_PROXY", "no_proxy"]
            .into_iter()
            .find_map(|name| context.environment().get(name))
            .map(str::to_owned),
        cache_dir: None,
        commands: configs.map(|(name, config)| (name.clone(), config.verify.clone())).collect(),
        path: context.environment().get("PATH").map(Into::into),
        jobs: context.jobs(),
        timeout: TRIAL,
    })
}

/// Returns what a package needs of the workspace to run.
fn siblings(package: &Package) -> Vec<Requirement> {
    let runtime = package.internal.iter().filter(|inner| inner.kind == DependencyKind::Runtime);
    runtime.map(|inner| inner.requirement.clone()).collect()
}

fn interpreters(context: &Context, pythons: &[String]) -> Result<Vec<Interpreter>, CommandError> {
    let path = context.environment().path();
    let wanted: Vec<Option<&str>> = if pythons.is_empty() {
        vec![None]
    } else {
        pythons.iter().map(|python| Some(python.as_str())).collect()
    };
    let find = |wanted| {
        Interpreter::find(&path, wanted).map_err(|error| {
            let hint = error.hint();
            CommandError::new(Failure::Usage, error).hint(hint)
        })
    };
    wanted.into_iter().map(find).collect()
}

/// Returns where third-party packages come from: the installer's own setting, else PyPI.
fn third_party_index(context: &Context, workspace: &Workspace) -> String {
    let named = ["PYREL_PYTHON_INDEX", "UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL"];
    let given = named.into_iter().find_map(|name| context.environment().get(name));
    let pypi = || workspace.config().indexes.get("pypi").map(|index| index.simple_url.clone());
    given.map(str::to_owned).or_else(pypi).unwrap_or_default()
}

/// Returns the index that proves staging, for uploads to a production index.
pub(crate) fn proof_of(
    context: &Context,
    workspace: &Workspace,
    target: &IndexSpec,
) -> Result<Option<ReadableIndex>, CommandError> {
    if target.production { find_readable(context, workspace, "testpypi").map(Some) } else { Ok(None) }
}
