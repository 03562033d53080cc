//! Which versions of Python a project supports, and what follows from it: tag, classifiers, `Requires-Python`.

use pyrel_model::pyproject::TableReader;
use pyrel_model::tag::TagSet;

use super::super::Subject;
use super::constraint::{Purpose, parse};
use super::range::Set;
use crate::detector::option;
use crate::error::Plan;

const CLASSIFIER: &str = "Programming Language :: Python";
/// The versions that get a classifier, in order.
const VERSIONS: [&str; 15] = [
    "2", "2.7", "3", "3.4", "3.5", "3.6", "3.7", "3.8", "3.9", "3.10", "3.11", "3.12", "3.13", "3.14", "3.15",
];
/// The minor versions that a union is printed by.
const MINORS: [&str; 17] = [
    "2.7", "3.0", "3.1", "3.2", "3.3", "3.4", "3.5", "3.6", "3.7", "3.8", "3.9", "3.10", "3.11", "3.12",
    "3.13", "3.14", "3.15",
];
/// What is supported where nothing is said.
const DEFAULT: &str = "~2.7 || >=3.4";

/// What a project says about Python.
pub(super) struct Python {
    /// The value of `Requires-Python`.
    pub(super) requires: Option<String>,
    supported: Set,
}

fn known(text: &str) -> Set {
    parse(text, Purpose::Marker).expect("a constant constraint")
}

impl Python {
    pub(super) fn read(subject: &Subject<'_>, poetry: &TableReader<'_>) -> Plan<Self> {
        let stated = match subject.pyproject.project() {
            Some(_) => subject.project_table().string("requires-python")?.filter(|text| *text != "*"),
            None => None,
        };
        let odd = || option(&subject.project_table(), "requires-python", "has a form that is not reproduced");
        let stated = stated.map(|text| Some((text, not_empty(text)?))).map(|found| found.ok_or_else(odd));
        let stated = stated.transpose()?;
        let table = poetry.subtable("dependencies")?;
        let table = table.map(|table| subject.pyproject.reader("tool.poetry.dependencies", table));
        let own = match &table {
            Some(table) => of_poetry(table)?.map(|found| (table, found)),
            None => None,
        };
        match (stated, own) {
            (None, None) => Ok(Self { requires: None, supported: known(DEFAULT) }),
            (Some((text, outer)), None) => Ok(Self { requires: Some(text.to_owned()), supported: outer }),
            (None, Some((_, ("*", supported)))) => Ok(Self { requires: None, supported }),
            (None, Some((_, (_, supported)))) => Ok(Self { requires: Some(printed(&supported)), supported }),
            (Some((text, outer)), Some((table, (own, supported)))) => {
                if own == "*" || !outer.allows_all(&supported) {
                    let reason = "is no part of `project.requires-python`, which poetry-core refuses";
                    return Err(option(table, "python", reason));
                }
                Ok(Self { requires: Some(text.to_owned()), supported })
            }
        }
    }

    /// `py3`, and `py2` before it when some version of Python 2 is supported.
    pub(super) fn tags(&self) -> TagSet {
        let two = parse(">=2.0.0 <3.0.0", Purpose::Project).expect("a constant constraint");
        let text = if self.supported.allows_any(&two) { "py2.py3-none-any" } else { "py3-none-any" };
        text.parse().expect("a constant tag")
    }

    /// Returns a classifier for each supported version, in order.
    pub(super) fn classifiers(&self) -> Vec<String> {
        let allows = |version: &&str| {
            let star = if version.len() == 1 { ".*" } else { "" };
            self.supported.allows_any(&known(&format!("{version}{star}")))
        };
        VERSIONS.into_iter().filter(allows).map(|version| format!("{CLASSIFIER} :: {version}")).collect()
    }
}

fn not_empty(text: &str) -> Option<Set> {
    parse(text, Purpose::Marker).filter(|set| !set.is_empty())
}

/// Reads `python` of the dependencies.
fn of_poetry<'a>(table: &TableReader<'a>) -> Plan<Option<(&'a str, Set)>> {
    let mut keys = table.table().iter().map(|(key, _)| key).filter(|key| key.to_lowercase() == "python");
    let Some(key) = keys.next() else { return Ok(None) };
    let odd = || option(table, key, "has a form that is not reproduced");
    if key != "python" || keys.next().is_some() {
        return Err(odd());
    }
    let text = table.string(key)?.ok_or_else(odd)?;
    let supported = if text == "*" { Some(known(DEFAULT)) } else { not_empty(text) };
    Ok(Some((text, supported.ok_or_else(odd)?)))
}

/// Prints what is supported as specifiers: the lowest minor version, and those that are left out.
fn printed(supported: &Set) -> String {
    let mut set = supported.clone();
    if let [only] = &supported.0[..]
        && let Some(version) = only.version()
    {
        let release: Vec<String> = version.release.iter().map(u64::to_string).collect();
        match &release[..] {
            [major] => set = parse(&format!("^{major}.0"), Purpose::Project).unwrap_or(set),
            [major, minor] => set = parse(&format!("~{major}.{minor}"), Purpose::Project).unwrap_or(set),
            _ => return format!("=={version}"),
        }
    }
    if !set.is_union() {
        return set.print();
    }
    let allows = |minor: &str| {
        let one = parse(&format!("{minor}.*"), Purpose::Project).expect("a constant constraint");
        set.allows_any(&one)
    };
    let low = match MINORS.into_iter().find(|minor| allows(minor)) {
        Some(minor) => Some(minor.to_owned()),
        None => set.0.first().and_then(|range| range.min.as_ref()).map(|min| {
            let parts: Vec<String> = min.release.iter().take(2).map(u64::to_string).collect();
            parts.join(".")
        }),
    };
    let excluded = MINORS.into_iter().filter(|minor| !allows(minor)).map(|minor| format!("!={minor}.*"));
    let low = low.map(|low| format!(">={low}"));
    low.into_iter().chain(excluded).collect::<Vec<_>>().join(", ")
}
