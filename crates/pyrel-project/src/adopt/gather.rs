//! Collects what the files of a project say about it, and says where each answer comes from.

use std::path::Path;

use pyrel_model::pyproject::parse_toml;
use pyrel_model::{PackageName, Requirement};
use toml_edit::{DocumentMut, Item, TableLike, Value};

use super::finding::{Finding, Step};
use super::metadata::{Metadata, person};
use super::request::AdoptRequest;
use super::requirements_file::{Requirements, group_files, loosened, runtime_file};
use super::source::Source;
use super::tree::Tree;
use super::{AdoptError, poetry, setup_config, setup_script};
use crate::package::SetupCfg;

/// Everything that was collected.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    /// `pyproject.toml`, when there is one.
    pub(super) pyproject: Option<DocumentMut>,
    pub(super) metadata: Metadata,
    pub(super) steps: Vec<Step>,
    pub(super) findings: Vec<Finding>,
    /// Files whose whole content is in the metadata now.
    pub(super) spent: Vec<&'static str>,
    pub(super) version_from_git: bool,
    /// What developers ran before.
    pub(super) setup: Option<&'static str>,
}

/// Reads `pyproject.toml`.
///
/// # Errors
/// When it is broken.
pub(super) fn pyproject(tree: &Tree) -> Result<Option<DocumentMut>, AdoptError> {
    let Some(text) = tree.text("pyproject.toml") else { return Ok(None) };
    let document = parse_toml(&tree.root().join("pyproject.toml"), text)?;
    Ok(Some(document.into_mut()))
}

/// Tells whether a project is a standard package already: it has a name, a version, and a backend.
pub(super) fn is_standard(document: &DocumentMut) -> bool {
    let project = document.get("project").and_then(Item::as_table_like);
    let has_version = |project: &dyn TableLike| {
        let dynamic = project.get("dynamic").and_then(Item::as_array);
        project.contains_key("version")
            || dynamic.is_some_and(|list| list.iter().any(|one| one.as_str() == Some("version")))
    };
    let backend = document.get("build-system").and_then(|table| table.get("build-backend"));
    project.is_some_and(|project| project.contains_key("name") && has_version(project)) && backend.is_some()
}

/// Collects.
///
/// # Errors
/// When a file that describes the project is broken, or its build is more than copying files.
pub(super) fn gather(tree: &Tree, request: &AdoptRequest) -> Result<Gathered, AdoptError> {
    let mut all = Gathered { pyproject: pyproject(tree)?, ..Gathered::default() };
    if let Some(document) = all.pyproject.clone() {
        of_pyproject(&document, tree, &mut all)?;
    }
    of_setuptools(tree, &mut all)?;
    of_scripts(tree, &mut all);
    of_requirements(tree, request, &mut all);
    Ok(all)
}

fn of_pyproject(document: &DocumentMut, tree: &Tree, all: &mut Gathered) -> Result<(), AdoptError> {
    let tool =
        |name: &str| document.get("tool").and_then(|tool| tool.get(name)).and_then(Item::as_table_like);
    let project = document.get("project").and_then(Item::as_table_like);
    if project.is_none() && tool("uv").is_some_and(|uv| uv.contains_key("workspace")) {
        return Err(AdoptError::Workspace);
    }
    if let Some(project) = project {
        let found = standard(project, &mut all.findings);
        all.metadata.fill_from(found);
    }
    if let Some(table) = tool("poetry") {
        let found = poetry::read(table, tree, &mut all.findings);
        all.metadata.fill_from(found);
        all.setup = Some("poetry install");
        all.steps.push(Step::new(
            "translate `[tool.poetry]` into `[project]`",
            "every installer and backend reads the standard table; carets and tildes become version specifiers",
        ));
        for path in ["poetry.lock"].into_iter().filter(|path| tree.has_file(path)) {
            let finding = Finding::info("lock", "nothing reads this lock any more").at(path, 0);
            all.findings.push(finding.hint("remove it, and make a new one with `uv lock` if you want one"));
        }
    }
    if let Some(table) = tool("uv") {
        let mut found = standard(table, &mut all.findings);
        let groups = table.get("dev-dependencies").and_then(Item::as_array);
        let requirements =
            groups.map(|array| parsed_list("tool.uv.dev-dependencies", array, &mut all.findings));
        if let Some(requirements) = requirements {
            found.add_group("dev", requirements);
        }
        if found.name.is_some() || found.version.is_some() || !found.dependencies.is_empty() {
            all.steps.push(Step::new(
                "take name, version, and dependencies out of `[tool.uv]`",
                "only `[project]` is read by installers, backends, and indexes",
            ));
        }
        all.metadata.fill_from(found);
    }
    for backend in ["setuptools", "setuptools_scm", "flit"].into_iter().filter(|name| tool(name).is_some()) {
        let finding =
            Finding::info("backend", format!("`[tool.{backend}]` is read by nobody once hatchling builds"));
        all.findings
            .push(finding.at("pyproject.toml", 0).hint("remove it when you have checked what it did"));
    }
    Ok(())
}

/// Reads a table with the keys of `[project]`; keys of an unexpected shape are left to the table itself.
fn standard(table: &dyn TableLike, findings: &mut Vec<Finding>) -> Metadata {
    let text = |key: &str| table.get(key).and_then(Item::as_str).map(str::to_owned);
    let strings = |key: &str| -> Vec<String> {
        let array = table.get(key).and_then(Item::as_array);
        array.into_iter().flatten().filter_map(|one| one.as_str().map(str::to_owned)).collect()
    };
    let pairs = |key: &str| -> Vec<(String, String)> {
        let entries = table.get(key).and_then(Item::as_table_like);
        let entries = entries.into_iter().flat_map(|entries| entries.iter());
        entries.filter_map(|(key, value)| Some((key.to_owned(), value.as_str()?.to_owned()))).collect()
    };
    let people = |key: &str| {
        let array = table.get(key).and_then(Item::as_array);
        let one = |value: &Value| {
            if let Some(text) = value.as_str() {
                return Some(person(text));
            }
            let table = value.as_inline_table()?;
            let get = |key: &str| table.get(key).and_then(Value::as_str).map(str::to_owned);
            Some(super::metadata::Person { name: get("name"), email: get("email") })
        };
        array.into_iter().flatten().filter_map(one).collect()
    };
    let license = text("license").or_else(|| Some(table.get("license")?.get("text")?.as_str()?.to_owned()));
    let mut metadata = Metadata {
        name: text("name").and_then(|text| text.parse().ok()),
        version: text("version").and_then(|text| text.parse().ok()),
        description: text("description").filter(|text| text != "Add your description here"),
        readme: text("readme"),
        requires_python: text("requires-python").and_then(|text| text.parse().ok()),
        license,
        authors: people("authors"),
        maintainers: people("maintainers"),
        keywords: strings("keywords"),
        classifiers: strings("classifiers"),
        urls: pairs("urls"),
        scripts: pairs("scripts"),
        ..Metadata::default()
    };
    if let Some(array) = table.get("dependencies").and_then(Item::as_array) {
        metadata.dependencies = parsed_list("dependencies", array, findings);
    }
    let extras = table.get("optional-dependencies").and_then(Item::as_table_like);
    for (extra, item) in extras.into_iter().flat_map(|extras| extras.iter()) {
        if let Some(array) = item.as_array() {
            metadata.extras.push((extra.to_owned(), parsed_list(extra, array, findings)));
        }
    }
    metadata
}

fn parsed_list(name: &str, array: &toml_edit::Array, findings: &mut Vec<Finding>) -> Vec<Requirement> {
    let mut list = Vec::new();
    for value in array.iter().filter_map(Value::as_str) {
        match value.parse() {
            Ok(requirement) => list.push(requirement),
            Err(error) => {
                let finding = Finding::warning("requirements", format!("in `{name}`: {error}"));
                findings.push(finding.at("pyproject.toml", 0));
            }
        }
    }
    list
}

fn of_setuptools(tree: &Tree, all: &mut Gathered) -> Result<(), AdoptError> {
    let path = tree.root().join("setup.cfg");
    let config = tree.text("setup.cfg").map(|text| SetupCfg::parse(&path, text)).transpose()?;
    if let Some(file) = config.filter(SetupCfg::has_metadata) {
        let found = setup_config::read(&file, tree, &mut all.findings)?;
        all.metadata.fill_from(found);
        all.spent.push("setup.cfg");
    }
    if let Some(text) = tree.text("setup.py") {
        let Some(source) = Source::read("setup.py", text) else {
            let finding =
                Finding::warning("setup-py", "`setup.py` is not understood, and it is not executed");
            all.findings.push(finding.at("setup.py", 0).hint("write what it says into `[project]`"));
            return Ok(());
        };
        let script = setup_script::read(&source, tree, &mut all.findings)?;
        all.version_from_git |= script.version_from_git;
        all.metadata.fill_from(script.metadata);
        if script.is_whole {
            all.spent.push("setup.py");
        } else {
            let finding =
                Finding::warning("setup-py", "`setup.py` stays, because not everything in it could be read");
            all.findings.push(finding.at("setup.py", 0).hint("remove it once `[project]` says what it said"));
        }
    }
    if tree.has_file("setup.py") || all.spent.contains(&"setup.cfg") {
        all.setup = Some("python setup.py develop");
        all.steps.push(Step::new(
            "translate what setuptools was told into `[project]`",
            "metadata that is written down can be read without running code",
        ));
    }
    if tree.has_file("MANIFEST.in") {
        let finding = Finding::info("manifest", "`MANIFEST.in` is read by nobody once hatchling builds");
        let hint = "files in the package are shipped; leave others out with `[tool.hatch.build.targets.sdist] exclude`";
        all.findings.push(finding.at("MANIFEST.in", 0).hint(hint));
    }
    Ok(())
}

/// Reads the metadata that single scripts carry in a comment (PEP 723).
fn of_scripts(tree: &Tree, all: &mut Gathered) {
    for (path, text) in tree.python().filter(|(path, _)| !path.contains('/')) {
        let Some(document) = script_block(text) else { continue };
        let found = standard(document.as_table(), &mut all.findings);
        all.steps.push(Step::new(
            format!("take the dependencies that `{path}` declares in its comment"),
            "a package declares them for all of its modules; the comment stays for those who run the file alone",
        ));
        all.metadata.fill_from(Metadata {
            dependencies: found.dependencies,
            requires_python: found.requires_python,
            ..Metadata::default()
        });
    }
}

fn script_block(text: &str) -> Option<DocumentMut> {
    let mut lines = text.lines().skip_while(|line| line.trim_end() != "# /// script").skip(1);
    let mut block = String::new();
    loop {
        let line = lines.next()?.trim_end();
        if line == "# ///" {
            return block.parse().ok();
        }
        block.push_str(line.strip_prefix("# ").or(line.strip_prefix('#'))?);
        block.push('\n');
    }
}

fn of_requirements(tree: &Tree, request: &AdoptRequest, all: &mut Gathered) {
    if let Some(path) = runtime_file(tree) {
        if all.metadata.dependencies.is_empty()
            || all.pyproject.as_ref().is_none_or(|file| file.get("project").is_none())
        {
            let read = Requirements::read(tree, path, &mut all.findings);
            let list = match request.wishes.loosen {
                true => read.list.iter().map(loosened).collect(),
                false => read.list,
            };
            note_pins(path, &list, all);
            all.steps.push(Step::new(
                format!("declare the dependencies of {}", quoted(&read.files)),
                "an installer reads `[project]` and no requirements file",
            ));
            all.metadata.add_dependencies(list);
        } else {
            let finding = Finding::info(
                "requirements",
                "`[project]` has dependencies of its own, so this file is not merged into them",
            );
            all.findings.push(finding.at(path, 0));
        }
        all.setup = all.setup.or(Some("pip install -r requirements.txt"));
    }
    for (path, group) in group_files(tree) {
        let read = Requirements::read(tree, &path, &mut all.findings);
        let runtime: Vec<&PackageName> = all.metadata.dependencies.iter().map(|one| &one.name).collect();
        let own: Vec<Requirement> =
            read.list.into_iter().filter(|one| !runtime.contains(&&one.name)).collect();
        if !own.is_empty() {
            all.steps.push(Step::new(
                format!("declare `{path}` as the dependency group `{group}`"),
                "development tools are no dependencies of the package",
            ));
            all.metadata.add_group(group, own);
        }
    }
}

fn note_pins(path: &str, list: &[Requirement], all: &mut Gathered) {
    let is_pin = |one: &&Requirement| {
        one.specifiers.specifiers().iter().any(|specifier| specifier.operator().starts_with("=="))
    };
    let pins = list.iter().filter(is_pin).count();
    if pins > 0 {
        let finding =
            Finding::info("pins", format!("{pins} of {} dependencies are pinned to one version", list.len()));
        all.findings
            .push(finding.at(path, 0).hint("`--loosen` declares ranges such as `>=1.2.3,<2` instead"));
    }
}

fn quoted(words: &[String]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

/// Returns the name that a project goes by when no file tells.
pub(super) fn name_of(root: &Path, request: &AdoptRequest) -> Option<PackageName> {
    let folder = root.file_name().map(|name| name.to_string_lossy().into_owned());
    let candidates = [request.surroundings.repository_name(), folder];
    candidates.into_iter().flatten().find_map(|text| {
        let plain: String = text
            .chars()
            .map(|c| {
                if c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-') {
                    c.to_ascii_lowercase()
                } else {
                    '-'
                }
            })
            .collect();
        plain.trim_matches(|c: char| !c.is_ascii_alphanumeric()).replace('_', "-").parse().ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_says_what_it_needs() {
        let text = "#!/usr/bin/env python\n# /// script\n# requires-python = \">=3.11\"\n# dependencies = [\n#   \"rich\",\n# ]\n# ///\nimport rich\n";
        let tree = Tree::of(Path::new("/x/tool"), &[("tool.py", text)]);
        let found = gather(&tree, &AdoptRequest::default()).unwrap();
        assert_eq!(found.metadata.dependencies[0].as_written(), "rich");
        assert_eq!(found.metadata.requires_python.unwrap().as_written(), ">=3.11");
        assert_eq!(script_block("# /// script\nx\n# ///\n").map(|_| ()), None);
    }

    #[test]
    fn a_directory_lends_its_name() {
        let of = |path: &str| name_of(Path::new(path), &AdoptRequest::default()).map(|name| name.to_string());
        assert_eq!(of("/x/My Tool_2"), Some("my-tool-2".to_owned()));
        assert_eq!(of("/x/..ä"), None);
        assert_eq!(of("/"), None);
    }

    #[test]
    fn a_workspace_is_no_package() {
        let tree = Tree::of(Path::new("/x"), &[("pyproject.toml", "[tool.uv.workspace]\nmembers = []\n")]);
        assert!(matches!(gather(&tree, &AdoptRequest::default()), Err(AdoptError::Workspace)));
    }
}
