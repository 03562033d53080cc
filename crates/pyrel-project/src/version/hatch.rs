//! hatchling: `[tool.hatch.version]`, or `[version]` of a `hatch.toml` beside the `pyproject.toml`.

use pyrel_model::pyproject::{TableReader, parse_toml};
use regex::Match;
use toml_edit::TableLike;

use super::resolve::{Found, Question};
use super::{VersionSource, pattern};
use crate::source_file;

/// hatchling's default expression, its back reference to the opening quote spelt out for either quote.
const DEFAULT_PATTERN: &str =
    r#"(?i)^(?:__version__|VERSION) *= *(?:'v?(?P<version>[^'\n]+?)'|"v?(?P<quoted>[^"\n]+?)")"#;

pub(super) fn resolve(question: &Question<'_>) -> Found<VersionSource> {
    let Some(file) = &question.manifest.pyproject else {
        return Err("`version` is dynamic without `[tool.hatch.version]`".to_owned());
    };
    let path = question.directory.join("hatch.toml");
    if let Some(text) = source_file::read(&path).map_err(|fault| fault.to_string())? {
        let document = parse_toml(&path, &text).map_err(|fault| fault.to_string())?;
        let root = TableReader::new(&path, &text, "", document.as_table());
        if let Some(table) = root.subtable("version").map_err(|fault| fault.to_string())? {
            return from_table(question, &TableReader::new(&path, &text, "version", table));
        }
    }
    let table: Option<&dyn TableLike> = file.tool(&["hatch", "version"]);
    let table = table.ok_or("`version` is dynamic without `[tool.hatch.version]`")?;
    from_table(question, &file.reader("tool.hatch.version", table))
}

fn from_table(question: &Question<'_>, table: &TableReader<'_>) -> Found<VersionSource> {
    let string = |key: &str| table.string(key).map_err(|fault| fault.to_string());
    match string("source")?.unwrap_or("regex") {
        "regex" => {}
        "vcs" => return Ok(VersionSource::from_tags("hatch-vcs")),
        plugin @ ("uv-dynamic-versioning" | "versioningit") => return Ok(VersionSource::from_tags(plugin)),
        "env" => {
            let variable = string("variable")?.unwrap_or_default();
            return Err(format!("it comes from the environment variable `{variable}`"));
        }
        "code" => return Err("it is computed by code (`tool.hatch.version.source = \"code\"`)".to_owned()),
        other => return Err(format!("it comes from the hatch plugin `{other}`")),
    }
    let path = string("path")?.ok_or_else(|| format!("`{}` is missing", table.dotted("path")))?;
    let path = question.directory.join(path);
    let text = question.text(&path)?;
    let found = match string("pattern")? {
        Some(expression) => pattern::search(&pattern::compile(expression)?, "version", &text),
        None => search_default(&text)?,
    };
    match found {
        Some(found) => Ok(VersionSource::read(found.as_str(), &path, "pattern", vec![found.range()])),
        None => Err(format!("no version matches in `{}`", path.display())),
    }
}

fn search_default(text: &str) -> Found<Option<Match<'_>>> {
    let expression = pattern::compile(DEFAULT_PATTERN)?;
    let Some(captures) = expression.captures(text) else { return Ok(None) };
    Ok(captures.name("version").or_else(|| captures.name("quoted")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_pattern_finds_what_hatchling_finds() {
        for (text, version) in [
            ("__version__ = '1.2'", Some("1.2")),
            ("x = 1\nVERSION=\"v3.0rc1\"\n", Some("3.0rc1")),
            ("version = '1.0'", Some("1.0")),
            ("  __version__ = '1.0'", None),
            ("__version__ = '1.0\"", None),
            ("__version__: str = '1.0'", None),
            ("__version__ = \"it's\"", Some("it's")),
        ] {
            assert_eq!(search_default(text).unwrap().map(|found| found.as_str()), version, "{text}");
        }
    }
}
