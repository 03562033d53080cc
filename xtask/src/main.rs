//! The repository's own commands: one that runs every test and gate, one for the benchmarks, one for the
//! generated pages. Nothing here is shipped, and nothing here knows how a package is released.

mod bench;
mod console;
mod edges;
mod failure;
mod locked;
mod process;
mod python;
mod repository;
mod request;
mod rules;
mod runner;
mod source;
mod stage;
mod system;

use std::process::ExitCode;

use failure::Failure;
use repository::Repository;
use request::Request;

fn main() -> ExitCode {
    match Request::parse(std::env::args().skip(1)).and_then(perform) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(failure) => {
            console::failure(&failure);
            ExitCode::from(2)
        }
    }
}

/// Performs one request; false when it ran and found something wrong.
fn perform(request: Request) -> Result<bool, Failure> {
    match request {
        Request::Help => {
            console::line(request::USAGE);
            Ok(true)
        }
        Request::List => {
            runner::list();
            Ok(true)
        }
        Request::Test(selection) => runner::run(&Repository::find()?, &selection),
        Request::Bench(names) => bench::run(&Repository::find()?, &names),
        Request::Rules => rules::write(&Repository::find()?).map(|()| true),
    }
}
