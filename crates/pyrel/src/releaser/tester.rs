//! The packages' own tests as a step of a release.

use std::collections::BTreeMap;
use std::path::Path;

use pyrel_model::PackageName;
use pyrel_project::{Package, Workspace};
use pyrel_release::release::PackageTest;

use crate::context::Context;
use crate::exit::CommandError;
use crate::wheel_test::{Means, try_wheel};

/// Tests packages against their built wheels, with means that were resolved at the start.
pub(crate) struct WheelTest {
    means: Means,
    commands: BTreeMap<PackageName, String>,
}

impl WheelTest {
    /// Resolves what the tests need.
    pub(crate) fn new(context: &Context, workspace: &Workspace) -> Result<Self, CommandError> {
        let configs = workspace.config().packages.iter();
        let commands = configs.filter_map(|(name, config)| Some((name.clone(), config.test.clone()?)));
        Ok(Self { means: Means::resolve(context, None)?, commands: commands.collect() })
    }
}

impl PackageTest for WheelTest {
    fn test(&self, package: &Package, wheel: &Path) -> Result<(), String> {
        let command = self.commands.get(&package.name).map(String::as_str);
        match try_wheel(&self.means, package, wheel, command) {
            Ok(Some(trial)) if !trial.passed => Err(trial.tail()),
            Ok(_) => Ok(()),
            Err(error) => Err(error.to_text()),
        }
    }
}
