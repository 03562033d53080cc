//! `pyrel man`: manual pages, generated from the same table as `--help`.

use std::path::PathBuf;

use clap::{Args, CommandFactory};
use clap_mangen::Man;
use fs_err as fs;

use crate::cli::Cli;
use crate::context::Context;
use crate::exit::{CommandError, CommandResult, Failure};
use crate::ui::{Tone, plural};

/// Print the manual page, or write one page for each command into a folder
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  pyrel man | man -l -\n  pyrel man --out-dir ~/.local/share/man/man1")]
pub(crate) struct ManArgs {
    /// Write `pyrel.1`, `pyrel-build.1`, … into this folder
    #[arg(long, value_name = "DIR")]
    out_dir: Option<PathBuf>,
}

/// Runs the command.
pub(crate) fn run(args: &ManArgs, context: &Context) -> CommandResult {
    let mut root = Cli::command();
    root.build();
    let Some(folder) = &args.out_dir else {
        return context.ui().raw(&page(root)?);
    };
    let folder = context.directory().join(folder);
    let write = || -> std::io::Result<usize> {
        fs::create_dir_all(&folder)?;
        clap_mangen::generate_to(Cli::command(), &folder)?;
        Ok(fs::read_dir(&folder)?.count())
    };
    let pages = write().map_err(|error| CommandError::new(Failure::Usage, error))?;
    let text = format!("{} to {}", plural(pages, "page"), context.shown(&folder));
    context.ui().status(Tone::Done, "Wrote", &text);
    Ok(())
}

fn page(command: clap::Command) -> Result<Vec<u8>, CommandError> {
    let mut text = Vec::new();
    Man::new(command).render(&mut text)?;
    Ok(text)
}
