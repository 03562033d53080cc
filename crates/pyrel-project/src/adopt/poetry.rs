//! `[tool.poetry]` as metadata of the standard table, carets and tildes translated.

use toml_edit::{Item, TableLike, Value};

use pyrel_model::Requirement;

use super::finding::Finding;
use super::metadata::{Metadata, person};
use super::tree::{Tree, join};
use crate::package::poetry_specifiers as to_specifiers;

/// Keys that have a place in `[project]` or `[tool.hatch]`, or that mean nothing elsewhere.
pub(super) const KNOWN: &[&str] = &[
    "name",
    "version",
    "description",
    "readme",
    "license",
    "authors",
    "maintainers",
    "keywords",
    "classifiers",
    "homepage",
    "repository",
    "documentation",
    "urls",
    "dependencies",
    "dev-dependencies",
    "group",
    "extras",
    "scripts",
    "plugins",
    "packages",
    "package-mode",
    "requires-poetry",
];
const PATH: &str = "pyproject.toml";

/// Reads the table; what cannot be translated becomes a finding.
pub(super) fn read(table: &dyn TableLike, tree: &Tree, findings: &mut Vec<Finding>) -> Metadata {
    let text = |key: &str| table.get(key).and_then(Item::as_str).map(str::to_owned);
    let list = |key: &str| table.get(key).map(strings).unwrap_or_default();
    for (key, _) in table.iter().filter(|(key, _)| !KNOWN.contains(key)) {
        let finding =
            Finding::warning("poetry", format!("`tool.poetry.{key}` has no standard form and stays behind"));
        findings.push(
            finding
                .at(PATH, 0)
                .hint("look up what it did, and configure hatchling for it where it is needed"),
        );
    }
    let mut reader = Reader { findings };
    let mut metadata = Metadata {
        name: reader.parsed("name", text("name")),
        version: reader.parsed("version", text("version")),
        description: text("description").filter(|text| !text.is_empty()),
        readme: text("readme").or_else(|| list("readme").into_iter().next()),
        license: text("license").filter(|text| !text.is_empty()),
        authors: list("authors").iter().map(|text| person(text)).collect(),
        maintainers: list("maintainers").iter().map(|text| person(text)).collect(),
        keywords: list("keywords"),
        classifiers: list("classifiers"),
        ..Metadata::default()
    };
    for (key, label) in
        [("homepage", "Homepage"), ("repository", "Repository"), ("documentation", "Documentation")]
    {
        metadata.urls.extend(text(key).map(|url| (label.to_owned(), url)));
    }
    metadata.urls.extend(pairs(table.get("urls")));
    let optional = reader.dependencies(table, &mut metadata);
    reader.extras(table, &optional, &mut metadata);
    reader.groups(table, &mut metadata);
    reader.scripts(table, &mut metadata);
    metadata.declared.packages = reader.packages(table, tree, &mut metadata.declared.modules);
    metadata
}

fn strings(item: &Item) -> Vec<String> {
    let array = item.as_array();
    array.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

fn pairs(item: Option<&Item>) -> Vec<(String, String)> {
    let table = item.and_then(Item::as_table_like);
    let entries = table.into_iter().flat_map(|table| table.iter());
    entries.filter_map(|(key, value)| Some((key.to_owned(), value.as_str()?.to_owned()))).collect()
}

struct Reader<'f> {
    findings: &'f mut Vec<Finding>,
}

impl Reader<'_> {
    fn parsed<T: std::str::FromStr<Err: std::fmt::Display>>(
        &mut self,
        key: &str,
        text: Option<String>,
    ) -> Option<T> {
        match text?.parse() {
            Ok(value) => Some(value),
            Err(error) => {
                self.tell(format!("in `tool.poetry.{key}`: {error}"));
                None
            }
        }
    }

    fn tell(&mut self, message: String) {
        self.findings
            .push(Finding::warning("poetry", message).at(PATH, 0).hint("add it to `[project]` by hand"));
    }

    /// Reads the dependencies and returns those that only extras bring.
    fn dependencies(&mut self, table: &dyn TableLike, metadata: &mut Metadata) -> Vec<Requirement> {
        let mut optional = Vec::new();
        let Some(dependencies) = table.get("dependencies").and_then(Item::as_table_like) else {
            return optional;
        };
        for (name, item) in dependencies.iter() {
            if name == "python" {
                let specifiers = item.as_str().and_then(to_specifiers);
                if specifiers.is_none() {
                    self.tell(format!(
                        "`python = {}` has no form in version specifiers",
                        item.to_string().trim()
                    ));
                }
                metadata.requires_python =
                    specifiers.and_then(|text| self.parsed("dependencies.python", Some(text)));
                continue;
            }
            for (requirement, is_optional) in self.requirements(name, item) {
                if is_optional { optional.push(requirement) } else { metadata.dependencies.push(requirement) }
            }
        }
        optional
    }

    fn extras(&mut self, table: &dyn TableLike, optional: &[Requirement], metadata: &mut Metadata) {
        let Some(extras) = table.get("extras").and_then(Item::as_table_like) else { return };
        for (extra, item) in extras.iter() {
            let mut requirements = Vec::new();
            for name in strings(item) {
                let wanted = pyrel_model::name::normalize(&name);
                let found = optional
                    .iter()
                    .chain(&metadata.dependencies)
                    .filter(|one| one.name.normalized() == wanted);
                let before = requirements.len();
                requirements.extend(found.cloned());
                if requirements.len() == before {
                    self.tell(format!("the extra `{extra}` names `{name}`, which is no dependency"));
                }
            }
            metadata.extras.push((extra.to_owned(), requirements));
        }
    }

    fn groups(&mut self, table: &dyn TableLike, metadata: &mut Metadata) {
        let old = table
            .get("dev-dependencies")
            .and_then(Item::as_table_like)
            .map(|group| ("dev".to_owned(), group));
        let groups = table.get("group").and_then(Item::as_table_like);
        let new = groups.into_iter().flat_map(|groups| groups.iter()).filter_map(|(name, group)| {
            Some((name.to_owned(), group.as_table_like()?.get("dependencies")?.as_table_like()?))
        });
        for (name, group) in old.into_iter().chain(new) {
            let all = group.iter().flat_map(|(name, item)| self.requirements(name, item));
            let requirements = all.map(|(requirement, _)| requirement).collect();
            metadata.add_group(&name, requirements);
        }
    }

    fn scripts(&mut self, table: &dyn TableLike, metadata: &mut Metadata) {
        let scripts = table.get("scripts").and_then(Item::as_table_like);
        for (name, item) in scripts.into_iter().flat_map(|scripts| scripts.iter()) {
            let of_table =
                || item.as_table_like()?.get("reference").or(item.as_table_like()?.get("callable"))?.as_str();
            match item.as_str().or_else(of_table) {
                Some(target) if target.contains(':') => {
                    metadata.scripts.push((name.to_owned(), target.to_owned()))
                }
                _ => self
                    .tell(format!("the script `{name}` is a file, which a wheel of hatchling does not hold")),
            }
        }
        let plugins = table.get("plugins").and_then(Item::as_table_like);
        for (group, item) in plugins.into_iter().flat_map(|plugins| plugins.iter()) {
            metadata.entry_points.push((group.to_owned(), pairs(Some(item))));
        }
    }

    fn packages(&mut self, table: &dyn TableLike, tree: &Tree, modules: &mut Vec<String>) -> Vec<String> {
        let mut packages = Vec::new();
        let listed = table.get("packages").and_then(Item::as_array);
        for entry in listed.into_iter().flatten().filter_map(Value::as_inline_table) {
            let get = |key: &str| entry.get(key).and_then(Value::as_str);
            let include = get("include").unwrap_or_default();
            let path = join(
                get("from").unwrap_or_default(),
                include.trim_end_matches("/**/*").trim_end_matches("/**"),
            );
            if tree.has_python(&path) {
                packages.push(path);
            } else if tree.has_file(&path) && path.ends_with(".py") {
                modules.push(path);
            } else {
                self.tell(format!("`packages` includes `{path}`, which is not a package directory"));
            }
        }
        packages
    }

    fn requirements(&mut self, name: &str, item: &Item) -> Vec<(Requirement, bool)> {
        let tables: Vec<&dyn TableLike> =
            match (item.as_table_like(), item.as_array(), item.as_array_of_tables()) {
                (Some(one), _, _) => vec![one],
                (_, Some(array), _) => array
                    .iter()
                    .filter_map(Value::as_inline_table)
                    .map(|one| -> &dyn TableLike { one })
                    .collect(),
                (_, _, Some(array)) => array.iter().map(|one| -> &dyn TableLike { one }).collect(),
                _ => {
                    let version = item.as_str().unwrap_or("*");
                    return self
                        .requirement(name, version, "", &[])
                        .map(|one| (one, false))
                        .into_iter()
                        .collect();
                }
            };
        tables.into_iter().filter_map(|table| self.of_table(name, table)).collect()
    }

    fn of_table(&mut self, name: &str, table: &dyn TableLike) -> Option<(Requirement, bool)> {
        let text = |key: &str| table.get(key).and_then(Item::as_str);
        if let Some(kind) = ["git", "path", "url", "file"].into_iter().find(|kind| table.contains_key(kind)) {
            self.tell(format!("`{name}` comes from `{kind}`, and PyPI takes addresses in no dependency"));
            return None;
        }
        if let Some(source) = text("source") {
            self.tell(format!(
                "`{name}` comes from the source `{source}`, which installers of the package do not know"
            ));
        }
        let mut markers: Vec<String> =
            text("markers").map(|marker| format!("({marker})")).into_iter().collect();
        if let Some(python) = text("python") {
            match to_specifiers(python) {
                Some(specifiers) => markers.extend(python_markers(&specifiers)),
                None => self.tell(format!("`python = \"{python}\"` of `{name}` has no form as a marker")),
            }
        }
        markers.extend(text("platform").map(|platform| format!("sys_platform == \"{platform}\"")));
        let extras = table.get("extras").map(strings).unwrap_or_default();
        let requirement =
            self.requirement(name, text("version").unwrap_or("*"), &markers.join(" and "), &extras)?;
        Some((requirement, table.get("optional").and_then(Item::as_bool).unwrap_or(false)))
    }

    fn requirement(
        &mut self,
        name: &str,
        version: &str,
        marker: &str,
        extras: &[String],
    ) -> Option<Requirement> {
        let Some(specifiers) = to_specifiers(version) else {
            self.tell(format!("`{name} = \"{version}\"` has no form in version specifiers"));
            return None;
        };
        let extras = if extras.is_empty() { String::new() } else { format!("[{}]", extras.join(",")) };
        let marker = if marker.is_empty() { String::new() } else { format!("; {marker}") };
        self.parsed(&format!("dependencies.{name}"), Some(format!("{name}{extras}{specifiers}{marker}")))
    }
}

fn python_markers(specifiers: &str) -> Vec<String> {
    let parts = specifiers.split(',').filter(|part| !part.is_empty());
    parts
        .map(|part| {
            let (operator, version) = part.split_at(part.find(|c: char| c.is_alphanumeric()).unwrap_or(0));
            let full = version.matches('.').count() > 1;
            let variable = if full { "python_full_version" } else { "python_version" };
            format!("{variable} {operator} \"{version}\"")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn metadata(text: &str) -> (Metadata, Vec<String>) {
        let document: toml_edit::DocumentMut = text.parse().unwrap();
        let tree = Tree::of(Path::new("/x"), &[("lib/demo/__init__.py", "")]);
        let mut findings = Vec::new();
        let metadata = read(document.as_table(), &tree, &mut findings);
        (metadata, findings.into_iter().map(|finding| finding.message).collect())
    }

    #[test]
    fn constraints_become_specifiers_and_groups_become_groups() {
        let (found, findings) = metadata(
            "name = \"demo\"\nversion = \"1.2.0\"\nauthors = [\"A B <a@example.org>\"]\nhomepage = \"https://example.org\"\n\
             packages = [{include = \"demo\", from = \"lib\"}]\n\
             [dependencies]\npython = \"^3.9\"\na = \"^1.2\"\nb = {version = \"~2.1\", optional = true, extras = [\"x\"]}\n\
             c = [{version = \"1.*\", python = \"<3.11\"}, {version = \"^2\", markers = \"os_name == 'nt'\"}]\n\
             [extras]\nfast = [\"b\"]\n[group.test.dependencies]\nd = \"*\"\n[dev-dependencies]\ne = \"1.0\"\n\
             [scripts]\ndemo = \"demo.cli:run\"\n[plugins.\"x.y\"]\none = \"demo:two\"\n",
        );
        assert_eq!(findings, [""; 0]);
        let texts =
            |list: &[Requirement]| list.iter().map(|one| one.as_written().to_owned()).collect::<Vec<_>>();
        assert_eq!(
            texts(&found.dependencies),
            ["a>=1.2,<2.0", "c==1.*; python_version < \"3.11\"", "c>=2,<3; (os_name == 'nt')"]
        );
        assert_eq!(found.requires_python.unwrap().as_written(), ">=3.9,<4.0");
        assert_eq!(texts(&found.extras[0].1), ["b[x]>=2.1,<2.2"]);
        let groups: Vec<_> = found.groups.iter().map(|(name, list)| (name.as_str(), texts(list))).collect();
        assert_eq!(groups, [("dev", vec!["e==1.0".to_owned()]), ("test", vec!["d".to_owned()])]);
        assert_eq!(found.scripts, [("demo".to_owned(), "demo.cli:run".to_owned())]);
        assert_eq!(found.entry_points[0].0, "x.y");
        assert_eq!(found.declared.packages, ["lib/demo"]);
    }

    #[test]
    fn what_has_no_standard_form_is_said() {
        let (found, findings) = metadata(
            "name = \"demo\"\nversion = \"one\"\ninclude = [\"x\"]\n[dependencies]\na = {git = \"https://example.org/a\"}\nb = \">=1 || <0.5\"\n\
             c = {version = \"1\", source = \"own\"}\n[extras]\nx = [\"gone\"]\n[scripts]\ny = {reference = \"bin/y\", type = \"file\"}\n",
        );
        assert_eq!(findings.len(), 7, "{findings:?}");
        assert_eq!(found.dependencies.len(), 1);
    }
}
