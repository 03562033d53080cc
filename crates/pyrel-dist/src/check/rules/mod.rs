//! The catalogue: one file a rule, all listed here.

pub(super) mod unreadable_file;

mod page;

use super::rule::Rule;

pub use page::rules_page;

/// Every rule, sorted by name.
pub static RULES: &[&Rule] = &[&unreadable_file::RULE];

/// Finds a rule by its name.
#[must_use]
pub fn rule(name: &str) -> Option<&'static Rule> {
    RULES.iter().copied().find(|rule| rule.name == name)
}
