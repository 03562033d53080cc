//! `[project]` (PEP 621, PEP 639, PEP 794): every field typed, every mistake located.

use super::reader::TableReader;
use crate::diagnostic::Diagnostic;
use crate::requirement::SpecifierSet;
use crate::{PackageName, Requirement, Version};

/// Names and values in file order.
pub type Entries = Vec<(String, String)>;

type Result<T> = std::result::Result<T, Box<Diagnostic>>;

/// The readme of a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Readme {
    /// A file; the type follows from its extension unless given.
    File {
        /// Path from the project root.
        path: String,
        /// The content type, when given.
        content_type: Option<String>,
    },
    /// A text in the file itself.
    Text {
        /// The text.
        text: String,
        /// The content type.
        content_type: String,
    },
}

/// The licence of a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum License {
    /// An SPDX expression (PEP 639), as written.
    Expression(String),
    /// `{ file = … }` (deprecated).
    File(String),
    /// `{ text = … }` (deprecated).
    Text(String),
}

/// An author or maintainer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The name.
    pub name: Option<String>,
    /// The e-mail address.
    pub email: Option<String>,
}

/// The table `[project]`.
#[derive(Debug, Clone)]
pub struct Project {
    /// `name`
    pub name: PackageName,
    /// `version`; absent when dynamic.
    pub version: Option<Version>,
    /// `description`
    pub description: Option<String>,
    /// `readme`
    pub readme: Option<Readme>,
    /// `requires-python`
    pub requires_python: Option<SpecifierSet>,
    /// `license`
    pub license: Option<License>,
    /// `license-files`; `None` means the backend's default globs.
    pub license_files: Option<Vec<String>>,
    /// `authors`
    pub authors: Vec<Person>,
    /// `maintainers`
    pub maintainers: Vec<Person>,
    /// `keywords`
    pub keywords: Vec<String>,
    /// `classifiers`
    pub classifiers: Vec<String>,
    /// `urls`, in file order.
    pub urls: Entries,
    /// `scripts`, in file order.
    pub scripts: Entries,
    /// `gui-scripts`, in file order.
    pub gui_scripts: Entries,
    /// `entry-points.*`, in file order.
    pub entry_points: Vec<(String, Entries)>,
    /// `dependencies`, in file order.
    pub dependencies: Vec<Requirement>,
    /// `optional-dependencies`, in file order.
    pub optional_dependencies: Vec<(String, Vec<Requirement>)>,
    /// `dynamic`
    pub dynamic: Vec<String>,
    /// `import-names`
    pub import_names: Option<Vec<String>>,
    /// `import-namespaces`
    pub import_namespaces: Option<Vec<String>>,
}

const KEYS: &[&str] = &[
    "name",
    "version",
    "description",
    "readme",
    "requires-python",
    "license",
    "license-files",
    "authors",
    "maintainers",
    "keywords",
    "classifiers",
    "urls",
    "scripts",
    "gui-scripts",
    "entry-points",
    "dependencies",
    "optional-dependencies",
    "dynamic",
    "import-names",
    "import-namespaces",
];

impl Project {
    pub(super) fn read(table: &TableReader<'_>) -> Result<Self> {
        table.known_keys(KEYS)?;
        let name = read_name(table)?;
        let dynamic = owned(table.strings("dynamic")?);
        check_dynamic(table, &dynamic)?;
        let version = parsed(table, "version", |text| text.parse::<Version>().map_err(|e| e.to_string()))?;
        if version.is_none() && !dynamic.iter().any(|field| field == "version") {
            let mut fault = *table.fault_at(
                None,
                "`project.version` is missing and `version` is not listed in `project.dynamic`",
            );
            fault.hint = Some("add `version = \"0.1.0\"` to the table `[project]`".to_owned());
            return Err(Box::new(fault));
        }
        Ok(Self {
            name,
            version,
            description: table.string("description")?.map(str::to_owned),
            readme: read_readme(table)?,
            requires_python: parsed(table, "requires-python", |text| {
                text.parse::<SpecifierSet>().map_err(|error| error.to_string())
            })?,
            license: read_license(table)?,
            license_files: table.strings("license-files")?.map(|list| owned(Some(list))),
            authors: read_people(table, "authors")?,
            maintainers: read_people(table, "maintainers")?,
            keywords: owned(table.strings("keywords")?),
            classifiers: owned(table.strings("classifiers")?),
            urls: pairs(table.string_table("urls")?),
            scripts: pairs(table.string_table("scripts")?),
            gui_scripts: pairs(table.string_table("gui-scripts")?),
            entry_points: read_entry_points(table)?,
            dependencies: read_requirements(table, "dependencies")?,
            optional_dependencies: read_optional(table)?,
            dynamic,
            import_names: table.strings("import-names")?.map(|list| owned(Some(list))),
            import_namespaces: table.strings("import-namespaces")?.map(|list| owned(Some(list))),
        })
    }

    /// Tells whether a field is listed in `dynamic`.
    #[must_use]
    pub fn is_dynamic(&self, field: &str) -> bool {
        self.dynamic.iter().any(|name| name == field)
    }
}

fn owned(list: Option<Vec<&str>>) -> Vec<String> {
    list.unwrap_or_default().into_iter().map(str::to_owned).collect()
}

fn pairs(list: Option<Vec<(&str, &str)>>) -> Entries {
    list.unwrap_or_default().into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

fn parsed<T>(
    table: &TableReader<'_>,
    key: &str,
    parse: impl Fn(&str) -> std::result::Result<T, String>,
) -> Result<Option<T>> {
    let Some(text) = table.string(key)? else { return Ok(None) };
    match parse(text) {
        Ok(value) => Ok(Some(value)),
        Err(error) => Err(table.fault_at(
            table.get(key).and_then(toml_edit::Item::span),
            &format!("in `project.{key}`: {error}"),
        )),
    }
}

fn check_dynamic(table: &TableReader<'_>, dynamic: &[String]) -> Result<()> {
    for field in dynamic {
        if field == "name" {
            return Err(table.fault("dynamic", "may not list `name`"));
        }
        if !KEYS.contains(&field.as_str()) || field == "dynamic" {
            return Err(table.fault("dynamic", &format!("lists an unknown field: `{field}`")));
        }
        if table.get(field).is_some() {
            return Err(table.fault(field, "is set and also listed in `project.dynamic`"));
        }
    }
    Ok(())
}

fn read_name(table: &TableReader<'_>) -> Result<PackageName> {
    let name = parsed(table, "name", |text| text.parse::<PackageName>().map_err(|e| e.to_string()))?;
    name.ok_or_else(|| {
        let mut fault = *table.fault_at(None, "`project.name` is missing");
        fault.hint = Some("add `name = \"…\"` to the table `[project]`".to_owned());
        Box::new(fault)
    })
}

fn read_readme(table: &TableReader<'_>) -> Result<Option<Readme>> {
    let Some(item) = table.get("readme") else { return Ok(None) };
    if let Some(path) = item.as_str() {
        return Ok(Some(Readme::File { path: path.to_owned(), content_type: None }));
    }
    let Some(inner) = item.as_table_like() else {
        return Err(table.fault("readme", "must be a path or a table with `file` or `text`"));
    };
    let inner = TableReader::new(table.path(), table.text(), "project.readme", inner);
    inner.known_keys(&["file", "text", "content-type"])?;
    let content_type = inner.string("content-type")?.map(str::to_owned);
    match (inner.string("file")?, inner.string("text")?) {
        (Some(path), None) => Ok(Some(Readme::File { path: path.to_owned(), content_type })),
        (None, Some(text)) => {
            let content_type = content_type
                .ok_or_else(|| table.fault("readme", "with `text` must also have `content-type`"))?;
            Ok(Some(Readme::Text { text: text.to_owned(), content_type }))
        }
        _ => Err(table.fault("readme", "must have either `file` or `text`")),
    }
}

fn read_license(table: &TableReader<'_>) -> Result<Option<License>> {
    let Some(item) = table.get("license") else { return Ok(None) };
    if let Some(expression) = item.as_str() {
        return Ok(Some(License::Expression(expression.to_owned())));
    }
    let Some(inner) = item.as_table_like() else {
        return Err(table.fault("license", "must be an SPDX expression or a table with `file` or `text`"));
    };
    let inner = TableReader::new(table.path(), table.text(), "project.license", inner);
    inner.known_keys(&["file", "text"])?;
    if table.get("license-files").is_some() {
        return Err(table.fault("license", "may not be a table beside `project.license-files` (PEP 639)"));
    }
    match (inner.string("file")?, inner.string("text")?) {
        (Some(path), None) => Ok(Some(License::File(path.to_owned()))),
        (None, Some(text)) => Ok(Some(License::Text(text.to_owned()))),
        _ => Err(table.fault("license", "must have either `file` or `text`")),
    }
}

fn read_people(table: &TableReader<'_>, key: &str) -> Result<Vec<Person>> {
    let mut people = Vec::new();
    for entry in table.tables(key)?.unwrap_or_default() {
        let full = format!("project.{key}");
        let entry = TableReader::new(table.path(), table.text(), &full, entry);
        entry.known_keys(&["name", "email"])?;
        let person = Person {
            name: entry.string("name")?.map(str::to_owned),
            email: entry.string("email")?.map(str::to_owned),
        };
        if person.name.is_none() && person.email.is_none() {
            return Err(table.fault(key, "has an entry with neither `name` nor `email`"));
        }
        people.push(person);
    }
    Ok(people)
}

fn read_entry_points(table: &TableReader<'_>) -> Result<Vec<(String, Entries)>> {
    let Some(groups) = table.subtable("entry-points")? else { return Ok(Vec::new()) };
    let reader = TableReader::new(table.path(), table.text(), "project.entry-points", groups);
    let mut out = Vec::new();
    for (group, _) in groups.iter() {
        if let "console_scripts" | "gui_scripts" | "scripts" | "gui-scripts" = group {
            return Err(reader.fault(group, "belongs in `project.scripts` or `project.gui-scripts`"));
        }
        out.push((group.to_owned(), pairs(reader.string_table(group)?)));
    }
    Ok(out)
}

fn read_requirements(table: &TableReader<'_>, key: &str) -> Result<Vec<Requirement>> {
    let mut out = Vec::new();
    for (text, span) in table.spanned_strings(key)?.unwrap_or_default() {
        let parsed = text.parse();
        out.push(
            parsed.map_err(|error| table.fault_at(span, &format!("in `{}.{key}`: {error}", table.name())))?,
        );
    }
    Ok(out)
}

fn read_optional(table: &TableReader<'_>) -> Result<Vec<(String, Vec<Requirement>)>> {
    let Some(extras) = table.subtable("optional-dependencies")? else { return Ok(Vec::new()) };
    let reader = TableReader::new(table.path(), table.text(), "project.optional-dependencies", extras);
    let mut out = Vec::new();
    for (extra, _) in extras.iter() {
        if !crate::name::is_valid(extra) {
            return Err(reader.fault(extra, "is no valid name of an extra"));
        }
        out.push((extra.to_owned(), read_requirements(&reader, extra)?));
    }
    Ok(out)
}
