//! The version: written in the file, or read by hatchling's default expression.

use std::sync::LazyLock;

use pyrel_model::Version;
use regex::Regex;

use super::super::Subject;
use crate::detector::option;
use crate::error::{Plan, unsupported};
use crate::tree::normalize;

/// hatchling's default expression, its back reference to the quote written out.
static DEFAULT: LazyLock<Regex> = LazyLock::new(|| {
    let name = "(?:__[vV][eE][rR][sS][iI][oO][nN]__|[vV][eE][rR][sS][iI][oO][nN])";
    let expression = format!(r#"(?m)^{name} *= *(?:"[vV]?(?P<double>.+?)"|'[vV]?(?P<single>.+?)')"#);
    Regex::new(&expression).expect("a constant expression")
});

/// Returns the version with the spelling that metadata carries.
pub(super) fn resolve(subject: &Subject<'_>) -> Plan<Version> {
    if let Some(version) = &subject.project.version {
        return Ok(version.clone());
    }
    let Some(table) = subject.pyproject.tool(&["hatch", "version"]) else {
        return unsupported("tool.hatch.version", "is missing, though `project.version` is dynamic");
    };
    let table = subject.pyproject.reader("tool.hatch.version", table);
    let Some(path) = table.string("path")? else {
        return unsupported("tool.hatch.version.path", "is missing, though `project.version` is dynamic");
    };
    let relative = normalize(path);
    if path.starts_with(['/', '~']) || relative.starts_with("..") {
        return Err(option(&table, "path", "leads out of the project"));
    }
    if !subject.tree.is_file(&relative) {
        let mut fault = *table.fault("path", &format!("names a file that does not exist: `{path}`"));
        fault.hint = Some(format!("create `{path}`, or correct the path"));
        return Err(Box::new(fault).into());
    }
    let text = subject.tree.read_text(&relative)?;
    let found = DEFAULT.captures(&text);
    let found = found.as_ref().and_then(|found| found.name("double").or_else(|| found.name("single")));
    let Some(found) = found else {
        let mut fault = *table.fault("path", &format!("names a file without a version: `{path}`"));
        fault.hint = Some("write `__version__ = \"…\"` at the start of a line".to_owned());
        return Err(Box::new(fault).into());
    };
    let parsed = found.as_str().parse::<Version>();
    parsed.map_err(|error| table.fault("path", &format!("names a file with a bad version, {error}")).into())
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
