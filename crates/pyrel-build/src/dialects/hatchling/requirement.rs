//! Requirements as hatchling prints them, and extras that name other extras of the same project.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use pyrel_model::Requirement;
use pyrel_model::name::normalize as normalize_name;
use pyrel_model::pyproject::{Project, TableReader};
use pyrel_model::requirement::SpecifierSet;

use super::super::Subject;
use super::context::{Gap, fill_in};
use super::settings::Settings;
use crate::detector::option;
use crate::error::{Plan, Stop};
use crate::metadata::is_exotic;

/// Requirements by the name of their extra, all sorted.
pub(super) type Extras = BTreeMap<String, BTreeSet<String>>;

/// Prints the requirements of a project.
pub(super) struct Printer<'a> {
    subject: &'a Subject<'a>,
    table: TableReader<'a>,
    allows_direct: bool,
    allows_ambiguous: bool,
}

impl<'a> Printer<'a> {
    pub(super) fn new(subject: &'a Subject<'a>, settings: &Settings<'_>) -> Plan<Self> {
        let metadata = settings.table("tool.hatch.metadata");
        let flag = |key: &str| match &metadata {
            Some(metadata) => Ok(metadata.boolean(key)?.unwrap_or(false)),
            None => Plan::Ok(false),
        };
        let allows_ambiguous = flag("allow-ambiguous-features")?;
        let allows_direct = flag("allow-direct-references")?;
        Ok(Self { subject, table: subject.project_table(), allows_direct, allows_ambiguous })
    }

    /// Returns the requirements that no extra asks for.
    pub(super) fn dependencies(&self, project: &Project) -> Plan<BTreeSet<String>> {
        project.dependencies.iter().map(|requirement| self.print(requirement, "dependencies")).collect()
    }

    /// Returns extras by normal name, those that name other extras of the project filled with their requirements.
    pub(super) fn extras(&self, project: &Project) -> Plan<Extras> {
        let key = "optional-dependencies";
        let mut extras = Extras::new();
        let mut inherited: Extras = BTreeMap::new();
        for (written, requirements) in &project.optional_dependencies {
            let extra = normalize_name(written);
            if self.allows_ambiguous && extra != *written {
                let reason = format!("names an extra that is kept as it is written: `{written}`");
                return Err(option(&self.table, key, reason));
            }
            let mut printed = BTreeSet::new();
            for requirement in requirements {
                let line = self.print(requirement, key)?;
                if requirement.name == project.name {
                    let others = requirement.extras.iter().map(|other| normalize_name(other));
                    inherited.entry(extra.clone()).or_default().extend(others);
                } else {
                    printed.insert(line);
                }
            }
            if extras.insert(extra, printed).is_some() {
                let message = format!("names an extra twice (compared in normal form): `{written}`");
                return Err(self.table.fault(key, &message).into());
            }
        }
        for extra in inherited.keys() {
            let mut path = Vec::new();
            inherit(extra, &inherited, &mut extras, &mut path)
                .map_err(|message| Stop::from(self.table.fault(key, &message)))?;
        }
        Ok(extras)
    }

    /// Prints a requirement: normal names, lower-case specifiers, single quotes.
    fn print(&self, requirement: &Requirement, key: &str) -> Plan<String> {
        let written = requirement.as_written();
        let requirement = self.filled_in(requirement, key)?;
        if is_exotic(&requirement.specifiers) {
            let reason = format!("has comparisons that are printed by rules of their own: `{written}`");
            return Err(option(&self.table, key, reason));
        }
        if requirement.url.is_some() && !self.allows_direct {
            let mut fault = *self.table.fault(key, &format!("holds a direct reference: `{written}`"));
            fault.hint = Some(
                "set `allow-direct-references = true` in `[tool.hatch.metadata]`, or name a version"
                    .to_owned(),
            );
            return Err(Box::new(fault).into());
        }
        let extras: BTreeSet<String> = requirement.extras.iter().map(|extra| normalize_name(extra)).collect();
        let mut out = requirement.name.normalized().to_owned();
        if !extras.is_empty() {
            let _ = write!(out, "[{}]", extras.into_iter().collect::<Vec<_>>().join(","));
        }
        match &requirement.url {
            Some(url) => {
                let _ = write!(out, " @ {url}");
            }
            None => out.push_str(&lower_case(&requirement.specifiers)),
        }
        if let Some(marker) = &requirement.marker {
            out.push_str(if requirement.url.is_some() { " ; " } else { "; " });
            out.push_str(&marker.to_string());
        }
        Ok(out.replace('"', "'"))
    }

    /// Fills in fields.
    fn filled_in<'r>(&self, requirement: &'r Requirement, key: &str) -> Plan<Cow<'r, Requirement>> {
        let written = requirement.as_written();
        if !written.contains(['{', '}']) {
            return Ok(Cow::Borrowed(requirement));
        }
        let filled = fill_in(self.subject, written).map_err(|gap| match gap {
            Gap::Unknown(reason) => option(&self.table, key, format!("{reason}: `{written}`")),
            Gap::Unset(name) => {
                let message = format!("asks for a variable that is not set: `{name}`");
                let mut fault = *self.table.fault(key, &message);
                fault.hint = Some(format!("set `{name}`, or write a default: `{{env:{name}:…}}`"));
                Box::new(fault).into()
            }
        })?;
        let parsed = filled.parse::<Requirement>();
        parsed.map(Cow::Owned).map_err(|error| self.table.fault(key, &format!("is wrong: {error}")).into())
    }
}

fn lower_case(specifiers: &SpecifierSet) -> String {
    let mut parts: Vec<String> =
        specifiers.specifiers().iter().map(|specifier| specifier.to_string().to_lowercase()).collect();
    parts.sort();
    parts.dedup();
    parts.join(",")
}

fn inherit(
    extra: &str,
    inherited: &Extras,
    extras: &mut Extras,
    path: &mut Vec<String>,
) -> Result<(), String> {
    if path.iter().any(|seen| seen == extra) {
        return Err(format!("has extras that name each other in a circle: `{}`", path.join("` → `")));
    }
    path.push(extra.to_owned());
    for other in inherited.get(extra).into_iter().flatten() {
        inherit(other, inherited, extras, path)?;
        let requirements =
            extras.get(other).cloned().ok_or_else(|| format!("names an unknown extra: `{other}`"))?;
        extras.entry(extra.to_owned()).or_default().extend(requirements);
    }
    path.pop();
    Ok(())
}
