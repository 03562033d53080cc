//! Local schemes: what stands behind the `+` of a version.

use super::settings::Settings;
use super::state::{Date, State};
use crate::error::Plan;

/// A local scheme of vcs-versioning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LocalScheme {
    NodeAndDate,
    NodeAndTimestamp,
    DirtyTag,
    NoLocalVersion,
    FailOnUncommittedChanges,
    NoLocalVersionStrict,
}

impl LocalScheme {
    /// Finds a scheme by its name.
    pub(super) fn of_name(name: &str) -> Option<Self> {
        Some(match name {
            "node-and-date" => Self::NodeAndDate,
            "node-and-timestamp" => Self::NodeAndTimestamp,
            "dirty-tag" => Self::DirtyTag,
            "no-local-version" => Self::NoLocalVersion,
            "fail-on-uncommitted-changes" => Self::FailOnUncommittedChanges,
            "no-local-version-strict" => Self::NoLocalVersionStrict,
            _ => return None,
        })
    }

    /// Returns the local part; `None` where the next scheme has to say it. `now` is in seconds since 1970.
    fn apply(self, state: &State, settings: &Settings, now: u64) -> Plan<Option<String>> {
        let text = match self {
            Self::FailOnUncommittedChanges | Self::NoLocalVersionStrict if state.dirty => {
                return Err(settings.step_back("refuses changes that are not committed"));
            }
            Self::FailOnUncommittedChanges => return Ok(None),
            Self::NoLocalVersion | Self::NoLocalVersionStrict => String::new(),
            Self::DirtyTag => if state.dirty { "+dirty" } else { "" }.to_owned(),
            Self::NodeAndDate => node_and(state, &Date::of(now).compact()),
            Self::NodeAndTimestamp => {
                let second = now % 86_400;
                let time = format!("{:02}{:02}{:02}", second / 3600, second / 60 % 60, second % 60);
                node_and(state, &format!("{}{time}", Date::of(now).compact()))
            }
        };
        Ok(Some(text))
    }
}

fn node_and(state: &State, time: &str) -> String {
    match (state.short_node().filter(|_| !state.is_exact()), state.dirty) {
        (None, false) => String::new(),
        (None, true) => format!("+d{time}"),
        (Some(node), false) => format!("+{node}"),
        (Some(node), true) => format!("+{node}.d{time}"),
    }
}

/// Returns the local part that the first scheme gives which gives one.
pub(super) fn local_part(state: &State, settings: &Settings, now: u64) -> Plan<String> {
    for scheme in &settings.local_schemes {
        if let Some(text) = scheme.apply(state, settings, now)? {
            return Ok(text);
        }
    }
    Ok("+unknown".to_owned())
}

/// Joins a version with local parts, each segment once.
pub(super) fn joined(version: &str, parts: &[&str]) -> String {
    let (public, own) = version.split_once('+').unwrap_or((version, ""));
    let mut segments: Vec<&str> = own.split('.').filter(|_| !own.is_empty()).collect();
    for part in parts {
        for segment in part.trim_matches('+').split('.').filter(|segment| !segment.is_empty()) {
            if !segments.contains(&segment) {
                segments.push(segment);
            }
        }
    }
    if segments.is_empty() { public.to_owned() } else { format!("{public}+{}", segments.join(".")) }
}
