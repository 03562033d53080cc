//! `[tool.setuptools.dynamic]`: fields read from files, and the version from an attribute.

use pyrel_model::pyproject::TableReader;
use pyrel_model::{Requirement, Version};

use super::super::Subject;
use super::attribute;
use super::entry_point::{self, Groups};
use super::layout::Layout;
use super::requirement::requirements;
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
    pub(super) description: Option<String>,
    pub(super) classifiers: Option<Vec<String>>,
    /// All entry points, scripts too.
    pub(super) entry_points: Option<Groups>,
    /// Files that values were read from, which go into the sdist.
    pub(super) files: Vec<String>,
}

const TABLE: &str = "tool.setuptools.dynamic";
const ENTRY_POINTS: &str = "entry-points";
/// The fields that a file of entry points gives, too, and their groups in it.
const SCRIPTS: [(&str, &str); 2] = [("scripts", "console_scripts"), ("gui-scripts", "gui_scripts")];

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
            // Scripts are filled in from the one file of entry points.
            if SCRIPTS.iter().any(|(name, _)| *name == field) && subject.project.is_dynamic(ENTRY_POINTS) {
                continue;
            }
            let Some(directive) = table.subtable(field)? else {
                return unsupported(format!("{TABLE}.{field}"), "is missing, though the field is dynamic");
            };
            let name = format!("{TABLE}.{field}");
            let directive = subject.pyproject.reader(&name, directive);
            match field {
                "version" => out.version = Some(out.read_version(&directive, tree, layout)?),
                "optional-dependencies" => out.optional = Some(out.read_optional(subject, &directive, tree)?),
                "readme" => {
                    known_options(&directive, &["file", "content-type"])?;
                    let text = out.read_files(&directive, tree)?;
                    let content_type = directive.string("content-type")?.unwrap_or("text/x-rst");
                    out.readme = Some((text, content_type.to_owned()));
                }
                _ => out.read_file_field(subject, (field, &directive), tree)?,
            }
        }
        Ok(out)
    }

    /// Reads a field that nothing but files can give.
    fn read_file_field(
        &mut self,
        subject: &Subject<'_>,
        (field, directive): (&str, &TableReader<'_>),
        tree: &Tree,
    ) -> Plan<()> {
        known_options(directive, &["file"])?;
        let text = self.read_files(directive, tree)?;
        match field {
            "dependencies" => self.dependencies = Some(parsed(directive, &text)?),
            "description" => self.description = Some(text),
            "classifiers" => {
                let lines = python_lines(&text);
                if let Some(odd) = lines.iter().find(|line| line.is_empty() || line.trim() != **line) {
                    let reason = format!("names a file with a line that is no classifier: `{odd}`");
                    return Err(option(directive, "file", reason));
                }
                self.classifiers = Some(lines.into_iter().map(str::to_owned).collect());
            }
            ENTRY_POINTS => self.entry_points = Some(groups(subject, directive, &text)?),
            _ => {
                return unsupported(
                    directive.name(),
                    "is a field that setuptools does not fill in from files",
                );
            }
        }
        Ok(())
    }

    fn read_version(&mut self, directive: &TableReader<'_>, tree: &Tree, layout: &Layout) -> Plan<Version> {
        known_options(directive, &["file", "attr"])?;
        let (key, text) = match directive.string("attr")? {
            None => ("file", self.read_files(directive, tree)?),
            Some(_) if directive.get("file").is_some() => {
                return Err(option(directive, "attr", "stands beside `file`"));
            }
            Some(path) => match attribute::read(path, tree, layout)? {
                Ok(text) => ("attr", text),
                Err(reason) => return Err(option(directive, "attr", reason)),
            },
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
            out.push((extra.to_owned(), parsed(&directive, &text)?));
        }
        Ok(out)
    }
}

fn parsed(directive: &TableReader<'_>, text: &str) -> Plan<Vec<Requirement>> {
    requirements(text)
        .map_err(|reason| directive.fault("file", &format!("names a file with {reason}")).into())
}

/// Reads a file of entry points; setuptools wants every field that it gives to be dynamic.
fn groups(subject: &Subject<'_>, directive: &TableReader<'_>, text: &str) -> Plan<Groups> {
    let groups = entry_point::file(text)
        .map_err(|reason| option(directive, "file", format!("names a file that {reason}")))?;
    for (field, group) in SCRIPTS {
        let is_given = groups.iter().any(|(name, _)| name == group);
        if is_given != subject.project.is_dynamic(field) {
            let reason = format!("names a file that does not agree with `project.dynamic` about `{field}`");
            return Err(option(directive, "file", reason));
        }
    }
    match entry_point::odd_group(&groups) {
        None => Ok(groups),
        Some(group) => {
            let reason = format!("names a file with an unusual group or entry in `{group}`");
            Err(option(directive, "file", reason))
        }
    }
}
