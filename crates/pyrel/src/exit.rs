//! Exit codes, and the one table from error kinds to them (contract: `docs/exit-codes.md`).

use std::fmt;

/// How a run ended when it did not simply succeed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    /// A check, a test, or a verification found something.
    Findings,
    /// The command line or the configuration is wrong.
    Usage,
    /// A precondition or a confirmation is missing; nothing was changed.
    Refused,
    /// The remote side refused or stayed unreachable; nothing of this run is half done.
    Remote,
    /// Partly done and resumable.
    Partial,
    /// A bug in pyrel.
    Internal,
}

impl Failure {
    /// Returns the exit code.
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Findings => 1,
            Self::Usage => 2,
            Self::Refused => 3,
            Self::Remote => 4,
            Self::Partial => 5,
            Self::Internal => 70,
        }
    }

    /// Returns the word that heads the message.
    pub(crate) const fn heading(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Internal => "internal error",
            Self::Findings | Self::Usage | Self::Remote | Self::Partial => "error",
        }
    }
}

/// An error on its way to the person: a kind, a cause chain, a place, and what to do.
#[derive(Debug)]
pub(crate) struct CommandError {
    /// Decides heading and exit code.
    pub(crate) failure: Failure,
    /// What happened; `None` when everything was already said.
    pub(crate) error: Option<anyhow::Error>,
    /// What to do, one line each.
    pub(crate) hints: Vec<String>,
    /// Where, for annotations.
    pub(crate) location: Option<Box<pyrel_model::Location>>,
}

/// The result of a command: the exit is success, or an error.
pub(crate) type CommandResult = Result<(), CommandError>;

impl CommandError {
    /// Makes an error of a kind.
    pub(crate) fn new(failure: Failure, error: impl Into<anyhow::Error>) -> Self {
        Self { failure, error: Some(error.into()), hints: Vec::new(), location: None }
    }

    /// Makes an error of a kind from a message.
    pub(crate) fn message(failure: Failure, message: impl fmt::Display) -> Self {
        Self::new(failure, anyhow::anyhow!("{message}"))
    }

    /// Ends the run with a code when the findings are already on the screen.
    pub(crate) const fn silent(failure: Failure) -> Self {
        Self { failure, error: None, hints: Vec::new(), location: None }
    }

    /// Makes a configuration error from a located diagnostic.
    pub(crate) fn diagnostic(failure: Failure, diagnostic: pyrel_model::Diagnostic) -> Self {
        Self {
            failure,
            hints: diagnostic.hint.iter().cloned().collect(),
            location: diagnostic.location.clone().map(Box::new),
            error: Some(diagnostic.into()),
        }
    }

    /// Adds a line of advice.
    #[must_use]
    pub(crate) fn hint(mut self, hint: Option<impl Into<String>>) -> Self {
        self.hints.extend(hint.map(Into::into));
        self
    }
}

/// Writing to the screen failed. A closed pipe is the reader's wish and no error.
impl From<std::io::Error> for CommandError {
    fn from(error: std::io::Error) -> Self {
        Self::new(Failure::Usage, anyhow::Error::new(error).context("cannot write the output"))
    }
}

impl CommandError {
    /// Returns the message with its causes, on one line.
    pub(crate) fn to_text(&self) -> String {
        self.error.as_ref().map(|error| format!("{error:#}")).unwrap_or_default()
    }

    /// Tells whether the error is that nobody reads the output any more.
    pub(crate) fn is_broken_pipe(&self) -> bool {
        self.error.as_ref().is_some_and(|error| {
            error.chain().any(|cause| {
                cause
                    .downcast_ref::<std::io::Error>()
                    .is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_of_the_contract() {
        let kinds = [
            Failure::Findings,
            Failure::Usage,
            Failure::Refused,
            Failure::Remote,
            Failure::Partial,
            Failure::Internal,
        ];
        assert_eq!(kinds.map(Failure::code), [1, 2, 3, 4, 5, 70]);
    }

    #[test]
    fn a_closed_pipe_is_recognised_through_contexts() {
        let pipe = std::io::Error::from(std::io::ErrorKind::BrokenPipe);
        assert!(CommandError::from(pipe).is_broken_pipe());
        assert!(!CommandError::message(Failure::Usage, "x").is_broken_pipe());
    }
}
