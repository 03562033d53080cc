//! Options of one target: the target's own table first, then `[tool.hatch.build]`.

use pyrel_model::PyProject;
use pyrel_model::pyproject::TableReader;
use toml_edit::TableLike;

use crate::error::Plan;

const BUILD: &str = "tool.hatch.build";
const WHEEL: &str = "tool.hatch.build.targets.wheel";
const SDIST: &str = "tool.hatch.build.targets.sdist";

/// The two tables that an option of a target may stand in.
pub(super) struct Options<'a> {
    target: Option<TableReader<'a>>,
    build: Option<TableReader<'a>>,
}

impl<'a> Options<'a> {
    pub(super) fn sdist(pyproject: &'a PyProject) -> Self {
        Self::new(pyproject, SDIST, "sdist")
    }

    pub(super) fn wheel(pyproject: &'a PyProject) -> Self {
        Self::new(pyproject, WHEEL, "wheel")
    }

    fn new(pyproject: &'a PyProject, name: &'static str, target: &str) -> Self {
        let reader =
            |name, table: Option<&'a dyn TableLike>| table.map(|table| pyproject.reader(name, table));
        Self {
            target: reader(name, pyproject.tool(&["hatch", "build", "targets", target])),
            build: reader(BUILD, pyproject.tool(&["hatch", "build"])),
        }
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

    /// Returns a switch that is off unless given.
    pub(super) fn flag(&self, key: &str) -> Plan<bool> {
        match self.table(key) {
            Some(table) => Ok(table.boolean(key)?.unwrap_or(false)),
            None => Ok(false),
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
