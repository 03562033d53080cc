//! Core metadata 2.4 as poetry-core writes it: `[project]` first, what it lacks from `[tool.poetry]`.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::LazyLock;

use pyrel_model::Version;
use pyrel_model::pyproject::{Person, Readme, TableReader};
use regex::Regex;

use super::super::Subject;
use super::dependency::{self, Dependencies};
use super::license::{self, Stated};
use super::options::is_certain;
use super::python::Python;
use crate::detector::option;
use crate::error::{Plan, unsupported};
use crate::metadata::{field_unless_empty as field, one_line};
use crate::tree::Tree;

/// The text of `METADATA`, and what it was made from that other files need.
pub(super) struct Metadata {
    pub(super) text: String,
    pub(super) version: Version,
    /// Paths of licence files, sorted.
    pub(super) license_files: Vec<String>,
    /// Paths of readmes.
    pub(super) readmes: Vec<String>,
    pub(super) python: Python,
    pub(super) dependencies: Dependencies,
    pub(super) summary: String,
    /// The text of the readmes.
    pub(super) body: Option<String>,
    pub(super) author: First,
    pub(super) maintainer: First,
    pub(super) home_page: Option<String>,
}

/// The first of several people.
#[derive(Default)]
pub(super) struct First {
    pub(super) name: Option<String>,
    pub(super) email: Option<String>,
}

/// Where a value is looked for: in `[project]`, then in `[tool.poetry]`.
struct Sources<'a> {
    project: Option<TableReader<'a>>,
    poetry: TableReader<'a>,
}

impl<'a> Sources<'a> {
    /// Returns the table that has a value under a key that is not empty.
    fn table(&self, key: &str) -> &TableReader<'a> {
        let is_filled = |table: &&TableReader<'a>| {
            table.get(key).is_some_and(|item| {
                item.as_str().is_none_or(|text| !text.is_empty())
                    && item.as_array().is_none_or(|list| !list.is_empty())
                    && item.as_table_like().is_none_or(|table| !table.is_empty())
            })
        };
        self.project.as_ref().filter(is_filled).unwrap_or(&self.poetry)
    }

    fn is_project(&self, table: &TableReader<'_>) -> bool {
        table.name() == "project"
    }

    fn string(&self, key: &str) -> Plan<&'a str> {
        let table = self.table(key);
        one_line((table, key), table.string(key)?.unwrap_or_default())
    }

    fn strings(&self, key: &str) -> Plan<Vec<&'a str>> {
        let table = self.table(key);
        let list = table.strings(key)?.unwrap_or_default();
        list.into_iter().map(|text| one_line((table, key), text)).collect()
    }
}

impl Metadata {
    pub(super) fn read(subject: &Subject<'_>, poetry: TableReader<'_>, tree: &Tree) -> Plan<Self> {
        let project = subject.pyproject.project().map(|_| subject.project_table());
        if let Some(table) = &project {
            for key in ["import-names", "import-namespaces"] {
                if table.get(key).is_some() {
                    return Err(option(table, key, "is unknown to poetry-core"));
                }
            }
        }
        let python = Python::read(subject, &poetry)?;
        let dependencies = dependency::read(subject, &poetry)?;
        let stated = license::read(subject, &poetry, tree)?;
        let license_files = license::files(subject, tree)?;
        let sources = Sources { project, poetry };
        let version = version(subject, &sources)?;
        let readme = readme(subject, &sources, tree)?;
        let summary = sources.string("description")?.to_owned();
        let mut text = format!(
            "Metadata-Version: 2.4\nName: {}\nVersion: {version}\nSummary: {summary}\n",
            name(subject, &sources)?,
        );
        match &stated {
            Stated::Nothing => {}
            Stated::Expression(expression) => field(&mut text, "License-Expression", expression),
            Stated::Text(content, _) => field(&mut text, "License", &license::indented(content)),
        }
        for path in &license_files {
            field(&mut text, "License-File", path);
        }
        field(&mut text, "Keywords", &sources.strings("keywords")?.join(","));
        let author = people(&sources, ("authors", "Author"), &subject.project.authors, &mut text)?;
        let maintainers = &subject.project.maintainers;
        let maintainer = people(&sources, ("maintainers", "Maintainer"), maintainers, &mut text)?;
        field(&mut text, "Requires-Python", python.requires.as_deref().unwrap_or_default());
        for classifier in classifiers(&sources, &python, &stated)? {
            field(&mut text, "Classifier", &classifier);
        }
        requirements(&dependencies, &mut text);
        for (label, url) in urls(subject, &sources)? {
            field(&mut text, "Project-URL", &format!("{label}, {url}"));
        }
        if let Some(content_type) = &readme.content_type {
            field(&mut text, "Description-Content-Type", content_type);
        }
        if let Some(body) = &readme.body {
            let _ = write!(text, "\n{body}\n");
        }
        Ok(Self {
            text,
            version,
            license_files,
            readmes: readme.paths,
            python,
            dependencies,
            summary,
            body: readme.body,
            author,
            maintainer,
            home_page: home_page(subject, &sources)?,
        })
    }
}

fn name<'a>(subject: &'a Subject<'_>, sources: &Sources<'a>) -> Plan<&'a str> {
    let own = sources.string("name")?;
    if own != subject.project.name.as_written() {
        return unsupported("tool.poetry.name", "is not the name of the package");
    }
    Ok(subject.project.name.as_written())
}

fn version(subject: &Subject<'_>, sources: &Sources<'_>) -> Plan<Version> {
    let text = sources.string("version")?;
    let version: Option<Version> = text.parse().ok();
    let plain = |version: &Version| !version.normalized().contains(['!', '+']) && text == text.trim();
    match version.filter(plain) {
        Some(version) => Ok(version.normalized().parse().expect("the normal form of a version is a version")),
        None if subject.pyproject.project().is_some() => {
            unsupported("project.version", "is missing, or no plain version")
        }
        None => Err(option(&sources.poetry, "version", "is missing, or no plain version")),
    }
}

/// Writes the first person, cut into name and address.
fn people(
    sources: &Sources<'_>,
    (key, header): (&str, &str),
    people: &[Person],
    text: &mut String,
) -> Plan<First> {
    static PERSON: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"^([^<>]+?)(?: <([^\n]+?)>)?$").expect("a constant expression"));
    let table = sources.table(key);
    let first = if sources.is_project(table) {
        people.first().map(|person| match (person.name.as_deref(), person.email.as_deref()) {
            (Some(name), Some(email)) if !name.is_empty() && !email.is_empty() => format!("{name} <{email}>"),
            (Some(name), _) if !name.is_empty() => name.to_owned(),
            (_, email) => email.unwrap_or_default().to_owned(),
        })
    } else {
        table.strings(key)?.unwrap_or_default().first().map(|text| (*text).to_owned())
    };
    let Some(first) = first else { return Ok(First::default()) };
    one_line((table, key), &first)?;
    let is_normal = unicode_normalization::is_nfc(&first);
    let Some(found) = PERSON.captures(&first).filter(|_| is_normal) else {
        return Err(option(
            table,
            key,
            format!("begins with a person whose printing is not reproduced: `{first}`"),
        ));
    };
    // A name takes every character up to the address, the space before it belongs to the address.
    if found[1].ends_with(' ') || found[1].is_empty() || first.matches(['<', '>']).count() > 2 {
        return Err(option(
            table,
            key,
            format!("begins with a person whose printing is not reproduced: `{first}`"),
        ));
    }
    field(text, header, &found[1]);
    let email = found.get(2).map(|email| email.as_str());
    field(text, &format!("{header}-email"), email.unwrap_or_default());
    Ok(First { name: Some(found[1].to_owned()), email: email.map(str::to_owned) })
}

/// Returns the classifiers: as they stand in `[project]`, else with those of Python and of the licence added.
fn classifiers(sources: &Sources<'_>, python: &Python, stated: &Stated) -> Plan<Vec<String>> {
    let table = sources.table("classifiers");
    let listed = sources.strings("classifiers")?;
    if sources.is_project(table) {
        return Ok(listed.into_iter().map(str::to_owned).collect());
    }
    let own = python.classifiers();
    let mut others: BTreeSet<String> = listed.into_iter().map(str::to_owned).collect();
    if let Stated::Text(_, classifier) = stated {
        others.insert((*classifier).to_owned());
    }
    let (before, after): (Vec<String>, Vec<String>) = others
        .into_iter()
        .filter(|classifier| !own.contains(classifier))
        .partition(|classifier| classifier.as_str() <= "Programming Language :: Python");
    Ok(before.into_iter().chain(own).chain(after).collect())
}

fn requirements(dependencies: &Dependencies, text: &mut String) {
    for extra in &dependencies.extras {
        field(text, "Provides-Extra", extra);
    }
    for line in &dependencies.lines {
        field(text, "Requires-Dist", line);
    }
}

/// Returns links by the first letters of their labels; three usual ones come first, under their own names.
fn urls(subject: &Subject<'_>, sources: &Sources<'_>) -> Plan<Vec<(String, String)>> {
    static URI: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"^[A-Za-z0-9_]+:/?/?[!-~]+$").expect("a constant expression"));
    let usual = [("homepage", "Homepage"), ("repository", "Repository"), ("documentation", "Documentation")];
    let table = sources.table("urls");
    let mut out: Vec<(String, String)> = Vec::new();
    let mut custom: Vec<(String, String)> = Vec::new();
    if sources.is_project(table) {
        for (key, label) in usual {
            let own = subject.project.urls.iter().rfind(|(name, _)| name.to_lowercase() == key);
            out.extend(own.map(|(_, url)| (label.to_owned(), url.clone())));
        }
        let is_usual = |name: &str| usual.iter().any(|(key, _)| *key == name.to_lowercase());
        custom.extend(subject.project.urls.iter().filter(|(name, _)| !is_usual(name)).cloned());
    } else {
        for (key, label) in usual {
            let url = sources.poetry.string(key)?.filter(|url| !url.is_empty());
            out.extend(url.map(|url| (label.to_owned(), url.to_owned())));
        }
        for (label, url) in sources.poetry.string_table("urls")?.unwrap_or_default() {
            match out.iter_mut().find(|(own, _)| own == label) {
                Some(own) => url.clone_into(&mut own.1),
                None => custom.push((label.to_owned(), url.to_owned())),
            }
        }
    }
    out.extend(custom);
    for (label, url) in &out {
        one_line((table, "urls"), label)?;
        if label.is_empty() || url.is_empty() || !URI.is_match(url) {
            return Err(option(table, "urls", format!("has a link that poetry-core may refuse: `{url}`")));
        }
    }
    out.sort_by_key(|(label, _)| label.chars().next());
    Ok(out)
}

/// Returns the address of the project's page, else of its repository.
fn home_page(subject: &Subject<'_>, sources: &Sources<'_>) -> Plan<Option<String>> {
    let table = sources.table("urls");
    let url = |key: &str| -> Plan<Option<&str>> {
        if !sources.is_project(table) {
            return Ok(sources.poetry.string(key)?);
        }
        let own = subject.project.urls.iter().rfind(|(name, _)| name.to_lowercase() == key);
        Ok(own.map(|(_, url)| url.as_str()))
    };
    let found = match url("homepage")? {
        Some(url) if !url.is_empty() => Some(url),
        _ => url("repository")?,
    };
    Ok(found.map(str::to_owned))
}

/// What readmes add to the metadata.
#[derive(Default)]
struct Description {
    content_type: Option<String>,
    body: Option<String>,
    paths: Vec<String>,
}

fn readme(subject: &Subject<'_>, sources: &Sources<'_>, tree: &Tree) -> Plan<Description> {
    let table = sources.table("readme");
    let mut out = Description::default();
    if sources.is_project(table) {
        match &subject.project.readme {
            Some(Readme::Text { text, content_type }) => {
                if text.is_empty() || text.contains('\r') {
                    return Err(option(table, "readme", "is empty, or holds carriage returns"));
                }
                out.body = Some(text.clone());
                out.content_type = Some(content_type.clone());
            }
            Some(Readme::File { path, content_type }) => {
                out.paths.push(path.clone());
                if content_type.is_none() && table.string("readme").is_err() {
                    return Err(option(table, "readme", "has no content type, which poetry-core refuses"));
                }
                out.content_type.clone_from(content_type);
            }
            None => {}
        }
    } else if let Some(item) = table.get("readme") {
        let paths = match item.as_str() {
            Some(path) => vec![path],
            None => table.strings("readme")?.unwrap_or_default(),
        };
        out.paths = paths.into_iter().filter(|path| !path.is_empty()).map(str::to_owned).collect();
    }
    let mut bodies = Vec::new();
    for path in &out.paths {
        if !is_certain(path) || !tree.is_file(path) {
            return Err(option(table, "readme", format!("names no file by a plain path: `{path}`")));
        }
        bodies.push(tree.read_text(path)?);
    }
    if let Some(first) = out.paths.first() {
        out.body = Some(bodies.join("\n"));
        out.content_type.get_or_insert_with(|| by_suffix(first).to_owned());
    }
    if let Some(content_type) = &out.content_type {
        one_line((table, "readme"), content_type)?;
    }
    Ok(out)
}

/// A name that is nothing but a suffix has none.
fn by_suffix(path: &str) -> &'static str {
    let name = path.rsplit('/').next().unwrap_or(path);
    match name.rsplit_once('.') {
        Some((stem, "rst")) if !stem.is_empty() => "text/x-rst",
        Some((stem, "md" | "markdown")) if !stem.is_empty() => "text/markdown",
        _ => "text/plain",
    }
}
