//! Versions found by a regular expression that was written for Python.

use regex::{Regex, RegexBuilder};

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
pub(super) fn search(expression: &Regex, group: &str, text: &str) -> Option<String> {
    let captures = expression.captures(text)?;
    let found = match group.parse::<usize>() {
        Ok(number) => captures.get(number),
        Err(_) => captures.name(group),
    };
    found.map(|found| found.as_str().to_owned())
}
