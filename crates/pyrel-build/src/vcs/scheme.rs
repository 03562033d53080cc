//! Version schemes: the public part of a version, from the last tag and what came after.

use std::sync::LazyLock;

use pyrel_model::Version;
use regex::Regex;

use super::settings::Settings;
use super::state::{Date, State};
use crate::error::Plan;

/// A scheme of vcs-versioning that needs nothing but the state of the checkout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum VersionScheme {
    GuessNextDev,
    NoGuessDev,
    OnlyVersion,
    PostRelease,
    Semver,
    ReleaseBranchSemver,
    CalverByDate,
}

impl VersionScheme {
    /// Finds a scheme by its name, an old one too.
    pub(super) fn of_name(name: &str) -> Option<Self> {
        Some(match name {
            "guess-next-dev" => Self::GuessNextDev,
            "no-guess-dev" => Self::NoGuessDev,
            "only-version" => Self::OnlyVersion,
            "post-release" => Self::PostRelease,
            "semver-pep440" | "python-simplified-semver" => Self::Semver,
            "semver-pep440-release-branch" | "release-branch-semver" => Self::ReleaseBranchSemver,
            "calver-by-date" => Self::CalverByDate,
            _ => return None,
        })
    }

    /// Returns the public part of the version; `today` counts where the day of the commit is not known.
    pub(super) fn apply(self, state: &State, settings: &Settings, today: Date) -> Plan<String> {
        let public = public(&state.tag);
        let guessed = match self {
            Self::OnlyVersion => return Ok(public),
            _ if state.is_exact() => return Ok(public),
            Self::PostRelease => return Ok(format!("{public}.post{}", state.distance)),
            Self::GuessNextDev => next(&public, settings)?,
            Self::NoGuessDev => match without_dev(&public, settings)? {
                Some(version) => version,
                None if public.contains("post") => {
                    return Err(settings.step_back(format!("makes no post-release of one: `{public}`")));
                }
                None => format!("{public}.post1"),
            },
            Self::Semver => {
                let is_feature = state.branch.as_ref().is_some_and(|branch| branch.contains("feature"));
                next_semver(&state.tag, if is_feature { 2 } else { 3 }, settings)?
            }
            Self::ReleaseBranchSemver if is_release_branch(state, settings)? => next(&public, settings)?,
            Self::ReleaseBranchSemver => next_semver(&state.tag, 2, settings)?,
            Self::CalverByDate => {
                if let Some(version) = version_of_release_branch(state, settings)? {
                    return Ok(version);
                }
                next_by_date(&public, state.node_date.unwrap_or(today), settings)?
            }
        };
        Ok(format!("{guessed}.dev{}", state.distance))
    }
}

/// Returns a version without its local part, in normal form.
fn public(version: &Version) -> String {
    let normal = version.normalized();
    normal.split('+').next().unwrap_or_default().to_owned()
}

/// Takes `.dev0` off; other development releases are refused.
fn without_dev(version: &str, settings: &Settings) -> Plan<Option<String>> {
    match version.rsplit_once(".dev") {
        None => Ok(None),
        Some((prefix, "0")) => Ok(Some(prefix.to_owned())),
        Some(_) => Err(settings.step_back(format!("counts no development releases itself: `{version}`"))),
    }
}

/// Adds one to the last number.
pub(super) fn next(version: &str, settings: &Settings) -> Plan<String> {
    if let Some(version) = without_dev(version, settings)? {
        return Ok(version);
    }
    bumped(version).ok_or_else(|| settings.step_back(format!("finds no number to add to: `{version}`")))
}

/// Adds one to the number at the end.
fn bumped(version: &str) -> Option<String> {
    let prefix = version.trim_end_matches(|c: char| c.is_ascii_digit());
    let number: u64 = version[prefix.len()..].parse().ok()?;
    Some(format!("{prefix}{}", number.checked_add(1)?))
}

/// Returns the next version of three numbers, the first `retain` of which matter.
fn next_semver(tag: &Version, retain: usize, settings: &Settings) -> Plan<String> {
    let parsed = tag.as_pep440();
    let mut numbers = tag.release();
    if parsed.dev() != Some(0) {
        numbers.resize(retain, 0);
        let last = numbers.last_mut().and_then(|last| Some((last.checked_add(1)?, last)));
        let Some((next, last)) = last else {
            return Err(settings.step_back(format!("finds no number to add to: `{tag}`")));
        };
        *last = next;
    }
    while numbers.len() < 3 {
        numbers.push(0);
    }
    let numbers: Vec<String> = numbers.iter().map(u64::to_string).collect();
    let epoch = if parsed.epoch() == 0 { String::new() } else { format!("{}!", parsed.epoch()) };
    Ok(format!("{epoch}{}", numbers.join(".")))
}

/// Tells whether the branch is named after the first two numbers of the tag.
fn is_release_branch(state: &State, settings: &Settings) -> Plan<bool> {
    let Some(branch) = &state.branch else { return Ok(false) };
    let name = branch.rsplit('/').next().unwrap_or(branch);
    let Some((version, _)) = settings.version_in(name)? else { return Ok(false) };
    let version = version.strip_prefix('v').unwrap_or(version);
    let tag = public(&state.tag);
    Ok(version.split('.').take(2).eq(tag.split('.').take(2)))
}

static DATE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^(?P<date>[vV]?(?P<year>[0-9]{2}|[0-9]{4})\.(?P<month>[0-9]{1,2})\.(?P<day>[0-9]{1,2}))(?:\.(?P<patch>[0-9]*))?$")
        .expect("a constant expression")
});

/// Returns the version that a branch `release-…` is named after.
fn version_of_release_branch(state: &State, settings: &Settings) -> Plan<Option<String>> {
    let Some(branch) = state.branch.as_ref().filter(|branch| branch.starts_with("release-")) else {
        return Ok(None);
    };
    let name = branch.rsplit('-').next().unwrap_or(branch);
    let found = settings.version_in(name)?;
    Ok(found.map(|(version, _)| version.to_owned()).filter(|version| DATE.is_match(version)))
}

/// Returns the next version that is a date: of the same day the next patch, else that of the commit.
fn next_by_date(tag: &str, head: Date, settings: &Settings) -> Plan<String> {
    let found = DATE.captures(tag);
    let number = |name: &str| found.as_ref()?.name(name)?.as_str().parse::<u64>().ok();
    let has_short_year = found.as_ref().is_none_or(|found| found["year"].len() != 4);
    let mut patch = 0;
    if let (Some(year), Some(month), Some(day)) = (number("year"), number("month"), number("day")) {
        let year = match (has_short_year, year) {
            (true, 69..) => year + 1900,
            (true, _) => year + 2000,
            (false, _) => year,
        };
        let date = Date(year, month, day);
        if !date.exists() || year == 0 {
            return Err(settings.step_back(format!("finds no day of the calendar in `{tag}`")));
        }
        if date == head {
            patch = number("patch").unwrap_or(0) + 1;
        }
    }
    let year = if has_short_year { head.0 % 100 } else { head.0 };
    Ok(format!("{year}.{}.{}.{patch}", head.1, head.2))
}
