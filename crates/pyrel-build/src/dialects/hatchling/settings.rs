//! hatch's settings: `[tool.hatch]`, each key of which a file `hatch.toml` beside it replaces.

use std::path::PathBuf;

use pyrel_model::PyProject;
use pyrel_model::pyproject::{TableReader, parse_toml};
use toml_edit::{Document, Item, TableLike};

use crate::detector;
use crate::error::Plan;
use crate::tree::Tree;

/// The name of hatch's own file.
pub(super) const FILE: &str = "hatch.toml";

/// What every name of a table begins with.
const ROOT: &str = "tool.hatch";

/// The two places that settings come from.
pub(super) struct Settings<'a> {
    pyproject: &'a PyProject,
    file: Option<HatchFile>,
}

struct HatchFile {
    path: PathBuf,
    document: Document<String>,
}

impl<'a> Settings<'a> {
    /// Reads `hatch.toml`, if it is there.
    pub(super) fn read(pyproject: &'a PyProject, tree: &Tree) -> Plan<Self> {
        let root = pyproject.reader("", pyproject.root());
        if let Some(tool) = root.subtable("tool")? {
            pyproject.reader("tool", tool).subtable("hatch")?;
        }
        let file = if tree.is_file(FILE) { Some(HatchFile::read(tree)?) } else { None };
        Ok(Self { pyproject, file })
    }

    /// Returns the tables at the top, that of `hatch.toml` first.
    pub(super) fn roots(&self) -> Vec<TableReader<'_>> {
        let file = self.file.as_ref().map(HatchFile::root);
        let tool = self.pyproject.tool(&["hatch"]).map(|table| self.pyproject.reader(ROOT, table));
        file.into_iter().chain(tool).collect()
    }

    /// Returns a table right below the top, which must be one if it is there.
    pub(super) fn section(&self, key: &str) -> Plan<Option<&dyn TableLike>> {
        match self.roots().into_iter().find(|root| root.get(key).is_some()) {
            Some(root) => Ok(root.subtable(key)?),
            None => Ok(None),
        }
    }

    /// Returns the table of a name such as `tool.hatch.build.targets`, if it is there.
    pub(super) fn table(&self, name: &'static str) -> Option<TableReader<'_>> {
        let keys = name.strip_prefix(ROOT).map(|keys| keys.trim_start_matches('.'));
        let keys = keys.expect("all settings of hatch are below one table");
        let first = keys.split('.').next().unwrap_or_default();
        if let Some(file) = &self.file
            && file.root().get(first).is_some()
        {
            return descend(file.document.as_table(), keys)
                .map(|table| TableReader::new(&file.path, file.document.raw(), keys, table));
        }
        let table = descend(self.pyproject.tool(&["hatch"])?, keys)?;
        Some(self.pyproject.reader(name, table))
    }
}

impl HatchFile {
    fn read(tree: &Tree) -> Plan<Self> {
        let path = tree.display_path(FILE);
        let text = tree.read_text(FILE)?;
        if text.starts_with('\u{feff}') {
            return Err(detector::file(&path, FILE, "begins with a byte order mark"));
        }
        let document = parse_toml(&path, &text)?;
        Ok(Self { path, document })
    }

    fn root(&self) -> TableReader<'_> {
        TableReader::new(&self.path, self.document.raw(), "", self.document.as_table())
    }
}

fn descend<'t>(table: &'t dyn TableLike, keys: &str) -> Option<&'t dyn TableLike> {
    let mut table = table;
    for key in keys.split('.') {
        table = table.get(key).and_then(Item::as_table_like)?;
    }
    Some(table)
}
