//! Core metadata as uv_build writes it: the values of the file, in uv's order.

use std::fmt::Write as _;

use pyrel_model::Version;
use pyrel_model::name::normalize as normalize_name;
use pyrel_model::pyproject::{License, Person, Readme, TableReader};

use super::super::Subject;
use super::marker::Printer;
use super::{Profile, layout, requirement};
use crate::detector::option;
use crate::error::{Plan, unsupported};
use crate::metadata::{field, one_line, sorted};
use crate::pattern::{Escapes, PortableGlob};
use crate::tree::{Tree, normalize};

/// The text of `METADATA`, and what it was made from that other files need.
pub(super) struct Metadata {
    pub(super) text: String,
    pub(super) version: Version,
    /// Paths of licence files, sorted.
    pub(super) license_files: Vec<String>,
    /// What selects licence files for the sdist.
    pub(super) license_globs: Vec<PortableGlob>,
    /// The path of the readme.
    pub(super) readme: Option<String>,
}

impl Metadata {
    pub(super) fn read(subject: &Subject<'_>, tree: &Tree) -> Plan<Self> {
        let project = subject.project;
        let table = subject.project_table();
        if !project.dynamic.is_empty() {
            return Err(option(&table, "dynamic", "lists a field, which uv_build refuses"));
        }
        let Some(version) = project.version.clone() else {
            return unsupported("project.version", "is missing, which uv_build refuses");
        };
        let globs = license_globs(subject, &table)?;
        let license_files = listed_license_files(subject, &table, tree, &globs)?;
        let readme = readme(subject, &table, tree)?;
        let mut text = format!(
            "Metadata-Version: {}\nName: {}\nVersion: {version}\n",
            metadata_version(subject),
            project.name.as_written()
        );
        if let Some(summary) = &project.description {
            field(&mut text, "Summary", one_line((&table, "description"), summary)?);
        }
        if table.get("keywords").is_some() {
            field(&mut text, "Keywords", one_line((&table, "keywords"), &project.keywords.join(","))?);
        }
        people(&table, ("authors", "Author"), &project.authors, &mut text)?;
        license(subject, &table, tree, &mut text)?;
        for path in &license_files {
            field(&mut text, "License-File", path);
        }
        classifiers(subject, &table, &mut text)?;
        let extras = requirements(subject, &table, &mut text)?;
        people(&table, ("maintainers", "Maintainer"), &project.maintainers, &mut text)?;
        if let Some(requires_python) = &project.requires_python {
            let printed = requirement::specifiers(requires_python, ", ", Profile::of(subject))
                .map_err(|reason| option(&table, "requires-python", reason))?;
            field(&mut text, "Requires-Python", &printed);
        }
        for (label, url) in &project.urls {
            field(&mut text, "Project-URL", one_line((&table, "urls"), &format!("{label}, {url}"))?);
        }
        for extra in &extras {
            field(&mut text, "Provides-Extra", extra);
        }
        import_names(subject, &table, &mut text)?;
        if let Some(readme) = &readme {
            field(&mut text, "Description-Content-Type", &readme.content_type);
            text.push('\n');
            text.push_str(&readme.body);
        }
        let mut license_globs = globs.unwrap_or_default();
        license_globs.extend(license_text_file(subject, &table)?.as_deref().map(PortableGlob::literal));
        let readme = readme.and_then(|readme| readme.path);
        Ok(Self { text, version, license_files, license_globs, readme })
    }
}

fn metadata_version(subject: &Subject<'_>) -> &'static str {
    let project = subject.project;
    if project.import_names.is_some() || project.import_namespaces.is_some() {
        "2.5"
    } else if project.license_files.is_some() || matches!(project.license, Some(License::Expression(_))) {
        "2.4"
    } else {
        "2.3"
    }
}

/// Names stand alone and before their addresses; nothing is quoted.
fn people(
    table: &TableReader<'_>,
    (key, header): (&str, &str),
    people: &[Person],
    text: &mut String,
) -> Plan<()> {
    let names: Vec<&str> = people.iter().filter_map(|person| person.name.as_deref()).collect();
    let address = |person: &Person| match (&person.name, &person.email) {
        (Some(name), Some(email)) => Some(format!("{name} <{email}>")),
        (None, Some(email)) => Some(email.clone()),
        (_, None) => None,
    };
    let addresses: Vec<String> = people.iter().filter_map(address).collect();
    for (header, value) in
        [(header.to_owned(), names.join(", ")), (format!("{header}-email"), addresses.join(", "))]
    {
        if !value.is_empty() {
            field(text, &header, one_line((table, key), &value)?);
        }
    }
    Ok(())
}

fn license(subject: &Subject<'_>, table: &TableReader<'_>, tree: &Tree, text: &mut String) -> Plan<()> {
    match &subject.project.license {
        None => {}
        Some(License::Expression(expression)) => {
            if spdx::Expression::parse(expression).is_err() {
                let reason = format!("is an expression that uv_build refuses: `{expression}`");
                return Err(option(table, "license", reason));
            }
            field(text, "License-Expression", one_line((table, "license"), expression)?);
        }
        Some(License::Text(content)) => indented(text, "License", content),
        Some(License::File(_)) => {
            if let Some(path) = license_text_file(subject, table)? {
                indented(text, "License", &read_utf8(table, ("license", &path), tree)?);
            }
        }
    }
    Ok(())
}

/// Writes a text with its further lines below the first.
fn indented(text: &mut String, name: &str, value: &str) {
    let mut lines = value.lines();
    field(text, name, lines.next().unwrap_or_default());
    for line in lines {
        let _ = writeln!(text, "{:width$}{line}", "", width = name.len() + 2);
    }
}

/// Returns the path of `license = { file = … }`.
fn license_text_file(subject: &Subject<'_>, table: &TableReader<'_>) -> Plan<Option<String>> {
    let Some(License::File(path)) = &subject.project.license else { return Ok(None) };
    // The path is a glob of PEP 639, too.
    if normalize(path) != *path || path.contains("..") || !path.chars().all(is_verbatim) {
        return Err(option(
            table,
            "license",
            format!("names a path that is not reproduced natively: `{path}`"),
        ));
    }
    Ok(Some(path.clone()))
}

fn is_verbatim(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/')
}

/// Reads a file as it is; uv refuses what is not UTF-8.
fn read_utf8(table: &TableReader<'_>, (key, path): (&str, &str), tree: &Tree) -> Plan<String> {
    if !tree.is_file(path) {
        return Err(option(
            table,
            key,
            format!("names a file that is not there, or not in the sdist: `{path}`"),
        ));
    }
    String::from_utf8(tree.read(path)?.to_vec())
        .map_err(|_| option(table, key, format!("names a file that is not UTF-8: `{path}`")))
}

fn license_globs(subject: &Subject<'_>, table: &TableReader<'_>) -> Plan<Option<Vec<PortableGlob>>> {
    let Some(listed) = &subject.project.license_files else { return Ok(None) };
    let parse = |glob: &String| {
        PortableGlob::parse(glob, Escapes::None).ok_or_else(|| {
            let reason = format!("holds a pattern that is not reproduced natively: `{glob}`");
            option(table, "license-files", reason)
        })
    };
    listed.iter().map(parse).collect::<Plan<_>>().map(Some)
}

fn listed_license_files(
    subject: &Subject<'_>,
    table: &TableReader<'_>,
    tree: &Tree,
    globs: &Option<Vec<PortableGlob>>,
) -> Plan<Vec<String>> {
    let Some(globs) = globs else { return Ok(Vec::new()) };
    let files = layout::license_files(subject, tree, globs)?;
    if !globs.iter().all(|glob| files.iter().any(|path| glob.matches(path))) {
        return Err(option(table, "license-files", "holds a pattern that matches no file"));
    }
    for path in &files {
        read_utf8(table, ("license-files", path), tree)?;
    }
    Ok(files)
}

fn classifiers(subject: &Subject<'_>, table: &TableReader<'_>, text: &mut String) -> Plan<()> {
    for classifier in &subject.project.classifiers {
        let parts: Vec<&str> = classifier.split(" :: ").collect();
        if parts.len() < 2 || parts.contains(&"") {
            let reason = format!("holds a classifier that uv_build refuses: `{classifier}`");
            return Err(option(table, "classifiers", reason));
        }
        field(text, "Classifier", one_line((table, "classifiers"), classifier)?);
    }
    Ok(())
}

/// Writes requirements, those of extras by name of the extra, and returns the extras.
fn requirements(subject: &Subject<'_>, table: &TableReader<'_>, text: &mut String) -> Plan<Vec<String>> {
    let project = subject.project;
    let profile = Profile::of(subject);
    let optional = project.optional_dependencies.iter().flat_map(|(_, requirements)| requirements);
    let needed = &subject.pyproject.build_system().requires;
    let all = project.dependencies.iter().chain(optional).chain(needed);
    let markers = Printer::new(all.filter_map(|requirement| requirement.marker.as_ref()), profile.markers);
    let mut add = |key: &str, requirement: &pyrel_model::Requirement, extra: Option<&str>| {
        let printed = requirement::print(requirement, extra, profile, &markers)
            .map_err(|reason| option(table, key, format!("{reason}: `{}`", requirement.as_written())))?;
        field(text, "Requires-Dist", &printed);
        Plan::Ok(())
    };
    for requirement in &project.dependencies {
        add("dependencies", requirement, None)?;
    }
    let mut extras: Vec<(String, &Vec<pyrel_model::Requirement>)> = project
        .optional_dependencies
        .iter()
        .map(|(extra, requirements)| (normalize_name(extra), requirements))
        .collect();
    extras.sort_by(|one, other| one.0.cmp(&other.0));
    if extras.windows(2).any(|pair| pair[0].0 == pair[1].0) {
        return Err(option(table, "optional-dependencies", "names an extra twice (compared in normal form)"));
    }
    for (extra, requirements) in &extras {
        for requirement in *requirements {
            add("optional-dependencies", requirement, Some(extra))?;
        }
    }
    Ok(extras.into_iter().map(|(extra, _)| extra).collect())
}

fn import_names(subject: &Subject<'_>, table: &TableReader<'_>, text: &mut String) -> Plan<()> {
    let identifier = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    };
    let project = subject.project;
    for (key, header, names) in [
        ("import-names", "Import-Name", &project.import_names),
        ("import-namespaces", "Import-Namespace", &project.import_namespaces),
    ] {
        let Some(names) = names else { continue };
        if !Profile::of(subject).knows_import_names {
            return Err(option(table, key, format!("is unknown to uv_build {}", subject.version)));
        }
        let is_plain = !names.is_empty() && names.iter().all(|name| name.split('.').all(identifier));
        let other = if key == "import-names" { &project.import_namespaces } else { &project.import_names };
        if !is_plain || names.iter().any(|name| other.iter().flatten().any(|other| other == name)) {
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
            Description { content_type: content_type.clone(), body: text.clone(), path: None }
        }
        Some(Readme::File { path, content_type }) => {
            let is_table = table.get("readme").is_some_and(|item| item.as_str().is_none());
            let content_type = match content_type {
                Some(content_type) => content_type.as_str(),
                None if is_table => "",
                None => by_extension(path),
            };
            let odd = path.starts_with('/') || path.contains(|c: char| c == '\\' || c.is_control());
            let relative = normalize(path);
            if odd || relative.starts_with("..") {
                let reason = format!("names a path that is not reproduced natively: `{path}`");
                return Err(option(table, "readme", reason));
            }
            let body = read_utf8(table, ("readme", &relative), tree)?;
            Description { content_type: content_type.to_owned(), body, path: Some(relative) }
        }
    };
    if !["text/plain", "text/x-rst", "text/markdown"].contains(&description.content_type.as_str()) {
        return Err(option(table, "readme", "has no content type, or one that uv_build refuses"));
    }
    Ok(Some(description))
}

fn by_extension(path: &str) -> &'static str {
    let name = path.rsplit('/').next().unwrap_or(path);
    match name.rsplit_once('.') {
        Some((stem, "md")) if !stem.is_empty() => "text/markdown",
        Some((stem, "rst")) if !stem.is_empty() => "text/x-rst",
        Some((stem, "txt")) if !stem.is_empty() => "text/plain",
        _ => "",
    }
}

/// Returns `entry_points.txt`: scripts, graphical ones, other groups sorted; names sorted; a blank line after each.
pub(super) fn entry_points(subject: &Subject<'_>) -> Plan<Option<String>> {
    let project = subject.project;
    let table = subject.project_table();
    let mut groups = Vec::new();
    for (key, group, entries) in [
        ("scripts", "console_scripts", &project.scripts),
        ("gui-scripts", "gui_scripts", &project.gui_scripts),
    ] {
        if table.get(key).is_some() {
            groups.push((key, group.to_owned(), sorted(entries)));
        }
    }
    let others = sorted_groups(&project.entry_points);
    groups.extend(others.into_iter().map(|(group, entries)| ("entry-points", group, entries)));
    if groups.is_empty() && table.get("entry-points").is_none() {
        return Ok(None);
    }
    let mut text = String::new();
    for (key, group, entries) in &groups {
        check_group(&table, key, group, entries)?;
        let _ = writeln!(text, "[{group}]");
        for (name, value) in entries {
            let _ = writeln!(text, "{}", one_line((&table, key), &format!("{name} = {value}"))?);
        }
        text.push('\n');
    }
    Ok(Some(text))
}

type Group = (String, Vec<(String, String)>);

fn sorted_groups(groups: &[Group]) -> Vec<Group> {
    let mut out: Vec<Group> =
        groups.iter().map(|(group, entries)| (group.clone(), sorted(entries))).collect();
    out.sort();
    out
}

/// Steps back for names that uv refuses.
fn check_group(table: &TableReader<'_>, key: &str, group: &str, entries: &[(String, String)]) -> Plan<()> {
    let is_group = group.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
        && group.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_'));
    let is_name = |name: &str| {
        name.bytes().any(|b| b != b'.')
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'))
    };
    let odd = entries.iter().find(|(name, _)| key != "entry-points" && !is_name(name));
    match (is_group, odd) {
        (true, None) => Ok(()),
        (false, _) => Err(option(table, key, format!("has a group that uv_build refuses: `{group}`"))),
        (true, Some((name, _))) => {
            Err(option(table, key, format!("has a name that uv_build refuses: `{name}`")))
        }
    }
}
