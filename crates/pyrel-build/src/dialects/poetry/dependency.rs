//! Dependencies of `[project]` and of `[tool.poetry.dependencies]` as lines of metadata.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use pyrel_model::name::normalize as normalize_name;
use pyrel_model::pyproject::TableReader;
use pyrel_model::requirement::{Marker as Written, Specifier};
use pyrel_model::{PackageName, Requirement, Version};
use regex::Regex;
use toml_edit::{Item, TableLike, Value};

use super::super::Subject;
use super::constraint::{self, Purpose};
use super::marker::{Marker, NOT_REPRODUCED};
use crate::detector::{known_options, option};
use crate::error::Plan;

/// The requirements of a project.
#[derive(Default)]
pub(super) struct Dependencies {
    /// Lines, sorted.
    pub(super) lines: Vec<String>,
    /// Extras in normal form, sorted.
    pub(super) extras: BTreeSet<String>,
    /// All that are stated, in their order; `true` beside those that only extras ask for.
    pub(super) all: Vec<(Line, bool)>,
    /// The extras in their order, with the names of what they ask for in normal form.
    pub(super) members: Vec<(String, Vec<String>)>,
}

/// The parts of a line.
pub(super) struct Line {
    pub(super) name: PackageName,
    extras: BTreeSet<String>,
    /// What stands behind the name: a constraint in brackets, or a URL.
    rest: String,
    pub(super) marker: Option<String>,
    pub(super) in_extras: Vec<String>,
}

impl Line {
    fn print(&self) -> String {
        let base = format!("{}{}", self.full_name(), self.rest);
        match self.condition(&self.in_extras) {
            None => base,
            Some(condition) => format!("{base} ; {condition}"),
        }
    }

    fn full_name(&self) -> String {
        let name = self.name.as_written();
        if self.extras.is_empty() {
            return name.to_owned();
        }
        format!("{name}[{}]", self.extras.iter().cloned().collect::<Vec<_>>().join(","))
    }

    /// Returns the requirement without its condition, and without brackets round the constraint.
    pub(super) fn unbracketed(&self) -> String {
        let constraint = self.rest.strip_prefix(" (").and_then(|rest| rest.strip_suffix(')'));
        format!("{}{}", self.full_name(), constraint.unwrap_or(&self.rest))
    }

    /// Returns what stands behind the semicolon, with a part about these extras.
    pub(super) fn condition(&self, extras: &[String]) -> Option<String> {
        let asked: Vec<String> = extras.iter().map(|extra| format!("extra == \"{extra}\"")).collect();
        match (&self.marker, asked.is_empty()) {
            (None, true) => None,
            (Some(marker), true) => Some(marker.clone()),
            (None, false) => Some(asked.join(" or ")),
            (Some(marker), false) => Some(format!("({marker}) and ({})", asked.join(" or "))),
        }
    }
}

/// Returns the requirements: those of `[project]` if it has any, else those of `[tool.poetry]`.
pub(super) fn read(subject: &Subject<'_>, poetry: &TableReader<'_>) -> Plan<Dependencies> {
    let project = subject.pyproject.project();
    let own = project.filter(|project| {
        !project.optional_dependencies.is_empty() || subject.project_table().get("dependencies").is_some()
    });
    let mut out = match own {
        Some(_) => of_project(subject)?,
        None => of_poetry(subject, poetry)?,
    };
    let asked = out.all.iter().filter(|(line, is_optional)| !is_optional || !line.in_extras.is_empty());
    out.lines = asked.map(|(line, _)| line.print()).collect();
    out.lines.sort();
    Ok(out)
}

fn of_project(subject: &Subject<'_>) -> Plan<Dependencies> {
    let project = subject.project;
    let table = subject.project_table();
    for key in ["dependencies", "optional-dependencies"] {
        if project.is_dynamic(key) {
            return Err(option(&table, "dynamic", format!("lists `{key}`, though others are static")));
        }
    }
    let mut out = Dependencies::default();
    for requirement in &project.dependencies {
        out.all.push((project_line(&table, "dependencies", requirement, None)?, false));
    }
    // A list that is empty, beside no extra, leaves the extras of the other table in force.
    let has_extras = subject.pyproject.tool(&["poetry", "extras"]).is_some();
    if has_extras && project.dependencies.is_empty() && project.optional_dependencies.is_empty() {
        return Err(option(&table, "dependencies", "is empty beside `tool.poetry.extras`"));
    }
    for (written, requirements) in &project.optional_dependencies {
        let extra = normalize_name(written);
        let mut members = Vec::with_capacity(requirements.len());
        for requirement in requirements {
            let line = project_line(&table, "optional-dependencies", requirement, Some(&extra))?;
            members.push(line.name.normalized().to_owned());
            out.all.push((line, true));
        }
        out.members.push((extra.clone(), members));
        if !out.extras.insert(extra) {
            return Err(option(
                &table,
                "optional-dependencies",
                "names an extra twice (compared in normal form)",
            ));
        }
    }
    if out.all.is_empty() && has_poetry_requirements(subject) {
        let key = if table.get("dependencies").is_some() { "dependencies" } else { "optional-dependencies" };
        let reason = "is empty beside `tool.poetry.dependencies`, which poetry-core takes instead";
        return Err(option(&table, key, reason));
    }
    Ok(out)
}

fn has_poetry_requirements(subject: &Subject<'_>) -> bool {
    let table = subject.pyproject.tool(&["poetry", "dependencies"]);
    table.is_some_and(|table| table.iter().any(|(name, _)| name.to_lowercase() != "python"))
}

fn project_line(
    table: &TableReader<'_>,
    key: &str,
    requirement: &Requirement,
    extra: Option<&String>,
) -> Plan<Line> {
    let odd = |reason: &str| option(table, key, format!("{reason}: `{}`", requirement.as_written()));
    let mut name = requirement.name.clone();
    let rest = match &requirement.url {
        Some(url) if is_plain_url(url) && url.contains(".whl") => {
            let named = wheel_name(url);
            name = named.ok_or_else(|| odd("has the address of a wheel that is not reproduced"))?;
            format!(" @ {url}")
        }
        Some(url) if is_plain_url(url) => format!(" @ {url}"),
        Some(_) => return Err(odd("has a URL that poetry-core may read or print in another way")),
        None if requirement.specifiers.is_empty() => String::new(),
        None => {
            let text: Vec<String> = requirement.specifiers.specifiers().iter().map(normal).collect();
            let set = constraint::parse(&text.join(","), Purpose::Project);
            set.and_then(|set| constraint::suffix(&set, &set.print()))
                .ok_or_else(|| odd("has a constraint that is not reproduced"))?
        }
    };
    let marker = match &requirement.marker {
        None => None,
        Some(marker) => {
            let printed = Marker::read(marker).and_then(|marker| marker.print());
            printed.ok_or_else(|| odd(NOT_REPRODUCED))?
        }
    };
    Ok(Line {
        name,
        extras: requirement.extras.iter().map(|extra| normalize_name(extra)).collect(),
        rest,
        marker,
        in_extras: extra.into_iter().cloned().collect(),
    })
}

/// Returns a comparison with its version in normal form.
fn normal(specifier: &Specifier) -> String {
    match specifier.version().parse::<Version>() {
        Ok(version) => format!("{}{version}", specifier.operator()),
        Err(_) => specifier.to_string(),
    }
}

/// Lets through addresses that poetry-core prints as they are: of archives, and of git's repositories.
fn is_plain_url(url: &str) -> bool {
    static PLAIN: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(concat!(
            r"^(?:https?://|git\+https://(?:git@)?|git\+ssh://git@)",
            r"[a-z0-9-]+(?:\.[a-z0-9-]+)+(?::[1-9]\d{3})?",
            r"(?:/[A-Za-z0-9_-][A-Za-z0-9._~+-]*)+",
            r"(?:@[A-Za-z0-9_][A-Za-z0-9._-]*(?:/[A-Za-z0-9_][A-Za-z0-9._-]*)*)?",
            r"(?:#subdirectory=[A-Za-z0-9_][A-Za-z0-9._/-]*)?$",
        ))
        .expect("a constant expression")
    });
    PLAIN.is_match(url) && (url.starts_with("git+") || !url.contains('@'))
}

/// Returns the name in the file name of a wheel, which poetry-core takes for the project's.
fn wheel_name(url: &str) -> Option<PackageName> {
    static WHEEL: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r"/([A-Za-z0-9][A-Za-z0-9_.]*)-\d[0-9.]*(?:-\d+)?-[a-z0-9.]+-[a-z0-9_]+-[a-z0-9_.]+\.whl(?:#|$)",
        )
        .expect("a constant expression")
    });
    WHEEL.captures(url)?[1].parse().ok()
}

const KEYS: [&str; 9] = [
    "version",
    "python",
    "platform",
    "markers",
    "allow-prereleases",
    "allows-prereleases",
    "optional",
    "extras",
    "source",
];

fn of_poetry(subject: &Subject<'_>, poetry: &TableReader<'_>) -> Plan<Dependencies> {
    let empty = toml_edit::Table::new();
    let table = poetry.subtable("dependencies")?.unwrap_or(&empty);
    let table = subject.pyproject.reader("tool.poetry.dependencies", table);
    let mut lines: Vec<(Line, bool)> = Vec::new();
    for (name, item) in table.table().iter().filter(|(name, _)| name.to_lowercase() != "python") {
        lines.extend(poetry_lines(&table, name, item)?);
    }
    let mut out = Dependencies::default();
    if let Some(extras) = poetry.subtable("extras")? {
        let extras = subject.pyproject.reader("tool.poetry.extras", extras);
        for (written, _) in extras.table().iter() {
            let extra = normalize_name(written);
            if !pyrel_model::name::is_valid(written) || !out.extras.insert(extra.clone()) {
                return Err(option(&extras, written, "is no valid name of an extra, or there twice"));
            }
            let mut members: Vec<String> = Vec::new();
            for wanted in extras.strings(written)?.unwrap_or_default() {
                if !pyrel_model::name::is_valid(wanted) {
                    return Err(option(
                        &extras,
                        written,
                        format!("lists something else than a name: `{wanted}`"),
                    ));
                }
                let wanted = normalize_name(wanted);
                for (line, _) in lines.iter_mut().filter(|(line, _)| line.name.normalized() == wanted) {
                    line.in_extras.push(extra.clone());
                    members.push(wanted.clone());
                }
            }
            out.members.push((extra, members));
        }
    }
    out.all = lines;
    Ok(out)
}

/// Reads one entry: a constraint, a table, or a list of them; `true` beside a line that only extras ask for.
fn poetry_lines(table: &TableReader<'_>, name: &str, item: &Item) -> Plan<Vec<(Line, bool)>> {
    let Some(values) = item.as_array() else {
        return Ok(vec![match (item.as_str(), item.as_table_like()) {
            (Some(text), _) => (plain_line(table, name, text)?, false),
            (None, Some(inner)) => table_line(table, name, inner)?,
            (None, None) => return Err(option(table, name, "is neither a constraint nor a table")),
        }]);
    };
    let mut out = Vec::new();
    for value in values {
        out.push(match value {
            Value::String(text) => (plain_line(table, name, text.value())?, false),
            Value::InlineTable(inner) => table_line(table, name, inner)?,
            _ => return Err(option(table, name, "lists something that is neither a constraint nor a table")),
        });
    }
    if out.is_empty() {
        return Err(option(table, name, "is an empty list"));
    }
    Ok(out)
}

fn plain_line(table: &TableReader<'_>, name: &str, text: &str) -> Plan<Line> {
    let rest = constraint::parse(text, Purpose::Project)
        .and_then(|set| constraint::suffix(&set, text))
        .ok_or_else(|| option(table, name, format!("has a constraint that is not reproduced: `{text}`")))?;
    let name = name.parse().map_err(|_| option(table, name, "is no valid name of a project"))?;
    Ok(Line { name, extras: BTreeSet::new(), rest, marker: None, in_extras: Vec::new() })
}

fn table_line(table: &TableReader<'_>, name: &str, inner: &dyn TableLike) -> Plan<(Line, bool)> {
    let dotted = table.dotted(name);
    let inner = TableReader::new(table.path(), table.text(), &dotted, inner);
    let mut line = match address(&inner)? {
        Some(url) => Line { rest: format!(" @ {url}"), ..plain_line(table, name, "*")? },
        None => {
            known_options(&inner, &KEYS)?;
            plain_line(table, name, inner.string("version")?.unwrap_or("*"))?
        }
    };
    let extras = inner.strings("extras")?.unwrap_or_default();
    if let Some(odd) = extras.iter().find(|extra| !pyrel_model::name::is_valid(extra)) {
        return Err(option(&inner, "extras", format!("lists something else than a name: `{odd}`")));
    }
    line.extras = extras.into_iter().map(normalize_name).collect();
    line.marker = stated_marker(&inner)?.print().ok_or_else(|| option(table, name, NOT_REPRODUCED))?;
    Ok((line, inner.boolean("optional")?.unwrap_or(false)))
}

/// Keys that stand beside an address.
const BESIDE: [&str; 6] = ["subdirectory", "python", "platform", "markers", "optional", "extras"];
/// Keys that stand beside the address of a repository; of the first three, one.
const BESIDE_GIT: [&str; 6] = ["branch", "tag", "rev", "allow-prereleases", "allows-prereleases", "develop"];

/// Reads the address that an entry names instead of a version.
fn address(inner: &TableReader<'_>) -> Plan<Option<String>> {
    let (key, url) = match (inner.string("git")?, inner.string("url")?) {
        (Some(url), None) => ("git", format!("git+{url}")),
        (None, Some(url)) => ("url", url.to_owned()),
        _ => return Ok(None),
    };
    let mut keys: Vec<&str> = BESIDE.into_iter().chain([key]).collect();
    if key == "git" {
        keys.extend(BESIDE_GIT);
    }
    known_options(inner, &keys)?;
    let mut full = url.clone();
    let mut references = 0;
    for reference in ["branch", "tag", "rev"] {
        if let Some(text) = inner.string(reference)? {
            full.push_str(&format!("@{text}"));
            references += 1;
        }
    }
    if let Some(folder) = inner.string("subdirectory")? {
        full.push_str(&format!("#subdirectory={folder}"));
    }
    let is_bare =
        !url.contains('#') && !url[url.find("://").unwrap_or(0)..].replace("://git@", "").contains('@');
    if !is_plain_url(&full) || !is_bare || references > 1 {
        return Err(option(inner, key, "is an address that poetry-core may read or print in another way"));
    }
    Ok(Some(full))
}

type ReadMarker = fn(&str) -> Option<Marker>;

/// Reads the markers of an entry: as written, of Python, and of the platform, all of which must hold.
fn stated_marker(inner: &TableReader<'_>) -> Plan<Marker> {
    let mut marker = Marker::any();
    let readers: [(&str, ReadMarker); 3] = [
        ("markers", |text| Marker::read(&Written::parse(text)?)),
        ("python", Marker::python),
        ("platform", Marker::platform),
    ];
    for (key, read) in readers {
        if let Some(text) = inner.string(key)?.filter(|text| !text.is_empty()) {
            let both = read(text).and_then(|other| marker.intersect(&other));
            marker = both.ok_or_else(|| option(inner, key, NOT_REPRODUCED))?;
        }
    }
    Ok(marker)
}
