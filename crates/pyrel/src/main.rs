//! pyrel: releases repositories of Python packages.
//!
//! `main` is a table of contents: read the command line, resolve what it means on this machine, run one
//! command, say what went wrong, leave with the documented code.

mod bounder;
mod builder;
mod checker;
mod cli;
mod commands;
mod context;
mod environment;
mod exit;
mod gatekeeper;
mod listing;
mod package_facts;
mod preparer;
mod releaser;
mod remote;
mod reporter;
mod reproduction;
mod runtime;
mod step_summary;
mod tester;
mod ui;
mod verdict;

use std::panic;
use std::process::ExitCode;

use clap::Parser;
use tracing_subscriber::EnvFilter;

use crate::cli::Cli;
use crate::context::Context;
use crate::environment::Environment;
use crate::exit::{CommandError, Failure};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let environment = Environment::read();
    trace(cli.globals.verbose, environment.get("PYREL_LOG"));
    limit_threads(cli.globals.jobs);
    let context = Context::new(&cli.globals, environment);
    let outcome = panic::catch_unwind(panic::AssertUnwindSafe(|| commands::run(&cli, &context)));
    let result = outcome.unwrap_or_else(|_| {
        let error = CommandError::message(Failure::Internal, "pyrel stopped where it never should");
        Err(error.hint(Some("this is a bug in pyrel: please report it with the message above")))
    });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.is_broken_pipe() => ExitCode::SUCCESS,
        Err(error) => {
            context.ui().error(&error);
            ExitCode::from(error.failure.code())
        }
    }
}

/// Sends the libraries' own records to standard error: with `-vv` all of pyrel's, with `PYREL_LOG` whatever that
/// filter lets through, else what went wrong where nobody was listening.
fn trace(verbose: u8, filter: Option<&str>) {
    let default = if verbose > 1 { "pyrel_index=debug,pyrel_project=debug" } else { "error" };
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(filter.unwrap_or(default)))
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .without_time()
        .init();
}

/// Builds and checks use one thread a core unless told otherwise.
fn limit_threads(jobs: Option<u16>) {
    if let Some(jobs) = jobs {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(jobs.into()).build_global();
        pool.expect("nothing has used the pool before the first command");
    }
}
