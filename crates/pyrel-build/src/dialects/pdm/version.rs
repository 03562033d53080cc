//! The version: written in the file, found in another one, or told by git.

use pyrel_model::Version;
use pyrel_model::pyproject::TableReader;

use super::super::Subject;
use super::scm::{self, Told};
use crate::detector::{known_options, option};
use crate::error::Plan;
use crate::pattern::{Flags, Found, PythonExpression};

const DEFAULT_PATTERN: &str = r#"^(?:__version__|VERSION)\s*=\s*["'](.+?)["']\s*(?:#.*)?$"#;

/// Returns the version, in normal form wherever it is printed.
pub(super) fn resolve(subject: &Subject<'_>) -> Plan<Told> {
    let known = |version| Told { version, written: None };
    if let Some(version) = &subject.project.version {
        return plain(version).map(known).ok_or_else(|| odd(&subject.project_table(), "version"));
    }
    let Some(table) = subject.pyproject.tool(&["pdm", "version"]) else {
        return Ok(known("0.0.0".parse().expect("a constant version")));
    };
    let table = subject.pyproject.reader("tool.pdm.version", table);
    if table.table().is_empty() {
        return Ok(known("0.0.0".parse().expect("a constant version")));
    }
    let path = table.string("path")?;
    match table.string("source")? {
        Some("file") | None => {}
        Some("scm") => {
            let told = scm::resolve(subject, &table)?;
            let version = plain(&told.version).ok_or_else(|| odd(&table, "source"))?;
            return Ok(Told { version, ..told });
        }
        Some(source) => {
            return Err(option(&table, "source", format!("takes the version from elsewhere: `{source}`")));
        }
    }
    known_options(&table, &["source", "path", "pattern"])?;
    let plain_path =
        |path: &&str| path.split('/').all(|part| !matches!(part, "" | "." | "..")) && !path.contains('\\');
    let Some(path) = path.filter(plain_path).filter(|path| subject.tree.is_file(path)) else {
        return Err(option(&table, "path", "names no file of the project"));
    };
    let text = subject.tree.read_text(path)?;
    let version = find(&table, &text)?.and_then(|found| found.parse().ok());
    version.as_ref().and_then(plain).map(known).ok_or_else(|| odd(&table, "path"))
}

/// Finds the version in a file; a pattern whose meaning could differ from that in Python is for pdm-backend.
fn find<'t>(table: &TableReader<'_>, text: &'t str) -> Plan<Option<&'t str>> {
    const LINES: Flags = Flags { multi_line: true, dot_all: false, ignore_case: false };
    let uncertain = || option(table, "pattern", "has a meaning that only Python's `re` is sure of");
    let pattern = table.string("pattern")?.unwrap_or(DEFAULT_PATTERN);
    match PythonExpression::new(pattern, LINES).ok_or_else(uncertain)?.find(text, 1) {
        Found::At { group, .. } => Ok(Some(&text[group])),
        Found::Nothing => Ok(None),
        Found::Uncertain => Err(uncertain()),
    }
}

/// Lets through versions that stand in file names as they are.
fn plain(version: &Version) -> Option<Version> {
    let normal = version.normalized();
    (!normal.contains('!')).then(|| normal.parse().expect("the normal form of a version is a version"))
}

fn odd(table: &TableReader<'_>, key: &str) -> crate::error::Stop {
    option(table, key, "gives no plain version")
}
