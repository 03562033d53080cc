//! Single fields of core metadata, as the backends write them.

use std::fmt::Write as _;

use pyrel_model::pyproject::TableReader;

use super::python_lines;
use crate::detector::option;
use crate::error::Plan;

/// Writes a field, an empty one too.
pub(crate) fn field(text: &mut String, name: &str, value: &str) {
    let _ = writeln!(text, "{name}: {value}");
}

/// Writes a field unless it is empty.
pub(crate) fn field_unless_empty(text: &mut String, name: &str, value: &str) {
    if !value.is_empty() {
        field(text, name, value);
    }
}

/// Steps back for a text that would not stay on its line, where the backend writes it as it is.
pub(crate) fn one_line<'t>((table, key): (&TableReader<'_>, &str), value: &'t str) -> Plan<&'t str> {
    if value.contains(char::is_control) || python_lines(value).len() > 1 {
        return Err(option(table, key, "holds a text of more than one line, or a control character"));
    }
    Ok(value)
}
