//! Which options of `[tool.pdm]` are known; everything else is for pdm-backend.

use pyrel_model::pyproject::TableReader;

use super::super::Subject;
use crate::detector::{self, known_options, option};
use crate::error::Plan;
use crate::pattern::{FnMatch, has_magic};
use crate::tree::Tree;

/// Tables of PDM the package manager, which its backend does not read, beside the two that it does.
const PDM: [&str; 14] = [
    "build",
    "version",
    "autoexport",
    "dev-dependencies",
    "distribution",
    "ignore-package-warnings",
    "ignore_package_warnings",
    "options",
    "plugins",
    "publish",
    "python",
    "resolution",
    "scripts",
    "source",
];
const BUILD: [&str; 7] =
    ["includes", "source-includes", "excludes", "package-dir", "is-purelib", "run-setuptools", "wheel-data"];
/// Has a meaning for editable installations alone.
const EDITABLE: &str = "editable-backend";
const SCHEMES: [&str; 6] = ["purelib", "platlib", "include", "platinclude", "scripts", "data"];

/// The options of `[tool.pdm.build]`, checked.
pub(super) struct Options {
    /// Patterns of what is packed, empty for what is found.
    pub(super) includes: Vec<String>,
    /// Patterns of what is packed in sdists only.
    pub(super) source_includes: Vec<String>,
    /// Patterns of what is not packed.
    pub(super) excludes: Vec<String>,
    package_dir: Option<String>,
    /// Files for the data folders of wheels.
    pub(super) data: Vec<Data>,
}

/// One pattern of files for a data folder.
pub(super) struct Data {
    pub(super) scheme: String,
    pub(super) pattern: String,
    /// The folder that paths are kept from; without one only names are.
    pub(super) relative_to: Option<String>,
}

impl Options {
    /// Steps back at the first option that is not reproduced.
    pub(super) fn read(subject: &Subject<'_>) -> Plan<Self> {
        let pyproject = subject.pyproject;
        if let Some(pdm) = pyproject.tool(&["pdm"]) {
            known_options(&pyproject.reader("tool.pdm", pdm), &PDM)?;
        }
        let empty = toml_edit::Table::new();
        let table = pyproject.tool(&["pdm", "build"]).unwrap_or(&empty);
        let table = pyproject.reader("tool.pdm.build", table);
        let known: Vec<&str> = BUILD.into_iter().chain([EDITABLE]).collect();
        known_options(&table, &known)?;
        if subject.tree.is_file("pdm_build.py") || subject.tree.is_dir("pdm_build.py") {
            let path = subject.tree.display_path("pdm_build.py");
            return Err(detector::file(&path, "pdm_build.py", "is a build hook"));
        }
        if table.boolean("is-purelib")? == Some(false) {
            return Err(option(&table, "is-purelib", "asks for a wheel of this platform"));
        }
        if table.boolean("run-setuptools")? == Some(true) {
            return Err(option(&table, "run-setuptools", "asks for a run of setuptools"));
        }
        let mut source_includes = patterns(&table, "source-includes")?;
        if source_includes.is_empty() {
            source_includes.push("tests".to_owned());
        }
        Ok(Self {
            includes: patterns(&table, "includes")?,
            source_includes,
            excludes: patterns(&table, "excludes")?,
            package_dir: package_dir(&table)?,
            data: data(&table)?,
        })
    }

    /// Tells whether a pattern of the sdist may leave out a path.
    pub(super) fn may_exclude(&self, path: &str) -> bool {
        self.excludes.iter().any(|pattern| {
            let pattern = pattern.trim_end_matches('/');
            let is_above =
                path.strip_prefix(pattern).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
            has_magic(pattern) || is_above
        })
    }

    /// Returns the folder that packages are in, empty for the project's own.
    pub(super) fn package_dir(&self, tree: &Tree) -> String {
        if let Some(named) = &self.package_dir {
            return named.clone();
        }
        let below_src = |pattern: &String| pattern.split('/').next() == Some("src");
        let excluded = self.excludes.iter().any(|pattern| matches!(pattern.as_str(), "src" | "src/"));
        let found = (tree.is_dir("src") && self.includes.is_empty())
            || (self.includes.iter().any(below_src) && !excluded);
        if found { "src".to_owned() } else { String::new() }
    }
}

/// Reads patterns whose meaning does not depend on the system or on the version of Python.
fn patterns(table: &TableReader<'_>, key: &str) -> Plan<Vec<String>> {
    let listed = table.strings(key)?.unwrap_or_default();
    match listed.iter().find(|text| !is_certain(text)) {
        None => Ok(listed.into_iter().map(str::to_owned).collect()),
        Some(odd) => {
            Err(option(table, key, format!("holds a pattern that is not reproduced natively: `{odd}`")))
        }
    }
}

fn is_certain(text: &str) -> bool {
    let path = text.strip_suffix('/').unwrap_or(text);
    let refused = |c: char| c.is_control() || "\\:{}$".contains(c);
    !text.contains(refused) && path.split('/').all(|part| !matches!(part, "" | "." | "..") && part != "***")
}

fn package_dir(table: &TableReader<'_>) -> Plan<Option<String>> {
    match table.string("package-dir")? {
        None => Ok(None),
        Some("" | ".") => Ok(Some(String::new())),
        Some(path) if is_certain(path) && !path.ends_with('/') && !path.contains(['*', '?', '[']) => {
            Ok(Some(path.to_owned()))
        }
        Some(path) => Err(option(table, "package-dir", format!("is no plain path: `{path}`"))),
    }
}

fn data(table: &TableReader<'_>) -> Plan<Vec<Data>> {
    let Some(schemes) = table.subtable("wheel-data")? else { return Ok(Vec::new()) };
    let schemes = TableReader::new(table.path(), table.text(), "tool.pdm.build.wheel-data", schemes);
    known_options(&schemes, &SCHEMES)?;
    let mut out = Vec::new();
    for (scheme, item) in schemes.table().iter() {
        let odd = |reason: &str| option(&schemes, scheme, reason);
        let array = item.as_array().ok_or_else(|| odd("is no array of patterns and inline tables"))?;
        for value in array {
            let (pattern, relative_to) = match value {
                toml_edit::Value::String(text) => (text.value().clone(), None),
                toml_edit::Value::InlineTable(inner) => {
                    let inner = TableReader::new(table.path(), table.text(), "wheel-data", inner);
                    known_options(&inner, &["path", "relative-to"])?;
                    let path = inner.string("path")?.ok_or_else(|| odd("has an entry without `path`"))?;
                    let relative_to = inner.string("relative-to")?.filter(|text| !text.is_empty());
                    (path.to_owned(), relative_to.map(str::to_owned))
                }
                _ => return Err(odd("is no array of patterns and inline tables")),
            };
            // By then the folder in which pdm-backend works is there, and wildcards take hidden names.
            let first = pattern.split('/').next().unwrap_or_default();
            let is_scratch = first == "**" || FnMatch::new(first).matches(".pdm-build");
            let is_plain = |path: &String| is_certain(path) && !path.contains(['*', '?', '[']);
            // Here Python refuses `**` beside other characters, and its versions do not agree about one at the end.
            let deep_end =
                pattern.ends_with("**") || pattern.split('/').any(|part| part.contains("**") && part != "**");
            if is_scratch
                || !is_certain(&pattern)
                || pattern.ends_with('/')
                || deep_end
                || !relative_to.iter().all(is_plain)
            {
                return Err(odd("holds a pattern or path that is not reproduced natively"));
            }
            let relative_to = relative_to.map(|path| path.trim_end_matches('/').to_owned());
            out.push(Data { scheme: scheme.to_owned(), pattern, relative_to });
        }
    }
    Ok(out)
}
