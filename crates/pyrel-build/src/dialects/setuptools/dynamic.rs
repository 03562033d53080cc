//! `[tool.setuptools.dynamic]`: fields read from files, and the version from an attribute.

use pyrel_model::pyproject::TableReader;
use pyrel_model::{Requirement, Version};

use super::super::Subject;
use super::layout::Layout;
use super::options::is_identifier;
use super::python_source::literal;
use crate::detector::{known_options, option};
use crate::error::{Plan, unsupported};
use crate::metadata::python_lines;
use crate::tree::{Tree, normalize};

/// Values of dynamic fields; `None` where the field is not dynamic.
#[derive(Debug, Default)]
pub(super) struct Dynamic {
    pub(super) version: Option<Version>,
    /// Text and content type.
    pub(super) readme: Option<(String, String)>,
    pub(super) dependencies: Option<Vec<Requirement>>,
    pub(super) optional: Option<Vec<(String, Vec<Requirement>)>>,
    /// Files that values were read from, which go into the sdist.
    pub(super) files: Vec<String>,
}

const TABLE: &str = "tool.setuptools.dynamic";

impl Dynamic {
    /// Reads all dynamic fields but a version that is known already.
    pub(super) fn read(
        subject: &Subject<'_>,
        tree: &Tree,
        layout: &Layout,
        version: Option<&Version>,
    ) -> Plan<Self> {
        let mut out = Self { version: version.cloned(), ..Self::default() };
        let is_open = |field: &&str| version.is_none() || *field != "version";
        let fields: Vec<&str> = subject.project.dynamic.iter().map(String::as_str).filter(is_open).collect();
        let table = subject.pyproject.tool(&["setuptools", "dynamic"]);
        let Some(table) = table else {
            return match fields.first() {
                None => Ok(out),
                Some(field) => {
                    let reason = format!("is missing, though `project.dynamic` lists `{field}`");
                    unsupported(format!("{TABLE}.{field}"), reason)
                }
            };
        };
        let table = subject.pyproject.reader(TABLE, table);
        known_options(&table, &fields)?;
        for field in fields {
            let Some(directive) = table.subtable(field)? else {
                return unsupported(format!("{TABLE}.{field}"), "is missing, though the field is dynamic");
            };
            let name = format!("{TABLE}.{field}");
            let directive = subject.pyproject.reader(&name, directive);
            match field {
                "version" => out.version = Some(out.read_version(&directive, tree, layout)?),
                "readme" => {
                    known_options(&directive, &["file", "content-type"])?;
                    let text = out.read_files(&directive, tree)?;
                    let content_type = directive.string("content-type")?.unwrap_or("text/x-rst");
                    out.readme = Some((text, content_type.to_owned()));
                }
                "dependencies" => {
                    known_options(&directive, &["file"])?;
                    let text = out.read_files(&directive, tree)?;
                    out.dependencies = Some(requirements(&directive, &text)?);
                }
                "optional-dependencies" => out.optional = Some(out.read_optional(subject, &directive, tree)?),
                _ => return Err(option(&table, field, "is filled in a way that is not reproduced natively")),
            }
        }
        Ok(out)
    }

    fn read_version(&mut self, directive: &TableReader<'_>, tree: &Tree, layout: &Layout) -> Plan<Version> {
        known_options(directive, &["file", "attr"])?;
        let (key, text) = match directive.string("attr")? {
            None => ("file", self.read_files(directive, tree)?),
            Some(_) if directive.get("file").is_some() => {
                return Err(option(directive, "attr", "stands beside `file`"));
            }
            Some(path) => ("attr", attribute(directive, path, tree, layout)?),
        };
        // setuptools turns spaces into dots before it parses.
        if text.trim_end_matches('\n').contains(char::is_whitespace) {
            return Err(option(directive, key, "gives a version with white space in it"));
        }
        let parsed = text.parse();
        parsed.map_err(|error| directive.fault(key, &format!("gives no version, {error}")).into())
    }

    /// Returns the contents of the listed files, joined by line ends.
    fn read_files(&mut self, directive: &TableReader<'_>, tree: &Tree) -> Plan<String> {
        let paths = match directive.get("file") {
            None => return unsupported(directive.name(), "has no `file`"),
            Some(item) if item.is_str() => directive.string("file")?.into_iter().collect(),
            Some(_) => directive.strings("file")?.unwrap_or_default(),
        };
        let mut texts = Vec::new();
        for path in paths {
            let relative = normalize(path);
            if relative.starts_with(['/', '.']) || relative != path {
                return Err(option(
                    directive,
                    "file",
                    format!("names a file in an unusual spelling: `{path}`"),
                ));
            }
            if !tree.is_file(&relative) {
                let mut fault =
                    *directive.fault("file", &format!("names a file that does not exist: `{path}`"));
                fault.hint = Some(format!("create `{path}`, or correct the path"));
                return Err(Box::new(fault).into());
            }
            texts.push(tree.read_text(&relative)?);
            self.files.push(relative);
        }
        Ok(texts.join("\n"))
    }

    fn read_optional(
        &mut self,
        subject: &Subject<'_>,
        table: &TableReader<'_>,
        tree: &Tree,
    ) -> Plan<Vec<(String, Vec<Requirement>)>> {
        let mut out = Vec::new();
        for (extra, _) in table.table().iter() {
            let Some(directive) = table.subtable(extra)? else { continue };
            let name = format!("{}.{extra}", table.name());
            let directive = subject.pyproject.reader(&name, directive);
            known_options(&directive, &["file"])?;
            let text = self.read_files(&directive, tree)?;
            out.push((extra.to_owned(), requirements(&directive, &text)?));
        }
        Ok(out)
    }
}

/// Reads `package.module.NAME` from its source.
fn attribute(directive: &TableReader<'_>, path: &str, tree: &Tree, layout: &Layout) -> Plan<String> {
    let not_plain = |reason: String| option(directive, "attr", reason);
    let Some((module, name)) = path.trim().rsplit_once('.') else {
        return Err(not_plain(format!("names no module: `{path}`")));
    };
    if !is_identifier(name) || !module.split('.').all(is_identifier) {
        return Err(not_plain(format!("is no dotted name: `{path}`")));
    }
    let start = layout.package_folder(module);
    let candidates = [format!("{start}.py"), format!("{start}/__init__.py")];
    let Some(file) = candidates.iter().find(|file| tree.is_file(file)) else {
        return Err(not_plain(format!("names a module without a source file: `{module}`")));
    };
    let source = tree.read_text(file)?;
    literal(&source, name).ok_or_else(|| {
        not_plain(format!(
            "names something else than a plain literal in `{file}`, which only Python can evaluate"
        ))
    })
}

/// Parses the lines of requirement files: comments and blank lines dropped, continuations joined.
fn requirements(directive: &TableReader<'_>, text: &str) -> Plan<Vec<Requirement>> {
    let lines = python_lines(text)
        .into_iter()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    let mut lines = lines.map(|line| line.split_once(" #").map_or(line, |(code, _)| code));
    let mut out = Vec::new();
    while let Some(line) = lines.next() {
        let mut joined = line.to_owned();
        while joined.ends_with('\\') {
            let Some(next) = lines.next() else { return Ok(out) };
            let mut characters = joined.chars();
            characters.next_back();
            characters.next_back();
            joined = format!("{}{next}", characters.as_str().trim());
        }
        let parsed = joined.parse();
        out.push(parsed.map_err(|error| directive.fault("file", &format!("names a file with an {error}")))?);
    }
    Ok(out)
}
