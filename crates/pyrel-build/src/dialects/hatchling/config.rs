//! Which options of `[tool.hatch]` are known; everything else is for hatchling.

use pyrel_model::PyProject;
use pyrel_model::pyproject::TableReader;

use crate::detector::{known_options, option};
use crate::error::Plan;

/// Tables of hatch itself, which builds do not read.
const OTHER_TABLES: [&str; 4] = ["envs", "env", "publish", "workspace"];

/// Options that select files or have no effect on what is built.
const COMMON: [&str; 14] = [
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
];

/// Steps back at the first option that is not reproduced.
pub(super) fn check_options(pyproject: &PyProject) -> Plan<()> {
    let Some(hatch) = pyproject.tool(&["hatch"]) else { return Ok(()) };
    let hatch = pyproject.reader("tool.hatch", hatch);
    let mut known = vec!["build", "metadata", "version"];
    known.extend(OTHER_TABLES);
    known_options(&hatch, &known)?;
    if let Some(metadata) = hatch.subtable("metadata")? {
        let metadata = pyproject.reader("tool.hatch.metadata", metadata);
        known_options(&metadata, &["allow-direct-references"])?;
    }
    if let Some(version) = hatch.subtable("version")? {
        check_version(&pyproject.reader("tool.hatch.version", version))?;
    }
    if let Some(build) = hatch.subtable("build")? {
        check_build(pyproject, &pyproject.reader("tool.hatch.build", build))?;
    }
    Ok(())
}

fn check_version(version: &TableReader<'_>) -> Plan<()> {
    // `scheme` and `validate-bump` only matter when hatch changes the version.
    known_options(version, &["source", "path", "scheme", "validate-bump"])?;
    match version.string("source")? {
        None | Some("regex") => Ok(()),
        Some(other) => {
            Err(option(version, "source", format!("names a version source of a plugin: `{other}`")))
        }
    }
}

fn check_build(pyproject: &PyProject, build: &TableReader<'_>) -> Plan<()> {
    let mut known = COMMON.to_vec();
    known.push("targets");
    known_options(build, &known)?;
    check_common(build)?;
    let Some(targets) = build.subtable("targets")? else { return Ok(()) };
    let targets = pyproject.reader("tool.hatch.build.targets", targets);
    known_options(&targets, &["sdist", "wheel"])?;
    if let Some(sdist) = targets.subtable("sdist")? {
        let sdist = pyproject.reader("tool.hatch.build.targets.sdist", sdist);
        known_options(&sdist, &COMMON)?;
        check_common(&sdist)?;
    }
    if let Some(wheel) = targets.subtable("wheel")? {
        let wheel = pyproject.reader("tool.hatch.build.targets.wheel", wheel);
        let mut known = COMMON.to_vec();
        known.extend(["bypass-selection", "macos-max-compat"]);
        known_options(&wheel, &known)?;
        check_common(&wheel)?;
    }
    Ok(())
}

fn check_common(table: &TableReader<'_>) -> Plan<()> {
    if table.boolean("reproducible")? == Some(false) {
        return Err(option(table, "reproducible", "asks for archives that differ from build to build"));
    }
    Ok(())
}
