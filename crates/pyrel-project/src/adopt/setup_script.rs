//! `setup.py` as metadata, read and never run. What only Python could tell is said.

use pyrel_model::python::Token;

use super::AdoptError;
use super::expression::{Constants, Value, split};
use super::finding::Finding;
use super::metadata::{Metadata, Person};
use super::requirements_file::Requirements;
use super::source::{Source, literal};
use super::tree::{Tree, join};

const PATH: &str = "setup.py";
/// Arguments that build something; a wheel of plain files cannot stand for them.
const BUILDS: &[&str] =
    &["ext_modules", "cmdclass", "rust_extensions", "cffi_modules", "libraries", "distclass"];
/// Arguments that say nothing that is still needed.
const IDLE: &[&str] = &[
    "long_description",
    "long_description_content_type",
    "zip_safe",
    "include_package_data",
    "package_data",
    "platforms",
    "license_files",
    "license_file",
    "test_suite",
    "setup_requires",
    "options",
    "provides",
    "obsoletes",
    "requires",
    "exclude_package_data",
];

/// What `setup.py` says.
#[derive(Debug, Default)]
pub(super) struct SetupScript {
    pub(super) metadata: Metadata,
    /// Whether everything that it says was read.
    pub(super) is_whole: bool,
    /// Whether the version comes from the tags of git.
    pub(super) version_from_git: bool,
}

/// Reads `setup.py`.
///
/// # Errors
/// When it builds extensions or brings commands of its own.
pub(super) fn read(
    source: &Source<'_>,
    tree: &Tree,
    findings: &mut Vec<Finding>,
) -> Result<SetupScript, AdoptError> {
    let Some(arguments) = arguments(source) else {
        findings.push(unread("it has no plain call of `setup`", 0));
        return Ok(SetupScript::default());
    };
    let mut reader = Reader {
        source,
        tree,
        constants: Constants::of(source),
        findings,
        result: SetupScript { is_whole: true, ..SetupScript::default() },
    };
    let mut package_dir = String::new();
    for argument in split(arguments) {
        let [name, sign, value @ ..] = argument else { continue };
        if !sign.is_op(b'=') {
            reader.computed("an argument", name.line);
            continue;
        }
        let (key, line) = (source.word(name), name.line);
        if BUILDS.contains(&key) {
            return Err(AdoptError::Extensions { what: format!("`{key}` in `{PATH}`, line {line}") });
        }
        if key == "package_dir" {
            let base = reader.constants.value(value);
            let entries = base.as_ref().and_then(Value::entries).unwrap_or_default();
            let root = entries.iter().find(|(key, _)| key.is_empty());
            package_dir = root
                .and_then(|(_, value)| value.text())
                .unwrap_or_default()
                .trim_matches(['.', '/'])
                .to_owned();
        }
    }
    for argument in split(arguments) {
        if let [name, sign, value @ ..] = argument
            && sign.is_op(b'=')
        {
            reader.argument(source.word(name), name.line, value, &package_dir);
        }
    }
    Ok(reader.result)
}

fn unread(what: &str, line: usize) -> Finding {
    let finding = Finding::warning("setup-py", format!("`setup.py` is not executed, and {what}"));
    finding.at(PATH, line).hint("look the value up, and write it into `[project]`")
}

/// Returns what stands in the brackets of the call of `setup`.
fn arguments<'s>(source: &'s Source<'_>) -> Option<&'s [Token]> {
    for line in &source.lines {
        let words = source.words(line);
        let called = words
            .windows(2)
            .position(|pair| pair == ["setup", "("])
            .filter(|at| *at == 0 || words[at - 1] == ".");
        let Some(at) = called else { continue };
        let depth = line.tokens[at + 1].depth;
        let close = line.tokens[at + 2..].iter().position(|token| token.depth == depth)?;
        return Some(&line.tokens[at + 2..at + 2 + close]);
    }
    None
}

struct Reader<'r, 't> {
    source: &'r Source<'t>,
    tree: &'r Tree,
    constants: Constants<'r, 't>,
    findings: &'r mut Vec<Finding>,
    result: SetupScript,
}

impl Reader<'_, '_> {
    fn computed(&mut self, what: &str, line: usize) {
        self.result.is_whole = false;
        self.findings.push(unread(&format!("{what} is computed"), line));
    }

    fn argument(&mut self, key: &str, line: usize, tokens: &[Token], package_dir: &str) {
        if IDLE.contains(&key) || key == "package_dir" {
            return;
        }
        let value = self.constants.value(tokens);
        if value == Some(Value::Nothing) {
            return;
        }
        let done = match key {
            "packages" => self.packages(tokens, value.as_ref(), package_dir),
            "install_requires" => self.requirements(line, value.as_ref(), tokens),
            "use_scm_version" => {
                self.result.version_from_git = true;
                Some(())
            }
            _ => value.as_ref().and_then(|value| self.simple(key, line, value, package_dir)),
        };
        if done.is_none() {
            self.computed(&format!("`{key}`"), line);
        }
    }

    /// Takes an argument that is written out; `None` when it has an unexpected shape.
    fn simple(&mut self, key: &str, line: usize, value: &Value, package_dir: &str) -> Option<()> {
        let text = || value.text().map(|text| text.trim().to_owned());
        match key {
            "name" => self.result.metadata.name = Some(text()?.parse().ok()?),
            "version" => self.result.metadata.version = Some(text()?.parse().ok()?),
            "description" => self.result.metadata.description = Some(text()?),
            "license" => self.result.metadata.license = Some(text()?),
            "python_requires" => self.result.metadata.requires_python = Some(text()?.parse().ok()?),
            "url" => self.result.metadata.urls.push(("Homepage".to_owned(), text()?)),
            "download_url" => self.result.metadata.urls.push(("Download".to_owned(), text()?)),
            "project_urls" => {
                for (label, url) in value.entries()? {
                    self.result.metadata.urls.push((label.to_owned(), url.text()?.to_owned()));
                }
            }
            "author" | "author_email" => {
                set_person(&mut self.result.metadata.authors, key == "author", text()?)
            }
            "maintainer" | "maintainer_email" => {
                set_person(&mut self.result.metadata.maintainers, key == "maintainer", text()?);
            }
            "classifiers" => self.result.metadata.classifiers = value.texts()?,
            "keywords" => self.result.metadata.keywords = keywords(value)?,
            "extras_require" => {
                for (extra, list) in value.entries()? {
                    let list = parse_all(&list.texts()?)?;
                    self.result.metadata.extras.push((extra.to_owned(), list));
                }
            }
            "tests_require" => {
                let list = parse_all(&value.texts()?)?;
                self.result.metadata.add_group("test", list);
            }
            "entry_points" => self.entry_points(value)?,
            "py_modules" => {
                let modules = value.texts()?.into_iter().map(|name| join(package_dir, &format!("{name}.py")));
                self.result.metadata.declared.modules = modules.collect();
            }
            "scripts" | "data_files" => {
                self.result.is_whole = false;
                let finding = Finding::warning(
                    "setup-py",
                    format!("`{key}` installs files as they are, which the package will not do"),
                );
                self.findings.push(
                    finding.at(PATH, line).hint("make a script a function, and move data into the package"),
                );
            }
            _ => return None,
        }
        Some(())
    }

    fn requirements(&mut self, line: usize, value: Option<&Value>, tokens: &[Token]) -> Option<()> {
        if let Some(texts) = value.and_then(Value::texts) {
            self.result.metadata.dependencies = parse_all(&texts)?;
            return Some(());
        }
        // The usual way is to read the requirements file.
        let all = tokens.iter().chain(self.source.lines.iter().flat_map(|line| &line.tokens));
        let path = all
            .filter_map(|token| literal(self.source.word(token)))
            .find(|text| text.contains("requirements") && self.tree.text(text).is_some())?;
        let read = Requirements::read(self.tree, &path, self.findings);
        self.result.metadata.dependencies = read.list;
        let finding = Finding::info(
            "setup-py",
            format!("`install_requires` is taken from `{path}`, which `setup.py` reads"),
        );
        self.findings.push(finding.at(PATH, line));
        Some(())
    }

    fn packages(&mut self, tokens: &[Token], value: Option<&Value>, package_dir: &str) -> Option<()> {
        let names = match value {
            Some(value) => value.texts()?,
            None => self.found_packages(tokens, package_dir)?,
        };
        let mut tops: Vec<String> = names
            .iter()
            .filter_map(|name| name.split('.').next())
            .map(|name| join(package_dir, name))
            .collect();
        tops.sort();
        tops.dedup();
        self.result.metadata.declared.packages = tops;
        Some(())
    }

    /// Does what `find_packages()` does, for the packages at the top.
    fn found_packages(&self, tokens: &[Token], package_dir: &str) -> Option<Vec<String>> {
        let words: Vec<&str> = tokens.iter().map(|token| self.source.word(token)).collect();
        let at =
            words.iter().position(|word| matches!(*word, "find_packages" | "find_namespace_packages"))?;
        let is_namespace = words[at] == "find_namespace_packages";
        let folder = match words.get(at + 2..) {
            Some(["where", "=", folder, ..] | [folder, ..]) => literal(folder),
            _ => None,
        };
        let folder = folder
            .unwrap_or_else(|| if package_dir.is_empty() { ".".to_owned() } else { package_dir.to_owned() });
        let folder = folder.trim_matches(['.', '/']);
        let names = self.tree.folders_in(folder).into_iter().filter(|name| {
            let path = join(folder, name);
            let is_package = self.tree.has_file(&format!("{path}/__init__.py"))
                || (is_namespace && self.tree.has_python(&path));
            is_package && !matches!(*name, "tests" | "test" | "docs" | "examples" | "benchmarks")
        });
        Some(names.map(str::to_owned).collect())
    }

    fn entry_points(&mut self, value: &Value) -> Option<()> {
        let mut groups: Vec<(String, Vec<String>)> = Vec::new();
        if let Some(text) = value.text() {
            for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
                match line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                    Some(group) => groups.push((group.to_owned(), Vec::new())),
                    None => groups.last_mut()?.1.push(line.to_owned()),
                }
            }
        } else {
            for (group, list) in value.entries()? {
                groups.push((group.to_owned(), list.texts()?));
            }
        }
        for (group, lines) in groups {
            add_entry_points(&mut self.result.metadata, &group, &lines)?;
        }
        Some(())
    }
}

/// Adds the entry points of a group, one `name = module:object` a line.
pub(super) fn add_entry_points(metadata: &mut Metadata, group: &str, lines: &[String]) -> Option<()> {
    let pairs: Option<Vec<(String, String)>> = lines
        .iter()
        .map(|line| {
            line.split_once('=')
                .map(|(name, target)| (name.trim().to_owned(), target.trim().replace(' ', "")))
        })
        .collect();
    match group {
        "console_scripts" => metadata.scripts.extend(pairs?),
        "gui_scripts" => metadata.gui_scripts.extend(pairs?),
        _ => metadata.entry_points.push((group.to_owned(), pairs?)),
    }
    Some(())
}

pub(super) fn set_person(people: &mut Vec<Person>, is_name: bool, text: String) {
    if people.is_empty() {
        people.push(Person::default());
    }
    let person = &mut people[0];
    if is_name { person.name = Some(text) } else { person.email = Some(text) }
}

fn keywords(value: &Value) -> Option<Vec<String>> {
    match value.text() {
        Some(text) => {
            let separator = if text.contains(',') { ',' } else { ' ' };
            Some(
                text.split(separator)
                    .map(str::trim)
                    .filter(|word| !word.is_empty())
                    .map(str::to_owned)
                    .collect(),
            )
        }
        None => value.texts(),
    }
}

fn parse_all(texts: &[String]) -> Option<Vec<pyrel_model::Requirement>> {
    texts.iter().map(|text| text.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn script(text: &str) -> (Result<SetupScript, AdoptError>, Vec<String>) {
        let files = [
            ("setup.py", text),
            ("requirements.txt", "rich>=13\n"),
            ("src/demo/__init__.py", ""),
            ("src/tests/__init__.py", ""),
        ];
        let tree = Tree::of(Path::new("/x"), &files);
        let source = Source::read("setup.py", text).unwrap();
        let mut findings = Vec::new();
        let result = read(&source, &tree, &mut findings);
        (
            result,
            findings.into_iter().map(|finding| format!("{} {}", finding.place(), finding.message)).collect(),
        )
    }

    #[test]
    fn what_is_written_is_read() {
        let (result, findings) = script(
            "import setuptools\nNAME = 'demo'\nlong = open('README.md').read()\nsetuptools.setup(name=NAME, version='1.0', long_description=long,\n  \
             packages=setuptools.find_packages(where='src'), package_dir={'': 'src'}, author='A B', author_email='a@example.org',\n  \
             install_requires=['a>=1', 'b'], extras_require={'x': ['c']}, python_requires='>=3.9', keywords='one two',\n  \
             entry_points={'console_scripts': ['demo = demo.cli:main'], 'g': 'h=i:j'}, zip_safe=False)\n",
        );
        let script = result.unwrap();
        assert_eq!(findings, [""; 0]);
        assert!(script.is_whole);
        let found = script.metadata;
        assert_eq!(found.name.unwrap().as_written(), "demo");
        assert_eq!(found.declared.packages, ["src/demo"]);
        assert_eq!(found.scripts, [("demo".to_owned(), "demo.cli:main".to_owned())]);
        assert_eq!(found.authors, [Person { name: Some("A B".into()), email: Some("a@example.org".into()) }]);
        assert_eq!(
            (found.dependencies.len(), found.extras.len(), found.keywords.len(), found.entry_points.len()),
            (2, 1, 2, 1)
        );
    }

    #[test]
    fn what_is_computed_is_said() {
        let (result, findings) = script(
            "from setuptools import setup\nwith open('requirements.txt') as f:\n    reqs = f.read().splitlines()\nsetup(\n  name='demo',\n  version=get_version(),\n  install_requires=reqs,\n  **more,\n)\n",
        );
        let script = result.unwrap();
        assert!(!script.is_whole);
        assert_eq!(script.metadata.dependencies[0].as_written(), "rich>=13");
        assert_eq!(
            findings,
            [
                "setup.py:8 `setup.py` is not executed, and an argument is computed",
                "setup.py:6 `setup.py` is not executed, and `version` is computed",
                "setup.py:7 `install_requires` is taken from `requirements.txt`, which `setup.py` reads",
            ]
        );
        let (result, _) = script_of_extension();
        assert!(matches!(result, Err(AdoptError::Extensions { .. })));
    }

    fn script_of_extension() -> (Result<SetupScript, AdoptError>, Vec<String>) {
        script("from setuptools import setup\nsetup(name='demo', ext_modules=[Extension('a', ['a.c'])])\n")
    }
}
