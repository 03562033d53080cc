//! Core metadata 2.5 as hatchling writes it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use pyrel_model::name::normalize as normalize_name;
use pyrel_model::pyproject::{License, Project, Readme, TableReader};
use pyrel_model::requirement::SpecifierSet;
use pyrel_model::tag::TagSet;
use pyrel_model::{Requirement, Version};

use super::super::Subject;
use crate::detector::option;
use crate::error::{Plan, Stop, unsupported};
use crate::metadata::{
    canonical_license, classifier_rank, field_unless_empty as field, is_exotic, is_private_classifier,
    nearest_classifier, people_fields, python_lines, single_line,
};
use crate::pattern::{GlobOptions, has_magic, python_glob};
use crate::tree::{Tree, normalize};

/// The text of `METADATA`, and what it was made from that other files need.
pub(super) struct Metadata {
    pub(super) text: String,
    /// Paths of licence files, sorted.
    pub(super) license_files: Vec<String>,
}

const DEFAULT_LICENSE_GLOBS: [&str; 4] = ["LICEN[CS]E*", "COPYING*", "NOTICE*", "AUTHORS*"];

impl Metadata {
    pub(super) fn read(subject: &Subject<'_>, tree: &Tree, version: &Version) -> Plan<Self> {
        let project = subject.project;
        let table = project_table(subject);
        if let Some(field) = project.dynamic.iter().find(|field| *field != "version") {
            return Err(option(&table, "dynamic", format!("lists `{field}`, which only a plugin can fill")));
        }
        let license_files = license_files(&table, project, tree)?;
        let mut text = format!("Metadata-Version: 2.5\nName: {}\nVersion: ", project.name.as_written());
        text.push_str(version.as_written());
        text.push('\n');
        import_names(&table, project, &mut text)?;
        if let Some(summary) = project.description.as_deref().map(single_line) {
            field(&mut text, "Summary", &summary);
        }
        for (label, url) in &project.urls {
            let _ = writeln!(text, "Project-URL: {label}, {url}");
        }
        people(&table, project, &mut text)?;
        license(&table, project, tree, &mut text)?;
        for path in &license_files {
            field(&mut text, "License-File", path);
        }
        let keywords: BTreeSet<&str> = project.keywords.iter().map(String::as_str).collect();
        field(&mut text, "Keywords", &keywords.into_iter().collect::<Vec<_>>().join(","));
        for classifier in classifiers(&table, project)? {
            field(&mut text, "Classifier", classifier);
        }
        if let Some(requires_python) = &project.requires_python {
            if is_exotic(requires_python) {
                return Err(option(
                    &table,
                    "requires-python",
                    "has comparisons that are printed by rules of their own",
                ));
            }
            field(&mut text, "Requires-Python", &requires_python.to_string());
        }
        requirements(subject, &table, &mut text)?;
        readme(&table, project, tree, &mut text)?;
        Ok(Self { text, license_files })
    }
}

fn project_table<'a>(subject: &'a Subject<'_>) -> TableReader<'a> {
    let table = subject.pyproject.root().get("project").and_then(toml_edit::Item::as_table_like);
    let table = table.expect("a subject has the table that its project was read from");
    subject.pyproject.reader("project", table)
}

fn import_names(table: &TableReader<'_>, project: &Project, text: &mut String) -> Plan<()> {
    let names = project.import_names.clone();
    let namespaces = project.import_namespaces.clone().unwrap_or_default();
    let plain = |name: &String| {
        name.split('.').all(|part| {
            !part.starts_with(|c: char| c.is_ascii_digit() || c == '_')
                && !part.is_empty()
                && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        })
    };
    if names.as_ref().is_some_and(|names| names.is_empty() || !names.iter().all(plain)) {
        return Err(option(table, "import-names", "holds something else than plain public names"));
    }
    if !namespaces.iter().all(plain)
        || namespaces.iter().any(|name| names.iter().flatten().any(|n| n == name))
    {
        return Err(option(table, "import-namespaces", "holds something else than plain names of its own"));
    }
    for (header, mut list) in [("Import-Name", names.unwrap_or_default()), ("Import-Namespace", namespaces)] {
        list.sort();
        for name in &list {
            field(text, header, name);
        }
    }
    Ok(())
}

fn people(table: &TableReader<'_>, project: &Project, text: &mut String) -> Plan<()> {
    for (key, header, people) in
        [("authors", "Author", &project.authors), ("maintainers", "Maintainer", &project.maintainers)]
    {
        let (names, addresses) = people_fields(people).map_err(|unusual| {
            option(table, key, format!("holds a person whose printing is not reproduced: `{}`", unusual.0))
        })?;
        field(text, header, &names);
        field(text, &format!("{header}-email"), &addresses);
    }
    Ok(())
}

fn license(table: &TableReader<'_>, project: &Project, tree: &Tree, text: &mut String) -> Plan<()> {
    let content = match &project.license {
        None => return Ok(()),
        Some(License::Expression(expression)) => {
            let canonical = canonical_license(expression)
                .map_err(|error| table.fault("license", &format!("is wrong: {error}")))?;
            field(text, "License-Expression", &canonical);
            return Ok(());
        }
        Some(License::Text(content)) => content.clone(),
        Some(License::File(path)) => {
            let relative = inside(table, "license", path)?;
            existing(table, "license", path, tree, &relative)?;
            tree.read_text(&relative)?
        }
    };
    if !content.is_empty() {
        text.push_str("License: ");
        for (index, line) in python_lines(&content).into_iter().enumerate() {
            let indent = if index == 0 { "" } else { "        " };
            let _ = writeln!(text, "{indent}{line}");
        }
    }
    Ok(())
}

/// Returns a listed path from the root; paths outside are hatchling's business.
fn inside(table: &TableReader<'_>, key: &str, path: &str) -> Plan<String> {
    let relative = normalize(path);
    if path.starts_with('/') || relative.starts_with("..") {
        return Err(option(table, key, format!("names a path outside the project: `{path}`")));
    }
    Ok(relative)
}

/// Refuses a listed file that does not exist.
fn existing(table: &TableReader<'_>, key: &str, written: &str, tree: &Tree, relative: &str) -> Plan<()> {
    if tree.is_file(relative) {
        return Ok(());
    }
    let mut fault = *table.fault(key, &format!("lists a file that does not exist: `{written}`"));
    fault.hint = Some(format!("create `{written}`, or take it out of `project.{key}`"));
    Err(Box::new(fault).into())
}

fn license_files(table: &TableReader<'_>, project: &Project, tree: &Tree) -> Plan<Vec<String>> {
    let default: Vec<String> = DEFAULT_LICENSE_GLOBS.map(str::to_owned).into();
    let globs = project.license_files.as_ref().unwrap_or(&default);
    let mut files = Vec::new();
    for pattern in globs {
        let relative = inside(table, "license-files", pattern)?;
        if project.license_files.is_some() && !has_magic(pattern) {
            existing(table, "license-files", pattern, tree, &relative)?;
        }
        files.extend(
            python_glob(tree, "", &relative, GlobOptions::default())?
                .into_iter()
                .filter(|path| tree.is_file(path)),
        );
    }
    files.sort();
    if files.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(option(table, "license-files", "has patterns that match the same file"));
    }
    Ok(files)
}

fn classifiers<'a>(table: &TableReader<'_>, project: &'a Project) -> Plan<Vec<&'a str>> {
    let mut ranked = BTreeSet::new();
    for classifier in &project.classifiers {
        let rank = match classifier_rank(classifier) {
            _ if is_private_classifier(classifier) => None,
            Some(rank) => Some(rank),
            None => {
                let span = table.spanned_strings("classifiers")?.unwrap_or_default();
                let span = span.into_iter().find(|(text, _)| text == classifier).and_then(|(_, span)| span);
                let message = format!("unknown classifier in `project.classifiers`: `{classifier}`");
                let mut fault = *table.fault_at(span, &message);
                fault.hint = nearest_classifier(classifier).map(|near| format!("did you mean `{near}`?"));
                return Err(Box::new(fault).into());
            }
        };
        ranked.insert((rank, classifier.as_str()));
    }
    Ok(ranked.into_iter().map(|(_, classifier)| classifier).collect())
}

fn requirements(subject: &Subject<'_>, table: &TableReader<'_>, text: &mut String) -> Plan<()> {
    let project = subject.project;
    let direct = match subject.pyproject.tool(&["hatch", "metadata"]) {
        Some(settings) => subject
            .pyproject
            .reader("tool.hatch.metadata", settings)
            .boolean("allow-direct-references")?
            .unwrap_or(false),
        None => false,
    };
    let printed: BTreeSet<String> = project
        .dependencies
        .iter()
        .map(|requirement| print(requirement, (table, "dependencies"), direct))
        .collect::<Plan<_>>()?;
    for requirement in &printed {
        field(text, "Requires-Dist", requirement);
    }
    for (extra, requirements) in optional(table, project, direct)? {
        field(text, "Provides-Extra", &extra);
        for requirement in &requirements {
            let line = match requirement.split_once(';') {
                Some((name, marker)) => format!("{name}; ({}) and extra == '{extra}'", marker.trim()),
                None if requirement.contains("@ ") => format!("{requirement} ; extra == '{extra}'"),
                None => format!("{requirement}; extra == '{extra}'"),
            };
            field(text, "Requires-Dist", &line);
        }
    }
    Ok(())
}

/// Prints a requirement: normal names, lower-case specifiers, single quotes.
fn print(requirement: &Requirement, (table, key): (&TableReader<'_>, &str), direct: bool) -> Plan<String> {
    let written = requirement.as_written();
    if written.contains(['{', '}']) {
        return Err(option(table, key, format!("holds a field that hatchling fills in: `{written}`")));
    }
    if is_exotic(&requirement.specifiers) {
        return Err(option(
            table,
            key,
            format!("has comparisons that are printed by rules of their own: `{written}`"),
        ));
    }
    if requirement.url.is_some() && !direct {
        let mut fault = *table.fault(key, &format!("holds a direct reference: `{written}`"));
        fault.hint = Some(
            "set `allow-direct-references = true` in `[tool.hatch.metadata]`, or name a version".to_owned(),
        );
        return Err(Box::new(fault).into());
    }
    let extras: BTreeSet<String> = requirement.extras.iter().map(|extra| normalize_name(extra)).collect();
    let mut out = requirement.name.normalized().to_owned();
    if !extras.is_empty() {
        let _ = write!(out, "[{}]", extras.into_iter().collect::<Vec<_>>().join(","));
    }
    match &requirement.url {
        Some(url) => {
            let _ = write!(out, " @ {url}");
        }
        None => out.push_str(&lower_case(&requirement.specifiers)),
    }
    if let Some(marker) = &requirement.marker {
        out.push_str(if requirement.url.is_some() { " ; " } else { "; " });
        out.push_str(&marker.to_string());
    }
    Ok(out.replace('"', "'"))
}

fn lower_case(specifiers: &SpecifierSet) -> String {
    let mut parts: Vec<String> =
        specifiers.specifiers().iter().map(|specifier| specifier.to_string().to_lowercase()).collect();
    parts.sort();
    parts.dedup();
    parts.join(",")
}

type Extras = BTreeMap<String, BTreeSet<String>>;

/// Returns extras by normal name, those that name other extras of the project filled with their requirements.
fn optional(table: &TableReader<'_>, project: &Project, direct: bool) -> Plan<Extras> {
    let mut extras = Extras::new();
    let mut inherited: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (written, requirements) in &project.optional_dependencies {
        let extra = normalize_name(written);
        let mut printed = BTreeSet::new();
        for requirement in requirements {
            let line = print(requirement, (table, "optional-dependencies"), direct)?;
            if requirement.name == project.name {
                let others = requirement.extras.iter().map(|other| normalize_name(other));
                inherited.entry(extra.clone()).or_default().extend(others);
            } else {
                printed.insert(line);
            }
        }
        if extras.insert(extra, printed).is_some() {
            let message = format!("names an extra twice (compared in normal form): `{written}`");
            return Err(table.fault("optional-dependencies", &message).into());
        }
    }
    for extra in inherited.keys() {
        let mut path = Vec::new();
        inherit(extra, &inherited, &mut extras, &mut path)
            .map_err(|message| Stop::from(table.fault("optional-dependencies", &message)))?;
    }
    Ok(extras)
}

fn inherit(
    extra: &str,
    inherited: &BTreeMap<String, BTreeSet<String>>,
    extras: &mut Extras,
    path: &mut Vec<String>,
) -> Result<(), String> {
    if path.iter().any(|seen| seen == extra) {
        return Err(format!("has extras that name each other in a circle: `{}`", path.join("` → `")));
    }
    path.push(extra.to_owned());
    for other in inherited.get(extra).into_iter().flatten() {
        inherit(other, inherited, extras, path)?;
        let requirements =
            extras.get(other).cloned().ok_or_else(|| format!("names an unknown extra: `{other}`"))?;
        extras.entry(extra.to_owned()).or_default().extend(requirements);
    }
    path.pop();
    Ok(())
}

fn readme(table: &TableReader<'_>, project: &Project, tree: &Tree, text: &mut String) -> Plan<()> {
    let (content_type, body) = match &project.readme {
        None => return Ok(()),
        Some(Readme::Text { text, content_type }) => (content_type.as_str(), text.clone()),
        Some(Readme::File { path, content_type }) => {
            let relative = inside(table, "readme", path)?;
            let content_type = match content_type {
                Some(content_type) => content_type.as_str(),
                None => by_extension(path).ok_or_else(|| {
                    let mut fault =
                        *table.fault("readme", &format!("has an unknown kind of content: `{path}`"));
                    fault.hint = Some(format!(
                        "use `.md`, `.rst`, or `.txt`, or write `readme = {{ file = \"{path}\", content-type = \"…\" }}`"
                    ));
                    Stop::from(Box::new(fault))
                })?,
            };
            existing(table, "readme", path, tree, &relative)?;
            (content_type, tree.read_text(&relative)?)
        }
    };
    if !["text/markdown", "text/x-rst", "text/plain"].contains(&content_type) {
        let message = format!("has a content type that hatchling refuses: `{content_type}`");
        let mut fault = *table.fault("readme", &message);
        fault.hint =
            Some("use `text/markdown`, `text/x-rst`, or `text/plain`, without parameters".to_owned());
        return Err(Box::new(fault).into());
    }
    if !body.is_empty() {
        let _ = write!(text, "Description-Content-Type: {content_type}\n\n{body}");
    }
    Ok(())
}

fn by_extension(path: &str) -> Option<&'static str> {
    let lower = path.to_lowercase();
    [(".md", "text/markdown"), (".rst", "text/x-rst"), (".txt", "text/plain")]
        .into_iter()
        .find(|(extension, _)| lower.ends_with(extension))
        .map(|(_, content_type)| content_type)
}

/// Returns `py2` and `py3` for each major version that `requires-python` lets through.
pub(super) fn tags(requires_python: Option<&SpecifierSet>) -> Plan<TagSet> {
    let admits = |major: u32| {
        (0..100u32).any(|minor| {
            let version: Version =
                format!("{major}.{minor}.100").parse().expect("three numbers are a version");
            requires_python.is_none_or(|set| set.contains(&version))
        })
    };
    let python: Vec<String> =
        [2, 3].into_iter().filter(|major| admits(*major)).map(|major| format!("py{major}")).collect();
    if python.is_empty() {
        return unsupported("project.requires-python", "admits only single patch releases of Python");
    }
    Ok(TagSet { python, abi: vec!["none".to_owned()], platform: vec!["any".to_owned()] })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_follow_the_admitted_majors() {
        let tags = |text: &str| tags(Some(&text.parse().unwrap())).map(|tags| tags.to_string()).ok();
        assert_eq!(tags(">=3.9").as_deref(), Some("py3-none-any"));
        assert_eq!(tags(">=2.7,!=3.0.*").as_deref(), Some("py2.py3-none-any"));
        assert_eq!(tags("<3").as_deref(), Some("py2-none-any"));
        assert_eq!(tags("==3.11.4"), None);
    }
}
