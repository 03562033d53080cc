//! Which options of `[tool.poetry]` are known; everything else is for poetry-core.

use pyrel_model::name::normalize;
use pyrel_model::pyproject::TableReader;
use toml_edit::{Item, TableLike, Value};

use super::super::Subject;
use crate::detector::{known_options, option};
use crate::error::{Plan, Stop};

const KNOWN: [&str; 26] = [
    "authors",
    "build",
    "classifiers",
    "dependencies",
    "description",
    "dev-dependencies",
    "documentation",
    "exclude",
    "extras",
    "group",
    "homepage",
    "include",
    "keywords",
    "license",
    "maintainers",
    "name",
    "package-mode",
    "packages",
    "plugins",
    "readme",
    "repository",
    "requires-poetry",
    "requires-plugins",
    "scripts",
    "source",
    "urls",
];
/// Has no meaning beside `name` and `version` of `[project]`.
const VERSION: &str = "version";

/// In which archives something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Formats {
    pub(super) sdist: bool,
    pub(super) wheel: bool,
}

/// One entry of `packages`.
#[derive(Debug, Clone)]
pub(super) struct Package {
    /// The glob, from `from` on.
    pub(super) include: String,
    /// The folder it is looked for in, empty for the project's own.
    pub(super) from: String,
    /// The folder it goes to in the wheel.
    pub(super) to: String,
    /// Whether `from` is left out of paths in the wheel.
    pub(super) is_rerooted: bool,
    pub(super) formats: Formats,
}

/// The options that select files, checked.
#[derive(Debug)]
pub(super) struct Options {
    /// Empty for what is found by the project's name.
    pub(super) packages: Vec<Package>,
    pub(super) includes: Vec<(String, Formats)>,
    pub(super) excludes: Vec<String>,
    /// Paths of script files.
    pub(super) scripts: Vec<String>,
    /// Whether the sdist gets a `setup.py`.
    pub(super) has_setup_file: bool,
}

impl Options {
    /// Steps back at the first option that is not reproduced.
    pub(super) fn read(subject: &Subject<'_>, poetry: &TableReader<'_>) -> Plan<Self> {
        let known: Vec<&str> = KNOWN.into_iter().chain([VERSION]).collect();
        known_options(poetry, &known)?;
        if poetry.boolean("package-mode")? == Some(false) {
            return Err(option(poetry, "package-mode", "is `false`, so that poetry-core refuses to build"));
        }
        check_groups(subject, poetry)?;
        let mut packages = Vec::new();
        for table in poetry.tables("packages")?.unwrap_or_default() {
            packages.push(package(poetry, table)?);
        }
        let excludes = poetry.strings("exclude")?.unwrap_or_default();
        for glob in &excludes {
            check_glob((poetry, "exclude"), glob)?;
        }
        Ok(Self {
            packages,
            includes: includes(poetry)?,
            excludes: excludes.into_iter().map(str::to_owned).collect(),
            scripts: script_files(subject, poetry)?,
            has_setup_file: has_setup_file(subject, poetry)?,
        })
    }
}

/// Steps back for a script, which poetry-core would run.
fn has_setup_file(subject: &Subject<'_>, poetry: &TableReader<'_>) -> Plan<bool> {
    if poetry.get("build").is_some_and(|build| build.as_table_like().is_none()) {
        return Err(option(poetry, "build", "runs a script"));
    }
    let Some(build) = poetry.subtable("build")? else { return Ok(false) };
    let build = subject.pyproject.reader("tool.poetry.build", build);
    known_options(&build, &["generate-setup-file"])?;
    Ok(build.boolean("generate-setup-file")?.unwrap_or(false))
}

/// poetry-core looks at the names of groups and at what they include, and at nothing else in them.
fn check_groups(subject: &Subject<'_>, poetry: &TableReader<'_>) -> Plan<()> {
    let mut groups: Vec<(String, Vec<String>)> = Vec::new();
    if let Some(table) = poetry.subtable("group")? {
        let table = subject.pyproject.reader("tool.poetry.group", table);
        for (name, item) in table.table().iter() {
            let odd = || option(&table, name, "is a group with unknown keys");
            let group = item.as_table_like().filter(|group| !group.is_empty()).ok_or_else(odd)?;
            let group = subject.pyproject.reader("tool.poetry.group", group);
            known_options(&group, &["optional", "include-groups", "dependencies"]).map_err(|_| odd())?;
            let included = group.strings("include-groups")?.unwrap_or_default();
            groups.push((normalize(name), included.into_iter().map(normalize).collect()));
        }
    }
    let standard = subject.pyproject.root().get("dependency-groups").and_then(Item::as_table_like);
    if let Some(table) = standard {
        let table = subject.pyproject.reader("dependency-groups", table);
        for (name, item) in table.table().iter() {
            let included = item.as_array().and_then(|list| list.iter().map(included).collect());
            let included: Vec<Option<String>> =
                included.ok_or_else(|| option(&table, name, "lists something else than requirements"))?;
            groups.push((normalize(name), included.into_iter().flatten().collect()));
        }
    }
    groups.sort();
    // A group may be in both tables, under one spelling.
    if let Some(pair) = groups.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        return Err(option(poetry, "group", format!("has a group that is there twice: `{}`", pair[0].0)));
    }
    match groups.iter().find(|(name, _)| reaches_itself(&groups, name)) {
        None => Ok(()),
        Some((name, _)) => {
            let key = if standard.is_some() { "dependencies" } else { "group" };
            Err(option(poetry, key, format!("has a group that includes itself: `{name}`")))
        }
    }
}

/// Reads an entry of a group: nothing for a requirement, or the name of a group.
fn included(value: &Value) -> Option<Option<String>> {
    if value.is_str() {
        return Some(None);
    }
    let table = value.as_inline_table().filter(|table| table.len() == 1)?;
    table.get("include-group")?.as_str().map(|name| Some(normalize(name)))
}

fn reaches_itself(groups: &[(String, Vec<String>)], start: &str) -> bool {
    let mut seen: Vec<&str> = Vec::new();
    let mut next = vec![start];
    while let Some(name) = next.pop() {
        let found = groups.iter().find(|(one, _)| one == name);
        for included in found.into_iter().flat_map(|(_, included)| included) {
            if included == start {
                return true;
            }
            if !seen.contains(&included.as_str()) {
                seen.push(included);
                next.push(included);
            }
        }
    }
    false
}

fn package(poetry: &TableReader<'_>, table: &dyn TableLike) -> Plan<Package> {
    let table = TableReader::new(poetry.path(), poetry.text(), "tool.poetry.packages", table);
    known_options(&table, &["include", "from", "to", "format"])?;
    let Some(include) = table.string("include")? else {
        return Err(option(poetry, "packages", "has an entry without `include`"));
    };
    check_glob((&table, "include"), include)?;
    let path = |key: &str| -> Plan<Option<String>> {
        match table.string(key)? {
            None => Ok(None),
            Some(path) if is_certain(path) && !path.contains(['*', '?', '[']) => Ok(Some(path.to_owned())),
            Some(path) => Err(option(&table, key, format!("is no plain path: `{path}`"))),
        }
    };
    let from = path("from")?;
    Ok(Package {
        include: include.to_owned(),
        is_rerooted: from.is_some(),
        from: from.unwrap_or_default(),
        to: path("to")?.unwrap_or_default(),
        formats: formats(&table, Formats { sdist: true, wheel: true })?,
    })
}

fn includes(poetry: &TableReader<'_>) -> Plan<Vec<(String, Formats)>> {
    let only_sdist = Formats { sdist: true, wheel: false };
    let mut out = Vec::new();
    if let Some(tables) = poetry.get("include").and_then(|item| item.as_array_of_tables()) {
        for table in tables {
            out.push(include(poetry, table, only_sdist)?);
        }
        return Ok(out);
    }
    let Some(item) = poetry.get("include") else { return Ok(out) };
    let array = item.as_array().ok_or_else(|| odd_include(poetry))?;
    for value in array {
        match value {
            Value::String(glob) => {
                check_glob((poetry, "include"), glob.value())?;
                out.push((glob.value().clone(), only_sdist));
            }
            Value::InlineTable(table) => out.push(include(poetry, table, only_sdist)?),
            _ => return Err(odd_include(poetry)),
        }
    }
    Ok(out)
}

fn include(poetry: &TableReader<'_>, table: &dyn TableLike, default: Formats) -> Plan<(String, Formats)> {
    let table = TableReader::new(poetry.path(), poetry.text(), "tool.poetry.include", table);
    known_options(&table, &["path", "format"])?;
    let path = table.string("path")?.ok_or_else(|| odd_include(poetry))?;
    check_glob((&table, "path"), path)?;
    Ok((path.to_owned(), formats(&table, default)?))
}

fn odd_include(poetry: &TableReader<'_>) -> Stop {
    option(poetry, "include", "holds something else than paths and tables with `path`")
}

fn formats(table: &TableReader<'_>, default: Formats) -> Plan<Formats> {
    let listed = match table.get("format") {
        None => return Ok(default),
        Some(item) => match item.as_str() {
            Some(one) => vec![one],
            None => table.strings("format")?.unwrap_or_default(),
        },
    };
    if listed.is_empty() || listed.iter().any(|one| !matches!(*one, "sdist" | "wheel")) {
        return Err(option(table, "format", "is neither `sdist` nor `wheel`"));
    }
    Ok(Formats { sdist: listed.contains(&"sdist"), wheel: listed.contains(&"wheel") })
}

/// Steps back for a glob whose meaning depends on the system or on the version of Python.
fn check_glob((table, key): (&TableReader<'_>, &str), glob: &str) -> Plan<()> {
    let is_whole = |part: &str| part == "**" || !part.contains("**");
    if is_certain(glob) && glob.split('/').all(is_whole) && !glob.ends_with("**") {
        return Ok(());
    }
    Err(option(table, key, format!("holds a pattern that is not reproduced natively: `{glob}`")))
}

/// Tells whether a path has only names and wildcards in it.
pub(super) fn is_certain(text: &str) -> bool {
    !text.contains(|c: char| c.is_control() || "\\:".contains(c))
        && text.split('/').all(|part| !matches!(part, "" | "." | ".."))
}

fn script_files(subject: &Subject<'_>, poetry: &TableReader<'_>) -> Plan<Vec<String>> {
    let Some(scripts) = poetry.subtable("scripts")? else { return Ok(Vec::new()) };
    let scripts = subject.pyproject.reader("tool.poetry.scripts", scripts);
    let mut out = Vec::new();
    for (name, item) in scripts.table().iter() {
        if item.as_str().is_some() {
            continue;
        }
        let odd = |reason: &str| option(&scripts, name, reason);
        let inner = item.as_table_like().ok_or_else(|| odd("is neither a text nor a table"))?;
        let inner = TableReader::new(poetry.path(), poetry.text(), "tool.poetry.scripts", inner);
        known_options(&inner, &["reference", "type", "extras"])?;
        let reference = inner.string("reference")?.ok_or_else(|| odd("has no `reference`"))?;
        match inner.string("type")? {
            Some("console") => {}
            Some("file") if is_certain(reference) => out.push(reference.to_owned()),
            _ => return Err(odd("is neither a console script nor a file at a plain path")),
        }
    }
    Ok(out)
}
