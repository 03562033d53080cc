//! `[package.NAME]`: what differs for one package.

use std::collections::BTreeMap;

use pyrel_model::pyproject::TableReader;
use pyrel_model::{Diagnostic, Location};

/// Overrides for one package.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PackageConfig {
    /// `publish`; false keeps the package from every index.
    pub publish: Option<bool>,
    /// `verify`: commands run in the environment that the package was installed into.
    pub verify: Vec<String>,
    /// `test`: the command that runs the package's own tests.
    pub test: Option<String>,
    /// `version-files`: more files that the version is written in, relative to the package.
    pub version_files: Vec<String>,
    /// `[package.NAME.check]`: levels of rules for this package, as in `[check]`.
    pub check: BTreeMap<String, String>,
    /// Where each of these levels is written.
    pub check_locations: BTreeMap<String, Location>,
}

impl PackageConfig {
    pub(super) fn read(table: &TableReader<'_>) -> Result<Self, Box<Diagnostic>> {
        table.known_keys(&["publish", "verify", "test", "version-files", "check"])?;
        let owned = |list: Option<Vec<&str>>| -> Vec<String> {
            list.unwrap_or_default().into_iter().map(str::to_owned).collect()
        };
        for (path, span) in table.spanned_strings("version-files")?.unwrap_or_default() {
            if !super::document::is_inner_path(path) {
                let message = format!(
                    "`{}` must hold paths below the package's directory: `{path}`",
                    table.dotted("version-files")
                );
                return Err(table.fault_at(span, &message));
            }
        }
        let mut check_locations = BTreeMap::new();
        let check = super::document::within(table, "check", |check| {
            super::document::read_levels(check, &mut check_locations)
        })?;
        Ok(Self {
            check: check.unwrap_or_default(),
            check_locations,
            publish: table.boolean("publish")?,
            verify: owned(table.strings("verify")?),
            test: table.string("test")?.map(str::to_owned),
            version_files: owned(table.strings("version-files")?),
        })
    }
}
