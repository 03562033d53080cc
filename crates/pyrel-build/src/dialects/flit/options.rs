//! Which options of `[tool.flit]` are known; everything else is for flit.

use pyrel_model::pyproject::TableReader;

use super::super::Subject;
use crate::detector::{known_options, option};
use crate::error::{Plan, Stop, unsupported};
use crate::pattern::has_magic;
use crate::tree::{Tree, normalize};

/// The options of `[tool.flit]`, checked.
pub(super) struct Options<'a> {
    /// The module, dots between its parts.
    pub(super) module: String,
    /// The patterns for the sdist, when there is a table for them.
    pub(super) sdist: Option<SdistOptions<'a>>,
    /// The folder of external data.
    pub(super) data: Option<String>,
}

/// The patterns of `[tool.flit.sdist]`, normalised.
pub(super) struct SdistOptions<'a> {
    pub(super) table: TableReader<'a>,
    pub(super) include: Vec<String>,
    pub(super) exclude: Vec<String>,
}

impl<'a> Options<'a> {
    /// Steps back at the first option that is not reproduced.
    pub(super) fn read(subject: &'a Subject<'_>) -> Plan<Self> {
        let pyproject = subject.pyproject;
        let mut module = module_of_project(subject.project.name.as_written());
        let mut sdist = None;
        let mut data = None;
        if let Some(flit) = pyproject.tool(&["flit"]) {
            let flit = pyproject.reader("tool.flit", flit);
            check_tables(&flit)?;
            if let Some(table) = flit.subtable("module")? {
                let table = pyproject.reader("tool.flit.module", table);
                known_options(&table, &["name"])?;
                if let Some(name) = table.string("name")? {
                    if !is_module(name) {
                        return Err(option(&table, "name", "is no dotted name of plain ASCII identifiers"));
                    }
                    name.clone_into(&mut module);
                }
            }
            if let Some(table) = flit.subtable("sdist")? {
                sdist = Some(SdistOptions::read(pyproject.reader("tool.flit.sdist", table))?);
            }
            if let Some(table) = flit.subtable("external-data")? {
                data = directory(&pyproject.reader("tool.flit.external-data", table), &subject.tree)?;
            }
        }
        if !is_module(&module) {
            let reason = format!("gives no name of a plain module: `{module}`");
            return unsupported("project.name", reason);
        }
        Ok(Self { module, sdist, data })
    }
}

/// Tables named `x-…` are for other tools.
fn check_tables(flit: &TableReader<'_>) -> Plan<()> {
    let known = |key: &str| {
        ["module", "sdist", "external-data"].contains(&key) || key.to_lowercase().starts_with("x-")
    };
    match flit.table().iter().find(|(key, _)| !known(key)) {
        None => Ok(()),
        Some((key, _)) => Err(option(flit, key, "is not reproduced natively")),
    }
}

impl<'a> SdistOptions<'a> {
    fn read(table: TableReader<'a>) -> Plan<Self> {
        known_options(&table, &["include", "exclude"])?;
        Ok(Self { table, include: patterns(&table, "include")?, exclude: patterns(&table, "exclude")? })
    }
}

fn patterns(table: &TableReader<'_>, key: &str) -> Plan<Vec<String>> {
    let listed = table.strings(key)?.unwrap_or_default();
    listed
        .into_iter()
        .map(|written| pattern(written).ok_or_else(|| odd_pattern(table, key, written)))
        .collect()
}

/// Returns the folder of external data; odd ones, and those that flit refuses, are for flit.
fn directory(table: &TableReader<'_>, tree: &Tree) -> Plan<Option<String>> {
    known_options(table, &["directory"])?;
    let Some(written) = table.string("directory")? else { return Ok(None) };
    match pattern(written) {
        Some(normal) if !has_magic(&normal) && tree.is_dir(&normal) => Ok(Some(normal)),
        _ => {
            let reason = format!("names no folder that is plainly below the project's: `{written}`");
            Err(option(table, "directory", reason))
        }
    }
}

/// Returns the normal form of a pattern; `None` for one whose meaning depends on the system or on the version of
/// Python, or that flit refuses.
fn pattern(written: &str) -> Option<String> {
    let refused = |c: char| c.is_control() || !c.is_ascii() || "<>:\"\\".contains(c);
    if written.contains(refused) || written.starts_with('/') {
        return None;
    }
    let normal = normalize(written);
    let plain = |segment: &str| segment == "**" || !segment.contains("**");
    let parts_are_plain =
        normal.split('/').all(|segment| segment != "." && segment != ".." && plain(segment));
    parts_are_plain.then_some(normal)
}

fn odd_pattern(table: &TableReader<'_>, key: &str, written: &str) -> Stop {
    option(table, key, format!("holds a pattern that is not reproduced natively: `{written}`"))
}

/// The module that a project name stands for; stub packages keep their ending.
fn module_of_project(name: &str) -> String {
    match name.strip_suffix("-stubs") {
        Some(stem) => format!("{}-stubs", stem.replace('-', "_")),
        None => name.replace('-', "_"),
    }
}

/// Tells whether a text is a dotted name of ASCII identifiers, or that of a stub package.
fn is_module(name: &str) -> bool {
    let name = name.strip_suffix("-stubs").filter(|stem| !stem.contains('.')).unwrap_or(name);
    name.split('.').all(|part| {
        part.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_normalised_or_left_to_flit() {
        for (written, expected) in [
            ("./docs//*.md", Some("docs/*.md")),
            ("tests/", Some("tests")),
            ("a/**/b", Some("a/**/b")),
            ("a/../b", Some("b")),
            ("", None),
            (".", None),
            ("..", None),
            ("../x", None),
            ("/x", None),
            ("a**b", None),
            ("a\\b", None),
            ("x:y", None),
            ("näme", None),
        ] {
            assert_eq!(pattern(written).as_deref(), expected, "{written}");
        }
    }
}
