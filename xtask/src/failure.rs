//! What goes wrong in a stage: one sentence and, where there is one, its remedy.

use std::fmt;

/// A failed stage or command: what happened, and what to do about it.
#[derive(Debug)]
pub(crate) struct Failure {
    message: String,
    hint: Option<String>,
}

impl Failure {
    /// A failure told by `message`: a lowercase fragment without a final period.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None }
    }

    /// The same failure with what the reader can do about it.
    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// What to do about it, where that is known.
    pub(crate) fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// One failure for several findings, one per line; nothing when there are none.
    pub(crate) fn from_findings(what: &str, findings: &[String]) -> Result<(), Self> {
        if findings.is_empty() {
            return Ok(());
        }
        Err(Self::new(format!("{}: {}\n  {}", what, findings.len(), findings.join("\n  "))))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::new(error.to_string())
    }
}
