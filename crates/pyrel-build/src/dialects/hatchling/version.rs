//! The version: written in the file, told by an sdist's metadata, or found in a file by an expression.

use std::ops::Range;
use std::sync::LazyLock;

use pyrel_model::Version;
use pyrel_model::pyproject::TableReader;
use regex::Regex;

use super::super::Subject;
use super::pkg_info::PkgInfo;
use super::settings::Settings;
use super::{requires, scm};
use crate::detector::option;
use crate::error::{Plan, unsupported};
use crate::pattern::{Flags, Found, PythonExpression};
use crate::tree::{Tree, normalize};

/// hatchling's default expression, its back reference to the quote written out.
static DEFAULT: LazyLock<Regex> = LazyLock::new(|| {
    let name = "(?:__[vV][eE][rR][sS][iI][oO][nN]__|[vV][eE][rR][sS][iI][oO][nN])";
    let expression = format!(r#"(?m)^{name} *= *(?:"[vV]?(?P<double>.+?)"|'[vV]?(?P<single>.+?)')"#);
    Regex::new(&expression).expect("a constant expression")
});

/// How hatchling searches.
const LINES: Flags = Flags { multi_line: true, dot_all: false, ignore_case: false };

/// The group that an expression must have.
const GROUP: &str = "version";

/// Returns the version with the spelling that metadata carries.
pub(super) fn resolve(
    subject: &Subject<'_>,
    settings: &Settings<'_>,
    told: Option<&PkgInfo>,
) -> Plan<Version> {
    if let Some(version) = &subject.project.version {
        return Ok(version.clone());
    }
    if let Some(told) = told {
        return Ok(told.version.clone());
    }
    let Some(table) = settings.table("tool.hatch.version") else {
        return unsupported("tool.hatch.version", "is missing, though `project.version` is dynamic");
    };
    match table.string("source")? {
        Some("env") => return of_variable(subject, &table),
        Some("vcs") if requires(subject, scm::PLUGIN.0) => return scm::version(subject, &table),
        Some("vcs") => {
            let reason = "is of a plug-in that `build-system.requires` does not list";
            return Err(option(&table, "source", reason));
        }
        _ => {}
    }
    let Some(path) = table.string("path")? else {
        return unsupported("tool.hatch.version.path", "is missing, though `project.version` is dynamic");
    };
    let pattern = table.string("pattern")?.filter(|pattern| !pattern.is_empty());
    let (text, place) = find(&table, (path, pattern), &subject.tree)?;
    let parsed = text[place].parse::<Version>();
    parsed.map_err(|error| table.fault("path", &format!("names a file with a bad version, {error}")).into())
}

/// Returns the version that a variable of the environment holds.
fn of_variable(subject: &Subject<'_>, table: &TableReader<'_>) -> Plan<Version> {
    let Some(name) = table.string("variable")?.filter(|name| !name.is_empty()) else {
        let mut fault = *table.fault("variable", "is missing, which names the variable with the version");
        fault.hint = Some("add `variable = \"…\"`".to_owned());
        return Err(Box::new(fault).into());
    };
    let Some(text) = subject.variables().get(name) else {
        let mut fault = *table.fault("variable", &format!("names a variable that is not set: `{name}`"));
        fault.hint = Some(format!("set `{name}` to the version"));
        return Err(Box::new(fault).into());
    };
    let parsed = text.parse::<Version>();
    parsed.map_err(|error| {
        table.fault("variable", &format!("names a variable with a bad version, {error}")).into()
    })
}

/// Returns the text of the file under the key `path`, and where the version is in it by an expression.
pub(super) fn find(
    table: &TableReader<'_>,
    (path, pattern): (&str, Option<&str>),
    tree: &Tree,
) -> Plan<(String, Range<usize>)> {
    let relative = normalize(path);
    if path.starts_with(['/', '~']) || relative.starts_with("..") {
        return Err(option(table, "path", "leads out of the project"));
    }
    if !tree.is_file(&relative) {
        let mut fault = *table.fault("path", &format!("names a file that does not exist: `{path}`"));
        fault.hint = Some(format!("create `{path}`, or correct the path"));
        return Err(Box::new(fault).into());
    }
    let text = tree.read_text(&relative)?;
    let place = match pattern {
        Some(pattern) => search(table, pattern, &text)?,
        None => DEFAULT
            .captures(&text)
            .and_then(|found| found.name("double").or_else(|| found.name("single")))
            .map(|found| found.range()),
    };
    let Some(place) = place else {
        let mut fault = *table.fault("path", &format!("names a file without a version: `{path}`"));
        fault.hint = Some(match pattern {
            Some(_) => "correct the expression under `pattern`, or the file".to_owned(),
            None => "write `__version__ = \"…\"` at the start of a line".to_owned(),
        });
        return Err(Box::new(fault).into());
    };
    Ok((text, place))
}

fn search(table: &TableReader<'_>, pattern: &str, text: &str) -> Plan<Option<Range<usize>>> {
    let uncertain = || option(table, "pattern", "has a meaning that only Python's `re` is sure of");
    let expression = PythonExpression::new(pattern, LINES).ok_or_else(uncertain)?;
    let Some(group) = expression.group_named(GROUP) else {
        let mut fault = *table.fault("pattern", &format!("has no group `{GROUP}`"));
        fault.hint = Some(format!("write `(?P<{GROUP}>…)` round the version"));
        return Err(Box::new(fault).into());
    };
    match expression.find(text, group) {
        Found::At { group, .. } => Ok(Some(group)),
        Found::Nothing => Ok(None),
        Found::Uncertain => Err(uncertain()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_expression() {
        let find = |text: &str| {
            let found = DEFAULT.captures(text)?;
            Some(found.name("double").or_else(|| found.name("single"))?.as_str().to_owned())
        };
        assert_eq!(find("x = 1\n__version__ = 'v1.2'\n").as_deref(), Some("1.2"));
        assert_eq!(find("Version  =\"3\" # c").as_deref(), Some("3"));
        assert_eq!(find(" __version__ = '1'"), None);
        assert_eq!(find("__version__ = '1\""), None);
    }
}
