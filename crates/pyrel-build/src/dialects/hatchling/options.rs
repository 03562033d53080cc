//! Options of one target: the target's own table first, then `[tool.hatch.build]`.

use pyrel_model::pyproject::TableReader;

use super::settings::Settings;
use crate::error::Plan;

const BUILD: &str = "tool.hatch.build";

/// What is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Sdist,
    Wheel,
}

impl Kind {
    /// Returns the name of the target's table.
    pub(super) fn table(self) -> &'static str {
        match self {
            Self::Sdist => "tool.hatch.build.targets.sdist",
            Self::Wheel => "tool.hatch.build.targets.wheel",
        }
    }
}

/// The two tables that an option of a target may stand in.
pub(super) struct Options<'a> {
    /// The target's own table, in which some options alone may stand.
    pub(super) target: Option<TableReader<'a>>,
    build: Option<TableReader<'a>>,
}

impl<'a> Options<'a> {
    pub(super) fn new(settings: &'a Settings<'_>, kind: Kind) -> Self {
        Self { target: settings.table(kind.table()), build: settings.table(BUILD) }
    }

    /// Returns the table that decides about a key, if either has it.
    pub(super) fn table(&self, key: &str) -> Option<TableReader<'a>> {
        [self.target, self.build].into_iter().flatten().find(|table| table.get(key).is_some())
    }

    /// Returns a list of strings that are not empty; `None` when the key is absent.
    pub(super) fn strings(&self, key: &str) -> Plan<Option<Vec<&'a str>>> {
        let Some(table) = self.table(key) else { return Ok(None) };
        let list = table.strings(key)?.unwrap_or_default();
        if list.iter().any(|text| text.is_empty()) {
            return Err(table.fault(key, "may not hold an empty string").into());
        }
        Ok(Some(list))
    }

    /// Returns a switch.
    pub(super) fn flag(&self, key: &str, default: bool) -> Plan<bool> {
        match self.table(key) {
            Some(table) => Ok(table.boolean(key)?.unwrap_or(default)),
            None => Ok(default),
        }
    }

    /// Returns a table of strings in file order.
    pub(super) fn pairs(&self, key: &str) -> Plan<Vec<(&'a str, &'a str)>> {
        match self.table(key) {
            Some(table) => Ok(table.string_table(key)?.unwrap_or_default()),
            None => Ok(Vec::new()),
        }
    }
}
