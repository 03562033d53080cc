//! What a child process left behind, and why it gave no usable result.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use crate::command_line::without_url_credentials;

/// How many lines of a failed child's output an error carries.
const TAIL_LINES: usize = 40;

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
    /// Somebody asked to stop, and the child was stopped with all its descendants.
    #[error("`{command}` was interrupted")]
    Cancelled {
        /// The command line.
        command: String,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tail_holds_the_last_lines_of_both_streams() {
        let stdout: String = (1..=45).map(|line| format!("line {line}\n")).collect();
        let output = ProcessOutput { status: Some(1), stdout: stdout.into(), stderr: b"last\n".to_vec() };
        let tail = output.tail();
        assert_eq!(tail.lines().count(), 40);
        assert!(tail.starts_with("line 7\n") && tail.ends_with("line 45\nlast"), "{tail}");
    }
}
