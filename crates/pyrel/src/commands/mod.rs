//! The commands: one file a verb, each with its arguments, their meaning, and `run`.
//!
//! To add one: a file here, a variant in [`crate::cli::Command`], an arm below, a file in `tests/it/`. Logic
//! beyond a screenful belongs in a library crate.

pub(crate) mod adopt;
pub(crate) mod auth;
pub(crate) mod auth_bootstrap;
pub(crate) mod build;
pub(crate) mod bump;
pub(crate) mod changelog;
pub(crate) mod check;
pub(crate) mod clean;
pub(crate) mod completions;
pub(crate) mod graph;
pub(crate) mod index;
pub(crate) mod info;
pub(crate) mod journal;
pub(crate) mod man;
pub(crate) mod plan;
pub(crate) mod prepare;
pub(crate) mod publish;
pub(crate) mod publish_test;
pub(crate) mod rehearse;
pub(crate) mod test;
pub(crate) mod upload;
pub(crate) mod upload_test;
pub(crate) mod verify;

use crate::cli::{Cli, Command, Format};
use crate::context::Context;
use crate::exit::{CommandError, CommandResult, Failure};

/// Runs the command that was typed.
pub(crate) fn run(cli: &Cli, context: &Context) -> CommandResult {
    let drawn = matches!(context.format(), Format::Text | Format::Mermaid | Format::Dot | Format::Svg);
    if drawn && !matches!(cli.command, Command::Graph(_)) {
        let message = "`--format` takes `text`, `mermaid`, `dot`, and `svg` only with `graph`";
        return Err(CommandError::message(Failure::Usage, message).hint(Some("use `human` or `json`")));
    }
    if context.format() == Format::Sarif && !matches!(cli.command, Command::Check(_)) {
        let message = "`--format` takes `sarif` only with `check`";
        return Err(CommandError::message(Failure::Usage, message).hint(Some("use `human` or `json`")));
    }
    match &cli.command {
        Command::Info(args) => info::run(args, context),
        Command::Graph(args) => graph::run(args, context),
        Command::Build(args) => build::run(args, context),
        Command::Bump(args) => bump::run(args, context),
        Command::Test(args) => test::run(args, context),
        Command::Check(args) => check::run(args, context),
        Command::Changelog(args) => changelog::run(args, context),
        Command::Clean(args) => clean::run(args, context),
        Command::Prepare(args) => prepare::run(args, context),
        Command::Plan(args) => plan::run(args, context),
        Command::UploadTest(args) => upload_test::run(args, context),
        Command::Upload(args) => upload::run(args, context),
        Command::PublishTest(args) => publish_test::run(args, context),
        Command::Publish(args) => publish::run(args, context),
        Command::Verify(args) => verify::run(args, context),
        Command::Rehearse(args) => rehearse::run(args, context),
        Command::Adopt(args) => adopt::run(args, context),
        Command::Auth(command) => auth::run(command, context),
        Command::Journal(command) => journal::run(command, context),
        Command::Index(command) => index::run(command, context),
        Command::Completions(args) => completions::run(args, context),
        Command::Man(args) => man::run(args, context),
    }
}
