//! `setup.cfg` as metadata of the standard table, and what is left of the file without it.

use pyrel_model::{Diagnostic, Requirement};

use super::finding::Finding;
use super::metadata::{Metadata, Person};
use super::requirements_file::Requirements;
use super::setup_script::{add_entry_points, set_person};
use super::tree::{Tree, join};
use crate::package::SetupCfg;
use crate::version::{Assignment, Literal, find_assignment};

const PATH: &str = "setup.cfg";
/// Sections that describe the package; the others belong to tools.
const OURS: &[&str] = &["metadata", "options", "bdist_wheel", "sdist", "egg_info", "build_ext"];

/// Reads the metadata of `setup.cfg`.
///
/// # Errors
/// When a value is broken.
pub(super) fn read(
    file: &SetupCfg,
    tree: &Tree,
    findings: &mut Vec<Finding>,
) -> Result<Metadata, Box<Diagnostic>> {
    let text = |key: &str| file.get("metadata", key).map(str::to_owned);
    let mut metadata = Metadata {
        name: parsed(file, "metadata", "name")?,
        version: version(file, tree, findings)?,
        description: text("description").or_else(|| text("summary")),
        license: text("license"),
        requires_python: parsed(file, "options", "python_requires")?,
        classifiers: file.lines("metadata", "classifiers"),
        keywords: file
            .lines("metadata", "keywords")
            .iter()
            .flat_map(|line| line.split(','))
            .map(|word| word.trim().to_owned())
            .filter(|word| !word.is_empty())
            .collect(),
        authors: people(file, "author"),
        maintainers: people(file, "maintainer"),
        ..Metadata::default()
    };
    let homepage = text("url").or_else(|| text("home_page"));
    metadata.urls.extend(homepage.map(|url| ("Homepage".to_owned(), url)));
    for line in file.lines("metadata", "project_urls") {
        metadata.urls.extend(
            line.split_once('=').map(|(label, url)| (label.trim().to_owned(), url.trim().to_owned())),
        );
    }
    metadata.dependencies = requirements(file, tree, findings)?;
    for extra in file.keys("options.extras_require") {
        metadata.extras.push((extra.to_owned(), file.requirements("options.extras_require", extra)?));
    }
    let tests = file.requirements("options", "tests_require")?;
    if !tests.is_empty() {
        metadata.add_group("test", tests);
    }
    for group in file.keys("options.entry_points") {
        let lines = file.lines("options.entry_points", group);
        if add_entry_points(&mut metadata, group, &lines).is_none() {
            let fault = "an entry point must be `name = module:object`";
            return Err(file.fault("options.entry_points", group, &fault));
        }
    }
    packages(file, tree, &mut metadata);
    for key in ["scripts", "data_files"].into_iter().filter(|key| file.get("options", key).is_some()) {
        let finding = Finding::warning(
            "setup-cfg",
            format!("`options.{key}` installs files as they are, which the package will not do"),
        );
        findings.push(finding.at(PATH, 0).hint("make a script a function, and move data into the package"));
    }
    Ok(metadata)
}

fn parsed<T: std::str::FromStr<Err: std::fmt::Display>>(
    file: &SetupCfg,
    section: &str,
    key: &str,
) -> Result<Option<T>, Box<Diagnostic>> {
    file.get(section, key)
        .map(|text| text.parse().map_err(|error| file.fault(section, key, &error)))
        .transpose()
}

fn people(file: &SetupCfg, role: &str) -> Vec<Person> {
    let mut people = Vec::new();
    for (key, is_name) in [(role.to_owned(), true), (format!("{role}_email"), false)] {
        if let Some(text) = file.get("metadata", &key) {
            set_person(&mut people, is_name, text.to_owned());
        }
    }
    people
}

fn version(
    file: &SetupCfg,
    tree: &Tree,
    findings: &mut Vec<Finding>,
) -> Result<Option<pyrel_model::Version>, Box<Diagnostic>> {
    let Some(text) = file.get("metadata", "version") else { return Ok(None) };
    let found = match (text.strip_prefix("attr:"), text.strip_prefix("file:")) {
        (Some(attribute), _) => attribute_text(attribute.trim(), file, tree),
        (_, Some(path)) => tree.text(path.trim()).map(|text| text.trim().to_owned()),
        _ => Some(text.to_owned()),
    };
    match found.as_deref().map(str::parse) {
        Some(Ok(version)) => Ok(Some(version)),
        Some(Err(error)) => Err(file.fault("metadata", "version", &error)),
        None => {
            let finding = Finding::warning("setup-cfg", format!("the version is computed: `{text}`"));
            findings.push(finding.at(PATH, 0).hint("write it into `[project]`"));
            Ok(None)
        }
    }
}

fn attribute_text(attribute: &str, file: &SetupCfg, tree: &Tree) -> Option<String> {
    let (module, name) = attribute.rsplit_once('.')?;
    let path = join(&package_dir(file), &module.replace('.', "/"));
    let text = tree.text(&format!("{path}/__init__.py")).or_else(|| tree.text(&format!("{path}.py")))?;
    match find_assignment(text, name) {
        Assignment::Literal(Literal::Text(text)) => Some(text),
        _ => None,
    }
}

fn requirements(
    file: &SetupCfg,
    tree: &Tree,
    findings: &mut Vec<Finding>,
) -> Result<Vec<Requirement>, Box<Diagnostic>> {
    match file.get("options", "install_requires").and_then(|text| text.strip_prefix("file:")) {
        Some(path) => Ok(Requirements::read(tree, path.trim(), findings).list),
        None => file.requirements("options", "install_requires"),
    }
}

fn package_dir(file: &SetupCfg) -> String {
    let lines = file.lines("options", "package_dir");
    let root = lines.iter().find_map(|line| line.trim().strip_prefix('='));
    root.unwrap_or_default().trim().trim_matches(['.', '/']).to_owned()
}

fn packages(file: &SetupCfg, tree: &Tree, metadata: &mut Metadata) {
    let base = match file.get("options.packages.find", "where") {
        Some(folder) => folder.trim_matches(['.', '/']).to_owned(),
        None => package_dir(file),
    };
    let mut tops: Vec<String> = match file.get("options", "packages") {
        Some("find:" | "find_namespace:") => {
            let folders = tree.folders_in(&base).into_iter();
            let is_package = |name: &&str| {
                tree.has_file(&join(&base, &format!("{name}/__init__.py")))
                    && !matches!(*name, "tests" | "test" | "docs" | "examples")
            };
            folders.filter(is_package).map(str::to_owned).collect()
        }
        _ => {
            let lines = file.lines("options", "packages");
            let names = lines.iter().flat_map(|line| line.split(','));
            names
                .filter_map(|name| Some(name.trim().split('.').next()?.to_owned()))
                .filter(|name| !name.is_empty())
                .collect()
        }
    };
    tops.sort();
    tops.dedup();
    metadata.declared.packages = tops.iter().map(|name| join(&base, name)).collect();
    let modules = file.lines("options", "py_modules");
    let modules =
        modules.iter().flat_map(|line| line.split(',')).map(str::trim).filter(|name| !name.is_empty());
    metadata.declared.modules = modules.map(|name| join(&base, &format!("{name}.py"))).collect();
}

/// Returns the file without the sections that describe the package; `None` when nothing is left.
pub(super) fn without_metadata(text: &str) -> Option<String> {
    let mut kept = String::new();
    let mut is_ours = false;
    for line in text.split_inclusive('\n') {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.split(']').next()) {
            is_ours = OURS.contains(&name) || name.starts_with("options.");
        }
        if !is_ours {
            kept.push_str(line);
        }
    }
    let says = |line: &str| !line.trim().is_empty() && !line.trim_start().starts_with(['#', ';']);
    kept.lines().any(says).then_some(kept)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn metadata_is_read_with_its_directives() {
        let text = "[metadata]\nname = demo\nversion = attr: demo.__version__\nauthor = A B\nauthor_email = a@example.org\n\
                    project_urls =\n    Docs = https://example.org\nlicense = MIT\n[options]\npackages = find:\npackage_dir =\n    =src\n\
                    python_requires = >=3.9\ninstall_requires = file: requirements.txt\n[options.extras_require]\nx = b\n\
                    [options.entry_points]\nconsole_scripts =\n    demo = demo.cli:main\n[flake8]\nmax-line-length = 100\n";
        let tree = Tree::of(
            Path::new("/x"),
            &[
                ("src/demo/__init__.py", "__version__ = '2.1'\n"),
                ("src/tests/__init__.py", ""),
                ("requirements.txt", "a\n"),
            ],
        );
        let file = SetupCfg::parse(Path::new(PATH), text).unwrap();
        let found = read(&file, &tree, &mut Vec::new()).unwrap();
        assert_eq!(found.version.unwrap().as_written(), "2.1");
        assert_eq!(found.declared.packages, ["src/demo"]);
        assert_eq!(found.dependencies[0].as_written(), "a");
        assert_eq!(found.scripts, [("demo".to_owned(), "demo.cli:main".to_owned())]);
        assert_eq!(found.urls, [("Docs".to_owned(), "https://example.org".to_owned())]);
        assert_eq!(without_metadata(text).as_deref(), Some("[flake8]\nmax-line-length = 100\n"));
        assert_eq!(without_metadata("# c\n[metadata]\nname = x\n"), None);
    }
}
