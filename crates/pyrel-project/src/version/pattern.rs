//! Versions found by a regular expression that was written for Python.

use regex::{Match, Regex, RegexBuilder};

use super::resolve::Found;

/// Compiles an expression with Python's `re.MULTILINE`.
pub(super) fn compile(expression: &str) -> Found<Regex> {
    RegexBuilder::new(expression)
        .multi_line(true)
        .size_limit(1 << 20)
        .build()
        .map_err(|_| format!("only Python's `re` can evaluate the pattern: `{expression}`"))
}

/// Returns what a group of the first match captured.
pub(super) fn search<'t>(expression: &Regex, group: &str, text: &'t str) -> Option<Match<'t>> {
    let captures = expression.captures(text)?;
    match group.parse::<usize>() {
        Ok(number) => captures.get(number),
        Err(_) => captures.name(group),
    }
}
