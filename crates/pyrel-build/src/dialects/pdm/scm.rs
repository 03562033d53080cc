//! Versions from the tags of git, the way pdm-backend asks for them, and the file that it writes them to.
//!
//! A checkout with changes has the day in its version, by a clock that nothing sets: that is for pdm-backend.

use std::path::Path;

use pyrel_model::Version;
use pyrel_model::pyproject::TableReader;
use pyrel_project::Git;

use super::super::Subject;
use super::selection::SCRATCH;
use crate::detector::{self, known_options, option};
use crate::error::Plan;
use crate::pattern::{Found, PythonExpression, fill_template};
use crate::tree::normalize;
use crate::vcs::{DEFAULT_TAG_EXPRESSION, IN_A_TAG, ask};

const VARIABLE: &str = "PDM_BUILD_SCM_VERSION";

/// A version, and the file that it is written to.
pub(super) struct Told {
    pub(super) version: Version,
    pub(super) written: Option<Written>,
}

/// A file that exists in archives alone.
pub(super) struct Written {
    /// Its path from the package folder.
    pub(super) path: String,
    pub(super) text: String,
}

/// What git says.
struct Description {
    tag: Version,
    /// Commits since the tag; `None` on the tag itself.
    distance: Option<u64>,
    node: Option<String>,
}

/// Asks the variable, then git; what is configured for want of both comes last.
pub(super) fn resolve(subject: &Subject<'_>, table: &TableReader<'_>) -> Plan<Told> {
    known_options(
        table,
        &["source", "write_to", "write_template", "tag_regex", "tag_filter", "fallback_version"],
    )?;
    let fallback = table.string("fallback_version")?;
    let fallen_back = || match fallback.map(str::parse) {
        Some(Ok(version)) => Ok(version),
        _ => Err(option(table, "source", "gives no version, and no other one is configured")),
    };
    let variable = subject.variables().get(VARIABLE).filter(|text| !text.is_empty());
    let text = match variable {
        Some(text) => text.clone(),
        None => match described(subject, table)? {
            Some(description) => formatted(&description, table)?,
            None => match fallback {
                Some(text) => text.to_owned(),
                None => {
                    return Err(option(table, "source", "finds no version, and no other one is configured"));
                }
            },
        },
    };
    match text.parse::<Version>() {
        Ok(version) if !text.contains(char::is_whitespace) => {
            Ok(Told { version, written: written(table, &text)? })
        }
        Ok(_) => Err(option(table, "source", "gives a version with white space in it")),
        // Then nothing is written.
        Err(_) => Ok(Told { version: fallen_back()?, written: None }),
    }
}

fn described(subject: &Subject<'_>, table: &TableReader<'_>) -> Plan<Option<Description>> {
    subject.tree.asked_git(true);
    if subject.tree.exists(SCRATCH) {
        // What is tracked of it would be a change.
        let reason = "is emptied by pdm-backend before it asks git";
        return Err(detector::file(&subject.tree.display_path(SCRATCH), SCRATCH, reason));
    }
    let Some(git) = Git::discover(&subject.root) else {
        refuse_mercurial(&subject.root)?;
        return Ok(None);
    };
    let Some(git) = Git::discover(git.top_level()) else { return Ok(None) };
    let filter = table.string("tag_filter")?.filter(|text| !text.is_empty()).unwrap_or("*.*");
    let arguments = ["-c", "core.abbrev=auto", "describe", "--dirty", "--tags", "--long", "--match", filter];
    let Some(text) = ask(&git, &arguments)? else { return without_tag(&git, table).map(Some) };
    if text.ends_with("-dirty") {
        return Err(dirty(table));
    }
    let mut parts = text.rsplitn(3, '-');
    let (Some(node), Some(distance), Some(tag)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(option(table, "source", format!("gets an unusual answer of git: `{text}`")));
    };
    let Ok(distance) = distance.parse::<u64>() else {
        return Err(option(table, "source", format!("gets an unusual answer of git: `{text}`")));
    };
    let distance = Some(distance).filter(|distance| *distance > 0);
    Ok(Some(Description { tag: version_of_tag(tag, table)?, distance, node: Some(node.to_owned()) }))
}

/// Counts all commits.
fn without_tag(git: &Git, table: &TableReader<'_>) -> Plan<Description> {
    let status = ask(git, &["status", "--porcelain", "--untracked-files=no"])?;
    if status.is_none_or(|status| !status.is_empty()) {
        return Err(dirty(table));
    }
    let tag = "0.0".parse().expect("a constant version");
    let Some(node) = ask(git, &["rev-parse", "--verify", "--quiet", "HEAD"])? else {
        return Ok(Description { tag, distance: Some(0), node: None });
    };
    let count = ask(git, &["rev-list", "--count", "HEAD"])?.and_then(|count| count.parse().ok());
    match (count, node.get(..7)) {
        (Some(count), Some(short)) => {
            Ok(Description { tag, distance: Some(count), node: Some(format!("g{short}")) })
        }
        _ => Err(option(table, "source", "gets no history from git")),
    }
}

fn dirty(table: &TableReader<'_>) -> crate::error::Stop {
    option(table, "source", "puts the day into the version, for there are changes that are not committed")
}

fn refuse_mercurial(root: &Path) -> Plan<()> {
    match root.ancestors().map(|folder| folder.join(".hg")).find(|path| path.exists()) {
        None => Ok(()),
        Some(path) => {
            Err(detector::file(&path, ".hg", "is of Mercurial, which pdm-backend asks for the version"))
        }
    }
}

/// Returns the version in a tag; a tag without one counts as `0.0.0`.
fn version_of_tag(tag: &str, table: &TableReader<'_>) -> Plan<Version> {
    if !tag.is_ascii() || tag.contains(|c: char| c.is_ascii_control()) {
        return Err(option(table, "source", format!("finds an unusual tag: `{tag}`")));
    }
    let uncertain = || option(table, "tag_regex", "is an expression that only Python's `re` is sure of");
    let own = match table.string("tag_regex")?.filter(|text| !text.is_empty()) {
        None => None,
        Some(text) => Some(PythonExpression::new(text, IN_A_TAG).ok_or_else(uncertain)?),
    };
    let expression = own.as_ref().unwrap_or(&DEFAULT_TAG_EXPRESSION);
    let group = if expression.group_count() == 1 { Some(1) } else { expression.group_named("version") };
    // Group 0 is the whole, which tells whether the group is missed.
    let text = match (expression.find(tag, group.unwrap_or(0)), group) {
        (Found::At { whole, .. }, None) if whole.start == 0 => {
            return Err(option(table, "tag_regex", "has no group for the version"));
        }
        (Found::At { group, whole }, Some(_)) if whole.start == 0 => &tag[group],
        (Found::At { .. } | Found::Nothing, _) => "",
        (Found::Uncertain, _) => return Err(uncertain()),
    };
    let text = if text.is_empty() { "0.0.0" } else { text };
    text.parse().map_err(|_| option(table, "source", format!("finds no version in the tag `{tag}`")))
}

/// Adds one to the last number where there were commits since the tag.
fn formatted(description: &Description, table: &TableReader<'_>) -> Plan<String> {
    let tag = description.tag.normalized();
    let Some(distance) = description.distance else { return Ok(tag) };
    let public = tag.split('+').next().unwrap_or_default();
    let next = match public.rsplit_once(".dev") {
        Some((prefix, "0")) => Some(prefix.to_owned()),
        Some(_) => None,
        None => {
            let prefix = public.trim_end_matches(|c: char| c.is_ascii_digit());
            let number = public[prefix.len()..].parse::<u64>().ok().and_then(|number| number.checked_add(1));
            number.map(|number| format!("{prefix}{number}"))
        }
    };
    let Some(next) = next else {
        return Err(option(table, "source", format!("guesses no version behind `{public}`")));
    };
    let node = description.node.as_ref().map(|node| format!("+{node}")).unwrap_or_default();
    Ok(format!("{next}.dev{distance}{node}"))
}

fn written(table: &TableReader<'_>, version: &str) -> Plan<Option<Written>> {
    let template = table.string("write_template")?.unwrap_or("{}\n");
    let Some(path) = table.string("write_to")? else { return Ok(None) };
    if path != normalize(path) || path.starts_with(['/', '.', '~']) || path.contains(['\\', ':']) {
        return Err(option(table, "write_to", format!("is no plain path: `{path}`")));
    }
    match filled(template, version) {
        Some(text) => Ok(Some(Written { path: path.to_owned(), text })),
        None => Err(option(table, "write_template", "is a template that only Python can fill in")),
    }
}

/// Fills in a format string of Python whose only place is that of a text.
fn filled(template: &str, version: &str) -> Option<String> {
    let mut has_counted = None;
    fill_template(template, |place| {
        let (place, is_quoted) = place.strip_suffix("!r").map_or((place, false), |place| (place, true));
        // There is one text only, to be taken in turn or by its number, not by both.
        match (place, has_counted) {
            ("", None) => has_counted = Some(true),
            ("0", None | Some(false)) => has_counted = Some(false),
            _ => return None,
        }
        Some(if is_quoted { format!("'{version}'") } else { version.to_owned() })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_with_one_text() {
        for (template, expected) in [
            ("{}\n", Some("1.0\n")),
            ("v = {!r} # {{}}", Some("v = '1.0' # {}")),
            ("{0} {0!r}", Some("1.0 '1.0'")),
            ("none", Some("none")),
            ("{} {}", None),
            ("{} {0}", None),
            ("{version}", None),
            ("{:>9}", None),
            ("}", None),
        ] {
            assert_eq!(filled(template, "1.0").as_deref(), expected, "{template}");
        }
    }
}
