//! The packages' own tests as a step of a release.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use pyrel_model::PackageName;
use pyrel_project::{Package, PackageConfig, Workspace};
use pyrel_release::package_test::{
    SilentWatcher, TestRequest, TestSettings, TestTarget, run_tests, siblings,
};
use pyrel_release::release::PackageTest;

use crate::context::Context;
use crate::exit::CommandError;
use crate::tester::{Means, Wheels};

/// Tests packages against the wheels of a run, with means that were resolved at the start. Siblings that are not part
/// of the run were built aside then.
pub(crate) struct WheelTest {
    means: Means,
    settings: TestSettings,
    configs: BTreeMap<PackageName, PackageConfig>,
    siblings: BTreeMap<PackageName, Vec<PackageName>>,
    others: Wheels,
}

impl WheelTest {
    /// Resolves what the tests need.
    pub(crate) fn new(
        context: &Context,
        workspace: &Workspace,
        packages: &[&Package],
    ) -> Result<Self, CommandError> {
        let means = Means::resolve(context, &[], false)?;
        let settings = means.settings(workspace.root(), None, &pyrel_project::Cancel::default())?;
        let in_run = |name: &PackageName| packages.iter().any(|package| package.name == *name);
        let others = Wheels::build(context, workspace, packages, &in_run)?;
        let needed = |package: &&Package| {
            let names = siblings(workspace, package).into_iter().map(|sibling| sibling.name.clone());
            (package.name.clone(), names.collect())
        };
        Ok(Self {
            means,
            settings,
            configs: workspace.config().packages.clone(),
            siblings: packages.iter().map(needed).collect(),
            others,
        })
    }

    fn target<'a>(&'a self, package: &'a Package, wheels: &BTreeMap<&PackageName, &Path>) -> TestTarget<'a> {
        let own = wheels.get(&package.name).map(|path| path.to_path_buf());
        let mut wheel = own.ok_or_else(|| "the run has no wheel of it".to_owned());
        let mut found: Vec<(PackageName, PathBuf)> = Vec::new();
        for name in self.siblings.get(&package.name).into_iter().flatten() {
            match (wheels.get(name), self.others.found().get(name)) {
                (Some(path), _) => found.push((name.clone(), path.to_path_buf())),
                (None, Some(Ok(path))) => found.push((name.clone(), path.clone())),
                (None, Some(Err(reason))) => {
                    wheel = Err(format!("`{name}`, which it needs, cannot be built: {reason}"));
                }
                (None, None) => {}
            }
        }
        TestTarget { package, config: self.configs.get(&package.name), wheel, siblings: found }
    }
}

impl PackageTest for WheelTest {
    fn test(&self, packages: &[(Package, PathBuf)]) -> Vec<(PackageName, String)> {
        let wheels: BTreeMap<&PackageName, &Path> =
            packages.iter().map(|(package, wheel)| (&package.name, wheel.as_path())).collect();
        let request = TestRequest {
            targets: packages.iter().map(|(package, _)| self.target(package, &wheels)).collect(),
            interpreters: self.means.interpreters.clone(),
            settings: self.settings.clone(),
        };
        let report = run_tests(&request, &SilentWatcher);
        let failed = report.results.iter().filter(|result| report.failed().contains(&&result.package));
        failed.map(|result| (result.package.clone(), result.tail())).collect()
    }
}
