//! `[tool.poetry]`: metadata of packages that predate `[project]`.

use std::fmt::Write as _;

use pyrel_model::name::normalize;
use pyrel_model::pyproject::{Project, PyProject, TableReader};
use pyrel_model::{Diagnostic, PackageName, Requirement, Version};
use toml_edit::{Item, TableLike, Value};

use super::DependencyKind;
use super::description::Description;
use super::poetry_constraint::to_specifiers;
use crate::version::VersionSource;

type Result<T> = std::result::Result<T, Box<Diagnostic>>;

/// Reads a package that has `[tool.poetry]` and no `[project]`.
pub(super) fn read(file: &PyProject, table: &dyn TableLike) -> Result<Description> {
    let table = file.reader("tool.poetry", table);
    if table.boolean("package-mode")? == Some(false) {
        let fault = table.fault("package-mode", "is `false`, so this is no package");
        return Err(Box::new(fault.with_hint("list the directory under `exclude`")));
    }
    let mut description = Description::new(parsed::<PackageName>(&table, "name")?);
    description.version = Some(VersionSource::Static(parsed::<Version>(&table, "version")?));
    description.summary = table.string("description")?.map(str::to_owned);
    description.classifiers =
        table.strings("classifiers")?.unwrap_or_default().into_iter().map(str::to_owned).collect();
    read_dependencies(&table, &mut description)?;
    Ok(description)
}

/// Returns the names of the groups of `[tool.poetry.group]`, and `dev` when there are `dev-dependencies`.
pub(super) fn groups(file: &PyProject) -> Vec<String> {
    let groups = file.tool(&["poetry", "group"]).into_iter().flat_map(|table| table.iter());
    let mut names: Vec<String> = groups.map(|(name, _)| normalize(name)).collect();
    if !names.iter().any(|name| name == "dev") && file.tool(&["poetry", "dev-dependencies"]).is_some() {
        names.push("dev".to_owned());
    }
    names
}

/// Returns the requirements of a group; `None` when there is no such group.
pub(super) fn group(file: &PyProject, name: &str) -> Result<Option<Vec<Requirement>>> {
    let groups = file.tool(&["poetry", "group"]);
    let key = groups.and_then(|table| table.iter().map(|(key, _)| key).find(|key| normalize(key) == name));
    let (table, path) = match key {
        Some(key) => {
            let table = file.tool(&["poetry", "group", key, "dependencies"]);
            (table, format!("tool.poetry.group.{key}.dependencies"))
        }
        None if name == "dev" => {
            (file.tool(&["poetry", "dev-dependencies"]), "tool.poetry.dev-dependencies".to_owned())
        }
        None => (None, String::new()),
    };
    let Some(table) = table else { return Ok(None) };
    let reader = file.reader(&path, table);
    let mut requirements = Vec::new();
    for (key, item) in table.iter().filter(|(key, _)| *key != "python") {
        for constraint in constraints(&reader, key, item)? {
            requirements.push(constraint.to_requirement(&reader, key)?);
        }
    }
    Ok(Some(requirements))
}

/// Takes from `[tool.poetry]` what `[project]` lists as dynamic.
pub(super) fn fill_dynamic(
    file: &PyProject,
    table: &dyn TableLike,
    project: &Project,
    description: &mut Description,
) -> Result<()> {
    let table = file.reader("tool.poetry", table);
    if project.is_dynamic("version") && table.get("version").is_some() {
        description.version = Some(VersionSource::Static(parsed::<Version>(&table, "version")?));
    }
    if project.is_dynamic("description") {
        description.summary = table.string("description")?.map(str::to_owned);
    }
    if project.is_dynamic("dependencies") {
        read_dependencies(&table, description)?;
    }
    Ok(())
}

fn parsed<T: std::str::FromStr<Err: std::fmt::Display>>(table: &TableReader<'_>, key: &str) -> Result<T> {
    let Some(text) = table.string(key)? else {
        let fault = *table.fault_at(None, &format!("`{}` is missing", table.dotted(key)));
        return Err(Box::new(
            fault.with_hint(format!("add `{key} = \"…\"` to the table `[{}]`", table.name())),
        ));
    };
    text.parse().map_err(|error| {
        table.fault_at(table.get(key).and_then(Item::span), &format!("in `{}`: {error}", table.dotted(key)))
    })
}

fn read_dependencies(table: &TableReader<'_>, description: &mut Description) -> Result<()> {
    let Some(dependencies) = table.subtable("dependencies")? else { return Ok(()) };
    let name = table.dotted("dependencies");
    let reader = TableReader::new(table.path(), table.text(), &name, dependencies);
    for (key, item) in dependencies.iter() {
        if key == "python" {
            description.requires_python = read_python(&reader, item)?;
            continue;
        }
        for constraint in constraints(&reader, key, item)? {
            let requirement = constraint.to_requirement(&reader, key)?;
            let kind = if constraint.optional { DependencyKind::Optional } else { DependencyKind::Runtime };
            description.add(kind, [&requirement]);
        }
    }
    Ok(())
}

fn read_python(
    table: &TableReader<'_>,
    item: &Item,
) -> Result<Option<pyrel_model::requirement::SpecifierSet>> {
    let text = item.as_str().ok_or_else(|| table.fault("python", "must be a string"))?;
    let specifiers = to_specifiers(text).filter(|specifiers| !specifiers.is_empty());
    let parse = |text: String| {
        text.parse().map_err(|error| {
            table.fault_at(item.span(), &format!("in `{}`: {error}", table.dotted("python")))
        })
    };
    specifiers.map(parse).transpose()
}

/// One constraint of a dependency; a dependency may have several, each with its own markers.
#[derive(Default)]
struct Constraint<'a> {
    version: Option<&'a str>,
    extras: Vec<&'a str>,
    markers: Option<&'a str>,
    python: Option<&'a str>,
    platform: Option<&'a str>,
    optional: bool,
}

fn constraints<'a>(table: &TableReader<'a>, key: &str, item: &'a Item) -> Result<Vec<Constraint<'a>>> {
    if let Some(version) = item.as_str() {
        return Ok(vec![Constraint { version: Some(version), ..Constraint::default() }]);
    }
    let tables: Vec<&dyn TableLike> = if let Some(one) = item.as_table_like() {
        vec![one]
    } else if let Some(array) = item.as_array() {
        return array.iter().map(|one| listed(table, key, one)).collect();
    } else if let Some(array) = item.as_array_of_tables() {
        array.iter().map(|one| -> &dyn TableLike { one }).collect()
    } else {
        return Err(table.fault(key, "must be a version constraint or a table"));
    };
    let name = table.dotted(key);
    tables.into_iter().map(|one| read_constraint(table, &name, one)).collect()
}

/// Reads one constraint of a list, which may mix versions and tables, as poetry-core takes it.
fn listed<'a>(table: &TableReader<'a>, key: &str, one: &'a Value) -> Result<Constraint<'a>> {
    let name = table.dotted(key);
    match (one.as_str(), one.as_inline_table()) {
        (Some(version), _) => Ok(Constraint { version: Some(version), ..Constraint::default() }),
        (None, Some(inline)) => read_constraint(table, &name, inline),
        (None, None) => {
            let fault = format!("`{name}` must list version constraints and tables only");
            Err(table.fault_at(one.span(), &fault))
        }
    }
}

fn read_constraint<'a>(
    table: &TableReader<'a>,
    name: &str,
    one: &'a dyn TableLike,
) -> Result<Constraint<'a>> {
    let text = |key: &str| -> Result<Option<&'a str>> {
        match one.get(key) {
            None => Ok(None),
            Some(item) => item
                .as_str()
                .map(Some)
                .ok_or_else(|| table.fault_at(item.span(), &format!("`{name}.{key}` must be a string"))),
        }
    };
    let extras = one.get("extras").and_then(Item::as_array);
    Ok(Constraint {
        version: text("version")?,
        extras: extras.map(|list| list.iter().filter_map(Value::as_str).collect()).unwrap_or_default(),
        markers: text("markers")?,
        python: text("python")?,
        platform: text("platform")?,
        optional: one.get("optional").and_then(Item::as_bool).unwrap_or(false),
    })
}

impl Constraint<'_> {
    /// A constraint that PEP 508 cannot express, such as a union of versions, is left out.
    fn to_requirement(&self, table: &TableReader<'_>, name: &str) -> Result<Requirement> {
        let mut text = name.to_owned();
        if !self.extras.is_empty() {
            let _ = write!(text, "[{}]", self.extras.join(","));
        }
        text.push_str(&self.version.and_then(to_specifiers).unwrap_or_default());
        let markers = self.to_markers();
        if !markers.is_empty() {
            let _ = write!(text, "; {}", markers.join(" and "));
        }
        text.parse().map_err(|error| {
            let span = table.get(name).and_then(Item::span);
            table.fault_at(span, &format!("in `{}`: {error}", table.dotted(name)))
        })
    }

    fn to_markers(&self) -> Vec<String> {
        let mut markers = Vec::new();
        markers.extend(self.markers.map(|marker| format!("({marker})")));
        let python = self.python.and_then(to_specifiers).unwrap_or_default();
        for specifier in python.split(',').filter(|specifier| !specifier.is_empty()) {
            let (operator, version) =
                specifier.split_at(specifier.find(|c: char| c.is_alphanumeric()).unwrap_or(0));
            let variable =
                if version.matches('.').count() > 1 { "python_full_version" } else { "python_version" };
            markers.push(format!("{variable} {operator} \"{version}\""));
        }
        markers.extend(self.platform.map(|platform| format!("sys_platform == \"{platform}\"")));
        markers
    }
}
