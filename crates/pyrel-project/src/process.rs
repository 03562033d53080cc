//! Child processes: the only place that starts one.
//!
//! A child inherits the environment of this process without its credentials, has no terminal to ask
//! questions on, and is collected without deadlock. This file decides nothing about what is run.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// How many lines of a failed child's output an error carries.
const TAIL_LINES: usize = 40;
/// How long the pipes of a killed child may take to close.
const GRACE: Duration = Duration::from_secs(2);

/// A child process to be, configured by its methods and started by one of the `run` methods.
#[derive(Debug, Clone)]
pub struct Process {
    program: OsString,
    arguments: Vec<OsString>,
    directory: Option<PathBuf>,
    environment: Vec<(OsString, Option<OsString>)>,
    input: Option<Vec<u8>>,
    timeout: Option<Duration>,
}

/// What a child left behind.
#[derive(Debug, Clone, Default)]
pub struct ProcessOutput {
    /// The exit code; `None` when a signal ended the child.
    pub status: Option<i32>,
    /// Everything written to standard output.
    pub stdout: Vec<u8>,
    /// Everything written to standard error.
    pub stderr: Vec<u8>,
}

impl ProcessOutput {
    /// Tells whether the exit code is 0.
    #[must_use]
    pub fn success(&self) -> bool {
        self.status == Some(0)
    }

    /// Returns standard output as text, invalid UTF-8 replaced.
    #[must_use]
    pub fn stdout_text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    /// Returns standard error as text, invalid UTF-8 replaced.
    #[must_use]
    pub fn stderr_text(&self) -> String {
        String::from_utf8_lossy(&self.stderr).into_owned()
    }

    /// Returns the last lines of standard output, then of standard error, at most 40 together.
    #[must_use]
    pub fn tail(&self) -> String {
        let (stdout, stderr) = (self.stdout_text(), self.stderr_text());
        let lines: Vec<&str> = stdout.lines().chain(stderr.lines()).collect();
        let start = lines.len().saturating_sub(TAIL_LINES);
        let lines: Vec<String> = lines[start..].iter().map(|line| without_url_credentials(line)).collect();
        lines.join("\n")
    }
}

/// Why a child process gave no usable result.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// The program does not exist.
    #[error("program not found: `{program}`")]
    NotFound {
        /// The program as asked for.
        program: String,
    },
    /// The directory to run in does not exist.
    #[error("cannot run `{command}` in a directory that does not exist: `{}`", directory.display())]
    NoDirectory {
        /// The command line.
        command: String,
        /// The directory.
        directory: PathBuf,
    },
    /// The child could not be started, fed, or read.
    #[error("cannot run `{command}`")]
    Io {
        /// The command line.
        command: String,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// The child ended with another exit code than 0.
    #[error("{}", FailedText { command, ending: &ending(*code), tail })]
    Failed {
        /// The command line.
        command: String,
        /// The exit code; `None` when a signal ended the child.
        code: Option<i32>,
        /// The last 40 lines of its output.
        tail: String,
    },
    /// The child took too long and was killed with all its descendants.
    #[error("{}", FailedText { command, ending: &format!("was stopped after {} s", timeout.as_secs_f32()), tail })]
    TimedOut {
        /// The command line.
        command: String,
        /// How long it was given.
        timeout: Duration,
        /// The last 40 lines of its output.
        tail: String,
    },
}

impl ProcessError {
    /// Returns what to do about it, where there is something.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NotFound { program } => Some(format!("install `{program}` or add its folder to `PATH`")),
            _ => None,
        }
    }
}

struct FailedText<'a> {
    command: &'a str,
    ending: &'a str,
    tail: &'a str,
}

impl fmt::Display for FailedText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` {}", self.command, self.ending)?;
        if self.tail.is_empty() { f.write_str(" without output") } else { write!(f, ":\n{}", self.tail) }
    }
}

fn ending(code: Option<i32>) -> String {
    match code {
        Some(code) => format!("failed with exit code {code}"),
        None => "was ended by a signal".to_owned(),
    }
}

impl Process {
    /// Prepares a program, found on `PATH` unless it is a path.
    #[must_use]
    pub fn new(program: impl AsRef<OsStr>) -> Self {
        Self {
            program: program.as_ref().to_owned(),
            arguments: Vec::new(),
            directory: None,
            environment: Vec::new(),
            input: None,
            timeout: None,
        }
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.arguments.push(argument.as_ref().to_owned());
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<I, S>(mut self, arguments: I) -> Self
    where
        I: IntoIterator<Item = S>,
        S: AsRef<OsStr>,
    {
        self.arguments.extend(arguments.into_iter().map(|argument| argument.as_ref().to_owned()));
        self
    }

    /// Sets the directory to run in.
    #[must_use]
    pub fn current_dir(mut self, directory: impl AsRef<Path>) -> Self {
        self.directory = Some(directory.as_ref().to_path_buf());
        self
    }

    /// Sets an environment variable, even one that would not be inherited.
    #[must_use]
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.environment.push((name.as_ref().to_owned(), Some(value.as_ref().to_owned())));
        self
    }

    /// Removes an environment variable.
    #[must_use]
    pub fn env_remove(mut self, name: impl AsRef<OsStr>) -> Self {
        self.environment.push((name.as_ref().to_owned(), None));
        self
    }

    /// Sets what the child reads from its standard input; without it the input is empty.
    #[must_use]
    pub fn input(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.input = Some(bytes.into());
        self
    }

    /// Limits the time; past it the child and all its descendants are killed.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Returns the command line as a shell would take it, credentials in URLs masked.
    #[must_use]
    pub fn command_line(&self) -> String {
        let words = std::iter::once(&self.program).chain(&self.arguments);
        let words: Vec<String> = words.map(|word| quoted(&word.to_string_lossy())).collect();
        without_url_credentials(&words.join(" "))
    }

    /// Runs the child to its end and captures its output, whatever its exit code.
    ///
    /// # Errors
    /// When it cannot be started or read, or when it takes longer than its time limit.
    pub fn run(self) -> Result<ProcessOutput, ProcessError> {
        let mut command = self.command();
        command.stdin(if self.input.is_some() { Stdio::piped() } else { Stdio::null() });
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        if self.timeout.is_some() {
            lead_own_group(&mut command);
        }
        let child = command.spawn().map_err(|error| self.start_error(error))?;
        Capture::start(child, self.input.clone()).finish(&self)
    }

    /// Runs the child as [`run`](Self::run) does and takes an exit code other than 0 for an error.
    ///
    /// # Errors
    /// As [`run`](Self::run), and [`ProcessError::Failed`] with the last 40 lines of output.
    pub fn run_checked(self) -> Result<ProcessOutput, ProcessError> {
        let command = self.command_line();
        let output = self.run()?;
        if output.success() {
            Ok(output)
        } else {
            Err(ProcessError::Failed { command, code: output.status, tail: output.tail() })
        }
    }

    /// Runs the child as [`run`](Self::run) does, but no longer than `timeout`.
    ///
    /// # Errors
    /// As [`run`](Self::run); past the limit the child and all its descendants are killed.
    pub fn run_with_timeout(self, timeout: Duration) -> Result<ProcessOutput, ProcessError> {
        self.timeout(timeout).run()
    }

    /// Runs the child with its output going straight to this process's standard error, where a person can
    /// follow it; the captured output is empty. A time limit is not observed.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn run_attached(self) -> Result<ProcessOutput, ProcessError> {
        let mut command = self.command();
        command.stdin(Stdio::null()).stdout(Stdio::from(io::stderr())).stderr(Stdio::inherit());
        let status = command.status().map_err(|error| self.start_error(error))?;
        Ok(ProcessOutput { status: status.code(), ..ProcessOutput::default() })
    }

    #[expect(clippy::disallowed_methods, reason = "this is the one place that makes a command")]
    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments);
        for (name, _) in std::env::vars_os() {
            if is_credential_variable(&name) {
                command.env_remove(&name);
            }
        }
        for (name, value) in &self.environment {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        if let Some(directory) = &self.directory {
            command.current_dir(directory);
        }
        command
    }

    fn start_error(&self, source: io::Error) -> ProcessError {
        let missing =
            source.kind() == io::ErrorKind::NotFound || source.kind() == io::ErrorKind::NotADirectory;
        match &self.directory {
            Some(directory) if missing && !directory.is_dir() => {
                ProcessError::NoDirectory { command: self.command_line(), directory: directory.clone() }
            }
            _ if source.kind() == io::ErrorKind::NotFound => {
                ProcessError::NotFound { program: self.program.to_string_lossy().into_owned() }
            }
            _ => self.io_error(source),
        }
    }

    fn io_error(&self, source: io::Error) -> ProcessError {
        ProcessError::Io { command: self.command_line(), source }
    }
}

/// A running child whose pipes are emptied by threads.
struct Capture {
    child: Child,
    stdout: Arc<Mutex<Vec<u8>>>,
    stderr: Arc<Mutex<Vec<u8>>>,
    ends: Receiver<io::Result<()>>,
    open: usize,
}

impl Capture {
    fn start(mut child: Child, input: Option<Vec<u8>>) -> Self {
        let (sender, ends) = channel();
        let mut open = 0;
        let mut collect = |pipe: Option<Box<dyn Read + Send>>| {
            let buffer = Arc::new(Mutex::new(Vec::new()));
            if let Some(pipe) = pipe {
                open += 1;
                drain(pipe, Arc::clone(&buffer), sender.clone());
            }
            buffer
        };
        let stdout = collect(child.stdout.take().map(|pipe| -> Box<dyn Read + Send> { Box::new(pipe) }));
        let stderr = collect(child.stderr.take().map(|pipe| -> Box<dyn Read + Send> { Box::new(pipe) }));
        if let (Some(mut pipe), Some(input)) = (child.stdin.take(), input) {
            open += 1;
            thread::spawn(move || {
                let result = match pipe.write_all(&input) {
                    // A child may well stop reading before the end of its input.
                    Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
                    result => result,
                };
                drop(pipe);
                let _ = sender.send(result);
            });
        }
        Self { child, stdout, stderr, ends, open }
    }

    fn finish(mut self, process: &Process) -> Result<ProcessOutput, ProcessError> {
        let deadline = process.timeout.map(|timeout| Instant::now() + timeout);
        let status = self.wait(deadline).map_err(|error| process.io_error(error))?;
        let closed = self.close_pipes(deadline).map_err(|error| process.io_error(error))?;
        match (status, process.timeout) {
            (Some(status), _) if closed => Ok(self.output(status.code())),
            (_, timeout) => {
                self.kill(process)?;
                Err(ProcessError::TimedOut {
                    command: process.command_line(),
                    timeout: timeout.unwrap_or_default(),
                    tail: self.output(None).tail(),
                })
            }
        }
    }

    /// Waits for the child; `None` when the deadline came first.
    fn wait(&mut self, deadline: Option<Instant>) -> io::Result<Option<ExitStatus>> {
        let Some(deadline) = deadline else { return self.child.wait().map(Some) };
        let mut pause = Duration::from_millis(1);
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Ok(Some(status));
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(None);
            }
            thread::sleep(pause.min(left));
            pause = (pause * 2).min(Duration::from_millis(20));
        }
    }

    /// Waits until every pipe is closed; false when the deadline came first.
    fn close_pipes(&mut self, deadline: Option<Instant>) -> io::Result<bool> {
        while self.open > 0 {
            let end = match deadline {
                None => self.ends.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Some(at) => self.ends.recv_timeout(at.saturating_duration_since(Instant::now())),
            };
            match end {
                Ok(result) => result?,
                Err(RecvTimeoutError::Timeout) => return Ok(false),
                Err(RecvTimeoutError::Disconnected) => break,
            }
            self.open -= 1;
        }
        Ok(true)
    }

    fn kill(&mut self, process: &Process) -> Result<(), ProcessError> {
        kill_group(&mut self.child);
        self.child.wait().map_err(|error| process.io_error(error))?;
        self.close_pipes(Some(Instant::now() + GRACE)).map_err(|error| process.io_error(error))?;
        Ok(())
    }

    fn output(&self, status: Option<i32>) -> ProcessOutput {
        let take = |buffer: &Mutex<Vec<u8>>| {
            std::mem::take(&mut *buffer.lock().unwrap_or_else(PoisonError::into_inner))
        };
        ProcessOutput { status, stdout: take(&self.stdout), stderr: take(&self.stderr) }
    }
}

fn drain(mut pipe: Box<dyn Read + Send>, buffer: Arc<Mutex<Vec<u8>>>, sender: Sender<io::Result<()>>) {
    thread::spawn(move || {
        let mut chunk = vec![0; 32 * 1024];
        let result = loop {
            match pipe.read(&mut chunk) {
                Ok(0) => break Ok(()),
                Ok(count) => {
                    buffer.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(&chunk[..count]);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => break Err(error),
            }
        };
        // The receiver is gone only when nobody waits for the output any more.
        let _ = sender.send(result);
    });
}

#[cfg(unix)]
fn lead_own_group(command: &mut Command) {
    use std::os::unix::process::CommandExt;
    command.process_group(0);
}

#[cfg(windows)]
fn lead_own_group(_: &mut Command) {}

/// Kills the child and its process group. One that is gone already is what was wanted.
#[cfg(unix)]
fn kill_group(child: &mut Child) {
    use rustix::process::{Pid, Signal, kill_process_group};
    let leader = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    if let Some(leader) = leader
        && let Err(error) = kill_process_group(leader, Signal::KILL)
    {
        tracing::debug!(%error, "process group is gone already");
    }
    let _ = child.kill();
}

/// Kills the child and its descendants. One that is gone already is what was wanted.
#[cfg(windows)]
#[expect(clippy::disallowed_methods, reason = "this is the one place that makes a command")]
fn kill_group(child: &mut Child) {
    let mut command = Command::new("taskkill");
    command.args(["/T", "/F", "/PID", &child.id().to_string()]);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    if let Err(error) = command.status() {
        tracing::debug!(%error, "taskkill did not run");
    }
    let _ = child.kill();
}

fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./:=@%+,~^{}[]<>".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

/// Masks `user:password@` in every URL of a text.
fn without_url_credentials(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + 3);
        out.push_str(before);
        let end = after.find(|c: char| "/?#'\"`<>".contains(c) || c.is_whitespace()).unwrap_or(after.len());
        rest = match after[..end].rfind('@') {
            Some(sign) => {
                out.push_str("***");
                &after[sign..]
            }
            None => after,
        };
    }
    out.push_str(rest);
    out
}

/// Names and prefixes of variables that hold, or lead to, a credential.
const CREDENTIAL_PREFIXES: &[&str] = &[
    "TWINE_",
    "UV_PUBLISH_",
    "PDM_PUBLISH_",
    "HATCH_INDEX_",
    "POETRY_PYPI_TOKEN_",
    "POETRY_HTTP_BASIC_",
    "FLIT_PASSWORD",
    "FLIT_USERNAME",
    "PYREL_TOKEN",
    "PYREL_CONFIRM",
    "PYPI_API_TOKEN",
    "TEST_PYPI_API_TOKEN",
    "ACTIONS_ID_TOKEN_",
    "ACTIONS_RUNTIME_TOKEN",
    "CI_JOB_JWT",
];
const CREDENTIAL_SUFFIXES: &[&str] = &[
    "TOKEN",
    "PASSWORD",
    "PASSWD",
    "PASSPHRASE",
    "SECRET",
    "API_KEY",
    "APIKEY",
    "ACCESS_KEY",
    "SECRET_KEY",
    "PRIVATE_KEY",
    "SIGNING_KEY",
    "CREDENTIALS",
];

/// Tells whether an environment variable, by its name, holds a credential and must not reach a child.
#[must_use]
pub fn is_credential_variable(name: &OsStr) -> bool {
    let name = name.to_string_lossy().to_ascii_uppercase();
    let ends_with_word = |suffix: &&str| {
        name.strip_suffix(*suffix).is_some_and(|head| head.is_empty() || head.ends_with(['_', '-', '.']))
    };
    CREDENTIAL_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
        || CREDENTIAL_SUFFIXES.iter().any(ends_with_word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credential_variables_are_known_by_name() {
        for name in [
            "TWINE_USERNAME",
            "TWINE_TEST_PASSWORD",
            "PYPI_API_TOKEN",
            "TEST_PYPI_API_TOKEN",
            "UV_PUBLISH_TOKEN",
            "PYREL_TOKEN",
            "PYREL_TOKEN_TESTPYPI",
            "PYREL_CONFIRM",
            "GITHUB_TOKEN",
            "gh_token",
            "TOKEN",
            "DB_PASSWORD",
            "CLIENT_SECRET",
            "SOME_API_KEY",
            "AWS_SECRET_ACCESS_KEY",
            "ACTIONS_ID_TOKEN_REQUEST_URL",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
            "HATCH_INDEX_AUTH",
        ] {
            assert!(is_credential_variable(OsStr::new(name)), "{name}");
        }
        for name in ["PATH", "HOME", "SOURCE_DATE_EPOCH", "TOKENIZERS_PARALLELISM", "MYTOKEN", "PYREL", ""] {
            assert!(!is_credential_variable(OsStr::new(name)), "{name}");
        }
    }

    #[test]
    fn command_lines_are_quoted_and_carry_no_password() {
        let process = Process::new("pip").args(["install", "a b", "", "it's", "https://u:p@host/simple"]);
        assert_eq!(process.command_line(), "pip install 'a b' '' 'it'\\''s' https://***@host/simple");
        assert_eq!(
            without_url_credentials("see https://a@b and http://x/y@z and ://q"),
            "see https://***@b and http://x/y@z and ://q"
        );
    }

    #[test]
    fn the_tail_holds_the_last_lines_of_both_streams() {
        let stdout: String = (1..=45).map(|line| format!("line {line}\n")).collect();
        let output = ProcessOutput { status: Some(1), stdout: stdout.into(), stderr: b"last\n".to_vec() };
        let tail = output.tail();
        assert_eq!(tail.lines().count(), 40);
        assert!(tail.starts_with("line 7\n") && tail.ends_with("line 45\nlast"), "{tail}");
    }
}
