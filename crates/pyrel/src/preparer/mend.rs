//! What can be mended on the spot: a person is shown the command, and it runs after a yes.

use clap::Parser;
use pyrel_model::PackageName;
use pyrel_release::prepare::{Line, Mend, Readiness, Verdict};

use super::Asked;
use crate::cli::Cli;
use crate::commands;
use crate::context::Context;
use crate::exit::CommandError;
use crate::runtime;
use crate::ui::Answer;

/// Offers to mend what can be mended; true when something was.
///
/// A bump writes the changelog too, so that it is offered first.
pub(crate) fn mend(
    context: &Context,
    readiness: &Readiness,
    asked: &Asked<'_>,
) -> Result<bool, CommandError> {
    let needs = |mend: Mend| -> Vec<&PackageName> {
        let wants = |line: &&Line| line.verdict == Verdict::Failed && line.mend == Some(mend);
        let mut names: Vec<&PackageName> =
            readiness.lines.iter().filter(wants).filter_map(|line| line.package.as_ref()).collect();
        names.dedup();
        names
    };
    let to_bump = needs(Mend::Bump);
    if !to_bump.is_empty() && offer(context, &bump(asked, &to_bump))? {
        return Ok(true);
    }
    let mut mended = false;
    for package in needs(Mend::Changelog) {
        let version = readiness_version(asked, context, package)?;
        let command = ["changelog", "--version", &version, package.normalized()];
        mended |= offer(context, &command.map(str::to_owned))?;
    }
    Ok(mended)
}

fn bump(asked: &Asked<'_>, packages: &[&PackageName]) -> Vec<String> {
    let mut words = vec!["bump".to_owned()];
    match asked.version {
        Some(version) => words.extend(["--version".to_owned(), version.to_string()]),
        None => words.push("auto".to_owned()),
    }
    words.extend(packages.iter().map(|package| package.normalized().to_owned()));
    words
}

/// Returns the version that is to be released, as it stands now.
fn readiness_version(
    asked: &Asked<'_>,
    context: &Context,
    package: &PackageName,
) -> Result<String, CommandError> {
    let workspace = context.workspace()?;
    let own = workspace.package(package).and_then(|package| package.version());
    Ok(asked.version.or(own).map(ToString::to_string).unwrap_or_default())
}

/// Asks whether a command may run, and runs it; what it has to say against it is shown.
fn offer(context: &Context, words: &[String]) -> Result<bool, CommandError> {
    let shown = format!("pyrel {}", words.join(" "));
    let question = format!("run `{shown}` now?");
    if runtime::at_question(|| context.ui().ask_yes(&question))? == Answer::No {
        return Ok(false);
    }
    let all = std::iter::once("pyrel").chain(words.iter().map(String::as_str));
    let cli =
        Cli::try_parse_from(all).map_err(|error| CommandError::new(crate::exit::Failure::Internal, error))?;
    match commands::run(&cli, context) {
        Ok(()) => Ok(true),
        Err(error) => {
            context.ui().error(&error);
            Ok(false)
        }
    }
}
