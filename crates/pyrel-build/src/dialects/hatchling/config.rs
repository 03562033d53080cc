//! Which options of hatch are known; everything else is for hatchling.

use std::collections::BTreeMap;

use pyrel_model::pyproject::TableReader;

use super::options::Kind;
use super::settings::Settings;
use crate::detector::{known_options, option};
use crate::error::{Plan, unsupported};

/// Tables at the top: those that builds read, and those of hatch itself.
const TOP: [&str; 7] = ["build", "metadata", "version", "envs", "env", "publish", "workspace"];

/// Options of both targets and of all builds.
const COMMON: [&str; 19] = [
    "include",
    "exclude",
    "artifacts",
    "packages",
    "only-include",
    "only-packages",
    "sources",
    "force-include",
    "skip-excluded-dirs",
    "ignore-vcs",
    "reproducible",
    "directory",
    "dev-mode-dirs",
    "dev-mode-exact",
    "hooks",
    "dependencies",
    "require-runtime-dependencies",
    "require-runtime-features",
    "strict-naming",
];

/// Steps back for variables that switch hooks, or checks, off and on. A remembered build knows them.
pub(super) fn check_variables(variables: &BTreeMap<String, String>) -> Plan<()> {
    let matters =
        |name: &&String| name.starts_with("HATCH_BUILD_") || *name == "HATCH_METADATA_CLASSIFIERS_NO_VERIFY";
    match variables.keys().find(matters) {
        Some(name) => {
            unsupported(name.as_str(), "is set in the environment, and changes what hatchling does")
        }
        None => Ok(()),
    }
}

/// Steps back at the first option that is not reproduced.
pub(super) fn check_options(settings: &Settings<'_>) -> Plan<()> {
    for root in settings.roots() {
        known_options(&root, &TOP)?;
    }
    for key in ["metadata", "version", "build"] {
        settings.section(key)?;
    }
    if let Some(metadata) = settings.table("tool.hatch.metadata") {
        known_options(&metadata, &["allow-direct-references", "allow-ambiguous-features", "hooks"])?;
        metadata.subtable("hooks")?;
    }
    if let Some(hooks) = settings.table("tool.hatch.metadata.hooks") {
        let known = ["vcs", "fancy-pypi-readme"];
        known_options(&hooks, &known)?;
        for key in known {
            hooks.subtable(key)?;
        }
    }
    if let Some(version) = settings.table("tool.hatch.version") {
        check_version(&version)?;
    }
    if let Some(build) = settings.table("tool.hatch.build") {
        check_build(settings, &build)?;
    }
    Ok(())
}

fn check_version(version: &TableReader<'_>) -> Plan<()> {
    // `scheme` and `validate-bump` only matter when hatch changes the version.
    let common = ["source", "scheme", "validate-bump"];
    let own: &[&str] = match version.string("source")? {
        None | Some("regex") => &["path", "pattern"],
        Some("env") => &["variable"],
        Some("vcs") => &["raw-options", "tag-pattern", "fallback-version"],
        Some(other) => {
            let reason = format!("names a version source of a plugin: `{other}`");
            return Err(option(version, "source", reason));
        }
    };
    known_options(version, &[&common[..], own].concat())
}

fn check_build(settings: &Settings<'_>, build: &TableReader<'_>) -> Plan<()> {
    known_options(build, &[&COMMON[..], &["targets"]].concat())?;
    check_common(build)?;
    build.subtable("targets")?;
    let Some(targets) = settings.table("tool.hatch.build.targets") else { return Ok(()) };
    known_options(&targets, &["sdist", "wheel"])?;
    for (key, kind, own) in [
        ("sdist", Kind::Sdist, &["core-metadata-version", "support-legacy"][..]),
        (
            "wheel",
            Kind::Wheel,
            &[
                "core-metadata-version",
                "bypass-selection",
                "macos-max-compat",
                "shared-data",
                "shared-scripts",
                "extra-metadata",
                "sbom-files",
            ],
        ),
    ] {
        targets.subtable(key)?;
        if let Some(target) = settings.table(kind.table()) {
            known_options(&target, &[&COMMON[..], own].concat())?;
            check_common(&target)?;
        }
    }
    Ok(())
}

fn check_common(table: &TableReader<'_>) -> Plan<()> {
    if table.boolean("reproducible")? == Some(false) {
        return Err(option(table, "reproducible", "asks for archives that differ from build to build"));
    }
    check_build_time(table)
}

/// Steps back where packages are asked for at build time.
pub(super) fn check_build_time(table: &TableReader<'_>) -> Plan<()> {
    let reason = "asks for packages at build time, which may be plugins";
    for key in ["dependencies", "require-runtime-features"] {
        if table.strings(key)?.is_some_and(|list| !list.is_empty()) {
            return Err(option(table, key, reason));
        }
    }
    if table.boolean("require-runtime-dependencies")? == Some(true) {
        return Err(option(table, "require-runtime-dependencies", reason));
    }
    Ok(())
}
