//! The version: written in the file, or found in another one.

use std::sync::LazyLock;

use pyrel_model::Version;
use pyrel_model::pyproject::TableReader;
use regex::{Regex, RegexBuilder};

use super::super::Subject;
use crate::detector::{known_options, option};
use crate::error::{Plan, unsupported};

const DEFAULT_PATTERN: &str = r#"^(?:__version__|VERSION)\s*=\s*["'](.+?)["']\s*(?:#.*)?$"#;

/// Returns the version, in normal form wherever it is printed.
pub(super) fn resolve(subject: &Subject<'_>) -> Plan<Version> {
    let project = subject.project;
    if let Some(version) = &project.version {
        return plain(version).ok_or_else(|| odd(&subject.project_table(), "version"));
    }
    let Some(table) = subject.pyproject.tool(&["pdm", "version"]) else {
        return unsupported("tool.pdm.version", "is missing, so that the version would be 0.0.0");
    };
    let table = subject.pyproject.reader("tool.pdm.version", table);
    let path = table.string("path")?;
    match table.string("source")? {
        Some("file") | None => {}
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
    let expression = pattern(&table, &text)?;
    let found = expression.captures(&text).and_then(|found| found.get(1));
    let version = found.and_then(|found| found.as_str().parse().ok());
    version.as_ref().and_then(plain).ok_or_else(|| odd(&table, "path"))
}

/// Compiles the pattern; one whose meaning could differ from that in Python is for pdm-backend.
fn pattern(table: &TableReader<'_>, text: &str) -> Plan<Regex> {
    static SURE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r#"^(?:[A-Za-z0-9_ =:"',.*+|^$#<>/!@%&~`;-]|\\[.dswDSW*+?|()\[\]"'/-]|\(\?:|\((?:[^?]|$)|\)|\?|\[\^?[A-Za-z0-9_ ."'=-]+\])*$"#)
            .expect("a constant expression")
    });
    let written = table.string("pattern")?;
    let uncertain = |c: char| !c.is_ascii() || (c.is_control() && !matches!(c, '\n' | '\t'));
    if let Some(own) = written
        && (!SURE.is_match(own) || text.contains(uncertain))
    {
        return Err(option(table, "pattern", "has a meaning that only Python's `re` is sure of"));
    }
    RegexBuilder::new(written.unwrap_or(DEFAULT_PATTERN))
        .multi_line(true)
        .size_limit(1 << 20)
        .build()
        .map_err(|_| option(table, "pattern", "is an expression that only Python's `re` can evaluate"))
}

/// Lets through versions that stand in file names as they are.
fn plain(version: &Version) -> Option<Version> {
    let normal = version.normalized();
    (!normal.contains('!')).then(|| normal.parse().expect("the normal form of a version is a version"))
}

fn odd(table: &TableReader<'_>, key: &str) -> crate::error::Stop {
    option(table, key, "gives no plain version")
}
