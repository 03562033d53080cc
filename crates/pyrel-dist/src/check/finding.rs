//! A finding: what a rule says about one file. Owns its shape in the JSON contract, not its rendering.

use pyrel_model::{Level, Location};
use serde::Serialize;

/// Whose rule a finding states.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// PyPI's server rejects the upload; the message is the server's own.
    Pypi,
    /// `twine check` complains.
    Twine,
    /// pyrel's own judgement.
    Pyrel,
}

impl Source {
    /// Returns `pypi`, `twine`, or `pyrel`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pypi => "pypi",
            Self::Twine => "twine",
            Self::Pyrel => "pyrel",
        }
    }
}

/// One complaint about one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The rule's name.
    pub rule: &'static str,
    /// How bad it is, after the user's settings.
    pub level: Level,
    /// What is wrong; the server's words when `source` is `pypi`.
    pub message: String,
    /// How to mend it.
    pub hint: Option<String>,
    /// Whose rule it is.
    pub source: Source,
    /// Where: a member of the archive, or a metadata field.
    pub location: Option<String>,
    /// The line in the text of the archive, where there is one; its path is the name of the member.
    #[serde(skip)]
    pub place: Option<Location>,
}

/// What a rule reports; the driver makes a [`Finding`] of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub(super) message: String,
    pub(super) hint: Option<String>,
    pub(super) location: Option<String>,
    /// The line of the member, from 1.
    pub(super) line: Option<usize>,
    /// The level where it is not the rule's.
    pub(super) level: Option<Level>,
    /// Whether the server fails instead of saying so; then the rule `metadata-braces` reports it.
    pub(super) crash: bool,
}

impl Problem {
    /// Starts a problem with its message.
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        let message = shorten(message.into());
        Self { message, hint: None, location: None, line: None, level: None, crash: false }
    }

    /// Starts the problem of a value on which the server fails.
    pub(super) fn crash(message: String) -> Self {
        Self { crash: true, ..Self::new(message) }
    }

    /// Adds how to mend it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(shorten(hint.into()));
        self
    }

    /// Adds the line of the member, from 1.
    #[must_use]
    pub(super) fn line(mut self, line: usize) -> Self {
        self.line = Some(line.max(1));
        self
    }

    /// Sets another level than the rule's. What the user has set goes before.
    #[must_use]
    pub(super) fn level(mut self, level: Level) -> Self {
        self.level = Some(level);
        self
    }

    /// Adds the member or field.
    #[must_use]
    pub fn at(mut self, location: impl Into<String>) -> Self {
        self.location = Some(shorten(location.into()));
        self
    }
}

/// Bytes of one text of a problem; more is cut off, because a hostile file may hold values of any length.
const LONGEST: usize = 16 * 1024;

fn shorten(mut text: String) -> String {
    if text.len() > LONGEST {
        let mut end = LONGEST;
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
        text.push('…');
    }
    text
}

/// What one rule has reported about one file so far.
///
/// A hostile file must not buy an endless report, so only the first hundred problems of a rule are kept.
#[derive(Debug, Default)]
pub struct Findings {
    problems: Vec<Problem>,
    dropped: usize,
}

/// Problems kept of one rule on one file.
const MOST: usize = 100;

impl Findings {
    /// Reports a problem.
    pub fn add(&mut self, problem: Problem) {
        if self.problems.len() < MOST {
            self.problems.push(problem);
        } else {
            self.dropped += 1;
        }
    }

    /// Tells whether further problems are only counted, so that working out their words would be in vain.
    pub(super) fn is_full(&self) -> bool {
        self.problems.len() >= MOST
    }

    /// Counts a problem that is not worked out.
    pub(super) fn count_more(&mut self) {
        self.dropped += 1;
    }

    /// Takes the problems; what was dropped is said in the last one.
    pub(super) fn into_problems(mut self) -> Vec<Problem> {
        if self.dropped > 0
            && let Some(last) = self.problems.last_mut()
        {
            last.message = format!("{} (and {} more of this kind)", last.message, self.dropped);
        }
        self.problems
    }
}
