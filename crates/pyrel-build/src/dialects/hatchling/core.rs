//! The fields of core metadata, read and judged as hatchling does.

use std::collections::BTreeSet;

use pyrel_model::Version;
use pyrel_model::pyproject::{License, Project, Readme, TableReader};
use pyrel_model::requirement::SpecifierSet;
use pyrel_model::tag::TagSet;

use super::Job;
use super::requirement::{Extras, Printer};
use crate::detector::option;
use crate::error::{Plan, Stop, unsupported};
use crate::metadata::{
    canonical_license, classifier_rank, is_exotic, is_private_classifier, nearest_classifier, people_fields,
    single_line,
};
use crate::pattern::{GlobOptions, has_magic, python_glob};
use crate::tree::{Tree, normalize};

/// Everything that metadata of any version is printed from.
pub(super) struct Core {
    pub(super) version: Version,
    /// `Import-Name` and `Import-Namespace` with their values.
    pub(super) imports: Vec<(&'static str, String)>,
    /// Fields of `[project]` that nothing fills, sorted.
    pub(super) dynamic: Vec<String>,
    pub(super) summary: String,
    /// `Author`, `Author-email`, and the same for maintainers; empty ones are left out.
    pub(super) people: Vec<(&'static str, String)>,
    pub(super) license: CoreLicense,
    /// Paths of licence files, sorted.
    pub(super) license_files: Vec<String>,
    pub(super) keywords: String,
    pub(super) classifiers: Vec<String>,
    pub(super) requires_python: String,
    pub(super) dependencies: BTreeSet<String>,
    pub(super) extras: Extras,
    /// The type of the description, and the description, which is not empty.
    pub(super) readme: Option<(String, String)>,
    /// The file of the description.
    pub(super) readme_path: Option<String>,
    /// All files that were read or found for the fields.
    pub(super) read_files: Vec<String>,
}

/// What is known about the licence.
pub(super) enum CoreLicense {
    None,
    Expression(String),
    Text(String),
}

const DEFAULT_LICENSE_GLOBS: [&str; 4] = ["LICEN[CS]E*", "COPYING*", "NOTICE*", "AUTHORS*"];

impl Core {
    /// Reads all fields from a tree.
    pub(super) fn read(job: &Job<'_>, tree: &Tree) -> Plan<Self> {
        let project = job.subject.project;
        let table = job.subject.project_table();
        let printer = Printer::new(job.subject, job.settings)?;
        let requires_python = requires_python(&table, project)?;
        let readme = job.readme();
        let readme_path = match readme {
            Some(Readme::File { path, .. }) => Some(normalize(path)),
            _ => None,
        };
        let license_files = license_files(&table, project, tree)?;
        let mut read_files = license_files.clone();
        read_files.extend(readme_path.clone());
        if let Some(License::File(path)) = &project.license {
            read_files.push(normalize(path));
        }
        Ok(Self {
            version: job.version.clone(),
            imports: imports(&table, project)?,
            dynamic: job.dynamic.clone(),
            summary: project.description.as_deref().map(single_line).unwrap_or_default(),
            people: people(&table, project)?,
            license: license(&table, project, tree)?,
            license_files,
            keywords: keywords(project),
            classifiers: classifiers(&table, project)?.into_iter().map(str::to_owned).collect(),
            requires_python,
            dependencies: printer.dependencies(project)?,
            extras: printer.extras(project)?,
            readme: readme_text(&table, readme, tree)?,
            readme_path,
            read_files,
        })
    }
}

fn requires_python(table: &TableReader<'_>, project: &Project) -> Plan<String> {
    let Some(set) = &project.requires_python else { return Ok(String::new()) };
    if is_exotic(set) {
        let reason = "has comparisons that are printed by rules of their own";
        return Err(option(table, "requires-python", reason));
    }
    Ok(set.to_string())
}

fn keywords(project: &Project) -> String {
    let keywords: BTreeSet<&str> = project.keywords.iter().map(String::as_str).collect();
    keywords.into_iter().collect::<Vec<_>>().join(",")
}

fn imports(table: &TableReader<'_>, project: &Project) -> Plan<Vec<(&'static str, String)>> {
    let names = project.import_names.as_deref();
    let namespaces = project.import_namespaces.as_deref().unwrap_or_default();
    if names.is_some_and(<[String]>::is_empty) && namespaces.is_empty() {
        let reason = "is empty, for which hatchling writes a line that is no field";
        return Err(option(table, "import-names", reason));
    }
    let names = names.unwrap_or_default();
    if namespaces.iter().any(|name| names.contains(name)) {
        let message = "holds a name of `project.import-names`";
        return Err(table.fault("import-namespaces", message).into());
    }
    let mut out = Vec::new();
    for (key, header, list) in
        [("import-names", "Import-Name", names), ("import-namespaces", "Import-Namespace", namespaces)]
    {
        let mut sorted: Vec<&String> = list.iter().collect();
        sorted.sort();
        for name in sorted {
            let printed = import_name(name).ok_or_else(|| {
                option(table, key, format!("holds something else than plain names: `{name}`"))
            })?;
            out.push((header, printed));
        }
    }
    Ok(out)
}

/// Prints the name of a module with its mark, if it is certainly a name in Python.
fn import_name(written: &str) -> Option<String> {
    let (name, is_marked) = match written.split_once(';') {
        None => (written, false),
        Some((name, mark)) if mark.trim_matches(' ') == "private" => (name.trim_matches(' '), true),
        Some(_) => return None,
    };
    let is_plain = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    };
    if !name.split('.').all(is_plain) {
        return None;
    }
    Some(if is_marked || name.starts_with('_') { format!("{name}; private") } else { name.to_owned() })
}

fn people(table: &TableReader<'_>, project: &Project) -> Plan<Vec<(&'static str, String)>> {
    let mut out = Vec::new();
    for (key, headers, people) in [
        ("authors", ["Author", "Author-email"], &project.authors),
        ("maintainers", ["Maintainer", "Maintainer-email"], &project.maintainers),
    ] {
        let (names, addresses) = people_fields(people).map_err(|unusual| {
            option(table, key, format!("holds a person whose printing is not reproduced: `{}`", unusual.0))
        })?;
        out.extend(headers.into_iter().zip([names, addresses]).filter(|(_, value)| !value.is_empty()));
    }
    Ok(out)
}

fn license(table: &TableReader<'_>, project: &Project, tree: &Tree) -> Plan<CoreLicense> {
    Ok(match &project.license {
        None => CoreLicense::None,
        Some(License::Expression(expression)) => {
            let canonical = canonical_license(expression);
            let canonical =
                canonical.map_err(|error| table.fault("license", &format!("is wrong: {error}")))?;
            CoreLicense::Expression(canonical)
        }
        Some(License::Text(content)) => CoreLicense::Text(content.clone()),
        Some(License::File(path)) => {
            let relative = inside(table, "license", path)?;
            existing(table, "license", path, tree, &relative)?;
            CoreLicense::Text(tree.read_text(&relative)?)
        }
    })
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

fn readme_text(
    table: &TableReader<'_>,
    readme: Option<&Readme>,
    tree: &Tree,
) -> Plan<Option<(String, String)>> {
    let (content_type, body) = match readme {
        None => return Ok(None),
        Some(Readme::Text { text, content_type }) => (content_type.as_str(), text.clone()),
        Some(Readme::File { path, content_type }) => {
            let relative = inside(table, "readme", path)?;
            if content_type.is_none() && table.get("readme").is_some_and(toml_edit::Item::is_table_like) {
                let mut fault = *table.fault("readme", "is a table without `content-type`");
                fault.hint = Some(format!("write `readme = \"{path}\"`, or add `content-type`"));
                return Err(Box::new(fault).into());
            }
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
    Ok((!body.is_empty()).then(|| (content_type.to_owned(), body)))
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
    let admits = |release: String| {
        let version: Version = release.parse().expect("three numbers are a version");
        requires_python.is_none_or(|set| set.contains(&version))
    };
    let majors = |admits: &dyn Fn(u32) -> bool| -> Vec<String> {
        [2, 3].into_iter().filter(|major| admits(*major)).map(|major| format!("py{major}")).collect()
    };
    let any_minor = |major: u32| (0..100u32).any(|minor| admits(format!("{major}.{minor}.100")));
    let any_patch = |major: u32| {
        (0..100u32).any(|minor| (0..100u32).any(|patch| admits(format!("{major}.{minor}.{patch}"))))
    };
    let mut python = majors(&any_minor);
    if python.is_empty() {
        python = majors(&any_patch);
    }
    if python.is_empty() {
        return unsupported("project.requires-python", "admits no release of Python");
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
        assert_eq!(tags("==3.11.4").as_deref(), Some("py3-none-any"));
        assert_eq!(tags("==4.0"), None);
    }
}
