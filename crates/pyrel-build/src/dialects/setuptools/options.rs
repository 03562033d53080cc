//! The options that are reproduced, and `[tool.setuptools]`; everything else is for setuptools.

use pyrel_model::PyProject;
use pyrel_model::pyproject::TableReader;
use toml_edit::TableLike;

use super::{data_file, script};
use crate::detector::{known_options, option};
use crate::error::Plan;
use crate::metadata::one_line;
use crate::tree::normalize;

/// Names and lists of texts in file order.
pub(super) type Lists = Vec<(String, Vec<String>)>;

/// The options that matter, with setuptools' defaults filled in.
#[derive(Debug, Default)]
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
    /// Patterns by folder below the place of an installation's data.
    pub(super) data_files: Lists,
    pub(super) scripts: Vec<String>,
    /// Lines of `eager_resources.txt`, which is written even without any.
    pub(super) eager_resources: Option<Vec<String>>,
    pub(super) platforms: Vec<String>,
    pub(super) provides: Vec<String>,
    pub(super) obsoletes: Vec<String>,
}

/// Which packages there are.
#[derive(Debug, Default)]
pub(super) enum Packages {
    /// Found by the layout of the folders.
    #[default]
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
    /// Whether `setup.cfg` asks; then folders that are given count alone.
    pub(super) is_declared: bool,
}

const KNOWN: [&str; 15] = [
    "packages",
    "py-modules",
    "package-dir",
    "package-data",
    "exclude-package-data",
    "include-package-data",
    "license-files",
    "zip-safe",
    "data-files",
    "script-files",
    "eager-resources",
    "platforms",
    "provides",
    "obsoletes",
    "dynamic",
];

impl Options {
    pub(super) fn read(pyproject: &PyProject) -> Plan<Self> {
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
            data_files: data_files(pyproject, &table)?,
            scripts: scripts(&table)?,
            eager_resources: table.strings("eager-resources")?.map(owned),
            platforms: lines(&table, "platforms")?,
            provides: names(&table, "provides")?,
            obsoletes: names(&table, "obsoletes")?,
        })
    }
}

fn data_files(pyproject: &PyProject, table: &TableReader<'_>) -> Plan<Lists> {
    let Some(inner) = table.subtable("data-files")? else { return Ok(Vec::new()) };
    let inner = pyproject.reader("tool.setuptools.data-files", inner);
    let mut out = Vec::new();
    for (folder, _) in inner.table().iter() {
        let patterns = owned(inner.strings(folder)?.unwrap_or_default());
        if let Some(reason) = data_file::odd(folder, &patterns) {
            return Err(option(&inner, folder, reason));
        }
        out.push((folder.to_owned(), patterns));
    }
    Ok(out)
}

fn scripts(table: &TableReader<'_>) -> Plan<Vec<String>> {
    let scripts = owned(table.strings("script-files")?.unwrap_or_default());
    match script::odd(&scripts) {
        Some(reason) => Err(option(table, "script-files", reason)),
        None => Ok(scripts),
    }
}

/// Reads a list of texts that each fill a line.
fn lines(table: &TableReader<'_>, key: &str) -> Plan<Vec<String>> {
    let list = owned(table.strings(key)?.unwrap_or_default());
    list.iter().try_for_each(|text| one_line((table, key), text).map(drop))?;
    Ok(list)
}

/// Reads a list of names that setuptools takes without looking twice.
fn names(table: &TableReader<'_>, key: &str) -> Plan<Vec<String>> {
    let list = owned(table.strings(key)?.unwrap_or_default());
    match list.iter().find(|name| !is_identifier(name) || !name.is_ascii()) {
        Some(odd) => Err(option(table, key, format!("holds an unusual name: `{odd}`"))),
        None => Ok(list),
    }
}

pub(super) fn owned(list: Vec<&str>) -> Vec<String> {
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
        is_declared: false,
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
        match package_patterns(package, &patterns) {
            Ok(entry) => out.push(entry),
            Err(reason) => return Err(option(&inner, package, reason)),
        }
    }
    Ok(out)
}

/// Returns the patterns of a package, or what is wrong with them.
pub(super) fn package_patterns(package: &str, patterns: &[&str]) -> Result<(String, Vec<String>), String> {
    let odd = |pattern: &&&str| pattern.starts_with('/') || pattern.split('/').any(|part| part == "..");
    if let Some(pattern) = patterns.iter().find(odd) {
        return Err(format!("has a pattern that leads out of the package: `{pattern}`"));
    }
    let all = if package == "*" { "" } else { package };
    Ok((all.to_owned(), patterns.iter().map(|pattern| pure_path(pattern)).collect()))
}

/// Normalises as Python's `PurePath` does: no empty part, no `.`.
pub(super) fn pure_path(path: &str) -> String {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    let root = if path.starts_with('/') { "/" } else { "" };
    format!("{root}{}", parts.join("/"))
}

/// Tells whether a relative path stays inside and is spelt as it would be normalised.
pub(super) fn is_plain_path(path: &str) -> bool {
    path == normalize(path) && !path.starts_with(['/', '.', '~'])
}

/// Tells whether a dotted name is that of a package, or of type hints for one.
pub(super) fn is_package_name(name: &str) -> bool {
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
