//! Core metadata as pdm-backend writes it, the lowest version that has all the fields.

use std::borrow::Cow;
use std::fmt::Write as _;

use pyrel_model::pyproject::{License, Person, Readme, TableReader};
use pyrel_model::requirement::Marker;
use pyrel_model::{Requirement, Version};

use super::super::Subject;
use super::license::{self, Licenses};
use super::variable::expanded;
use crate::detector::option;
use crate::error::Plan;
use crate::metadata::{field_unless_empty as field, is_exotic, one_line, people_fields};
use crate::tree::{Tree, normalize};

/// The text of `METADATA`, and what it was made from that other files need.
pub(super) struct Metadata {
    pub(super) text: String,
    pub(super) licenses: Licenses,
    /// The path of the readme.
    pub(super) readme: Option<String>,
}

impl Metadata {
    pub(super) fn read(subject: &Subject<'_>, tree: &Tree, version: &Version) -> Plan<Self> {
        let project = subject.project;
        let table = subject.project_table();
        if let Some(field) = project.dynamic.iter().find(|field| *field != "version") {
            return Err(option(&table, "dynamic", format!("lists `{field}`, which only a hook can fill in")));
        }
        let licenses = license::read(subject, tree)?;
        let readme = readme(subject, &table, tree)?;
        let mut text = format!(
            "Metadata-Version: {}\nName: {}\nVersion: {version}\n",
            metadata_version(subject),
            project.name.as_written()
        );
        let summary = project.description.as_deref().unwrap_or_default();
        field(&mut text, "Summary", one_line((&table, "description"), summary)?);
        field(&mut text, "Keywords", one_line((&table, "keywords"), &project.keywords.join(","))?);
        people(&table, ("authors", "Author"), &project.authors, &mut text)?;
        people(&table, ("maintainers", "Maintainer"), &project.maintainers, &mut text)?;
        write_license(subject, &table, tree, &mut text)?;
        for path in licenses.listed.iter().flatten() {
            field(&mut text, "License-File", path);
        }
        // A text with a file gets a header only in a metadata version that other fields ask for.
        if let (Some(path), true, true) =
            (&licenses.text_file, licenses.listed.is_none(), metadata_version(subject) == "2.5")
        {
            field(&mut text, "License-File", path);
        }
        for classifier in &project.classifiers {
            field(&mut text, "Classifier", one_line((&table, "classifiers"), classifier)?);
        }
        urls(subject, &table, &mut text)?;
        if let Some(requires_python) = &project.requires_python {
            if is_exotic(requires_python) {
                let reason = "has comparisons that are printed by rules of their own";
                return Err(option(&table, "requires-python", reason));
            }
            field(&mut text, "Requires-Python", &requires_python.to_string());
        }
        requirements(subject, &table, &mut text)?;
        if let Some(readme) = &readme {
            field(&mut text, "Description-Content-Type", &readme.content_type);
        }
        import_names(subject, &table, &mut text)?;
        text.push('\n');
        if let Some(readme) = &readme {
            text.push_str(&readme.body);
        }
        Ok(Self { text, licenses, readme: readme.and_then(|readme| readme.path) })
    }
}

fn metadata_version(subject: &Subject<'_>) -> &'static str {
    let project = subject.project;
    if project.import_names.is_some() || project.import_namespaces.is_some() {
        "2.5"
    } else if project.license_files.is_some() || matches!(project.license, Some(License::Expression(_))) {
        "2.4"
    } else {
        "2.1"
    }
}

/// Writes people; one without a name is called `Unknown`.
fn people(
    table: &TableReader<'_>,
    (key, header): (&str, &str),
    people: &[Person],
    text: &mut String,
) -> Plan<()> {
    if people.iter().any(|person| [&person.name, &person.email].contains(&&Some(String::new()))) {
        return Err(option(table, key, "holds a person with an empty name or address"));
    }
    let named: Vec<Person> = people
        .iter()
        .map(|person| Person {
            name: Some(person.name.clone().unwrap_or_else(|| "Unknown".to_owned())),
            email: person.email.clone(),
        })
        .collect();
    let (names, addresses) = people_fields(&named).map_err(|unusual| {
        option(table, key, format!("holds a person whose printing is not reproduced: `{}`", unusual.0))
    })?;
    field(text, header, one_line((table, key), &names)?);
    field(text, &format!("{header}-Email"), one_line((table, key), &addresses)?);
    Ok(())
}

fn write_license(subject: &Subject<'_>, table: &TableReader<'_>, tree: &Tree, text: &mut String) -> Plan<()> {
    let content = match &subject.project.license {
        None => return Ok(()),
        Some(License::Expression(expression)) => {
            let is_doubled =
                subject.project.classifiers.iter().any(|classifier| classifier.starts_with("License ::"));
            if expression.is_empty() || is_doubled {
                let reason =
                    "is empty, or stands beside a classifier for licences, which pdm-backend refuses";
                return Err(option(table, "license", reason));
            }
            field(text, "License-Expression", one_line((table, "license"), expression)?);
            return Ok(());
        }
        Some(License::Text(content)) => content.clone(),
        Some(License::File(path)) => tree.read_text(path)?,
    };
    let is_odd = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
    if content.is_empty() || content.contains(is_odd) || content.contains(['\u{2028}', '\u{2029}']) {
        return Err(option(table, "license", "is empty, or holds a control character"));
    }
    let _ = writeln!(text, "License: {}", content.replace('\n', "\n         "));
    Ok(())
}

fn urls(subject: &Subject<'_>, table: &TableReader<'_>, text: &mut String) -> Plan<()> {
    for (label, url) in &subject.project.urls {
        if label.chars().count() > 32 {
            return Err(option(table, "urls", format!("has a label that pdm-backend refuses: `{label}`")));
        }
        field(text, "Project-URL", one_line((table, "urls"), &format!("{label}, {url}"))?);
    }
    Ok(())
}

/// Fills in the variables of a requirement; what `packaging` prints in a way of its own is refused.
fn printable<'r>(
    subject: &Subject<'_>,
    (table, key): (&TableReader<'_>, &str),
    requirement: &'r Requirement,
) -> Plan<Cow<'r, Requirement>> {
    let requirement = expanded(subject, (table, key), requirement)?;
    if is_exotic(&requirement.specifiers) {
        let written = requirement.as_written();
        let reason = format!("has comparisons that are printed by rules of their own: `{written}`");
        return Err(option(table, key, reason));
    }
    Ok(requirement)
}

/// Writes requirements, and those of each extra behind its name, in the order of the file.
fn requirements(subject: &Subject<'_>, table: &TableReader<'_>, text: &mut String) -> Plan<()> {
    let project = subject.project;
    for requirement in &project.dependencies {
        field(text, "Requires-Dist", &printable(subject, (table, "dependencies"), requirement)?.to_string());
    }
    let key = "optional-dependencies";
    for (extra, requirements) in &project.optional_dependencies {
        let extra = extra.replace(['.', '_'], "-").to_lowercase();
        field(text, "Provides-Extra", &extra);
        for requirement in requirements {
            let requirement = printable(subject, (table, key), requirement)?;
            let asked = format!("extra == \"{extra}\"");
            let marker = match &requirement.marker {
                Some(marker) if is_alternative(marker) => format!("({marker}) and {asked}"),
                Some(marker) => format!("{marker} and {asked}"),
                None => asked,
            };
            let mut requirement = requirement.into_owned();
            requirement.marker = Some(Marker::parse(&marker).ok_or_else(|| {
                option(table, key, format!("has a marker that is nested too deeply: `{marker}`"))
            })?);
            field(text, "Requires-Dist", &requirement.to_string());
        }
    }
    Ok(())
}

/// Tells whether a marker has an `or` outside of brackets that mean something.
fn is_alternative(marker: &Marker) -> bool {
    Marker::parse(&marker.to_string()).is_some_and(|printed| printed.has_top_level_or())
}

const KEYWORDS: [&str; 35] = [
    "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue", "def",
    "del", "elif", "else", "except", "finally", "for", "from", "global", "if", "import", "in", "is",
    "lambda", "nonlocal", "not", "or", "pass", "raise", "return", "try", "while", "with", "yield",
];

/// Writes import names of one part, and nothing else.
fn import_names(subject: &Subject<'_>, table: &TableReader<'_>, text: &mut String) -> Plan<()> {
    let plain = |name: &String| {
        name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
            && !KEYWORDS.contains(&name.as_str())
    };
    let project = subject.project;
    let namespaces = project.import_namespaces.as_deref().unwrap_or_default();
    for (key, header, names) in [
        ("import-names", "Import-Name", &project.import_names),
        ("import-namespaces", "Import-Namespace", &project.import_namespaces),
    ] {
        let Some(names) = names else { continue };
        let is_shared = key == "import-names" && names.iter().any(|name| namespaces.contains(name));
        if names.is_empty() || !names.iter().all(plain) || is_shared {
            return Err(option(table, key, "holds something else than plain names of its own"));
        }
        for name in names {
            field(text, header, name);
        }
    }
    Ok(())
}

/// What the readme adds to the metadata.
struct Description {
    content_type: String,
    body: String,
    path: Option<String>,
}

fn readme(subject: &Subject<'_>, table: &TableReader<'_>, tree: &Tree) -> Plan<Option<Description>> {
    let description = match &subject.project.readme {
        None => return Ok(None),
        Some(Readme::Text { text, content_type }) => {
            if text.is_empty() || text.contains('\r') {
                return Err(option(table, "readme", "is empty, or holds carriage returns"));
            }
            Description { content_type: content_type.clone(), body: text.clone(), path: None }
        }
        Some(Readme::File { path, content_type }) => {
            let is_table = table.get("readme").is_some_and(|item| item.as_str().is_none());
            let content_type = match content_type {
                Some(content_type) => content_type.as_str(),
                None if is_table => "",
                None if path.ends_with(".md") => "text/markdown",
                None if path.ends_with(".rst") => "text/x-rst",
                None => "",
            };
            if normalize(path) != *path
                || path.starts_with(['/', '.'])
                || path.contains('\\')
                || !tree.is_file(path)
            {
                return Err(option(table, "readme", format!("names no file by a plain path: `{path}`")));
            }
            let body = tree.read_text(path)?;
            Description { content_type: content_type.to_owned(), body, path: Some(path.clone()) }
        }
    };
    if description.content_type.is_empty() {
        return Err(option(table, "readme", "has no content type that pdm-backend would find"));
    }
    one_line((table, "readme"), &description.content_type)?;
    Ok(Some(description))
}
