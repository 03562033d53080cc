//! Versions that variables give in the place of the checkout's.

use std::collections::BTreeMap;

use pyrel_model::PackageName;

use super::settings::Settings;
use crate::error::Plan;

const TOOLS: [&str; 2] = ["SETUPTOOLS_SCM", "VCS_VERSIONING"];
/// Variables of the library that change no version.
const HARMLESS: [&str; 4] = ["DEBUG", "SUBPROCESS_TIMEOUT", "HG_COMMAND", "DISABLE_JJ"];

/// Returns the version that the variables give.
///
/// # Errors
/// Steps back for other variables of the library, and for names that it would take for the project's.
pub(super) fn pretended<'a>(
    variables: &'a BTreeMap<String, String>,
    settings: &Settings,
) -> Plan<Option<&'a str>> {
    for (tool, name) in variables.keys().filter_map(|name| split(name)) {
        if !name.starts_with("PRETEND_VERSION") && !HARMLESS.contains(&name) {
            return Err(settings.step_back(format!("is changed by the variable `{tool}_{name}`")));
        }
    }
    let suffix = settings.dist_name.as_ref().map(|name| normal(name).replace('-', "_").to_uppercase());
    let named =
        suffix.iter().flat_map(|suffix| TOOLS.map(|tool| format!("{tool}_PRETEND_VERSION_FOR_{suffix}")));
    let candidates: Vec<String> = named.chain(TOOLS.map(|tool| format!("{tool}_PRETEND_VERSION"))).collect();
    if let Some(found) = candidates.iter().find_map(|name| variables.get(name)) {
        return Ok(Some(found.as_str()).filter(|text| !text.is_empty()));
    }
    let other_spelling = variables.keys().find(|name| {
        let meant = split(name).and_then(|(_, name)| name.strip_prefix("PRETEND_VERSION_FOR_"));
        meant.is_some_and(|meant| settings.dist_name.as_ref().is_some_and(|own| normal(meant) == normal(own)))
    });
    match other_spelling {
        None => Ok(None),
        Some(name) => Err(settings.step_back(format!("is changed by the variable `{name}`"))),
    }
}

/// Returns the variable by which the library passes over checkouts when it lists files.
pub(crate) fn ignored_roots(variables: &BTreeMap<String, String>) -> Option<&String> {
    variables.keys().find(|name| split(name).is_some_and(|(_, name)| name.starts_with("IGNORE_VCS_ROOTS")))
}

fn split(name: &str) -> Option<(&'static str, &str)> {
    TOOLS.into_iter().find_map(|tool| Some((tool, name.strip_prefix(tool)?.strip_prefix('_')?)))
}

fn normal(name: &str) -> String {
    name.parse::<PackageName>().map_or_else(|_| name.to_lowercase(), |name| name.normalized().to_owned())
}
