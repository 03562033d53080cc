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
pub struct ManArgs {
    /// Write `pyrel.1`, `pyrel-build.1`, … into this folder
    #[arg(long, value_name = "DIR")]
    out_dir: Option<PathBuf>,
}

/// Runs the command.
pub fn run(args: &ManArgs, context: &Context) -> CommandResult {
    let mut root = Cli::command();
    root.build();
    let Some(folder) = &args.out_dir else {
        return context.ui().raw(&page(root)?);
    };
    let folder = context.directory().join(folder);
    let mut pages = vec![("pyrel".to_owned(), root.clone())];
    collect("pyrel", &root, &mut pages);
    let write = || -> Result<(), CommandError> {
        fs::create_dir_all(&folder)?;
        for (name, command) in &pages {
            fs::write(folder.join(format!("{name}.1")), page(command.clone().name(name.clone()))?)?;
        }
        Ok(())
    };
    write().map_err(|error| CommandError { failure: Failure::Usage, ..error })?;
    let text = format!("{} to {}", plural(pages.len(), "page"), context.shown(&folder));
    context.ui().status(Tone::Done, "Wrote", &text);
    Ok(())
}

fn collect(prefix: &str, command: &clap::Command, pages: &mut Vec<(String, clap::Command)>) {
    for inner in command.get_subcommands() {
        let name = format!("{prefix}-{}", inner.get_name());
        collect(&name, inner, pages);
        pages.push((name, inner.clone()));
    }
}

fn page(command: clap::Command) -> Result<Vec<u8>, CommandError> {
    let mut text = Vec::new();
    Man::new(command).render(&mut text)?;
    Ok(text)
}
