//! Entries of `version-files`: a path, or a table with a pattern.

use pyrel_model::Diagnostic;
use pyrel_model::pyproject::TableReader;
use toml_edit::{TableLike, Value};

use super::document::is_inner_path;
use super::versioning::{Versioning, not_one_of};
use crate::bump::Spelling;

/// A file of a package, besides its metadata, that holds the version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionFile {
    /// The file, relative to the package.
    pub path: String,
    /// Where in the file: a text with `{version}`, and `{name}` for the package's name. Without it the version counts
    /// wherever it stands alone.
    pub pattern: Option<String>,
    /// How the file spells versions.
    pub spelling: Spelling,
}

impl VersionFile {
    pub(super) fn read_all(table: &TableReader<'_>, key: &str) -> Result<Vec<Self>, Box<Diagnostic>> {
        let Some(item) = table.get(key) else { return Ok(Vec::new()) };
        let faulty = || table.fault(key, "must be an array of paths and tables");
        if let Some(tables) = item.as_array_of_tables() {
            return tables.iter().map(|entry| Self::of_table(table, key, entry)).collect();
        }
        let array = item.as_array().ok_or_else(faulty)?;
        array.iter().map(|value| Self::of_value(table, key, value)).collect()
    }

    /// Reads files of the whole workspace. Unless all packages share one version, only a name tells whose version it is.
    pub(super) fn read_common(
        table: &TableReader<'_>,
        key: &str,
        versioning: &Versioning,
    ) -> Result<Vec<Self>, Box<Diagnostic>> {
        let files = Self::read_all(table, key)?;
        let named = |file: &Self| file.pattern.as_ref().is_some_and(|pattern| pattern.contains("{name}"));
        match files.iter().find(|file| !named(file)) {
            Some(file) if *versioning != Versioning::Lockstep => {
                let path = &file.path;
                let message =
                    format!("needs a `pattern` with `{{name}}` for `{path}`, to tell whose version it is");
                let fault = table.fault(key, &message);
                Err(Box::new(fault.with_hint("or list the file under `[package.NAME]`")))
            }
            _ => Ok(files),
        }
    }

    fn of_value(table: &TableReader<'_>, key: &str, value: &Value) -> Result<Self, Box<Diagnostic>> {
        if let Some(entry) = value.as_inline_table() {
            return Self::of_table(table, key, entry);
        }
        let Some(path) = value.as_str() else {
            let message = format!("every element of `{}` must be a path or a table", table.dotted(key));
            return Err(table.fault_at(value.span(), &message));
        };
        if !is_inner_path(path) {
            return Err(outer_path(table, key, path, value.span()));
        }
        Ok(Self { path: path.to_owned(), pattern: None, spelling: Spelling::default() })
    }

    fn of_table(table: &TableReader<'_>, key: &str, entry: &dyn TableLike) -> Result<Self, Box<Diagnostic>> {
        let dotted = table.dotted(key);
        let reader = TableReader::new(table.path(), table.text(), &dotted, entry);
        reader.known_keys(&["path", "pattern", "spelling"])?;
        let Some(path) = reader.string("path")? else {
            let span = table.get(key).and_then(toml_edit::Item::span);
            return Err(table.fault_at(span, &format!("`{dotted}.path` is missing")));
        };
        if !is_inner_path(path) {
            return Err(outer_path(table, key, path, reader.get("path").and_then(toml_edit::Item::span)));
        }
        let pattern = reader.string("pattern")?;
        if pattern.is_some_and(|pattern| pattern.matches("{version}").count() != 1) {
            return Err(reader.fault("pattern", "must contain `{version}` exactly once"));
        }
        let spelling = match reader.string("spelling")? {
            None | Some("pep440") => Spelling::Pep440,
            Some("semver") => Spelling::Semver,
            Some(word) => return Err(not_one_of(&reader, "spelling", word, &["pep440", "semver"])),
        };
        Ok(Self { path: path.to_owned(), pattern: pattern.map(str::to_owned), spelling })
    }
}

fn outer_path(
    table: &TableReader<'_>,
    key: &str,
    path: &str,
    span: Option<std::ops::Range<usize>>,
) -> Box<Diagnostic> {
    let dotted = table.dotted(key);
    let owner = if dotted.contains("package.") { "package's directory" } else { "root" };
    table.fault_at(span, &format!("`{dotted}` must hold paths below the {owner}: `{path}`"))
}
