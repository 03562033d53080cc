//! Which options of `[tool.uv.build-backend]` are known; everything else is for uv_build.

use pyrel_model::Requirement;
use pyrel_model::pyproject::TableReader;

use super::super::Subject;
use crate::detector::{known_options, option};
use crate::error::{Plan, unsupported};
use crate::pattern::{Escapes, PortableGlob};
use crate::tree::join;

const KNOWN: [&str; 8] = [
    "module-root",
    "module-name",
    "source-include",
    "default-excludes",
    "source-exclude",
    "wheel-exclude",
    "namespace",
    "data",
];
const DEFAULT_EXCLUDES: [&str; 3] = ["__pycache__", "*.pyc", "*.pyo"];
/// The kinds of data, in the order in which uv_build writes them.
const DATA_KINDS: [&str; 5] = ["purelib", "platlib", "headers", "scripts", "data"];
/// From here on uv_build may find its automaton too large and behave in another way.
const MAX_REPETITIONS: usize = 8;

/// The options, checked.
pub(super) struct Options {
    /// The folder that modules are in, empty for the project's own.
    pub(super) root: String,
    /// The modules as paths below it, none below another.
    pub(super) modules: Vec<String>,
    /// Whether the modules are taken as they are.
    pub(super) namespace: bool,
    /// Whether the options name the modules.
    pub(super) is_named: bool,
    /// What else goes into the sdist.
    pub(super) include: Vec<PortableGlob>,
    /// What stays out of the sdist.
    pub(super) source_exclude: Vec<Exclude>,
    /// What stays out of the wheel.
    pub(super) wheel_exclude: Vec<Exclude>,
    /// Kinds of data with their folders.
    pub(super) data: Vec<(&'static str, String)>,
}

/// One pattern of files that stay out.
#[derive(Clone)]
pub(super) struct Exclude {
    pub(super) glob: PortableGlob,
    /// Whether it holds from the project's folder on, and not at any depth: uv asks it about absolute paths, too.
    pub(super) is_anchored: bool,
}

impl Options {
    /// Steps back at the first option that is not reproduced.
    pub(super) fn read(subject: &Subject<'_>) -> Plan<Self> {
        let pyproject = subject.pyproject;
        if let Some(uv) = pyproject.tool(&["uv"]) {
            check_constraints(&pyproject.reader("tool.uv", uv))?;
        }
        let empty = toml_edit::Table::new();
        let table = pyproject.tool(&["uv", "build-backend"]).unwrap_or(&empty);
        let table = pyproject.reader("tool.uv.build-backend", table);
        known_options(&table, &KNOWN)?;
        let root = match table.string("module-root")? {
            None => "src",
            Some("") => "",
            Some(path) => plain_path(path).ok_or_else(|| {
                option(&table, "module-root", format!("is no plain path inside the project: `{path}`"))
            })?,
        };
        let namespace = table.boolean("namespace")?.unwrap_or(false);
        let defaults: &[&str] =
            if table.boolean("default-excludes")?.unwrap_or(true) { &DEFAULT_EXCLUDES } else { &[] };
        let mut source_exclude = Vec::new();
        for text in defaults {
            source_exclude.extend(exclude(text));
        }
        let mut wheel_exclude = source_exclude.clone();
        wheel_exclude.extend(excludes(&table, "wheel-exclude")?);
        let own = excludes(&table, "source-exclude")?;
        source_exclude.extend(own.iter().cloned());
        wheel_exclude.extend(own);
        let options = Self {
            root: root.to_owned(),
            modules: modules(subject, &table, namespace)?,
            namespace,
            is_named: table.get("module-name").is_some(),
            include: includes(&table)?,
            source_exclude,
            wheel_exclude,
            data: data(&table)?,
        };
        let repetitions: usize = options.include.iter().map(PortableGlob::repetitions).sum();
        if repetitions > MAX_REPETITIONS {
            return Err(option(&table, "source-include", "has more wildcards than are reproduced"));
        }
        Ok(options)
    }

    /// Returns the path of a module from the project's folder.
    pub(super) fn module_path(&self, module: &str) -> String {
        join(&self.root, module)
    }
}

/// A constraint may choose another version of uv_build.
fn check_constraints(table: &TableReader<'_>) -> Plan<()> {
    let key = "build-constraint-dependencies";
    for text in table.strings(key)?.unwrap_or_default() {
        let concerns =
            text.parse::<Requirement>().map(|constraint| constraint.name.normalized() == "uv-build");
        if concerns != Ok(false) {
            return Err(option(table, key, format!("may choose another version of uv_build: `{text}`")));
        }
    }
    Ok(())
}

/// Returns a relative path whose parts are names.
fn plain_path(path: &str) -> Option<&str> {
    let plain = path.split('/').all(|part| !matches!(part, "" | "." | ".."))
        && !path.contains(|c: char| c.is_control() || "\\:*?[]{}!".contains(c));
    plain.then_some(path)
}

fn includes(table: &TableReader<'_>) -> Plan<Vec<PortableGlob>> {
    let listed = table.strings("source-include")?.unwrap_or_default();
    let parse = |text| {
        PortableGlob::parse(text, Escapes::Backslash)
            .ok_or_else(|| odd_pattern(table, "source-include", text))
    };
    listed.into_iter().map(parse).collect()
}

fn excludes(table: &TableReader<'_>, key: &str) -> Plan<Vec<Exclude>> {
    let listed = table.strings(key)?.unwrap_or_default();
    listed.into_iter().map(|text| exclude(text).ok_or_else(|| odd_pattern(table, key, text))).collect()
}

fn exclude(text: &str) -> Option<Exclude> {
    let (glob, is_anchored) = match text.strip_prefix('/') {
        Some(rest) => (rest.to_owned(), !rest.starts_with("**")),
        None => (format!("**/{text}"), false),
    };
    Some(Exclude { glob: PortableGlob::parse(&glob, Escapes::Backslash)?, is_anchored })
}

fn odd_pattern(table: &TableReader<'_>, key: &str, text: &str) -> crate::error::Stop {
    option(table, key, format!("holds a pattern that is not reproduced natively: `{text}`"))
}

fn data(table: &TableReader<'_>) -> Plan<Vec<(&'static str, String)>> {
    let Some(inner) = table.subtable("data")? else { return Ok(Vec::new()) };
    let inner = TableReader::new(table.path(), table.text(), "tool.uv.build-backend.data", inner);
    known_options(&inner, &DATA_KINDS)?;
    let mut out = Vec::new();
    for kind in DATA_KINDS {
        let Some(path) = inner.string(kind)? else { continue };
        let path = plain_path(path.trim_end_matches('/'))
            .ok_or_else(|| option(&inner, kind, format!("is no plain path inside the project: `{path}`")))?;
        out.push((kind, path.to_owned()));
    }
    Ok(out)
}

/// Returns the modules' paths below the module root.
fn modules(subject: &Subject<'_>, table: &TableReader<'_>, namespace: bool) -> Plan<Vec<String>> {
    let Some(item) = table.get("module-name") else {
        let name = subject.project.name.normalized();
        let module = match name.strip_suffix("-stubs") {
            Some(stem) if !namespace => format!("{}-stubs", stem.replace('-', "_")),
            _ => name.replace('-', "_"),
        };
        return Ok(vec![module]);
    };
    let mut names: Vec<&str> = match item.as_str() {
        Some(name) => vec![name],
        None => table.strings("module-name")?.unwrap_or_default(),
    };
    if names.is_empty() {
        return Err(option(table, "module-name", "is an empty list"));
    }
    if let Some(odd) = names.iter().find(|name| !is_module(name)) {
        return Err(option(table, "module-name", format!("is no dotted name of identifiers: `{odd}`")));
    }
    names.sort_unstable();
    let mut kept: Vec<&str> = Vec::new();
    for name in names {
        let is_redundant = kept.last().is_some_and(|last| {
            name.strip_prefix(last).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        });
        if !is_redundant {
            kept.push(name);
        }
    }
    Ok(kept.into_iter().map(|name| name.replace('.', "/")).collect())
}

/// Tells whether a text is a dotted name of identifiers; the first may end in `-stubs`.
fn is_module(name: &str) -> bool {
    let identifier = |part: &str| {
        part.starts_with(|c: char| c == '_' || c.is_alphabetic())
            && part.chars().all(|c| c == '_' || c.is_alphanumeric())
    };
    let (first, rest) = name.split_once('.').map_or((name, None), |(first, rest)| (first, Some(rest)));
    identifier(first.strip_suffix("-stubs").unwrap_or(first))
        && rest.is_none_or(|rest| rest.split('.').all(identifier))
}

/// Steps back because the files are not those of the modules that the options name.
pub(super) fn no_module<T>(reason: String) -> Plan<T> {
    unsupported("tool.uv.build-backend.module-name", reason)
}
