//! hatch-vcs 0.5.0: the version from git, its file, and addresses with the commit.

use pyrel_model::Location;
use pyrel_model::pyproject::TableReader;
use pyrel_project::Git;

use super::super::Subject;
use crate::detector::option;
use crate::error::Plan;
use crate::pattern::fill_template;
use crate::vcs::{Settings, Spelling, VersionFile, resolve, version_file};

/// The plug-in and the version that is reproduced.
pub(super) const PLUGIN: (&str, &str) = ("hatch-vcs", "0.5.0");

/// Returns the version by the table `tool.hatch.version`.
pub(super) fn version(subject: &Subject<'_>, table: &TableReader<'_>) -> Plan<pyrel_model::Version> {
    let name = table.dotted("raw-options");
    let mut settings = match table.subtable("raw-options")? {
        None => Settings::defaults(table.name(), location(table), Spelling::Arguments),
        Some(raw) => {
            let raw = TableReader::new(table.path(), table.text(), &name, raw);
            if raw.get("version_file").is_some() {
                return Err(option(&raw, "version_file", "is written before the version is known"));
            }
            Settings::read(&raw, Spelling::Arguments)?
        }
    };
    settings.set_tag_expression((table, "tag-pattern"))?;
    if let Some(fallback) = table.string("fallback-version")?.filter(|text| !text.is_empty()) {
        settings.set_fallback_version(fallback);
    }
    Ok(resolve(subject, &subject.tree, &settings)?.version)
}

/// Returns what the build hook writes for a version in normal form; it knows no commit.
pub(super) fn hook_text(hook: &TableReader<'_>, path: &str, version: &str) -> Plan<String> {
    let settings = Settings::defaults(hook.name(), location(hook), Spelling::Arguments);
    let template = hook.string("template")?.filter(|template| !template.is_empty());
    let file = VersionFile { path: path.to_owned(), template: template.map(str::to_owned) };
    version_file(&file, version, None, &settings)
}

/// Returns the addresses of the metadata hook's table, with the commit filled in.
pub(super) fn urls(subject: &Subject<'_>, hook: &TableReader<'_>) -> Plan<Vec<(String, String)>> {
    let mut out = Vec::new();
    for (label, url) in hook.string_table("urls")?.unwrap_or_default() {
        let url = filled(subject, url)?.ok_or_else(|| {
            option(hook, "urls", format!("holds another field than `{{commit_hash}}`: `{url}`"))
        })?;
        // The sdist tells the wheel, which splits at the comma.
        let is_odd = |text: &str| text.trim() != text || text.contains(char::is_control);
        if is_odd(label) || is_odd(&url) || label.contains(',') || url.is_empty() {
            return Err(option(hook, "urls", format!("is not read as it is written: `{label}`")));
        }
        out.push((label.to_owned(), url));
    }
    if out.is_empty() {
        return Err(option(hook, "urls", "is empty"));
    }
    Ok(out)
}

/// Fills in the commit; `None` for other fields.
fn filled(subject: &Subject<'_>, url: &str) -> Plan<Option<String>> {
    const FIELD: &str = "commit_hash";
    let commit = if url.contains(FIELD) { Some(commit(subject)?) } else { None };
    Ok(fill_template(url, |field| commit.clone().filter(|_| field == FIELD)))
}

fn commit(subject: &Subject<'_>) -> Plan<String> {
    subject.tree.asked_git(true);
    let answer = Git::discover(&subject.root).and_then(|git| git.text(&["rev-parse", "HEAD"]).ok());
    let commit = answer.map(|text| text.trim().to_owned());
    let is_hash = |text: &String| text.len() >= 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    commit.filter(is_hash).ok_or_else(|| {
        let reason = "tells no commit, which an address of the project has to hold";
        crate::detector::file(&subject.root.join(".git"), ".git", reason)
    })
}

fn location(table: &TableReader<'_>) -> Location {
    let key = table.table().iter().next().map(|(key, _)| key);
    let span = key.and_then(|key| table.table().get_key_value(key)).and_then(|(key, _)| key.span());
    span.map_or_else(
        || Location::of_file(table.path()),
        |span| Location::of_span(table.path(), table.text(), &span),
    )
}
