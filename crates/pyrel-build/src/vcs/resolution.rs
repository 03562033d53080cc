//! The version of a project, from wherever it is told.

use pyrel_model::Version;

use super::checkout::describe;
use super::discovery::{Workdir, discover};
use super::leftover::file_list;
use super::local::{joined, local_part};
use super::pretence::pretended;
use super::settings::Settings;
use super::state::{Date, State};
use crate::dialects::Subject;
use crate::error::Plan;
use crate::tree::Tree;

/// A version, and what is known about the commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Resolved {
    /// The spelling that the library computes, which version files hold.
    pub(crate) text: String,
    /// The version.
    pub(crate) version: Version,
    /// The commit as version files show it: `g` and nine digits.
    pub(crate) node: Option<String>,
    /// The text of `scm_version.json`, where git was asked.
    pub(crate) record: Option<String>,
}

/// Finds the version of a project by its settings: in the variables, in the checkout, in what is left of one.
///
/// In a tree in memory, which is an sdist unpacked somewhere, there is no checkout.
///
/// # Errors
/// Steps back for what is not reproduced, and where the library finds no version.
pub(crate) fn resolve(subject: &Subject<'_>, tree: &Tree, settings: &Settings) -> Plan<Resolved> {
    let now = subject.request.source_date;
    if let Some(text) = pretended(subject.variables(), settings)? {
        return match State::preformatted(text) {
            Some(state) => finished(&state, settings, now),
            None => Err(settings.step_back(format!("gets a version from a variable that is none: `{text}`"))),
        };
    }
    let state = match discover(subject, tree, settings)? {
        None => return Err(settings.step_back("finds no version: there is no checkout, and no constant")),
        Some(Workdir::Checkout(top)) => describe(&top, settings)?,
        Some(Workdir::Record { state, .. }) => state,
        Some(Workdir::Archive(state) | Workdir::PackageInfo(state) | Workdir::Constant(state)) => state,
    };
    finished(&state, settings, now)
}

fn finished(state: &State, settings: &Settings, now: u64) -> Plan<Resolved> {
    let text = formatted(state, settings, now)?;
    let version = text.parse::<Version>().ok().filter(|_| !text.contains(char::is_whitespace));
    let Some(version) = version else {
        return Err(settings.step_back(format!("computes a version that is none: `{text}`")));
    };
    Ok(Resolved { text, version, node: state.short_node(), record: state.record() })
}

/// Applies the schemes; `now` is in seconds since 1970.
pub(super) fn formatted(state: &State, settings: &Settings, now: u64) -> Plan<String> {
    if let Some(text) = &state.preformatted {
        return Ok(text.clone());
    }
    let public = settings.version_scheme.apply(state, settings, Date::of(now))?;
    let tag = state.tag.normalized();
    let own = tag.split_once('+').map_or("", |(_, local)| local);
    let local = local_part(state, settings, now)?;
    Ok(joined(&public, &[own, &local]))
}

impl Resolved {
    /// Returns the files that setuptools-scm puts into the folder `*.egg-info`: name and text.
    pub(crate) fn records(&self, tracked: Option<&[String]>) -> Vec<(String, String)> {
        let record = self.record.iter().map(|text| ("scm_version.json".to_owned(), text.clone()));
        let list = tracked.map(|files| ("scm_file_list.json".to_owned(), file_list(files)));
        record.chain(list).collect()
    }
}

#[cfg(test)]
mod tests {
    use pyrel_model::{Location, PyProject};

    use super::*;
    use crate::vcs::checkout::of_description;
    use crate::vcs::version_file::{VersionFile, version_file};
    use crate::vcs::{Settings, Spelling};

    /// 2026-01-02 03:04:05 UTC
    const NOW: u64 = 1_767_323_045;

    fn settings(version_scheme: &str, local_scheme: &str) -> Settings {
        let locals: Vec<String> = local_scheme.split(',').map(|name| format!("\"{name}\"")).collect();
        let text = format!(
            "[tool.x]\nversion_scheme = \"{version_scheme}\"\nlocal_scheme = [{}]\n",
            locals.join(", ")
        );
        let path = std::path::Path::new("pyproject.toml");
        let pyproject = PyProject::parse(path, &text).unwrap();
        let table = pyproject.reader("tool.x", pyproject.tool(&["x"]).unwrap());
        Settings::read(&table, Spelling::Table).unwrap()
    }

    fn version(describe: &str, branch: &str, settings: &Settings) -> Plan<Resolved> {
        let state = of_description(describe, settings)?;
        let state = State { branch: Some(branch.to_owned()), node_date: Some(Date(2026, 1, 1)), ..state };
        finished(&state, settings, NOW)
    }

    /// The expected versions are those of setuptools-scm 10.3.4 itself: `tests/parity/versions.py` asks it, and says how
    /// the lines are to be read.
    #[test]
    fn versions_are_those_of_the_library() {
        let mut differences = Vec::new();
        let lines = include_str!("../../tests/data/versions.txt").lines();
        let count = lines.clone().count();
        for line in lines {
            let fields: Vec<&str> = line.split('|').map(str::trim).collect();
            let [describe, branch, scheme, local, expected, tuple] = fields[..] else { panic!("{line}") };
            let settings = settings(scheme, local);
            let (found, parts) = match version(describe, branch, &settings) {
                Err(_) => ("error".to_owned(), String::new()),
                Ok(resolved) => {
                    let template = Some("{version_tuple}".to_owned());
                    let file = VersionFile { path: "x".to_owned(), template };
                    let parts = version_file(&file, &resolved.text, None, &settings).unwrap();
                    (resolved.text, parts)
                }
            };
            if (found.as_str(), parts.as_str()) != (expected, tuple) {
                differences.push(format!("{line}: {found} {parts}"));
            }
        }
        assert!(count > 700, "{count}");
        assert_eq!(differences, Vec::<String>::new());
    }

    #[test]
    fn an_archive_of_git_may_have_no_day() {
        let place = Location::of_file(std::path::Path::new("pyproject.toml"));
        let settings = Settings::defaults("tool.x", place, Spelling::Table);
        let state = of_description("v1.0-2-gab", &settings).unwrap();
        assert_eq!(formatted(&state, &settings, NOW).unwrap(), "1.1.dev2+gab");
    }
}
