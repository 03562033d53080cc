//! The document at the root about the releases of all packages: one section a day, the packages named in it.

use std::path::Path;

use pyrel_model::changelog::{Document, Heading, Markup, Named};
use pyrel_model::{PackageName, Version};

use super::compose::read;
use super::draft::{Draft, View};
use super::patch::Patch;
use super::{Change, ChangelogChange, ChangelogError, Remote};
use crate::config::ChangelogConfig;
use crate::edit::Edit;

/// What the document tells about the release of one package.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part<'a> {
    pub(super) name: &'a PackageName,
    pub(super) version: &'a Version,
    /// The entry of the package's own changelog.
    pub(super) notes: &'a str,
}

/// Says what belongs to no package.
const WORKSPACE: &str = "Workspace";
const TITLE: &str = "# Changelog\n\nWhat was released, by day. Each package has a changelog of its own.\n";

/// Writes the section of a day, or adds to it. Releases that the document has already are left alone.
pub(super) fn compose(
    path: &Path,
    parts: &[Part<'_>],
    elsewhere: &[Change<'_>],
    settings: &ChangelogConfig,
    (date, remote): (&str, Option<&Remote>),
) -> Result<Option<ChangelogChange>, ChangelogError> {
    let before = read(path)?;
    let document = Document::parse(before.as_deref().unwrap_or(TITLE.as_bytes()), Markup::Markdown);
    let title = |part: &Part<'_>| format!("{} {}", part.name, part.version);
    let is_new = |part: &&Part<'_>| !document.headings().iter().any(|heading| heading.text == title(part));
    let mut draft = Draft::default();
    draft.add_changes(elsewhere, settings, &View { remote, own: &[] });
    let mut blocks: Vec<String> = parts
        .iter()
        .filter(is_new)
        .map(|part| format!("### {}\n\n{}", title(part), lowered(part.notes)))
        .collect();
    if blocks.is_empty() {
        return Ok(None);
    }
    if !draft.is_empty() {
        let groups =
            draft.groups.iter().map(|(heading, items)| format!("#### {heading}\n\n{}\n", items.join("\n")));
        blocks.push(format!("### {WORKSPACE}\n\n{}", groups.collect::<Vec<_>>().join("\n")));
    }
    let text = blocks.iter().map(|block| block.trim_end()).collect::<Vec<_>>().join("\n\n");
    let after = inserted(&document, date, &text);
    let edit = Edit { path: path.to_path_buf(), before, after: Some(after) };
    Ok(Some(ChangelogChange {
        package: None,
        edits: vec![edit],
        notes: format!("{text}\n"),
        told: draft.told,
        hidden: draft.hidden,
        superseded: 0,
    }))
}

fn inserted(document: &Document, date: &str, text: &str) -> Vec<u8> {
    let mut patch = Patch::new(document);
    let days: Vec<&Heading> = document
        .headings()
        .iter()
        .filter(|heading| heading.level == 2 && heading.named != Named::Unreleased)
        .collect();
    match days.first() {
        Some(newest) if newest.text.trim() == date => {
            let next = days.get(1).map_or(document.line_count(), |next| next.lines.start);
            let body = document.trimmed(&(newest.lines.end..next));
            patch.insert_block(body.end.max(newest.lines.end), text);
        }
        Some(newest) => patch.insert_block(newest.lines.start, &format!("## {date}\n\n{text}\n")),
        None => patch.insert_block(document.line_count(), &format!("## {date}\n\n{text}\n")),
    }
    patch.apply()
}

/// Puts an entry two levels below the day: its headings move down, and its links carry their targets, because
/// labels of several packages would meet in one document.
fn lowered(notes: &str) -> String {
    let document = Document::parse(notes.as_bytes(), Markup::Markdown);
    let top = document.headings().iter().map(|heading| heading.level).min().unwrap_or(4);
    let mut out = String::new();
    for at in 0..document.line_count() {
        if document.definitions().iter().any(|one| one.line == at) {
            continue;
        }
        let line = document.text(at);
        match document.headings().iter().find(|heading| heading.lines.contains(&at)) {
            Some(heading) if heading.lines.start == at => {
                let level = (heading.level + 4 - top).clamp(4, 6);
                out.push_str(&format!("{} {}", "#".repeat(level), linked(&heading.text, &document)));
            }
            Some(_) => continue,
            None => out.push_str(&linked(&line, &document)),
        }
        out.push('\n');
    }
    out.trim().to_owned()
}

/// Replaces `[text][label]`, `[label][]`, and `[label]` by `[text](target)`.
fn linked(line: &str, document: &Document) -> String {
    let mut line = line.to_owned();
    for definition in document.definitions() {
        let (label, target) = (&definition.label, &definition.target);
        line = line.replace(&format!("][{label}]"), &format!("]({target})"));
        line = line.replace(&format!("[{label}][]"), &format!("[{label}]({target})"));
        let short = format!("[{label}]");
        let mut out = String::new();
        let mut rest = line.as_str();
        while let Some(at) = rest.find(&short) {
            let end = at + short.len();
            out.push_str(&rest[..end]);
            rest = &rest[end..];
            if !rest.starts_with(['(', '[', ':']) {
                out.push_str(&format!("({target})"));
            }
        }
        line = format!("{out}{rest}");
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_moves_below_the_day_with_its_links() {
        let notes =
            "### Added\n\n- a [#1], [b][x], [x][]\n- [c](d)\n\n```\n### code\n```\n\n[#1]: one\n[x]: two\n";
        let expected = "#### Added\n\n- a [#1](one), [b](two), [x](two)\n- [c](d)\n\n```\n### code\n```";
        assert_eq!(lowered(notes), expected);
    }

    #[test]
    fn a_day_is_one_section() {
        let document = |text: &str| Document::parse(text.as_bytes(), Markup::Markdown);
        let first = inserted(&document(TITLE), "2024-01-02", "### a 1.0\n\n- x");
        let first = String::from_utf8(first).unwrap();
        assert_eq!(first, format!("{TITLE}\n## 2024-01-02\n\n### a 1.0\n\n- x\n"));
        let same = String::from_utf8(inserted(&document(&first), "2024-01-02", "### b 2.0\n\n- y")).unwrap();
        assert_eq!(same, format!("{first}\n### b 2.0\n\n- y\n"));
        let next = String::from_utf8(inserted(&document(&same), "2024-01-03", "### a 1.1\n\n- z")).unwrap();
        assert!(
            next.starts_with(&format!("{TITLE}\n## 2024-01-03\n\n### a 1.1\n\n- z\n\n## 2024-01-02\n")),
            "{next}"
        );
    }
}
