//! What is installed besides the wheel: extras and dependency groups for tests, configured or found by convention.

use pyrel_model::name::normalize;
use pyrel_model::suggestion::nearest;
use pyrel_model::{Diagnostic, Location};
use pyrel_project::{Package, PackageConfig};

/// Names of extras and groups that hold what tests need; the first that a package has, as either, is taken.
const CONVENTION: [&str; 3] = ["test", "tests", "testing"];
/// The name that is taken when none of those is there.
const FALLBACK: &str = "dev";

/// What the tests of a package need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Needs {
    /// Extras of the package.
    pub(super) extras: Vec<String>,
    /// The dependency groups.
    pub(super) groups: Vec<String>,
    /// The requirements of the groups.
    pub(super) requirements: Vec<String>,
}

impl Needs {
    /// Finds them.
    ///
    /// # Errors
    /// When a configured extra or group does not exist, or a group cannot be read.
    pub(super) fn of(package: &Package, config: Option<&PackageConfig>) -> Result<Self, Box<Diagnostic>> {
        let (extras, groups) = match config.map(|config| (&config.test_extras, &config.test_groups)) {
            None | Some((None, None)) => conventional(package),
            Some((extras, groups)) => (
                existing(package, extras.as_deref().unwrap_or_default(), "extra", &package.extras())?,
                existing(
                    package,
                    groups.as_deref().unwrap_or_default(),
                    "dependency group",
                    &package.dependency_groups(),
                )?,
            ),
        };
        let mut requirements = Vec::new();
        for group in &groups {
            let found = package.dependency_group(group)?.unwrap_or_default();
            requirements.extend(found.iter().map(ToString::to_string));
        }
        Ok(Self { extras, groups, requirements })
    }
}

fn conventional(package: &Package) -> (Vec<String>, Vec<String>) {
    let (extras, groups) = (package.extras(), package.dependency_groups());
    for name in CONVENTION.into_iter().chain([FALLBACK]) {
        let of = |names: &[String]| -> Vec<String> {
            names.iter().filter(|other| normalize(other) == name).cloned().collect()
        };
        let found = (of(&extras), of(&groups));
        if found != (Vec::new(), Vec::new()) {
            return found;
        }
    }
    (Vec::new(), Vec::new())
}

fn existing(
    package: &Package,
    wanted: &[String],
    what: &str,
    known: &[String],
) -> Result<Vec<String>, Box<Diagnostic>> {
    for name in wanted {
        if !known.iter().any(|other| normalize(other) == normalize(name)) {
            let message = format!("`{}` has no {what} of this name: `{name}`", package.name);
            let mut fault = Diagnostic::new(message);
            fault.location = package.pyproject.as_ref().map(|file| Location::of_file(file.path()));
            fault.hint = Some(match nearest(name, known.iter().map(String::as_str)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("it has {}", listed(known)),
            });
            return Err(Box::new(fault));
        }
    }
    Ok(wanted.to_vec())
}

fn listed(names: &[String]) -> String {
    if names.is_empty() {
        return "none".to_owned();
    }
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use fs_err as fs;

    use super::*;

    fn needs(text: &str, config: Option<&PackageConfig>) -> Result<Needs, String> {
        let folder = tempfile::tempdir().unwrap();
        let project = "[project]\nname = \"demo\"\nversion = \"1\"\n";
        fs::write(folder.path().join("pyproject.toml"), format!("{project}{text}")).unwrap();
        let package = Package::load(folder.path()).unwrap();
        Needs::of(&package, config).map_err(|fault| fault.message)
    }

    fn found(text: &str) -> (Vec<String>, Vec<String>) {
        let needs = needs(text, None).unwrap();
        (needs.extras, needs.groups)
    }

    #[test]
    fn the_convention_prefers_tests_to_development() {
        let own = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let extras = "[project.optional-dependencies]\ndev = []\n";
        assert_eq!(found(extras), (own(&["dev"]), vec![]));
        assert_eq!(found(&format!("{extras}testing = []\n")), (own(&["testing"]), vec![]));
        let groups = "[dependency-groups]\nTests = [\"pytest\"]\n";
        assert_eq!(found(&format!("{extras}{groups}")), (vec![], own(&["tests"])));
        let both = "[project.optional-dependencies]\ntests = []\n[dependency-groups]\nTests = [\"pytest\"]\n";
        assert_eq!(found(both), (own(&["tests"]), own(&["tests"])));
        assert_eq!(found(""), (vec![], vec![]));
    }

    #[test]
    fn the_configuration_names_them_and_must_be_right() {
        let text = "[dependency-groups]\nunit = [\"pytest>=8\", {include-group = \"more\"}]\nmore = [\"x; python_version < '3.9'\"]\n";
        let groups = |names: &[&str]| PackageConfig {
            test_groups: Some(names.iter().map(|name| (*name).to_owned()).collect()),
            ..PackageConfig::default()
        };
        let needs = |names: &[&str]| needs(text, Some(&groups(names)));
        assert_eq!(needs(&["unit"]).unwrap().requirements, ["pytest>=8", "x; python_version < \"3.9\""]);
        assert_eq!(needs(&["unti"]).unwrap_err(), "`demo` has no dependency group of this name: `unti`");
        assert_eq!(needs(&[]).unwrap().requirements, Vec::<String>::new());
    }
}
