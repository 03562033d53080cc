//! Programs that come from the toolchain or the operating system and not from a language's packages.
//!
//! Installed where that can be done without asking (rustup; Debian, as root; Homebrew); elsewhere the command to run is
//! told.

use crate::console;
use crate::failure::Failure;
use crate::process::Process;
use crate::repository::Repository;

/// A program of the operating system.
struct Program {
    /// Its name on the search path.
    name: &'static str,
    /// What makes it tell its version.
    version: &'static str,
    /// The Debian package that brings it; Homebrew calls it by the program's name or its first part.
    package: &'static str,
    /// Names of the stages that cannot run without it.
    users: &'static [&'static str],
}

/// Programs of the operating system that tests may use.
const PROGRAMS: [Program; 3] = [
    Program {
        name: "redis-server",
        version: "--version",
        package: "redis-server",
        users: &["python-tests", "conformance", "gateway"],
    },
    Program { name: "caddy", version: "version", package: "caddy", users: &["gateway"] },
    Program { name: "nginx", version: "-v", package: "nginx-light", users: &["gateway"] },
];

/// Makes every program available that a stage needs.
///
/// # Errors
///
/// Fails when a program that a stage needs is neither there nor can be installed.
pub(crate) fn prepare(_repository: &Repository) -> Result<(), Failure> {
    for program in &PROGRAMS {
        if answers(program.name, program.version) {
            console::line(format!("found: {}", program.name));
            continue;
        }
        install(program.package)
            .map_err(|failure| failure.with_hint(format!("needed by: {}", program.users.join(", "))))?;
    }
    Ok(())
}

/// Makes the formatter and the linter of the toolchain available.
///
/// # Errors
///
/// Fails when one is missing and `rustup` is not there to install it, or fails to.
pub(crate) fn prepare_toolchain(_repository: &Repository) -> Result<(), Failure> {
    for component in ["fmt", "clippy"] {
        if let Ok(version) = Process::cargo().args([component, "--version"]).capture() {
            console::line(format!("found: {}", version.trim()));
            continue;
        }
        Process::new("rustup").args(["component", "add", "rustfmt", "clippy"]).run().map_err(|failure| {
            failure.with_hint(format!("install the toolchain's `{component}`, which the gates need"))
        })?;
    }
    Ok(())
}

/// Installs a Debian package, or with Homebrew what it is called there.
///
/// # Errors
///
/// Fails with the command to run when this machine has neither, this user is not root, or the installation fails.
pub(crate) fn install(package: &str) -> Result<(), Failure> {
    if is_available("brew") {
        let formula = package.split('-').next().unwrap_or(package);
        return Process::new("brew").args(["install", "--quiet", formula]).run();
    }
    if !is_available("apt-get") {
        return Err(Failure::new(format!(
            "`{package}` is missing: install it with the system's package manager"
        )));
    }
    let by_hand = format!("`{package}` is missing: apt-get update && apt-get install --yes {package}");
    if !is_root() {
        return Err(Failure::new(by_hand));
    }
    let apt =
        |verb: &[&str]| Process::new("apt-get").args(verb).env("DEBIAN_FRONTEND", "noninteractive").run();
    apt(&["update", "--quiet"])
        .and_then(|()| apt(&["install", "--yes", "--quiet", "--no-install-recommends", package]))
        .map_err(|failure| Failure::new(format!("{failure}\n{by_hand}")))
}

/// Whether a program answers to `--version`.
fn is_available(program: &str) -> bool {
    answers(program, "--version")
}

fn answers(program: &str, question: &str) -> bool {
    Process::new(program).arg(question).capture().is_ok()
}

fn is_root() -> bool {
    cfg!(unix) && Process::new("id").arg("-u").capture().is_ok_and(|user| user.trim() == "0")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_found_by_asking_it() {
        assert!(is_available("git"));
        assert!(!is_available("no-such-program-anywhere"));
    }

    #[test]
    fn stages_that_need_a_program_exist() {
        let names: Vec<&str> = crate::stage::STAGES.iter().map(|stage| stage.name).collect();
        let unknown: Vec<_> =
            PROGRAMS.iter().flat_map(|program| program.users).filter(|user| !names.contains(user)).collect();
        assert!(unknown.is_empty(), "{unknown:?}");
    }
}
