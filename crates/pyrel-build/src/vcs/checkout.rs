//! What git says about a checkout.

use std::path::Path;

use pyrel_project::{Git, GitError, ProcessError};

use super::settings::Settings;
use super::state::{Date, State};
use crate::detector;
use crate::error::Plan;

/// The usual question, but for the pattern of tags.
const DESCRIBE: [&str; 6] = ["describe", "--dirty", "--tags", "--long", "--abbrev=40", "--match"];

/// Opens the repository whose top a folder is.
pub(crate) fn open(top: &Path) -> Plan<Git> {
    match Git::discover(top) {
        Some(git) if git.top_level() == top => Ok(git),
        _ => Err(refused(top, "is the top of no repository")),
    }
}

/// Asks git; `None` when it answers by failing.
///
/// # Errors
/// Steps back where git is missing, or does not trust the repository, or prints what is no UTF-8.
pub(crate) fn ask(git: &Git, arguments: &[&str]) -> Plan<Option<String>> {
    match git.text(arguments) {
        Ok(text) if text.contains('\u{fffd}') => {
            Err(refused(git.top_level(), "has names that are not UTF-8"))
        }
        Ok(text) => Ok(Some(text.trim().to_owned())),
        Err(GitError::Failed(ProcessError::Failed { .. })) => Ok(None),
        Err(error) => Err(refused(git.top_level(), &format!("gives no answers: {error}"))),
    }
}

fn refused(top: &Path, reason: &str) -> crate::error::Stop {
    detector::file(&top.join(".git"), ".git", reason)
}

/// Describes the checkout at `top`, as its library does.
pub(super) fn describe(top: &Path, settings: &Settings) -> Plan<State> {
    let git = open(top)?;
    if settings.minds_shallow && top.join(".git").join("shallow").is_file() {
        return Err(settings.step_back("does something about shallow clones"));
    }
    if settings.minds_submodules && top.join(".gitmodules").exists() {
        return Err(settings.step_back("looks after submodules"));
    }
    let glob = settings.tag.glob();
    let arguments = match &settings.describe {
        Some(own) => own.iter().map(String::as_str).collect(),
        None => [&DESCRIBE[..], &[glob.as_str()]].concat(),
    };
    let mut state = match ask(&git, &arguments)? {
        Some(description) => of_description(&description, settings)?,
        None => without_tag(&git, settings)?,
    };
    state.branch = branch(&git)?;
    let time = ask(&git, &["-c", "log.showSignature=false", "log", "-n", "1", "HEAD", "--format=%ct"])?;
    state.node_date = time.and_then(|time| time.parse().ok()).map(Date::of);
    Ok(state)
}

/// Reads what `git describe` prints: a tag, or `<tag>-<distance>-g<node>`, and perhaps `-dirty`.
pub(super) fn of_description(text: &str, settings: &Settings) -> Plan<State> {
    let (text, dirty) = match text.strip_suffix("-dirty") {
        Some(clean) => (clean, true),
        None => (text, false),
    };
    let (tag, distance, node) = match split(text) {
        Some((tag, distance, node)) => (tag, distance, Some(node.to_owned())),
        None => (text, 0, None),
    };
    let Some(tag_version) = settings.version_of_tag(tag)? else {
        return Err(settings.step_back(format!("finds no version in the tag `{tag}`")));
    };
    Ok(State { distance, node, dirty, ..State::of_tag(tag_version) })
}

fn split(text: &str) -> Option<(&str, u64, &str)> {
    let (rest, node) = text.rsplit_once('-')?;
    let (tag, distance) = rest.rsplit_once('-')?;
    let is_hash = |text: &str| {
        !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
    };
    let is_number = !distance.is_empty() && distance.bytes().all(|byte| byte.is_ascii_digit());
    let fits = !tag.is_empty() && is_number && node.strip_prefix('g').is_some_and(is_hash);
    Some((tag, distance.parse().ok()?, node)).filter(|_| fits)
}

/// Counts all commits where no tag describes the last one.
fn without_tag(git: &Git, settings: &Settings) -> Plan<State> {
    let tag = settings.fallback_version.as_deref().filter(|text| !text.is_empty()).unwrap_or("0.0");
    let Ok(tag) = tag.parse() else {
        return Err(settings.step_back(format!("has a fallback version that is none: `{tag}`")));
    };
    let Some(node) = ask(git, &["rev-parse", "--verify", "--quiet", "HEAD"])? else {
        return Err(refused(git.top_level(), "has no commit"));
    };
    let count = ask(git, &["rev-list", "--count", "HEAD"])?.and_then(|count| count.parse().ok());
    let status = ask(git, &["status", "--porcelain", "--untracked-files=no"])?;
    match (count, status) {
        (Some(distance), Some(status)) => Ok(State {
            distance,
            node: Some(format!("g{node}")),
            dirty: !status.is_empty(),
            ..State::of_tag(tag)
        }),
        _ => Err(refused(git.top_level(), "does not tell its history")),
    }
}

fn branch(git: &Git) -> Plan<Option<String>> {
    let name = ask(git, &["rev-parse", "--abbrev-ref", "HEAD"])?.filter(|name| !name.is_empty());
    match name {
        Some(name) => Ok(Some(name)),
        None => ask(git, &["symbolic-ref", "--short", "HEAD"]),
    }
}
