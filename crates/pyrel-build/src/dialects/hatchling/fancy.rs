//! hatch-fancy-pypi-readme 25.1.0: a description of several pieces.

use pyrel_model::pyproject::{Readme, TableReader};

use super::super::Subject;
use crate::detector::{known_options, option};
use crate::error::Plan;
use crate::pattern::{Flags, Found, PythonExpression};
use crate::tree::normalize;

/// The plug-in and the version that is reproduced.
pub(super) const PLUGIN: (&str, &str) = ("hatch-fancy-pypi-readme", "25.1.0");

const FRAGMENT: &str = "tool.hatch.metadata.hooks.fancy-pypi-readme.fragments";
const SUBSTITUTION: &str = "tool.hatch.metadata.hooks.fancy-pypi-readme.substitutions";

/// Puts the description together; what the plug-in refuses is left to it.
pub(super) fn readme(subject: &Subject<'_>, hook: &TableReader<'_>, version: &str) -> Plan<Readme> {
    known_options(hook, &["content-type", "fragments", "substitutions"])?;
    let content_type = hook.string("content-type")?;
    let Some(content_type) = content_type.filter(|text| ["text/markdown", "text/x-rst"].contains(text))
    else {
        return Err(option(hook, "content-type", "is not `text/markdown` or `text/x-rst`"));
    };
    let mut text = String::new();
    for fragment in hook.tables("fragments")?.unwrap_or_default() {
        let fragment = TableReader::new(hook.path(), hook.text(), FRAGMENT, fragment);
        text.push_str(&rendered(subject, &fragment)?);
    }
    for substitution in hook.tables("substitutions")?.unwrap_or_default() {
        let substitution = TableReader::new(hook.path(), hook.text(), SUBSTITUTION, substitution);
        text = substituted(&substitution, &text)?;
    }
    let name = subject.project.name.as_written();
    let text = text.replace("$HFPR_PACKAGE_NAME", name).replace("$HFPR_VERSION", version);
    // The wheel reads it again from the sdist's metadata.
    if text.is_empty() || text.contains('\r') {
        return Err(option(hook, "fragments", "give no text, or one with line ends that metadata changes"));
    }
    Ok(Readme::Text { text, content_type: content_type.to_owned() })
}

fn rendered(subject: &Subject<'_>, fragment: &TableReader<'_>) -> Plan<String> {
    if fragment.get("text").is_some() {
        known_options(fragment, &["text"])?;
        return match fragment.string("text")? {
            Some("") | None => Err(option(fragment, "text", "is empty")),
            Some(text) => Ok(text.to_owned()),
        };
    }
    known_options(fragment, &["path", "start-after", "start-at", "end-before", "pattern"])?;
    let path = fragment.string("path")?.unwrap_or_default();
    let is_plain = !path.is_empty() && normalize(path) == path && !path.starts_with(['/', '.']);
    if !is_plain || !subject.tree.is_file(path) {
        return Err(option(fragment, "path", format!("names no file of the project: `{path}`")));
    }
    let text = subject.tree.read_text(path)?;
    let text = cut(fragment, &text)?;
    let Some(pattern) = fragment.string("pattern")?.filter(|pattern| !pattern.is_empty()) else {
        return Ok(text.to_owned());
    };
    let flags = Flags { dot_all: true, ..Flags::default() };
    match PythonExpression::new(pattern, flags).map(|expression| expression.find(text, 1)) {
        Some(Found::At { group, .. }) => Ok(text[group].to_owned()),
        _ => Err(option(fragment, "pattern", "finds nothing, or what only Python's `re` is sure of")),
    }
}

/// Cuts a text at the marks of a fragment.
fn cut<'t>(fragment: &TableReader<'_>, text: &'t str) -> Plan<&'t str> {
    let mut text = text;
    let missing = |key: &str| option(fragment, key, "is not found in the file, or is empty");
    let mark = |key: &str| match fragment.string(key)? {
        Some("") => Err(missing(key)),
        mark => Plan::Ok(mark),
    };
    let (after, at) = (mark("start-after")?, mark("start-at")?);
    if after.is_some() && at.is_some() {
        return Err(option(fragment, "start-at", "stands beside `start-after`"));
    }
    if let Some(mark) = after {
        text = text.split_once(mark).ok_or_else(|| missing("start-after"))?.1;
    }
    if let Some(mark) = at {
        text = &text[text.find(mark).ok_or_else(|| missing("start-at"))?..];
    }
    if let Some(mark) = mark("end-before")? {
        text = text.split_once(mark).ok_or_else(|| missing("end-before"))?.0;
    }
    Ok(text)
}

fn substituted(substitution: &TableReader<'_>, text: &str) -> Plan<String> {
    known_options(substitution, &["pattern", "replacement", "ignore-case"])?;
    let flags =
        Flags { ignore_case: substitution.boolean("ignore-case")?.unwrap_or(false), ..Flags::default() };
    let pattern = substitution.string("pattern")?;
    let replacement = substitution.string("replacement")?;
    let replaced = pattern.zip(replacement).and_then(|(pattern, replacement)| {
        PythonExpression::new(pattern, flags)?.replace_all(text, replacement)
    });
    replaced.ok_or_else(|| option(substitution, "pattern", "replaces what only Python's `re` is sure of"))
}
