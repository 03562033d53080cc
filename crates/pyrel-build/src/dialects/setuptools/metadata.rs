//! Core metadata from the table `[project]`.

use pyrel_model::pyproject::{License, Project, Readme, TableReader};
use pyrel_model::{Requirement, Version};

use super::super::Subject;
use super::dynamic::Dynamic;
use super::entry_point::{self, Groups, odd_entry, odd_group};
use super::fields::{self, Fields};
use super::license_file;
use super::options::Options;
use crate::detector::option;
use crate::error::{Plan, Stop, unsupported};
use crate::metadata::{
    canonical_license, classifier_rank, groups, is_exotic, is_private_classifier, people_fields,
};
use crate::pattern::has_magic;
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

impl Metadata {
    /// Reads the table `[project]`.
    pub(super) fn read(
        subject: &Subject<'_>,
        tree: &Tree,
        options: &Options,
        mut dynamic: Dynamic,
    ) -> Plan<Self> {
        let project = subject.project;
        let table = subject.project_table();
        check(&table, project)?;
        let mut referenced = std::mem::take(&mut dynamic.files);
        let (content_type, body) = readme(&table, project, tree, &mut dynamic, &mut referenced)?;
        let classifiers = dynamic.classifiers.take().unwrap_or_else(|| project.classifiers.clone());
        let fields = Fields {
            name: project.name.as_written().to_owned(),
            version: dynamic.version.take().or_else(|| project.version.clone()),
            summary: dynamic.description.take().or_else(|| project.description.clone()).unwrap_or_default(),
            plain: people(&table, project)?,
            license: license(&table, project, &classifiers, (tree, &mut referenced))?,
            urls: project.urls.clone(),
            keywords: project.keywords.clone(),
            platforms: options.platforms.clone(),
            provides: options.provides.clone(),
            obsoletes: options.obsoletes.clone(),
            classifiers,
            requires_python: project.requires_python.clone(),
            content_type,
            license_files: license_files(subject, &table, tree, options)?,
            dependencies: dynamic.dependencies.take().unwrap_or_else(|| project.dependencies.clone()),
            optional: dynamic.optional.take().unwrap_or_else(|| project.optional_dependencies.clone()),
            dynamic: Vec::new(),
            body,
        };
        if let Some(reason) = fields.odd_dependency() {
            return Err(option(&table, "dependencies", reason));
        }
        if let Some(reason) = fields.odd_extra() {
            return Err(option(&table, "optional-dependencies", reason));
        }
        let mut groups = groups(project);
        groups.extend(dynamic.entry_points.take().unwrap_or_default());
        Self::new(fields, referenced, groups)
    }

    /// Prints the fields.
    pub(super) fn new(mut fields: Fields, referenced: Vec<String>, groups: Groups) -> Plan<Self> {
        let Some(version) = fields.version.clone() else {
            return unsupported("project.version", "is missing");
        };
        // The list is computed, so setuptools holds that another build may compute another one.
        if !fields.license_files.is_empty() {
            fields.dynamic.push("license-file");
            fields.dynamic.sort_unstable();
        }
        Ok(Self {
            text: fields.print(),
            version,
            license_files: fields.license_files,
            referenced,
            dependencies: fields.dependencies,
            optional: fields.optional,
            entry_points: entry_point::print(groups),
        })
    }
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
    for (key, entries) in [("scripts", &project.scripts), ("gui-scripts", &project.gui_scripts)] {
        if let Some((entry, value)) = odd_entry(entries) {
            return Err(option(table, key, format!("holds an unusual entry: `{entry}` = `{value}`")));
        }
    }
    if let Some(group) = odd_group(&project.entry_points) {
        return Err(option(table, "entry-points", format!("holds an unusual group or entry in `{group}`")));
    }
    Ok(())
}

fn people(table: &TableReader<'_>, project: &Project) -> Plan<Vec<(&'static str, String)>> {
    let mut out = Vec::new();
    for (key, headers, people) in [
        ("authors", ["Author", "Author-email"], &project.authors),
        ("maintainers", ["Maintainer", "Maintainer-email"], &project.maintainers),
    ] {
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
        out.extend(headers.into_iter().zip([names, addresses]).filter(|(_, value)| !value.is_empty()));
    }
    Ok(out)
}

fn license(
    table: &TableReader<'_>,
    project: &Project,
    classifiers: &[String],
    (tree, referenced): (&Tree, &mut Vec<String>),
) -> Plan<Option<fields::License>> {
    match &project.license {
        None => Ok(None),
        Some(License::Expression(expression)) => {
            let canonical = canonical_license(expression)
                .map_err(|error| table.fault("license", &format!("is wrong: {error}")))?;
            if let Some(old) = classifiers.iter().find(|name| name.starts_with("License :: ")) {
                let message =
                    format!("stands beside a licence classifier, which setuptools refuses: `{old}`");
                let mut fault = *table.fault("license", &message);
                fault.hint = Some("delete the classifier: the expression says it all (PEP 639)".to_owned());
                return Err(Box::new(fault).into());
            }
            Ok(Some(fields::License::Expression(canonical)))
        }
        Some(License::Text(content)) => Ok(Some(fields::License::Text(content.clone()))),
        Some(License::File(path)) => {
            let relative = plain(table, "license", path)?;
            existing(table, "license", path, tree)?;
            let content = tree.read_text(&relative)?;
            referenced.push(relative);
            Ok(Some(fields::License::Text(content)))
        }
    }
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
    let Some(listed) = listed else {
        return license_file::matching(tree, &license_file::DEFAULT_GLOBS.map(str::to_owned));
    };
    for pattern in listed {
        if !license_file::is_usual(pattern) {
            return Err(option(&table, "license-files", format!("holds an unusual pattern: `{pattern}`")));
        }
        if !has_magic(pattern) {
            existing(&table, "license-files", pattern, tree)?;
        }
    }
    license_file::matching(tree, listed)
}

fn readme(
    table: &TableReader<'_>,
    project: &Project,
    tree: &Tree,
    dynamic: &mut Dynamic,
    referenced: &mut Vec<String>,
) -> Plan<(Option<String>, String)> {
    if let Some((text, content_type)) = dynamic.readme.take() {
        return Ok((Some(content_type), text));
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
