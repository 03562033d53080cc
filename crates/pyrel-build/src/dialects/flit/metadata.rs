//! Core metadata 2.5 as flit writes it: most values as they stand in the file.

use std::fmt::Write as _;
use std::sync::LazyLock;

use pyrel_model::Version;
use pyrel_model::name::normalize as normalize_name;
use pyrel_model::pyproject::{License, Readme, TableReader};
use regex::Regex;

use super::super::Subject;
use super::layout::{Module, refuse_link};
use super::{dynamic, license};
use crate::detector::option;
use crate::error::{Plan, Stop, unsupported};
use crate::metadata::{field, one_line, people_fields, python_lines, sorted};
use crate::pattern::{GlobOptions, has_magic, python_glob};
use crate::tree::{Tree, normalize};

/// The text of `METADATA`, and what it was made from that other files need.
pub(super) struct Metadata {
    pub(super) text: String,
    pub(super) version: Version,
    /// Paths of licence files, sorted.
    pub(super) license_files: Vec<String>,
    /// The path of the readme.
    pub(super) readme: Option<String>,
}

const DEFAULT_LICENSE_GLOBS: [&str; 4] = ["COPYING*", "LICEN[CS]E*", "NOTICE*", "AUTHORS*"];
/// What flit fills in itself; it writes no `Dynamic` field.
const DYNAMIC: [&str; 4] = ["version", "description", "import-names", "import-namespaces"];

impl Metadata {
    pub(super) fn read(subject: &Subject<'_>, tree: &Tree, module: &Module) -> Plan<Self> {
        let project = subject.project;
        let table = table(subject);
        if let Some(field) = project.dynamic.iter().find(|field| !DYNAMIC.contains(&field.as_str())) {
            return Err(option(&table, "dynamic", format!("lists `{field}`, which flit does not fill in")));
        }
        let found = dynamic::read(subject, tree, module)?;
        let license_files = license_files(subject, &table, tree)?;
        let readme = readme(subject, &table, tree)?;
        let mut text = format!("Metadata-Version: 2.5\nName: {}\n", project.name.as_written());
        let _ = writeln!(text, "Version: {}", found.version.normalized());
        folded(&mut text, "Summary", &found.summary);
        if table.get("keywords").is_some() {
            folded(&mut text, "Keywords", &project.keywords.join(","));
        }
        people(subject, &table, &mut text)?;
        if let Some(requires_python) = table.string("requires-python")? {
            folded(&mut text, "Requires-Python", requires_python);
        }
        if let Some(content_type) = readme.as_ref().and_then(|readme| readme.content_type.as_deref()) {
            folded(&mut text, "Description-Content-Type", content_type);
        }
        license_and_classifiers(subject, &table, &mut text)?;
        for path in &license_files {
            field(&mut text, "License-File", path);
        }
        requirements(subject, &table, &mut text)?;
        import_names(subject, &table, module, &mut text)?;
        if let Some(readme) = &readme {
            let _ = write!(text, "\n{}\n", readme.body);
        }
        let readme = readme.and_then(|readme| readme.path);
        Ok(Self { text, version: found.version, license_files, readme })
    }
}

/// Returns the table `[project]`.
pub(super) fn table<'a>(subject: &'a Subject<'_>) -> TableReader<'a> {
    let table = subject.pyproject.root().get("project").and_then(toml_edit::Item::as_table_like);
    let table = table.expect("a subject has the table that its project was read from");
    subject.pyproject.reader("project", table)
}

/// Writes a field whose further lines are indented; an empty value is written, too.
fn folded(text: &mut String, name: &str, value: &str) {
    field(text, name, &python_lines(value).join("\n        "));
}

fn people(subject: &Subject<'_>, table: &TableReader<'_>, text: &mut String) -> Plan<()> {
    let project = subject.project;
    for (key, header, people) in
        [("authors", "Author", &project.authors), ("maintainers", "Maintainer", &project.maintainers)]
    {
        let is_empty = |value: &Option<String>| value.as_deref() == Some("");
        if people.iter().any(|person| is_empty(&person.name) || is_empty(&person.email)) {
            return Err(option(table, key, "holds a person with an empty name or address"));
        }
        let (names, addresses) = people_fields(people).map_err(|unusual| {
            option(table, key, format!("holds a person whose printing is not reproduced: `{}`", unusual.0))
        })?;
        for (header, value) in [(header.to_owned(), names), (format!("{header}-email"), addresses)] {
            if !value.is_empty() {
                field(text, &header, one_line((table, key), &value)?);
            }
        }
    }
    Ok(())
}

fn license_and_classifiers(subject: &Subject<'_>, table: &TableReader<'_>, text: &mut String) -> Plan<()> {
    let project = subject.project;
    if let Some(License::Expression(written)) = &project.license {
        let Some(expression) = license::expression(written) else {
            return Err(option(table, "license", format!("is an expression that flit refuses: `{written}`")));
        };
        if project.classifiers.iter().any(|classifier| classifier.starts_with("License :: ")) {
            return Err(option(
                table,
                "classifiers",
                "lists a licence beside an expression, which flit refuses",
            ));
        }
        field(text, "License-Expression", &expression);
    }
    for classifier in &project.classifiers {
        field(text, "Classifier", one_line((table, "classifiers"), classifier)?);
    }
    Ok(())
}

/// Returns a listed path from the root; odd ones are for flit.
fn inside(table: &TableReader<'_>, key: &str, path: &str) -> Plan<String> {
    let odd = path.starts_with('/')
        || path.contains(|c: char| c == '\\' || c == ':' || c.is_control())
        || path.split('/').any(|part| part == "..");
    if odd {
        return Err(option(table, key, format!("names a path that is not reproduced natively: `{path}`")));
    }
    Ok(normalize(path))
}

/// Steps back for a listed file that is not there, or that is a link.
fn check_file(
    subject: &Subject<'_>,
    table: &TableReader<'_>,
    (key, path): (&str, &str),
    tree: &Tree,
) -> Plan<()> {
    if !tree.is_file(path) {
        return Err(option(table, key, format!("names a file that is not there: `{path}`")));
    }
    refuse_link(subject, tree, path)
}

fn license_files(subject: &Subject<'_>, table: &TableReader<'_>, tree: &Tree) -> Plan<Vec<String>> {
    let mut files = Vec::new();
    match &subject.project.license_files {
        Some(globs) => {
            for glob in globs {
                files.extend(listed_license_files(table, tree, glob)?);
            }
        }
        None => {
            if let Some(License::File(path)) = &subject.project.license {
                files.push(inside(table, "license", path)?);
            }
            for glob in DEFAULT_LICENSE_GLOBS {
                files.extend(glob_files(tree, glob)?);
            }
        }
    }
    files.sort();
    files.dedup();
    for path in &files {
        let key = if subject.project.license_files.is_some() { "license-files" } else { "license" };
        check_file(subject, table, (key, path), tree)?;
    }
    Ok(files)
}

/// Python's `Path.glob`, in which wildcards take hidden names, too.
fn glob_files(tree: &Tree, glob: &str) -> Plan<Vec<String>> {
    let mut found = python_glob(tree, "", glob, GlobOptions { recursive: false, hidden: true })?;
    found.retain(|path| tree.is_file(path));
    Ok(found)
}

fn listed_license_files(table: &TableReader<'_>, tree: &Tree, glob: &str) -> Plan<Vec<String>> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./*?[] ".contains(c);
    let relative = inside(table, "license-files", glob)?;
    if relative != glob || glob.contains("**") || glob.contains("..") || !glob.chars().all(plain) {
        return Err(option(
            table,
            "license-files",
            format!("holds a pattern that is not reproduced natively: `{glob}`"),
        ));
    }
    let found = if has_magic(glob) || tree.is_file(glob) { glob_files(tree, glob)? } else { Vec::new() };
    if found.is_empty() {
        return Err(option(
            table,
            "license-files",
            format!("holds a pattern that matches no file: `{glob}`"),
        ));
    }
    Ok(found)
}

/// What the readme adds to the metadata.
struct Description {
    content_type: Option<String>,
    body: String,
    path: Option<String>,
}

fn readme(subject: &Subject<'_>, table: &TableReader<'_>, tree: &Tree) -> Plan<Option<Description>> {
    let is_table = table.get("readme").is_some_and(|item| item.as_str().is_none());
    match &subject.project.readme {
        None => Ok(None),
        Some(Readme::Text { text, content_type }) => {
            if text.contains('\r') {
                return Err(option(table, "readme", "holds a text with carriage returns"));
            }
            let content_type = Some(known_type(table, content_type)?);
            Ok(Some(Description { content_type, body: text.clone(), path: None }))
        }
        Some(Readme::File { path, content_type }) => {
            let content_type = match content_type {
                Some(content_type) => Some(known_type(table, content_type)?),
                None if is_table => {
                    return Err(option(
                        table,
                        "readme",
                        "is a table without `content-type`, which flit refuses",
                    ));
                }
                None => by_extension(path).map(str::to_owned),
            };
            let relative = inside(table, "readme", path)?;
            check_file(subject, table, ("readme", &relative), tree)?;
            let body = tree.read_text(&relative)?;
            Ok(Some(Description { content_type, body, path: Some(relative) }))
        }
    }
}

fn known_type(table: &TableReader<'_>, content_type: &str) -> Plan<String> {
    let base = content_type.split(';').next().unwrap_or_default().trim();
    if !["text/markdown", "text/x-rst", "text/plain"].contains(&base) {
        return Err(option(
            table,
            "readme",
            format!("has a content type that flit refuses: `{content_type}`"),
        ));
    }
    one_line((table, "readme"), content_type).map(str::to_owned)
}

/// A name that is nothing but an extension has none.
fn by_extension(path: &str) -> Option<&'static str> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let (stem, extension) = name.rsplit_once('.')?;
    if stem.is_empty() {
        return None;
    }
    match extension.to_lowercase().as_str() {
        "rst" => Some("text/x-rst"),
        "md" => Some("text/markdown"),
        "txt" => Some("text/plain"),
        _ => None,
    }
}

/// Writes requirements, links, and extras, in flit's order.
fn requirements(subject: &Subject<'_>, table: &TableReader<'_>, text: &mut String) -> Plan<()> {
    for written in table.strings("dependencies")?.unwrap_or_default() {
        field(text, "Requires-Dist", &normal_extras(one_line((table, "dependencies"), written)?));
    }
    let key = "optional-dependencies";
    let mut extras: Vec<(String, Vec<&str>)> = Vec::new();
    if let Some(optional) = table.subtable(key)? {
        let optional = subject.pyproject.reader("project.optional-dependencies", optional);
        for (extra, _) in optional.table().iter() {
            extras.push((normalize_name(extra), optional.strings(extra)?.unwrap_or_default()));
        }
    }
    extras.sort();
    if extras.windows(2).any(|pair| pair[0].0 == pair[1].0) {
        return Err(option(table, key, "names an extra twice (compared in normal form)"));
    }
    for (extra, written) in &extras {
        for requirement in written {
            let requirement = one_line((table, key), requirement)?;
            let line = match requirement.split_once(';') {
                Some((name, marker)) => format!("{name} ; extra == \"{extra}\" and ({marker})"),
                None => format!("{requirement} ; extra == \"{extra}\""),
            };
            field(text, "Requires-Dist", &normal_extras(&line));
        }
    }
    for (label, url) in sorted(&subject.project.urls) {
        field(text, "Project-URL", one_line((table, "urls"), &format!("{label}, {url}"))?);
    }
    for (extra, _) in &extras {
        field(text, "Provides-Extra", extra);
    }
    Ok(())
}

/// Prints the extras behind a name in normal form; everything else stays as it is.
fn normal_extras(requirement: &str) -> String {
    static EXTRAS: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^[ \t]*[A-Za-z0-9][A-Za-z0-9._-]*[ \t]*\[([^\]]*)\]").expect("a constant expression")
    });
    let Some(extras) = EXTRAS.captures(requirement).and_then(|found| found.get(1)) else {
        return requirement.to_owned();
    };
    let normal: Vec<String> = extras.as_str().split(',').map(|extra| normalize_name(extra.trim())).collect();
    format!("{}{}{}", &requirement[..extras.start()], normal.join(", "), &requirement[extras.end()..])
}

/// The module and the packages it lies in; flit refuses a configuration that says something else.
fn import_names(
    subject: &Subject<'_>,
    table: &TableReader<'_>,
    module: &Module,
    text: &mut String,
) -> Plan<()> {
    let namespaces = module.namespaces();
    let says = |names: &Vec<String>| !module.is_stub() && *names == [module.name.as_str()];
    if subject.project.import_names.as_ref().is_some_and(|names| !says(names)) {
        return Err(option(table, "import-names", format!("says something else than `{}`", module.name)));
    }
    if subject.project.import_namespaces.as_ref().is_some_and(|names| *names != namespaces) {
        return Err(option(table, "import-namespaces", "says something else than the module's name"));
    }
    field(text, "Import-Name", &module.name);
    for namespace in namespaces {
        field(text, "Import-Namespace", namespace);
    }
    Ok(())
}

/// Returns `entry_points.txt`: groups and names sorted, a blank line after each group. A table without entries
/// makes a group of its own.
pub(super) fn entry_points(subject: &Subject<'_>) -> Plan<Option<String>> {
    let project = subject.project;
    let table = table(subject);
    let mut groups = project.entry_points.clone();
    for (key, group, entries) in [
        ("scripts", "console_scripts", &project.scripts),
        ("gui-scripts", "gui_scripts", &project.gui_scripts),
    ] {
        if table.get(key).is_some() {
            groups.push((group.to_owned(), entries.clone()));
        }
    }
    groups.sort();
    let mut text = String::new();
    for (group, entries) in &groups {
        let key = match group.as_str() {
            "console_scripts" => "scripts",
            "gui_scripts" => "gui-scripts",
            _ => "entry-points",
        };
        let _ = writeln!(text, "[{}]", one_line((&table, key), group)?);
        for (name, value) in sorted(entries) {
            let _ = writeln!(text, "{}", one_line((&table, key), &format!("{name}={value}"))?);
        }
        text.push('\n');
    }
    Ok((!text.is_empty()).then_some(text))
}

/// Tells whether flit takes a package for one of Python 2, too.
pub(super) fn supports_python2(requires_python: &str) -> bool {
    static FROM_3: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"^\s*(?:>=?|~=|===?)?\s*[3-9]").expect("a constant expression"));
    !requires_python.split(',').any(|part| FROM_3.is_match(part))
}

/// Steps back because the module does not say what is to be read from it.
pub(super) fn not_read(table: &TableReader<'_>, field: &str, reason: &str) -> Stop {
    option(table, "dynamic", format!("lists `{field}`, but {reason}"))
}

/// Steps back because neither the file nor the module has a description.
pub(super) fn no_description<T>() -> Plan<T> {
    unsupported("project.description", "is missing, which flit refuses")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_extras_behind_the_name_are_normalised() {
        for (written, expected) in [
            ("requests[Socks,use_chardet] >=2", "requests[socks, use-chardet] >=2"),
            ("a [ B ]", "a [b]"),
            ("a[]", "a[]"),
            ("a >=1 ; os_name == '[X]'", "a >=1 ; os_name == '[X]'"),
            ("a @ https://[::1]/A_b[X]", "a @ https://[::1]/A_b[X]"),
        ] {
            assert_eq!(normal_extras(written), expected, "{written}");
        }
    }

    #[test]
    fn python_2_is_supported_until_a_comparison_begins_with_3() {
        for (text, expected) in [
            ("", true),
            (">=3.9", false),
            ("~= 3.6", false),
            ("!=3.0.*, >=2.7", true),
            (">=2.7, ==3.*", false),
            ("<4", true),
            ("===3.9", false),
        ] {
            assert_eq!(supports_python2(text), expected, "{text}");
        }
    }

    #[test]
    fn content_types_follow_the_last_extension() {
        assert_eq!(by_extension("docs/README.MD"), Some("text/markdown"));
        assert_eq!(by_extension("docs/.md"), None);
        assert_eq!(by_extension("README"), None);
        assert_eq!(by_extension("a.b/README"), None);
    }
}
