//! A rule of the catalogue. Owns the shape; the rules themselves are one file each under `rules/`.

use std::fmt;

use pyrel_model::Level;

use super::finding::{Findings, Source};
use super::subject::Subject;

/// One rule.
pub struct Rule {
    /// The name in kebab case; the rule's file has it in snake case.
    pub name: &'static str,
    /// The level unless the user sets another.
    pub level: Level,
    /// Whose rule it is.
    pub source: Source,
    /// What a file that passes looks like, as one line.
    pub summary: &'static str,
    /// Markdown under the headings of [`HEADINGS`].
    pub docs: &'static str,
    pub(super) check: fn(&Subject<'_>, &mut Findings),
}

/// The headings that the documentation of every rule has, in this order.
pub const HEADINGS: [&str; 4] = ["### What it does", "### Why is this bad", "### Example", "### Source"];

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rule")
            .field("name", &self.name)
            .field("level", &self.level)
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}
