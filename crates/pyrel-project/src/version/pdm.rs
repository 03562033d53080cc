//! pdm-backend: `[tool.pdm.version]`.

use super::resolve::{Found, Question};
use super::{VersionSource, pattern};

const DEFAULT_PATTERN: &str = r#"^(?:__version__|VERSION)\s*=\s*["'](.+?)["']\s*(?:#.*)?$"#;

pub(super) fn resolve(question: &Question<'_>) -> Found<VersionSource> {
    let file = question.manifest.pyproject.as_ref().ok_or("there is no `pyproject.toml`")?;
    let Some(table) = file.tool(&["pdm", "version"]) else {
        return Err("`version` is dynamic without `[tool.pdm.version]`".to_owned());
    };
    let table = file.reader("tool.pdm.version", table);
    let string = |key: &str| table.string(key).map_err(|fault| fault.to_string());
    let path = string("path")?;
    match string("source")?.or(path.map(|_| "file")) {
        Some("file") => {}
        Some("scm") => return Ok(VersionSource::from_tags("tool.pdm.version.source = \"scm\"")),
        Some("call") => {
            return Err("it is computed by code (`tool.pdm.version.source = \"call\"`)".to_owned());
        }
        Some(other) => return Err(format!("`tool.pdm.version.source` is unknown: `{other}`")),
        None => return Err("`tool.pdm.version.source` is missing".to_owned()),
    }
    let path = question.directory.join(path.ok_or("`tool.pdm.version.path` is missing")?);
    let expression = pattern::compile(string("pattern")?.unwrap_or(DEFAULT_PATTERN))?;
    let text = question.text(&path)?;
    match pattern::search(&expression, "1", &text) {
        Some(found) => Ok(VersionSource::read(found.as_str(), &path, "pattern", vec![found.range()])),
        None => Err(format!("no version matches in `{}`", path.display())),
    }
}
