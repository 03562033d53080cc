//! `pyrel-fuzz TARGET|all [--seconds N] [--seed S] [--replay FILE] [--out DIR]`: feeds the readers of untrusted files
//! with mutated ones, the same ones for the same seed. Not shipped. docs/fuzzing.md says how to use it.

mod archive;
mod arguments;
mod chance;
mod corpus;
mod dictionary;
mod mutation;
mod session;
mod target;
mod watchdog;

use std::io::Write as _;
use std::process::ExitCode;

use arguments::Arguments;
use session::Session;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            // Nothing can be done when the message cannot be written either.
            let _unwritten = writeln!(std::io::stderr(), "error: {message}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), String> {
    let arguments = Arguments::parse(std::env::args().skip(1))?;
    let mut failures = Vec::new();
    for target in &arguments.targets {
        let session = Session::new(*target, &arguments).map_err(|error| error.to_string())?;
        let outcome = match &arguments.replay {
            Some(file) => session.replay(file),
            None => session.run(),
        };
        match outcome.map_err(|error| error.to_string())? {
            session::Outcome::Clean(line) => {
                writeln!(std::io::stdout(), "{line}").map_err(|error| error.to_string())?;
            }
            session::Outcome::Crash(line) => failures.push(line),
        }
    }
    if failures.is_empty() { Ok(()) } else { Err(failures.join("\n")) }
}
