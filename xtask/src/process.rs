//! Children of this program: `cargo`, `git`, Python and the tools installed for the tests.
//!
//! A child inherits the environment minus two groups of variables: those that could reach a real account, since
//! no test may, and those that `cargo run` set for this program, since build scripts that watch them would
//! build the same crates twice.

use std::ffi::{OsStr, OsString};
use std::io::{Read as _, Seek as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::console;
use crate::failure::Failure;

/// Longest time that one child may take: nothing here comes near it unless it hangs.
const LIMIT: Duration = Duration::from_secs(40 * 60);

/// Prefixes of variables that carry credentials, or answers to the gate before production.
const CREDENTIALS: [&str; 5] = ["PYREL_", "TWINE_", "UV_PUBLISH_", "ACTIONS_ID_TOKEN_", "ACTIONS_RUNTIME_"];

/// Ends of variables that carry credentials.
const SECRETS: [&str; 4] = ["_TOKEN", "_PASSWORD", "_SECRET", "_API_KEY"];

/// Prefixes of variables that `cargo run` sets for the program it runs.
const CARGO_RUN: [&str; 5] =
    ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_", "CARGO_PRIMARY_PACKAGE"];

/// A child that is going to run.
pub(crate) struct Process {
    program: OsString,
    arguments: Vec<OsString>,
    directory: Option<PathBuf>,
    environment: Vec<(OsString, OsString)>,
}

impl Process {
    /// A child running `program`, found on the search path unless it is a path.
    pub(crate) fn new(program: impl AsRef<OsStr>) -> Self {
        Self {
            program: program.as_ref().to_owned(),
            arguments: Vec::new(),
            directory: None,
            environment: Vec::new(),
        }
    }

    /// The `cargo` that runs this program, or the one on the search path.
    pub(crate) fn cargo() -> Self {
        Self::new(variable("CARGO").unwrap_or_else(|| "cargo".into()))
    }

    /// Adds one argument.
    pub(crate) fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.arguments.push(argument.as_ref().to_owned());
        self
    }

    /// Adds several arguments.
    pub(crate) fn args(mut self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        self.arguments.extend(arguments.into_iter().map(|argument| argument.as_ref().to_owned()));
        self
    }

    /// Sets the working directory.
    pub(crate) fn directory(mut self, directory: &Path) -> Self {
        self.directory = Some(directory.to_owned());
        self
    }

    /// Sets one variable.
    pub(crate) fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.environment.push((name.as_ref().to_owned(), value.as_ref().to_owned()));
        self
    }

    /// Runs to the end with the output of this program as its own, after printing the command line.
    ///
    /// # Errors
    ///
    /// Fails when the program cannot be started, ends with another code than zero, or hangs.
    pub(crate) fn run(self) -> Result<(), Failure> {
        let line = self.line();
        console::line(format!("$ {line}"));
        let child = self.command().spawn().map_err(|error| not_started(&line, &error))?;
        checked(wait(child, &line)?, &line)
    }

    /// Runs to the end beside others: its output is collected and printed in one piece, under its command line.
    ///
    /// # Errors
    ///
    /// Fails as [`Self::run`] does, or when the output cannot be kept.
    pub(crate) fn run_beside_others(self) -> Result<(), Failure> {
        let line = self.line();
        let mut kept = tempfile::tempfile()?;
        let mut command = self.command();
        command.stdout(kept.try_clone()?).stderr(kept.try_clone()?);
        let child = command.spawn().map_err(|error| not_started(&line, &error))?;
        let ended = wait(child, &line);
        let mut output = Vec::new();
        kept.rewind()?;
        kept.read_to_end(&mut output)?;
        console::line(format!("$ {line}\n{}", String::from_utf8_lossy(&output).trim_end()));
        checked(ended?, &line)
    }

    /// Runs to the end and returns what it wrote to standard output.
    ///
    /// # Errors
    ///
    /// Fails when the program cannot be started, ends with another code than zero, or writes other text than
    /// UTF-8.
    pub(crate) fn capture(self) -> Result<String, Failure> {
        let line = self.line();
        let output = self
            .command()
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .output()
            .map_err(|error| not_started(&line, &error))?;
        checked(output.status, &line).map_err(|failure| {
            Failure::new(format!("{failure}\n{}", String::from_utf8_lossy(&output.stderr).trim_end()))
        })?;
        String::from_utf8(output.stdout).map_err(|_| Failure::new(format!("output is not UTF-8: {line}")))
    }

    #[expect(clippy::disallowed_methods, reason = "this file is the wrapper; credentials are removed below")]
    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).stdin(Stdio::null());
        for (name, _) in std::env::vars_os() {
            if is_withheld(&name.to_string_lossy()) {
                command.env_remove(&name);
            }
        }
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        if let Some(directory) = &self.directory {
            command.current_dir(directory);
        }
        command
    }

    /// The command line for people: words with spaces are quoted, nothing is escaped, and `cargo` stands for whichever
    /// cargo runs this program.
    fn line(&self) -> String {
        let cargo = Path::new(&self.program).file_stem().filter(|name| *name == "cargo");
        let program = cargo.unwrap_or(&self.program);
        let words = std::iter::once(program).chain(self.arguments.iter().map(AsRef::as_ref)).map(|word| {
            let word = word.to_string_lossy();
            if word.contains(' ') || word.is_empty() { format!("'{word}'") } else { word.into_owned() }
        });
        words.collect::<Vec<_>>().join(" ")
    }
}

/// One variable of the environment, when it is set.
#[expect(clippy::disallowed_methods, reason = "this program is an edge of its own")]
pub(crate) fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

fn is_withheld(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    // How cargo itself reaches a registry, which is no account that a test could publish with.
    if name.starts_with("CARGO_REGISTR") {
        return false;
    }
    CREDENTIALS.iter().chain(&CARGO_RUN).any(|prefix| name.starts_with(prefix))
        || SECRETS.iter().any(|end| name.ends_with(end))
}

/// Waits for the end of a child, and stops one that hangs.
fn wait(mut child: Child, line: &str) -> Result<ExitStatus, Failure> {
    let started = Instant::now();
    loop {
        match child.try_wait()? {
            Some(status) => return Ok(status),
            None if started.elapsed() > LIMIT => {
                child.kill()?;
                child.wait()?;
                return Err(Failure::new(format!("stopped after {} minutes: {line}", LIMIT.as_secs() / 60)));
            }
            None => thread::sleep(Duration::from_millis(20)),
        }
    }
}

fn checked(status: ExitStatus, line: &str) -> Result<(), Failure> {
    if status.success() {
        return Ok(());
    }
    let code = status.code().map_or_else(|| status.to_string(), |code| format!("exit code {code}"));
    Err(Failure::new(format!("{code}: {line}")))
}

fn not_started(line: &str, error: &std::io::Error) -> Failure {
    Failure::new(format!("cannot start ({error}): {line}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_and_the_variables_of_cargo_run_are_withheld() {
        for name in
            ["TWINE_PASSWORD", "PYPI_API_TOKEN", "pyrel_confirm", "CARGO_MANIFEST_DIR", "CARGO_PKG_NAME"]
        {
            assert!(is_withheld(name), "{name}");
        }
        for name in [
            "PATH",
            "CARGO_TARGET_DIR",
            "CARGO_HOME",
            "CARGO_BUILD_JOBS",
            "UV_CACHE_DIR",
            "CARGO_REGISTRIES_OWN_TOKEN",
        ] {
            assert!(!is_withheld(name), "{name}");
        }
    }

    #[test]
    fn a_failing_child_is_told_with_its_code_and_command_line() {
        let failure = Process::cargo().arg("no-such-verb").capture().unwrap_err().to_string();
        assert!(failure.starts_with("exit code 101: cargo no-such-verb\n"), "{failure}");
    }

    #[test]
    fn a_child_beside_others_fails_with_its_code_too() {
        let failure = Process::cargo().arg("no-such-verb").run_beside_others().unwrap_err().to_string();
        assert_eq!(failure, "exit code 101: cargo no-such-verb");
        Process::cargo().arg("--version").run_beside_others().unwrap();
    }

    #[test]
    fn a_missing_program_is_told_by_name() {
        let failure = Process::new("no-such-program-anywhere").run().unwrap_err().to_string();
        assert!(failure.contains("cannot start"), "{failure}");
        assert!(failure.contains("no-such-program-anywhere"), "{failure}");
    }

    #[test]
    fn a_variable_that_is_set_here_reaches_the_child_and_a_credential_does_not() {
        let process = Process::new("x").env("PLAIN", "1");
        let command = process.command();
        let set: Vec<_> = command.get_envs().filter(|(_, value)| value.is_some()).collect();
        assert_eq!(set, [(OsStr::new("PLAIN"), Some(OsStr::new("1")))]);
        assert!(command.get_envs().any(|(name, value)| name == "CARGO_MANIFEST_DIR" && value.is_none()));
    }
}
