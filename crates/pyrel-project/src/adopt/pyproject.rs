//! Writes `pyproject.toml`: new tables before what is there, missing keys into what is there, nothing else changed.

use std::fmt::Write as _;

use pyrel_model::Requirement;
use toml_edit::{DocumentMut, Item, Table, Value};

use super::metadata::{Metadata, Person};

/// Keys of `[tool.uv]` that belong to `[project]`; some projects have them there.
const MISPLACED: &[&str] = &[
    "name",
    "version",
    "description",
    "readme",
    "requires-python",
    "license",
    "authors",
    "keywords",
    "classifiers",
    "urls",
    "dependencies",
    "optional-dependencies",
    "scripts",
];

/// What the file will say beyond the metadata.
#[derive(Debug)]
pub(super) struct Outline<'a> {
    pub(super) metadata: &'a Metadata,
    /// The name as it will be written.
    pub(super) name: &'a str,
    /// The licence as an SPDX expression.
    pub(super) license: Option<&'a str>,
    /// The files of the licence.
    pub(super) license_files: &'a [String],
    /// Take the version from git.
    pub(super) version_from_git: bool,
    /// What the wheel holds.
    pub(super) shipped: &'a [String],
    /// The folder that imports are found from.
    pub(super) base: &'a str,
}

/// Returns the new text of the file.
pub(super) fn write(old: Option<&DocumentMut>, outline: &Outline<'_>) -> String {
    let mut rest = old.cloned().unwrap_or_default();
    rest.remove("build-system");
    clear_tools(&mut rest);
    let fresh = parse(&project(outline));
    let mut head = build_system(outline);
    if rest.get("project").is_some_and(Item::is_table) {
        merge(&mut rest, &fresh, "project");
    } else {
        rest.remove("project");
        let _ = write!(head, "\n{}", project(outline));
    }
    let groups = dependency_groups(outline.metadata);
    if rest.get("dependency-groups").is_some() {
        merge(&mut rest, &parse(&groups), "dependency-groups");
    } else {
        head.push_str(&groups);
    }
    if !has_wheel_target(&rest) {
        head.push_str(&wheel_target(outline));
    }
    let rest = rest.to_string();
    let rest = rest.trim_start_matches(['\n', '\r']);
    let between = if rest.is_empty() { "" } else { "\n" };
    let text = format!("{head}{between}{rest}");
    if old.is_some_and(|old| old.to_string().contains("\r\n")) {
        return text.replace("\r\n", "\n").replace('\n', "\r\n");
    }
    text
}

fn parse(text: &str) -> DocumentMut {
    text.parse().expect("every value was written by the library that parses it")
}

/// Takes what became standard out of the tools' tables.
fn clear_tools(document: &mut DocumentMut) {
    let Some(tools) = document.get_mut("tool").and_then(Item::as_table_like_mut) else { return };
    for (tool, keys) in [("poetry", super::poetry::KNOWN), ("uv", MISPLACED)] {
        let Some(table) = tools.get_mut(tool).and_then(Item::as_table_like_mut) else { continue };
        for key in keys {
            table.remove(key);
        }
        if tool == "uv" {
            table.remove("dev-dependencies");
            if table.get("package").and_then(Item::as_bool) == Some(false) {
                table.remove("package");
            }
        }
        if table.is_empty() {
            tools.remove(tool);
        }
    }
    if tools.is_empty() {
        document.remove("tool");
    }
}

/// Adds the keys that a table lacks, and the entries that its tables lack.
fn merge(into: &mut DocumentMut, from: &DocumentMut, name: &str) {
    let (Some(new), Some(own)) =
        (from.get(name).and_then(Item::as_table), into.get_mut(name).and_then(Item::as_table_mut))
    else {
        return;
    };
    merge_tables(own, new);
}

fn merge_tables(own: &mut Table, new: &Table) {
    let listed: Vec<String> = own
        .get("dynamic")
        .and_then(Item::as_array)
        .into_iter()
        .flatten()
        .filter_map(|one| one.as_str().map(str::to_owned))
        .collect();
    for (key, item) in new.iter().filter(|(key, _)| !listed.iter().any(|one| one == key)) {
        match (own.get_mut(key), item) {
            (None, item) => {
                let mut item = item.clone();
                if let Some(table) = item.as_table_mut() {
                    table.set_position(None);
                }
                own.insert(key, item);
            }
            (Some(known), item)
                if key == "dependencies" && known.as_array().is_some_and(toml_edit::Array::is_empty) =>
            {
                *known = item.clone();
            }
            (Some(known), Item::Table(new)) => {
                for (key, item) in new.iter() {
                    if let Some(table) = known.as_table_like_mut().filter(|table| !table.contains_key(key)) {
                        table.insert(key, item.clone());
                    }
                }
            }
            (Some(_), _) => {}
        }
    }
}

fn has_wheel_target(document: &DocumentMut) -> bool {
    let mut item = document.as_item();
    for key in ["tool", "hatch", "build", "targets", "wheel"] {
        match item.get(key) {
            Some(inner) => item = inner,
            None => return false,
        }
    }
    true
}

fn build_system(outline: &Outline<'_>) -> String {
    let mut requires = vec!["hatchling>=1.27".to_owned()];
    if outline.version_from_git {
        requires.push("hatch-vcs".to_owned());
    }
    format!("[build-system]\nrequires = {}\nbuild-backend = \"hatchling.build\"\n", array(&requires))
}

fn project(outline: &Outline<'_>) -> String {
    let metadata = outline.metadata;
    let mut out = format!("[project]\nname = {}\n", text(outline.name));
    let mut line = |key: &str, value: Option<String>| {
        if let Some(value) = value {
            let _ = writeln!(out, "{key} = {value}");
        }
    };
    let version = metadata.version.as_ref().filter(|_| !outline.version_from_git);
    line("version", version.map(|version| text(&version.to_string())));
    line("dynamic", outline.version_from_git.then(|| "[\"version\"]".to_owned()));
    line("description", metadata.description.as_deref().map(text));
    line("readme", metadata.readme.as_deref().map(text));
    line("requires-python", metadata.requires_python.as_ref().map(|set| text(set.as_written())));
    line("license", outline.license.map(text));
    line("license-files", (!outline.license_files.is_empty()).then(|| array(outline.license_files)));
    line("authors", people(&metadata.authors));
    line("maintainers", people(&metadata.maintainers));
    line("keywords", (!metadata.keywords.is_empty()).then(|| array(&metadata.keywords)));
    line("classifiers", (!metadata.classifiers.is_empty()).then(|| array(&metadata.classifiers)));
    line("dependencies", Some(requirements(&metadata.dependencies)));
    table(&mut out, "project.urls", &metadata.urls);
    table(&mut out, "project.scripts", &metadata.scripts);
    table(&mut out, "project.gui-scripts", &metadata.gui_scripts);
    for (group, entries) in &metadata.entry_points {
        table(&mut out, &format!("project.entry-points.{}", key(group)), entries);
    }
    if !metadata.extras.is_empty() {
        out.push_str("\n[project.optional-dependencies]\n");
        for (extra, list) in &metadata.extras {
            let _ = writeln!(out, "{} = {}", key(extra), requirements(list));
        }
    }
    out
}

fn dependency_groups(metadata: &Metadata) -> String {
    let groups: Vec<_> = metadata.groups.iter().filter(|(_, list)| !list.is_empty()).collect();
    if groups.is_empty() {
        return String::new();
    }
    let mut out = "\n[dependency-groups]\n".to_owned();
    for (group, list) in groups {
        let _ = writeln!(out, "{} = {}", key(group), requirements(list));
    }
    out
}

fn wheel_target(outline: &Outline<'_>) -> String {
    let mut out = String::new();
    if outline.version_from_git {
        out.push_str("\n[tool.hatch.version]\nsource = \"vcs\"\n");
    }
    out.push_str("\n[tool.hatch.build.targets.wheel]\n");
    if outline.shipped.iter().all(|path| !path.ends_with(".py")) {
        let _ = writeln!(out, "packages = {}", array(outline.shipped));
        return out;
    }
    let _ = writeln!(out, "only-include = {}", array(outline.shipped));
    if !outline.base.is_empty() {
        let _ = writeln!(out, "sources = {}", array(&[outline.base.to_owned()]));
    }
    out
}

fn table(out: &mut String, name: &str, entries: &[(String, String)]) {
    if entries.is_empty() {
        return;
    }
    let _ = write!(out, "\n[{name}]\n");
    for (label, value) in entries {
        let _ = writeln!(out, "{} = {}", key(label), text(value));
    }
}

fn people(people: &[Person]) -> Option<String> {
    let one = |person: &Person| {
        let name = person.name.as_deref().map(|name| format!("name = {}", text(name)));
        let email = person.email.as_deref().map(|email| format!("email = {}", text(email)));
        let parts: Vec<String> = name.into_iter().chain(email).collect();
        format!("{{ {} }}", parts.join(", "))
    };
    let known: Vec<String> = people.iter().filter(|person| **person != Person::default()).map(one).collect();
    (!known.is_empty()).then(|| list(&known))
}

fn requirements(list: &[Requirement]) -> String {
    array(&list.iter().map(|one| one.as_written().to_owned()).collect::<Vec<_>>())
}

fn array(texts: &[String]) -> String {
    list(&texts.iter().map(|one| text(one)).collect::<Vec<_>>())
}

fn list(values: &[String]) -> String {
    match values {
        [] => "[]".to_owned(),
        [only] => format!("[{only}]"),
        several => {
            let lines: String = several.iter().map(|value| format!("    {value},\n")).collect();
            format!("[\n{lines}]")
        }
    }
}

fn text(value: &str) -> String {
    Value::from(value).to_string().trim().to_owned()
}

fn key(name: &str) -> String {
    let is_bare = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    if is_bare { name.to_owned() } else { text(name) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(old: &str, metadata: &Metadata) -> String {
        let old: DocumentMut = old.parse().unwrap();
        let shipped = ["src/demo".to_owned()];
        let outline = Outline {
            metadata,
            name: "demo",
            license: Some("MIT"),
            license_files: &["LICENSE".to_owned()],
            version_from_git: false,
            shipped: &shipped,
            base: "src",
        };
        write(Some(&old), &outline)
    }

    fn metadata() -> Metadata {
        Metadata {
            version: Some("1.0".parse().unwrap()),
            description: Some("A \"demo\"".into()),
            dependencies: vec!["a>=1".parse().unwrap(), "b".parse().unwrap()],
            scripts: vec![("demo".into(), "demo.__main__:main".into())],
            groups: vec![("dev".into(), vec!["c".parse().unwrap()])],
            ..Metadata::default()
        }
    }

    #[test]
    fn new_tables_come_before_what_is_there() {
        let text = written(
            "# tools\n[tool.uv]\nname = \"demo\"\npackage = false\nindex-strategy = \"x\"  # kept\n\n[tool.ruff]\nline-length = 100\n",
            &metadata(),
        );
        assert!(text.starts_with("[build-system]\nrequires = [\"hatchling>=1.27\"]\nbuild-backend = \"hatchling.build\"\n\n[project]\nname = \"demo\"\nversion = \"1.0\"\n"), "{text}");
        assert!(
            text.ends_with(
                "\n\n# tools\n[tool.uv]\nindex-strategy = \"x\"  # kept\n\n[tool.ruff]\nline-length = 100\n"
            ),
            "{text}"
        );
        let read: DocumentMut = text.parse().unwrap();
        assert_eq!(read["project"]["dependencies"].as_array().unwrap().len(), 2);
        assert_eq!(read["project"]["description"].as_str(), Some("A \"demo\""));
        assert_eq!(
            read["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"][0].as_str(),
            Some("src/demo")
        );
    }

    #[test]
    fn what_is_there_is_completed() {
        let text = written(
            "[project]\nname = \"Demo\"  # own\ndependencies = []\n[project.scripts]\nother = \"a:b\"\n[dependency-groups]\nlint = [\"x\"]\n",
            &metadata(),
        );
        let read: DocumentMut = text.parse().unwrap();
        assert!(text.contains("name = \"Demo\"  # own\n"), "{text}");
        assert_eq!(read["project"]["version"].as_str(), Some("1.0"));
        assert_eq!(read["project"]["dependencies"].as_array().unwrap().len(), 2);
        assert_eq!(read["project"]["scripts"].as_table().unwrap().len(), 2);
        assert_eq!(read["dependency-groups"].as_table().unwrap().len(), 2);
    }
}
