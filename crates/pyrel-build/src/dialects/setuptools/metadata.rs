//! Core metadata 2.4 as setuptools writes it.

use std::fmt::Write as _;

use pyrel_model::pyproject::{Entries, License, Project, Readme, TableReader};
use pyrel_model::requirement::Marker;
use pyrel_model::{Requirement, Version};
use regex::Regex;

use super::super::Subject;
use super::dynamic::Dynamic;
use super::options::Options;
use crate::detector::option;
use crate::error::{Plan, Stop, unsupported};
use crate::metadata::{
    canonical_license, classifier_rank, groups, is_exotic, is_private_classifier, people_fields, sorted,
};
use crate::pattern::{GlobOptions, has_magic, python_glob};
use crate::tree::{Tree, normalize};

/// The text of `METADATA`, and the parts of it that other files repeat.
pub(super) struct Metadata {
    pub(super) text: String,
    pub(super) version: Version,
    pub(super) license_files: Vec<String>,
    /// Files that options name, which go into the sdist.
    pub(super) referenced: Vec<String>,
    pub(super) dependencies: Vec<Requirement>,
    pub(super) optional: Vec<(String, Vec<Requirement>)>,
    pub(super) entry_points: String,
}

const DEFAULT_LICENSE_GLOBS: [&str; 4] = ["LICEN[CS]E*", "COPYING*", "NOTICE*", "AUTHORS*"];

impl Metadata {
    pub(super) fn read(
        subject: &Subject<'_>,
        tree: &Tree,
        options: &Options,
        dynamic: Dynamic,
    ) -> Plan<Self> {
        let project = subject.project;
        let table = project_table(subject);
        check(&table, project)?;
        let version = match dynamic.version.clone().or_else(|| project.version.clone()) {
            Some(version) => version,
            None => return unsupported("project.version", "is missing"),
        };
        let mut referenced = dynamic.files.clone();
        let license_files = license_files(subject, &table, tree, options)?;
        let mut text =
            format!("Metadata-Version: 2.4\nName: {}\nVersion: {version}\n", project.name.as_written());
        if let Some(summary) = project.description.as_deref().filter(|text| !text.is_empty()) {
            let first = if summary.contains('\n') {
                summary.trim().split('\n').next().unwrap_or_default()
            } else {
                summary
            };
            let _ = writeln!(text, "Summary: {first}");
        }
        people(&table, project, &mut text)?;
        license(&table, project, tree, (&mut text, &mut referenced))?;
        for (label, url) in &project.urls {
            let _ = writeln!(text, "Project-URL: {label}, {url}");
        }
        if !project.keywords.is_empty() {
            let _ = writeln!(text, "Keywords: {}", project.keywords.join(","));
        }
        for classifier in &project.classifiers {
            let _ = writeln!(text, "Classifier: {classifier}");
        }
        if let Some(requires_python) = project.requires_python.as_ref().filter(|set| !set.is_empty()) {
            let _ = writeln!(text, "Requires-Python: {requires_python}");
        }
        let (content_type, body) = readme(&table, project, tree, &dynamic, &mut referenced)?;
        if let Some(content_type) = content_type {
            let _ = writeln!(text, "Description-Content-Type: {content_type}");
        }
        for path in &license_files {
            let _ = writeln!(text, "License-File: {path}");
        }
        let dependencies = dynamic.dependencies.unwrap_or_else(|| project.dependencies.clone());
        let optional = dynamic.optional.unwrap_or_else(|| project.optional_dependencies.clone());
        requirements(&table, &dependencies, &optional, &mut text)?;
        if !license_files.is_empty() {
            text.push_str("Dynamic: license-file\n");
        }
        if !body.is_empty() {
            let end = if body.ends_with('\n') { "" } else { "\n" };
            let _ = write!(text, "\n{body}{end}");
        }
        let entry_points = entry_points(project);
        Ok(Self { text, version, license_files, referenced, dependencies, optional, entry_points })
    }
}

fn project_table<'a>(subject: &'a Subject<'_>) -> TableReader<'a> {
    let table = subject.pyproject.root().get("project").and_then(toml_edit::Item::as_table_like);
    let table = table.expect("a subject has the table that its project was read from");
    subject.pyproject.reader("project", table)
}

/// Steps back from values that setuptools' validation might refuse.
fn check(table: &TableReader<'_>, project: &Project) -> Plan<()> {
    for key in ["import-names", "import-namespaces"] {
        if table.get(key).is_some() {
            return Err(option(table, key, "is refused by setuptools"));
        }
    }
    let unknown = |name: &&String| classifier_rank(name).is_none() && !is_private_classifier(name);
    if let Some(classifier) = project.classifiers.iter().find(unknown) {
        return Err(option(table, "classifiers", format!("holds an unknown classifier: `{classifier}`")));
    }
    let is_url = |url: &str| {
        let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
        rest.is_some_and(|rest| {
            rest.starts_with(|c: char| c.is_ascii_alphanumeric()) && !rest.contains(char::is_whitespace)
        })
    };
    if let Some((label, url)) = project.urls.iter().find(|(_, url)| !is_url(url)) {
        return Err(option(table, "urls", format!("holds an unusual address: `{label}` = `{url}`")));
    }
    if project.requires_python.as_ref().is_some_and(is_exotic) {
        return Err(option(
            table,
            "requires-python",
            "has comparisons that are printed by rules of their own",
        ));
    }
    check_entry_points(table, project)
}

fn check_entry_points(table: &TableReader<'_>, project: &Project) -> Plan<()> {
    let name = Regex::new(r"^[A-Za-z0-9_.-]+$").expect("a constant expression");
    let group = Regex::new(r"^[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)*$").expect("a constant expression");
    let reference = Regex::new(r"^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*(:[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*)?$")
        .expect("a constant expression");
    let odd = |entries: &Entries| {
        entries.iter().find(|(key, value)| !name.is_match(key) || !reference.is_match(value)).cloned()
    };
    for (key, entries) in [("scripts", &project.scripts), ("gui-scripts", &project.gui_scripts)] {
        if let Some((entry, value)) = odd(entries) {
            return Err(option(table, key, format!("holds an unusual entry: `{entry}` = `{value}`")));
        }
    }
    for (key, entries) in &project.entry_points {
        if !group.is_match(key) || odd(entries).is_some() {
            return Err(option(table, "entry-points", format!("holds an unusual group or entry in `{key}`")));
        }
    }
    Ok(())
}

fn people(table: &TableReader<'_>, project: &Project, text: &mut String) -> Plan<()> {
    for (key, header, people) in
        [("authors", "Author", &project.authors), ("maintainers", "Maintainer", &project.maintainers)]
    {
        let empty = people.iter().any(|person| {
            person.name.as_deref().is_some_and(str::is_empty)
                || person.email.as_deref().is_some_and(str::is_empty)
        });
        if empty {
            return Err(option(table, key, "holds an empty name or address"));
        }
        let (names, addresses) = people_fields(people).map_err(|unusual| {
            option(table, key, format!("holds a person whose printing is not reproduced: `{}`", unusual.0))
        })?;
        for (header, value) in [(header.to_owned(), names), (format!("{header}-email"), addresses)] {
            if !value.is_empty() {
                let _ = writeln!(text, "{header}: {value}");
            }
        }
    }
    Ok(())
}

fn license(
    table: &TableReader<'_>,
    project: &Project,
    tree: &Tree,
    (text, referenced): (&mut String, &mut Vec<String>),
) -> Plan<()> {
    let content = match &project.license {
        None => return Ok(()),
        Some(License::Expression(expression)) => {
            let canonical = canonical_license(expression)
                .map_err(|error| table.fault("license", &format!("is wrong: {error}")))?;
            if let Some(old) = project.classifiers.iter().find(|name| name.starts_with("License :: ")) {
                let message =
                    format!("stands beside a licence classifier, which setuptools refuses: `{old}`");
                let mut fault = *table.fault("license", &message);
                fault.hint = Some("delete the classifier: the expression says it all (PEP 639)".to_owned());
                return Err(Box::new(fault).into());
            }
            let _ = writeln!(text, "License-Expression: {canonical}");
            return Ok(());
        }
        Some(License::Text(content)) => content.clone(),
        Some(License::File(path)) => {
            let relative = plain(table, "license", path)?;
            existing(table, "license", path, tree)?;
            referenced.push(relative.clone());
            tree.read_text(&relative)?
        }
    };
    if !content.is_empty() {
        let _ = writeln!(text, "License: {}", escaped(&content));
    }
    Ok(())
}

/// Indents every line but the first by eight, as `rfc822_escape` of distutils does.
fn escaped(text: &str) -> String {
    const INDENT: &str = "        ";
    let mut out = String::new();
    let mut rest = text;
    for line in crate::metadata::python_lines(text) {
        let end = line.len()
            + rest[line.len()..].find(|c: char| !is_line_end(c)).unwrap_or(rest.len() - line.len());
        let end = line.len() + one_line_end(&rest[line.len()..end.max(line.len())]);
        if !out.is_empty() || rest.len() != text.len() {
            out.push_str(INDENT);
        }
        out.push_str(&rest[..end]);
        rest = &rest[end..];
    }
    if text.ends_with(is_line_end) {
        out.push_str(INDENT);
    }
    out
}

fn is_line_end(c: char) -> bool {
    crate::metadata::python_lines(&format!("a{c}b")).len() == 2
}

/// Returns the length of the first line end: `\r\n` is one.
fn one_line_end(ends: &str) -> usize {
    if ends.starts_with("\r\n") { 2 } else { ends.chars().next().map_or(0, char::len_utf8) }
}

/// Returns a listed path; other spellings than the normal one are for setuptools.
fn plain(table: &TableReader<'_>, key: &str, path: &str) -> Plan<String> {
    if path != normalize(path) || path.starts_with('/') || path.starts_with("..") {
        return Err(option(table, key, format!("names a path in an unusual spelling: `{path}`")));
    }
    Ok(path.to_owned())
}

/// Refuses a listed file that does not exist.
fn existing(table: &TableReader<'_>, key: &str, path: &str, tree: &Tree) -> Plan<()> {
    if tree.is_file(path) {
        return Ok(());
    }
    let mut fault = *table.fault(key, &format!("lists a file that does not exist: `{path}`"));
    fault.hint = Some(format!("create `{path}`, or take it out of `{}.{key}`", table.name()));
    Err(Box::new(fault).into())
}

fn license_files(
    subject: &Subject<'_>,
    table: &TableReader<'_>,
    tree: &Tree,
    options: &Options,
) -> Plan<Vec<String>> {
    let own =
        subject.pyproject.tool(&["setuptools"]).map(|own| subject.pyproject.reader("tool.setuptools", own));
    let (table, listed) = match (&subject.project.license_files, &options.license_files, own) {
        (Some(_), Some(_), Some(own)) => {
            return Err(own.fault("license-files", "stands beside `project.license-files`").into());
        }
        (None, Some(listed), Some(own)) => (own, Some(listed)),
        (listed, _, _) => (*table, listed.as_ref()),
    };
    let default: Vec<String> = DEFAULT_LICENSE_GLOBS.map(str::to_owned).into();
    let mut files: Vec<String> = Vec::new();
    for pattern in listed.unwrap_or(&default) {
        let usual = pattern.chars().all(|c| c.is_alphanumeric() || "_-./*?[]".contains(c));
        if !usual || pattern.starts_with('/') || pattern.contains("..") || pattern.is_empty() {
            return Err(option(&table, "license-files", format!("holds an unusual pattern: `{pattern}`")));
        }
        if listed.is_some() && !has_magic(pattern) {
            existing(&table, "license-files", pattern, tree)?;
        }
        for path in python_glob(tree, "", pattern, GlobOptions { recursive: true, hidden: false })? {
            if !path.ends_with('~') && tree.is_file(&path) && !files.contains(&path) {
                files.push(path);
            }
        }
    }
    Ok(files)
}

fn readme(
    table: &TableReader<'_>,
    project: &Project,
    tree: &Tree,
    dynamic: &Dynamic,
    referenced: &mut Vec<String>,
) -> Plan<(Option<String>, String)> {
    if let Some((text, content_type)) = &dynamic.readme {
        return Ok((Some(content_type.clone()), text.clone()));
    }
    match &project.readme {
        None => Ok((None, String::new())),
        Some(Readme::Text { text, content_type }) => Ok((Some(content_type.clone()), text.clone())),
        Some(Readme::File { path, content_type }) => {
            let relative = plain(table, "readme", path)?;
            let content_type = match content_type {
                Some(content_type) => Some(content_type.clone()),
                None => by_extension(table, path)?,
            };
            existing(table, "readme", path, tree)?;
            referenced.push(relative.clone());
            Ok((content_type, tree.read_text(&relative)?))
        }
    }
}

fn by_extension(table: &TableReader<'_>, path: &str) -> Plan<Option<String>> {
    let lower = path.to_lowercase();
    let (_, name) = crate::tree::parent_and_name(&lower);
    let Some((stem, extension)) = name.rsplit_once('.') else { return Ok(None) };
    match extension {
        _ if stem.is_empty() => Ok(None),
        "md" => Ok(Some("text/markdown".to_owned())),
        "rst" => Ok(Some("text/x-rst".to_owned())),
        "txt" => Ok(Some("text/plain".to_owned())),
        _ => {
            let mut fault = *table.fault("readme", &format!("has an unknown kind of content: `{path}`"));
            let table = format!("readme = {{ file = \"{path}\", content-type = \"…\" }}");
            fault.hint = Some(format!("use `.md`, `.rst`, or `.txt`, or write `{table}`"));
            Err(Stop::from(Box::new(fault)))
        }
    }
}

fn requirements(
    table: &TableReader<'_>,
    dependencies: &[Requirement],
    optional: &[(String, Vec<Requirement>)],
    text: &mut String,
) -> Plan<()> {
    let lists = optional.iter().map(|(_, list)| ("optional-dependencies", list.as_slice()));
    for (key, list) in [("dependencies", dependencies)].into_iter().chain(lists) {
        if let Some(odd) = list.iter().find(|one| is_exotic(&one.specifiers)) {
            let reason = format!("has comparisons that are printed by rules of their own: `{odd}`");
            return Err(option(table, key, reason));
        }
    }
    for requirement in dependencies {
        let _ = writeln!(text, "Requires-Dist: {requirement}");
    }
    let mut seen: Vec<String> = Vec::new();
    for (written, requirements) in optional {
        let extra = safe_extra(written);
        if extra.is_empty() || seen.contains(&extra) {
            let reason = format!("has extras with the same normal form: `{written}`");
            return Err(option(table, "optional-dependencies", reason));
        }
        let _ = writeln!(text, "Provides-Extra: {extra}");
        for requirement in requirements {
            let marker = match &requirement.marker {
                Some(marker) => format!("({marker}) and extra == \"{extra}\""),
                None => format!("extra == \"{extra}\""),
            };
            let mut requirement = requirement.clone();
            requirement.marker = Marker::parse(&marker);
            let _ = writeln!(text, "Requires-Dist: {requirement}");
        }
        seen.push(extra);
    }
    Ok(())
}

/// Turns runs of anything but ASCII letters and digits into one `-`, none at the ends, in lower case.
fn safe_extra(extra: &str) -> String {
    let words = extra.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-").to_lowercase()
}

/// Groups sorted, names sorted, a blank line between groups.
fn entry_points(project: &Project) -> String {
    let mut groups = groups(project);
    groups.sort();
    let sections = groups.iter().map(|(group, entries)| {
        let lines: Vec<String> =
            sorted(entries).iter().map(|(name, value)| format!("{name} = {value}")).collect();
        format!("[{group}]\n{}\n", lines.join("\n"))
    });
    sections.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn licence_texts_are_indented() {
        assert_eq!(escaped("MIT"), "MIT");
        assert_eq!(escaped("a\nb\n\nc"), "a\n        b\n        \n        c");
        assert_eq!(escaped("a\n"), "a\n        ");
        assert_eq!(escaped("\na"), "\n        a");
    }

    #[test]
    fn extras_have_a_normal_form() {
        assert_eq!(safe_extra("_FrIeNdLy-._.-bArD"), "friendly-bard");
    }
}
