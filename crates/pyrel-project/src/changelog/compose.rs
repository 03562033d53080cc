//! One changelog and one release: the text that is written, and where.
//!
//! What is there already is never rewritten, with two exceptions that point at the newest release by their nature:
//! the target of the link `[Unreleased]`, and the word "unreleased" in the heading of the very version.

use std::path::Path;

use fs_err as fs;
use pyrel_model::changelog::{Document, Markup, Named, Section};
use pyrel_model::{PackageName, Version};

use super::draft::{Draft, View};
use super::notes::notes;
use super::patch::Patch;
use super::style::Style;
use super::{Change, ChangelogError, Fragment, Remote};
use crate::config::{ChangelogConfig, ChangelogSource};
use crate::edit::Edit;

/// What an entry is made of, and where it goes.
#[derive(Debug, Clone)]
pub struct Request<'a> {
    /// The package; `None` for all packages of a workspace in lockstep.
    pub package: Option<&'a PackageName>,
    /// The changelog, absolute.
    pub path: &'a Path,
    /// What goes into it.
    pub settings: &'a ChangelogConfig,
    /// The release; `None` for an entry under Unreleased.
    pub release: Option<Release<'a>>,
    /// The changes since the release before, reverted ones removed, newest first.
    pub changes: &'a [Change<'a>],
    /// The change fragments, which the release uses up.
    pub fragments: &'a [Fragment],
    /// Dependencies in the same workspace that the release needs in a newer version.
    pub updated: &'a [(PackageName, Version)],
    /// Where links go.
    pub remote: Option<&'a Remote>,
    /// Scopes that go without saying, such as the package's own name.
    pub own_scopes: &'a [String],
}

/// The release that an entry is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Release<'a> {
    /// Its version.
    pub version: &'a Version,
    /// Its day, as `2024-01-02`.
    pub date: &'a str,
    /// Its tag.
    pub tag: &'a str,
    /// The tag of the release before.
    pub previous_tag: Option<&'a str>,
}

/// What changes in the tree for one entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangelogChange {
    /// The package; `None` for all packages of a workspace in lockstep, and for the aggregate document.
    pub package: Option<PackageName>,
    /// The changelog first, unless it stays as it is; then the fragments that are used up.
    pub edits: Vec<Edit>,
    /// The entry without its heading, with the definitions of its links.
    pub notes: String,
    /// How many commits are told.
    pub told: usize,
    /// How many commits are left out because of their type, or because they only join or mend others.
    pub hidden: usize,
    /// How many commits are left out because people wrote the entry by hand.
    pub superseded: usize,
}

/// Writes an entry. `None` when there is nothing to say under Unreleased; a release always gets an entry.
///
/// # Errors
/// When the changelog cannot be read, is no Markdown in UTF-8, or has a block that never ends.
pub fn compose(request: &Request<'_>) -> Result<Option<ChangelogChange>, ChangelogError> {
    let before = read(request.path)?;
    let document = match &before {
        Some(bytes) => Document::parse(bytes, Markup::Markdown),
        None => Document::parse(new_document(request).as_bytes(), Markup::Markdown),
    };
    let plan = Plan::of(request, &document);
    let mut patch = Patch::new(&document);
    match request.release {
        Some(release) => write_release(&mut patch, request, &plan, release),
        None => write_unreleased(&mut patch, request, &plan),
    }
    let is_new = before.is_none();
    if request.release.is_none() && (patch.is_empty() || plan.draft.is_empty()) {
        return Ok(None);
    }
    let after = if patch.is_empty() && !is_new { before.clone().unwrap_or_default() } else { patch.apply() };
    let written = Document::parse(&after, Markup::Markdown);
    let section = match request.release {
        Some(release) => written.section(release.version),
        None => written.unreleased(),
    };
    let Some(section) = section else {
        let line = document.unclosed().map_or(0, |line| line + 1);
        return Err(ChangelogError::Unclosed { path: request.path.to_path_buf(), line });
    };
    let notes = notes(&written, section);
    let mut edits = Vec::new();
    if before.as_deref() != Some(after.as_slice()) {
        edits.push(Edit { path: request.path.to_path_buf(), before, after: Some(after) });
    }
    if request.release.is_some() && plan.uses_fragments {
        edits.extend(request.fragments.iter().map(|fragment| Edit {
            path: fragment.path.clone(),
            before: Some(fragment.bytes.clone()),
            after: None,
        }));
    }
    Ok(Some(ChangelogChange {
        package: request.package.cloned(),
        edits,
        notes,
        told: plan.draft.told,
        hidden: plan.draft.hidden,
        superseded: plan.superseded,
    }))
}

/// Returns a changelog, taken apart; `None` when there is none.
pub(super) fn document(path: &Path) -> Result<Option<Document>, ChangelogError> {
    Ok(read(path)?.map(|bytes| Document::parse(&bytes, Markup::Markdown)))
}

/// Reads a changelog that is going to be written.
pub(super) fn read(path: &Path) -> Result<Option<Vec<u8>>, ChangelogError> {
    if Markup::of(&path.to_string_lossy()) != Markup::Markdown {
        return Err(ChangelogError::Markup { path: path.to_path_buf() });
    }
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let valid = match std::str::from_utf8(&bytes) {
        Ok(_) => bytes.iter().position(|byte| *byte == 0),
        Err(error) => Some(error.valid_up_to()),
    };
    match valid {
        None => Ok(Some(bytes)),
        Some(at) => {
            let line = bytes[..at].iter().filter(|byte| **byte == b'\n').count() + 1;
            Err(ChangelogError::Encoding { path: path.to_path_buf(), line })
        }
    }
}

fn new_document(request: &Request<'_>) -> String {
    let next = if request.remote.is_some() { "[Unreleased]" } else { "Unreleased" };
    let subject = request.package.map_or("this project".to_owned(), |name| format!("`{name}`"));
    format!(
        "# Changelog\n\nAll notable changes to {subject} are documented in this file, in the format of Keep a Changelog 1.1.\n\n## {next}\n"
    )
}

/// What an entry will say, and where from.
struct Plan {
    draft: Draft,
    uses_unreleased: bool,
    uses_fragments: bool,
    superseded: usize,
}

impl Plan {
    fn of(request: &Request<'_>, document: &Document) -> Self {
        let settings = request.settings;
        let release = request.release.is_some();
        let written = request.release.and_then(|release| document.section(release.version));
        if written.is_some_and(|section| document.has_content(section)) {
            let superseded = request.changes.len();
            return Self {
                draft: Draft::default(),
                uses_unreleased: false,
                uses_fragments: false,
                superseded,
            };
        }
        let by_hand = document.unreleased().is_some_and(|section| document.has_content(section));
        let uses = |source: ChangelogSource| match &settings.sources {
            Some(sources) => sources.contains(&source),
            None if source == ChangelogSource::Commits => {
                !release || (!by_hand && request.fragments.is_empty())
            }
            None => true,
        };
        let mut draft = Draft::default();
        let mut superseded = 0;
        let view = View { remote: request.remote, own: request.own_scopes };
        if uses(ChangelogSource::Commits) {
            draft.add_changes(request.changes, settings, &view);
        } else {
            superseded = request.changes.len();
        }
        let uses_fragments = release && uses(ChangelogSource::Fragments);
        if uses_fragments {
            draft.add_fragments(request.fragments, settings, request.remote);
        }
        draft.add_updates(request.updated, settings);
        let uses_unreleased = by_hand && uses(ChangelogSource::Unreleased);
        Self { draft, uses_unreleased, uses_fragments, superseded }
    }
}

fn write_release(patch: &mut Patch<'_>, request: &Request<'_>, plan: &Plan, release: Release<'_>) {
    let document = patch.document();
    if let Some(section) = document.section(release.version) {
        // Where somebody wrote it already, nothing is added and nothing is used up.
        if !document.has_content(section) {
            merge_or_say_nothing(patch, section, request, plan);
        }
        date_heading(patch, section, release.date);
        return;
    }
    let style = Style::of(document, request.remote.is_some());
    let target = request.remote.map(|remote| match release.previous_tag {
        Some(previous) => remote.compare(previous, release.tag),
        None => remote.release(release.tag),
    });
    let (heading, label) = style.heading(release.version, release.date, target.as_deref());
    match document.unreleased() {
        Some(section) if plan.uses_unreleased => {
            let heading_only = Section { heading: section.heading.clone(), ..section.clone() };
            patch.insert(section.heading.lines.end, &format!("\n{heading}\n"));
            patch.merge(&heading_only, &plan.draft, request.settings);
        }
        _ => patch.insert_section(&format!("{heading}\n\n{}", body(&plan.draft, style.level + 1))),
    }
    if let Some(label) = label.filter(|_| style.uses_definitions()) {
        define(patch, request, release, &label, target);
    }
}

fn merge_or_say_nothing(patch: &mut Patch<'_>, section: &Section, request: &Request<'_>, plan: &Plan) {
    if plan.draft.is_empty() {
        patch.insert_block(section.body.start, NOTHING);
    } else {
        patch.merge(section, &plan.draft, request.settings);
    }
}

const NOTHING: &str = "No notable changes.\n";

fn body(draft: &Draft, level: usize) -> String {
    if draft.is_empty() {
        return NOTHING.to_owned();
    }
    let group = |(heading, items): &(String, Vec<String>)| {
        format!("{} {heading}\n\n{}\n", "#".repeat(level.min(6)), items.join("\n"))
    };
    draft.groups.iter().map(group).collect::<Vec<_>>().join("\n")
}

/// Puts the day where the heading of the version says `unreleased`.
fn date_heading(patch: &mut Patch<'_>, section: &Section, date: &str) {
    let document = patch.document();
    if !matches!(section.heading.named, Named::Release { plain: true, .. }) {
        return;
    }
    let at = section.heading.lines.start;
    let line = String::from_utf8_lossy(document.line(at)).into_owned();
    let lowered = line.to_ascii_lowercase();
    if let Some(start) = lowered.find("unreleased") {
        let end = start + "unreleased".len();
        patch.replace(at, format!("{}{date}{}", &line[..start], &line[end..]));
    }
}

/// Adds the definition of a release's link, and moves that of Unreleased on.
fn define(
    patch: &mut Patch<'_>,
    request: &Request<'_>,
    release: Release<'_>,
    label: &str,
    target: Option<String>,
) {
    let document = patch.document();
    let is = |label: &str, other: &str| label.eq_ignore_ascii_case(other);
    if document.definitions().iter().any(|one| is(&one.label, label)) {
        return;
    }
    let next = document.definitions().iter().find(|one| is(&one.label, "unreleased"));
    let moved = next.and_then(|one| moved(&one.target, release.tag));
    let target = moved.as_ref().map(|(_, past)| past.clone()).or(target);
    if let (Some(next), Some((future, _))) = (next, &moved) {
        let line = String::from_utf8_lossy(document.line(next.line)).into_owned();
        patch.replace(next.line, line.replacen(&next.target, future, 1));
    }
    let Some(target) = target else { return };
    let newest = document
        .definitions()
        .iter()
        .find(|one| one.label.trim_start_matches('v').parse::<Version>().is_ok());
    let at = next.map(|one| one.line + 1).or(newest.map(|one| one.line));
    let mut text = format!("[{label}]: {target}\n");
    let unreleased = document.unreleased().filter(|section| section.heading.text.starts_with('['));
    if let (None, Some(_), Some(remote)) = (next, unreleased, request.remote) {
        text = format!("[Unreleased]: {}\n{text}", remote.compare(release.tag, "HEAD"));
    }
    match at {
        Some(at) => patch.insert(at, &text),
        None => patch.insert_block(document.line_count(), &text),
    }
}

/// Reads `…/compare/OLD...HEAD` or `…/compare/HEAD..OLD`. Returns it from the new tag on, and from the old tag to
/// the new one.
fn moved(target: &str, tag: &str) -> Option<(String, String)> {
    let at = target.rfind("/compare/")? + "/compare/".len();
    let (page, range) = target.split_at(at);
    if let Some((old, head)) = range.split_once("...") {
        return Some((format!("{page}{tag}...{head}"), format!("{page}{old}...{tag}")));
    }
    let (head, old) = range.split_once("..")?;
    Some((format!("{page}{head}..{tag}"), format!("{page}{tag}..{old}")))
}

fn write_unreleased(patch: &mut Patch<'_>, request: &Request<'_>, plan: &Plan) {
    let document = patch.document();
    match document.unreleased() {
        Some(section) => patch.merge(section, &plan.draft, request.settings),
        None => {
            let style = Style::of(document, request.remote.is_some());
            let heading = if style.uses_definitions() { "[Unreleased]" } else { "Unreleased" };
            let text = format!("{}\n\n{}", style.line(heading), body(&plan.draft, style.level + 1));
            patch.insert_section(&text);
        }
    }
}
