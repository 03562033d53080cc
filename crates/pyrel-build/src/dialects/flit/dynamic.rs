//! Version and summary: written in the file, or read from the module the way flit does without importing it.

use pyrel_model::Version;
use pyrel_model::pyproject::TableReader;

use super::super::Subject;
use super::layout::Module;
use super::metadata::{no_description, not_read, table};
use super::python_module::{PythonModule, Value};
use crate::error::Plan;
use crate::metadata::python_lines;
use crate::tree::Tree;

/// The two fields that a module may give.
pub(super) struct Found {
    pub(super) version: Version,
    pub(super) summary: String,
}

/// Reads both fields; modules are looked into only when one of the fields is dynamic.
pub(super) fn read(subject: &Subject<'_>, tree: &Tree, module: &Module) -> Plan<Found> {
    let project = subject.project;
    let table = table(subject);
    let asks = |field: &str| project.is_dynamic(field);
    let scanned = if asks("version") || asks("description") {
        let field = if asks("version") { "version" } else { "description" };
        Some(Scanned::read(tree, module).map_err(|reason| not_read(&table, field, &reason))?)
    } else {
        None
    };
    let version = match (&project.version, &scanned) {
        (None, Some(scanned)) => scanned.version(&table)?,
        (Some(version), _) if !version.as_written().contains('!') => version.clone(),
        _ => {
            return Err(crate::detector::option(
                &table,
                "version",
                "has an epoch, which flit prints by a rule of its own",
            ));
        }
    };
    let summary = match (&project.description, &scanned) {
        (Some(description), _) => description.clone(),
        (None, Some(scanned)) if asks("description") => scanned.summary(&table)?,
        _ => return no_description(),
    };
    Ok(Found { version, summary })
}

/// What the files of the module say.
struct Scanned {
    version: Option<Value>,
    docstring: Option<String>,
}

impl Scanned {
    /// Reads the files that flit reads; a later one wins.
    fn read(tree: &Tree, module: &Module) -> Result<Self, String> {
        let mut scanned = Self { version: None, docstring: None };
        for path in module.version_files(tree) {
            let bytes = tree.read(&path).map_err(|error| error.to_string())?;
            let parsed = PythonModule::parse(&bytes)
                .map_err(|line| format!("line {line} of `{path}` is more than an import or a constant"))?;
            scanned.version = parsed.constant("__version__").cloned().or(scanned.version);
            scanned.docstring = parsed.docstring;
        }
        Ok(scanned)
    }

    fn version(&self, table: &TableReader<'_>) -> Plan<Version> {
        let Some(Value::Text(text)) = &self.version else {
            return Err(not_read(table, "version", "the module has no `__version__` that is a string"));
        };
        let plain = text.bytes().all(|b| b.is_ascii_graphic()) && !text.contains('!');
        match text.parse::<Version>() {
            Ok(version) if plain => Ok(version),
            _ => Err(not_read(table, "version", &format!("`__version__` is no plain version: `{text}`"))),
        }
    }

    fn summary(&self, table: &TableReader<'_>) -> Plan<String> {
        let summary = self.docstring.as_deref().and_then(summary);
        summary.ok_or_else(|| {
            not_read(table, "description", "the module has no docstring with a plain first line")
        })
    }
}

/// Returns the first line with text; `None` when Python's rules for tabs and white space would matter.
fn summary(docstring: &str) -> Option<String> {
    let text = docstring.trim_start_matches([' ', '\n']);
    let line = text.split('\n').next().unwrap_or_default();
    let plain = !line.is_empty()
        && line.trim() == line
        && !line.contains(char::is_control)
        && python_lines(line).len() == 1;
    plain.then(|| line.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_with_text_is_the_summary() {
        for (docstring, expected) in [
            ("One line.", Some("One line.")),
            ("\n    First, indented.\n    Second.\n", Some("First, indented.")),
            ("Trailing \n", None),
            ("\tTab", None),
            ("Tab\tinside", None),
            ("\u{a0}odd", None),
            ("a\u{2028}b", None),
            ("\n  \n", None),
            ("", None),
        ] {
            assert_eq!(summary(docstring).as_deref(), expected, "{docstring:?}");
        }
    }
}
