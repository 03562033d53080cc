//! Child processes: the only place that starts one.
//!
//! A child inherits the environment of this process without its credentials, has no terminal to ask
//! questions on, and is collected without deadlock. This file decides nothing about what is run.

use std::ffi::{OsStr, OsString};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

pub use crate::credential_variable::is_credential_variable;
pub use crate::process_output::{ProcessError, ProcessOutput};

use crate::cancel::Cancel;
use crate::command_line::{quoted, without_url_credentials};

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
    cancel: Option<Cancel>,
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
            cancel: None,
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

    /// Stops the child and all its descendants when somebody asks for it.
    #[must_use]
    pub fn cancelled_by(mut self, cancel: &Cancel) -> Self {
        self.cancel = Some(cancel.clone());
        self
    }

    /// Returns how long the child may take.
    pub(crate) fn time_limit(&self) -> Option<Duration> {
        self.timeout
    }

    /// Tells whether somebody asked to stop.
    pub(crate) fn is_cancelled(&self) -> bool {
        self.cancel.as_ref().is_some_and(Cancel::is_cancelled)
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
        if self.timeout.is_some() || self.cancel.is_some() {
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
    pub(crate) fn command(&self) -> Command {
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

    pub(crate) fn start_error(&self, source: io::Error) -> ProcessError {
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

    pub(crate) fn io_error(&self, source: io::Error) -> ProcessError {
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
        let status = self.wait(process, deadline).map_err(|error| process.io_error(error))?;
        let closed =
            status.is_some() && self.close_pipes(deadline).map_err(|error| process.io_error(error))?;
        match (status, process.timeout) {
            (Some(status), _) if closed => Ok(self.output(status.code())),
            (None, _) if process.is_cancelled() => {
                self.kill(process)?;
                Err(ProcessError::Cancelled { command: process.command_line() })
            }
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

    /// Waits for the child; `None` when the deadline, or the wish to stop, came first.
    fn wait(&mut self, process: &Process, deadline: Option<Instant>) -> io::Result<Option<ExitStatus>> {
        if deadline.is_none() && process.cancel.is_none() {
            return self.child.wait().map(Some);
        }
        let mut pause = Duration::from_millis(1);
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Ok(Some(status));
            }
            let left = deadline.map_or(pause, |at| at.saturating_duration_since(Instant::now()));
            if left.is_zero() || process.is_cancelled() {
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
pub(crate) fn lead_own_group(command: &mut Command) {
    use std::os::unix::process::CommandExt;
    command.process_group(0);
}

#[cfg(windows)]
pub(crate) fn lead_own_group(_: &mut Command) {}

/// Asks the child and its process group to end, as Ctrl-C does. One that is gone already is what was wanted.
#[cfg(unix)]
pub(crate) fn interrupt_group(child: &Child) {
    use rustix::process::{Pid, Signal, kill_process_group};
    let leader = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    if let Some(leader) = leader
        && let Err(error) = kill_process_group(leader, Signal::INT)
    {
        tracing::debug!(%error, "process group is gone already");
    }
}

/// Only a console can interrupt on Windows; the child is killed when its patience is over.
#[cfg(windows)]
pub(crate) fn interrupt_group(_: &Child) {}

/// Kills the child and its process group. One that is gone already is what was wanted.
#[cfg(unix)]
pub(crate) fn kill_group(child: &mut Child) {
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
pub(crate) fn kill_group(child: &mut Child) {
    let mut command = Command::new("taskkill");
    command.args(["/T", "/F", "/PID", &child.id().to_string()]);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    if let Err(error) = command.status() {
        tracing::debug!(%error, "taskkill did not run");
    }
    let _ = child.kill();
}
