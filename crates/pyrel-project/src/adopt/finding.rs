//! What adoption says: the steps it takes with their reasons, and what is left to a person.

use pyrel_model::Level;
use serde::Serialize;

/// Something that is left to a person, because it cannot be done with certainty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// A word for the sort of finding, such as `dynamic-import`.
    pub kind: &'static str,
    /// `warning` when the result may not work without a look at it, else `info`.
    pub level: Level,
    /// The file, relative to the root, as it is called before the adoption.
    pub path: Option<String>,
    /// The line in that file, from 1.
    pub line: Option<usize>,
    /// What was found.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
}

impl Finding {
    pub(super) fn warning(kind: &'static str, message: impl Into<String>) -> Self {
        Self { kind, level: Level::Warning, path: None, line: None, message: message.into(), hint: None }
    }

    pub(super) fn info(kind: &'static str, message: impl Into<String>) -> Self {
        Self { level: Level::Info, ..Self::warning(kind, message) }
    }

    pub(super) fn at(mut self, path: &str, line: usize) -> Self {
        self.path = Some(path.to_owned());
        self.line = (line > 0).then_some(line);
        self
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Returns `path:line`, as far as known; empty when neither is.
    #[must_use]
    pub fn place(&self) -> String {
        match (&self.path, self.line) {
            (Some(path), Some(line)) => format!("{path}:{line}"),
            (Some(path), None) => path.clone(),
            _ => String::new(),
        }
    }
}

/// One step of an adoption, explained.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// What is done.
    pub what: String,
    /// Why.
    pub why: String,
}

impl Step {
    pub(super) fn new(what: impl Into<String>, why: impl Into<String>) -> Self {
        Self { what: what.into(), why: why.into() }
    }
}

/// A file or folder that gets another place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Move {
    /// Its path now, relative to the root.
    pub from: String,
    /// Its path afterwards.
    pub to: String,
}
