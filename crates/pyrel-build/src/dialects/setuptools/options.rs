//! `[tool.setuptools]`: the options that are reproduced; everything else is for setuptools.

use pyrel_model::PyProject;
use pyrel_model::pyproject::TableReader;
use toml_edit::TableLike;

use crate::detector::{known_options, option};
use crate::error::Plan;
use crate::tree::normalize;

/// Names and lists of texts in file order.
type Lists = Vec<(String, Vec<String>)>;

/// The options that matter, with setuptools' defaults filled in.
#[derive(Debug)]
pub(super) struct Options {
    pub(super) packages: Packages,
    /// `None` when absent, which is not the same as an empty list.
    pub(super) py_modules: Option<Vec<String>>,
    pub(super) package_dir: Vec<(String, String)>,
    pub(super) include_package_data: bool,
    /// Patterns by package, `""` for all.
    pub(super) package_data: Lists,
    pub(super) exclude_package_data: Lists,
    pub(super) license_files: Option<Vec<String>>,
    pub(super) zip_safe: Option<bool>,
}

/// Which packages there are.
#[derive(Debug)]
pub(super) enum Packages {
    /// Found by the layout of the folders.
    Automatic,
    /// Listed.
    Listed(Vec<String>),
    /// Searched for.
    Find(Find),
}

/// The table `packages.find`.
#[derive(Debug)]
pub(super) struct Find {
    pub(super) places: Vec<String>,
    pub(super) include: Vec<String>,
    pub(super) exclude: Vec<String>,
    pub(super) namespaces: bool,
}

const KNOWN: [&str; 9] = [
    "packages",
    "py-modules",
    "package-dir",
    "package-data",
    "exclude-package-data",
    "include-package-data",
    "license-files",
    "zip-safe",
    "dynamic",
];

impl Options {
    pub(super) fn read(pyproject: &PyProject) -> Plan<Self> {
        if let Some(tool) = pyproject.root().get("tool").and_then(toml_edit::Item::as_table_like)
            && tool.get("distutils").is_some()
        {
            let tool = pyproject.reader("tool", tool);
            return Err(option(&tool, "distutils", "sets options of setuptools' commands"));
        }
        let empty = toml_edit::Table::new();
        let table: &dyn TableLike = pyproject.tool(&["setuptools"]).unwrap_or(&empty);
        let table = pyproject.reader("tool.setuptools", table);
        known_options(&table, &KNOWN)?;
        Ok(Self {
            packages: packages(pyproject, &table)?,
            py_modules: modules(&table)?,
            package_dir: package_dir(&table)?,
            include_package_data: table.boolean("include-package-data")?.unwrap_or(true),
            package_data: lists(pyproject, &table, "package-data")?,
            exclude_package_data: lists(pyproject, &table, "exclude-package-data")?,
            license_files: table.strings("license-files")?.map(owned),
            zip_safe: table.boolean("zip-safe")?,
        })
    }
}

fn owned(list: Vec<&str>) -> Vec<String> {
    list.into_iter().map(str::to_owned).collect()
}

fn packages(pyproject: &PyProject, table: &TableReader<'_>) -> Plan<Packages> {
    let Some(item) = table.get("packages") else { return Ok(Packages::Automatic) };
    let Some(inner) = item.as_table_like() else {
        let list = owned(table.strings("packages")?.unwrap_or_default());
        return match list.iter().find(|name| !is_package_name(name)) {
            Some(odd) => {
                Err(option(table, "packages", format!("lists something else than a package: `{odd}`")))
            }
            None => Ok(Packages::Listed(list)),
        };
    };
    let inner = pyproject.reader("tool.setuptools.packages", inner);
    known_options(&inner, &["find"])?;
    let find = inner.subtable("find")?;
    let empty = toml_edit::Table::new();
    let find = pyproject.reader("tool.setuptools.packages.find", find.unwrap_or(&empty));
    known_options(&find, &["where", "include", "exclude", "namespaces"])?;
    let mut places: Vec<String> = Vec::new();
    for place in find.strings("where")?.unwrap_or_else(|| vec!["."]) {
        if place != "." && !is_plain_path(place) {
            return Err(option(&find, "where", format!("holds a path in an unusual spelling: `{place}`")));
        }
        if !places.iter().any(|known| known == place) {
            places.push(place.to_owned());
        }
    }
    Ok(Packages::Find(Find {
        places,
        include: owned(find.strings("include")?.unwrap_or_else(|| vec!["*"])),
        exclude: owned(find.strings("exclude")?.unwrap_or_default()),
        namespaces: find.boolean("namespaces")?.unwrap_or(true),
    }))
}

fn modules(table: &TableReader<'_>) -> Plan<Option<Vec<String>>> {
    let Some(list) = table.strings("py-modules")? else { return Ok(None) };
    match list.iter().find(|name| !name.split('.').all(is_identifier)) {
        Some(odd) => Err(option(table, "py-modules", format!("lists something else than a module: `{odd}`"))),
        None => Ok(Some(owned(list))),
    }
}

fn package_dir(table: &TableReader<'_>) -> Plan<Vec<(String, String)>> {
    let mut out = Vec::new();
    for (package, path) in table.string_table("package-dir")?.unwrap_or_default() {
        if !is_plain_path(path) || !(package.is_empty() || is_package_name(package)) {
            let reason = format!("maps in an unusual spelling: `{package}` to `{path}`");
            return Err(option(table, "package-dir", reason));
        }
        out.push((package.to_owned(), path.to_owned()));
    }
    Ok(out)
}

fn lists(pyproject: &PyProject, table: &TableReader<'_>, key: &str) -> Plan<Lists> {
    let Some(inner) = table.subtable(key)? else { return Ok(Vec::new()) };
    let name = format!("tool.setuptools.{key}");
    let inner = pyproject.reader(&name, inner);
    if inner.get("").is_some() && inner.get("*").is_some() {
        return Err(option(&inner, "*", "stands beside an empty name, which means the same"));
    }
    let mut out = Vec::new();
    for (package, _) in inner.table().iter() {
        let patterns = inner.strings(package)?.unwrap_or_default();
        let odd = |pattern: &&&str| pattern.starts_with('/') || pattern.split('/').any(|part| part == "..");
        if let Some(pattern) = patterns.iter().find(odd) {
            let reason = format!("has a pattern that leads out of the package: `{pattern}`");
            return Err(option(&inner, package, reason));
        }
        let all = if package == "*" { "" } else { package };
        out.push((all.to_owned(), patterns.into_iter().map(pure_path).collect()));
    }
    Ok(out)
}

/// Normalises as Python's `PurePath` does: no empty part, no `.`.
pub(super) fn pure_path(path: &str) -> String {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    let root = if path.starts_with('/') { "/" } else { "" };
    format!("{root}{}", parts.join("/"))
}

/// Tells whether a relative path stays inside and is spelt as it would be normalised.
fn is_plain_path(path: &str) -> bool {
    path == normalize(path) && !path.starts_with(['/', '.', '~'])
}

fn is_package_name(name: &str) -> bool {
    let (first, rest) = name.split_once('.').unwrap_or((name, ""));
    is_identifier(first.strip_suffix("-stubs").unwrap_or(first))
        && (rest.is_empty() || rest.split('.').all(is_identifier))
}

/// Tells whether Python could import the name.
pub(super) fn is_identifier(name: &str) -> bool {
    let mut characters = name.chars();
    characters.next().is_some_and(|c| c == '_' || c.is_alphabetic())
        && characters.all(|c| c == '_' || c.is_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_paths() {
        assert!(is_package_name("a.b") && is_package_name("a-stubs.b") && !is_package_name("a-b"));
        assert!(!is_identifier("") && !is_identifier("1a") && is_identifier("_ä1"));
        assert!(is_plain_path("src/a") && !is_plain_path("src/") && !is_plain_path("../a"));
        assert_eq!(pure_path("a//./b/"), "a/b");
    }
}
