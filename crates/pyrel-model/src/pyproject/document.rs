//! The whole file: its text, so that later findings can point into it, and what the text says, parsed when it is needed.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use toml_edit::{Document, Item, TableLike};

use super::reader::TableReader;
use super::{BuildSystem, Project};
use crate::diagnostic::{Diagnostic, Location};

/// A `pyproject.toml`.
///
/// What was parsed takes some forty times the room of the text. A [`folded`](Self::folded) file and a clone hold the
/// text alone, until somebody asks for more.
#[derive(Debug)]
pub struct PyProject {
    path: PathBuf,
    text: Arc<str>,
    parsed: OnceLock<Parsed>,
}

/// What a text says.
#[derive(Debug)]
struct Parsed {
    document: Document<Arc<str>>,
    build_system: BuildSystem,
    project: Option<Project>,
}

impl Clone for PyProject {
    fn clone(&self) -> Self {
        Self { path: self.path.clone(), text: Arc::clone(&self.text), parsed: OnceLock::new() }
    }
}

impl PyProject {
    /// Parses `text`, the content of the file at `path`.
    ///
    /// # Errors
    /// A located diagnostic for broken TOML, a value of the wrong type, or a value that its specification
    /// refuses.
    pub fn parse(path: &Path, text: &str) -> Result<Self, Box<Diagnostic>> {
        let text = Arc::from(text);
        let parsed = OnceLock::from(Parsed::read(path, &text)?);
        Ok(Self { path: path.to_path_buf(), text, parsed })
    }

    /// Lets go of what was parsed. Whoever asks for it next has the text parsed again.
    #[must_use]
    pub fn folded(self) -> Self {
        Self { parsed: OnceLock::new(), ..self }
    }

    /// Tells whether the text alone is held.
    #[must_use]
    pub fn is_folded(&self) -> bool {
        self.parsed.get().is_none()
    }

    fn parsed(&self) -> &Parsed {
        let again = || Parsed::read(&self.path, &self.text).expect("the same text was parsed before");
        self.parsed.get_or_init(again)
    }

    /// Returns the path that the file was read from.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the text of the file.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns `[build-system]`, or what its absence means.
    #[must_use]
    pub fn build_system(&self) -> &BuildSystem {
        &self.parsed().build_system
    }

    /// Returns `[project]`.
    #[must_use]
    pub fn project(&self) -> Option<&Project> {
        self.parsed().project.as_ref()
    }

    /// Returns the root table of the document, spans included.
    #[must_use]
    pub fn root(&self) -> &dyn TableLike {
        self.parsed().document.as_table()
    }

    /// Returns the table under `[tool]` at the given keys, such as `["hatch", "build"]`.
    #[must_use]
    pub fn tool(&self, keys: &[&str]) -> Option<&dyn TableLike> {
        let mut table = self.root().get("tool").and_then(Item::as_table_like)?;
        for key in keys {
            table = table.get(key).and_then(Item::as_table_like)?;
        }
        Some(table)
    }

    /// Returns a reader of any table of this document, for located errors; `name` is its dotted name.
    #[must_use]
    pub fn reader<'a>(&'a self, name: &'a str, table: &'a dyn TableLike) -> TableReader<'a> {
        TableReader::new(&self.path, self.text(), name, table)
    }
}

impl Parsed {
    fn read(path: &Path, text: &Arc<str>) -> Result<Self, Box<Diagnostic>> {
        let document = Document::parse(Arc::clone(text)).map_err(|error| syntax_error(path, text, &error))?;
        let root = TableReader::new(path, text, "", document.as_table());
        let build_system = match root.subtable("build-system")? {
            Some(table) => BuildSystem::read(&TableReader::new(path, text, "build-system", table))?,
            None => BuildSystem::default(),
        };
        let project = match root.subtable("project")? {
            Some(table) => Some(Project::read(&TableReader::new(path, text, "project", table))?),
            None => None,
        };
        Ok(Self { document, build_system, project })
    }
}

/// Parses a TOML text with spans.
///
/// # Errors
/// A diagnostic at the place of the syntax error.
pub fn parse_toml(path: &Path, text: &str) -> Result<Document<String>, Box<Diagnostic>> {
    Document::parse(text.to_owned()).map_err(|error| syntax_error(path, text, &error))
}

fn syntax_error(path: &Path, text: &str, error: &toml_edit::TomlError) -> Box<Diagnostic> {
    let location = match error.span() {
        Some(span) => Location::of_span(path, text, &span),
        None => Location::of_file(path),
    };
    let message = error.message().lines().collect::<Vec<_>>().join(", ");
    Box::new(Diagnostic::new(format!("invalid TOML: {message}")).at(location))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<PyProject, String> {
        PyProject::parse(Path::new("pyproject.toml"), text).map_err(|fault| match fault.hint.clone() {
            Some(hint) => format!("{fault} [{hint}]"),
            None => fault.to_string(),
        })
    }

    #[test]
    fn reads_a_full_project() {
        let file = parse(
            r#"
[build-system]
requires = ["hatchling>=1.27"]
build-backend = "hatchling.build"
[project]
name = "Demo.Pkg"
version = "1.0"
readme = {file = "README.md", content-type = "text/markdown"}
license = "MIT"
license-files = ["LICENSE"]
authors = [{name = "A"}, {email = "a@example.org"}]
dependencies = ["x>=1"]
[project.optional-dependencies]
dev = ["pytest; python_version > '3.9'"]
[project.scripts]
demo = "demo:main"
[project.entry-points.plug]
a = "demo:a"
[tool.hatch.build.targets.wheel]
packages = ["src/demo"]
"#,
        )
        .unwrap();
        let project = file.project().unwrap();
        assert_eq!(project.name.normalized(), "demo-pkg");
        assert_eq!(project.optional_dependencies[0].1[0].to_string(), "pytest; python_version > \"3.9\"");
        assert_eq!(project.entry_points, [("plug".to_owned(), vec![("a".to_owned(), "demo:a".to_owned())])]);
        assert_eq!(project.authors.len(), 2);
        assert_eq!(file.build_system().backend, "hatchling.build");
        assert!(file.tool(&["hatch", "build", "targets", "wheel"]).is_some());
    }

    #[test]
    fn a_folded_file_says_the_same() {
        let text =
            "[project]\nname = \"x\"\nversion = \"1\"\n[tool.a]\nb = 1\n[build-system]\nrequires = [\"y\"]\n";
        let file = parse(text).unwrap();
        let copy = file.clone();
        assert!(!file.is_folded() && copy.is_folded());
        let folded = file.folded();
        assert!(folded.is_folded());
        for file in [copy, folded] {
            assert_eq!((file.text(), file.path()), (text, Path::new("pyproject.toml")));
            assert!(file.is_folded(), "the text needs no parsing");
            assert_eq!(file.project().unwrap().name.normalized(), "x");
            assert_eq!(file.build_system().requires[0].as_written(), "y");
            let span = file.tool(&["a"]).unwrap().get("b").unwrap().span().unwrap();
            assert_eq!(&text[span], "1");
        }
    }

    #[test]
    fn absent_tables_mean_what_pep_517_says() {
        let file = parse("").unwrap();
        assert!(file.project().is_none());
        assert_eq!(file.build_system().backend, "setuptools.build_meta:__legacy__");
    }

    #[test]
    fn every_mistake_has_its_place() {
        for (text, message) in [
            ("[project", "pyproject.toml:1:9: invalid TOML: "),
            ("[project]\nname = 3", "pyproject.toml:2:8: `project.name` must be a string"),
            (
                "[project]\nname = \"-x\"\nversion = \"1\"",
                "pyproject.toml:2:8: in `project.name`: invalid project name",
            ),
            ("[project]\nversion = \"1\"", "pyproject.toml: `project.name` is missing [add `name"),
            ("[project]\nname = \"x\"", "pyproject.toml: `project.version` is missing"),
            (
                "[project]\nname = \"x\"\nversion = \"one\"",
                "pyproject.toml:3:11: in `project.version`: invalid version (PEP 440): `one`",
            ),
            (
                "[project]\nname = \"x\"\nversion = \"1\"\ndependencies = [\"a\", \"b >\"]",
                "pyproject.toml:4:22: in `project.dependencies`: invalid requirement",
            ),
            (
                "[project]\nname = \"x\"\nversion = \"1\"\ndependancies = []",
                "pyproject.toml:4:1: unknown key `project.dependancies` [did you mean `dependencies`?]",
            ),
            (
                "[project]\nname = \"x\"\nversion = \"1\"\ndynamic = [\"version\"]",
                "pyproject.toml:3:11: `project.version` is set and also listed in `project.dynamic`",
            ),
            (
                "[project]\nname = \"x\"\nversion = \"1\"\nreadme = {}",
                "pyproject.toml:4:10: `project.readme` must have either",
            ),
            ("[build-system]\nbuild-backend = \"x\"", "pyproject.toml: `build-system.requires` is missing"),
        ] {
            let found = parse(text).unwrap_err();
            assert!(found.starts_with(message), "{text:?}\n  gave {found}\n  not  {message}");
        }
    }
}
