//! `[package.NAME]`: what differs for one package.

use std::collections::BTreeMap;

use pyrel_model::pyproject::TableReader;
use pyrel_model::{Diagnostic, Location};

use super::VersionFile;

/// Overrides for one package.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PackageConfig {
    /// `publish`; false keeps the package from every index.
    pub publish: Option<bool>,
    /// `verify`: commands run in the environment that the package was installed into.
    pub verify: Vec<String>,
    /// `test`: the command that runs the package's own tests.
    pub test: Option<String>,
    /// `test-extras`: the extras that the tests need; by default they are found by convention.
    pub test_extras: Option<Vec<String>>,
    /// `test-groups`: the dependency groups that the tests need; by default they are found by convention.
    pub test_groups: Option<Vec<String>>,
    /// `test-files`: what is laid beside the tests, relative to the package.
    pub test_files: Vec<String>,
    /// `version-files`: more files that the version is written in.
    pub version_files: Vec<VersionFile>,
    /// `[package.NAME.check]`: levels of rules for this package, as in `[check]`.
    pub check: BTreeMap<String, String>,
    /// Where each of these levels is written.
    pub check_locations: BTreeMap<String, Location>,
}

impl PackageConfig {
    pub(super) fn read(table: &TableReader<'_>) -> Result<Self, Box<Diagnostic>> {
        table.known_keys(&[
            "publish",
            "verify",
            "test",
            "test-extras",
            "test-groups",
            "test-files",
            "version-files",
            "check",
        ])?;
        let owned = |list: Option<Vec<&str>>| -> Vec<String> {
            list.unwrap_or_default().into_iter().map(str::to_owned).collect()
        };
        let listed = |key: &str| -> Result<Option<Vec<String>>, Box<Diagnostic>> {
            Ok(table.strings(key)?.map(|list| owned(Some(list))))
        };
        require_inner_paths(table, "test-files")?;
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
            test_extras: listed("test-extras")?,
            test_groups: listed("test-groups")?,
            test_files: owned(table.strings("test-files")?),
            version_files: VersionFile::read_all(table, "version-files")?,
        })
    }
}

fn require_inner_paths(table: &TableReader<'_>, key: &str) -> Result<(), Box<Diagnostic>> {
    for (path, span) in table.spanned_strings(key)?.unwrap_or_default() {
        if !super::document::is_inner_path(path) {
            let message =
                format!("`{}` must hold paths below the package's directory: `{path}`", table.dotted(key));
            return Err(table.fault_at(span, &message));
        }
    }
    Ok(())
}
