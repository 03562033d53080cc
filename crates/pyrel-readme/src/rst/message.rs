//! Messages of the parser, as docutils words and orders them. Owns how bad they are, not what they say.

use std::fmt;

/// How bad a message is; what reaches [`Severity::Warning`] makes PyPI refuse the description.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Harmless: the text is taken in some way, perhaps not as meant.
    Info,
    /// A doubtful construct.
    Warning,
    /// A construct that cannot be right.
    Error,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Info => "Info",
            Self::Warning => "Warning",
            Self::Error => "Error",
        })
    }
}

/// One message about a description.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The line that docutils names, counted from 1; some messages have none.
    pub line: Option<i64>,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong, in docutils' words.
    pub text: String,
    /// What docutils shows below: the source of the construct, or an explanation.
    pub details: Vec<String>,
}

impl Message {
    /// Puts text and details together as the server shows them.
    #[must_use]
    pub fn full_text(&self) -> String {
        let mut out = self.text.clone();
        for detail in &self.details {
            out.push_str("\n\n");
            out.push_str(detail);
        }
        out
    }
}

/// A construct for which there is no verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// The line at which it was met, counted from 1.
    pub line: i64,
    /// What it is.
    pub construct: String,
}
