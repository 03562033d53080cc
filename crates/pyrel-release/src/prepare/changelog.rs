//! The changelog tells about the version, and says something.

use pyrel_model::Location;
use pyrel_project::Package;
use pyrel_project::changelog::{ChangelogError, changelog_path, notes_of};

use super::{Line, LineId, Mend, Surroundings};
use crate::execute::with_causes;

const ID: LineId = LineId::Changelog;

pub(super) fn line(surroundings: &Surroundings<'_>, package: &Package) -> Line {
    let name = &package.name;
    let Some(path) = changelog_path(surroundings.workspace, package) else {
        return Line::skipped(ID, "the configuration says `changelog = false`").of(name);
    };
    let Some(version) = surroundings.target(package) else {
        return Line::skipped(ID, "the version is not known without a build").of(name);
    };
    let shown = path.strip_prefix(surroundings.workspace.root()).unwrap_or(&path).display().to_string();
    let lacks = |reason: String| {
        Line::failed(ID, reason)
            .of(name)
            .at(Some(Location::of_file(&path)))
            .remedy(format!("write the entry: `pyrel changelog --version {version} {name}`"))
            .mend(Mend::Changelog)
    };
    match notes_of(&path, version) {
        Ok(notes) if notes.trim().is_empty() => {
            lacks(format!("the entry of {version} in `{shown}` is empty"))
        }
        Ok(_) => Line::ok(ID, format!("`{shown}` tells about {version}")).of(name),
        Err(ChangelogError::Missing { .. }) => lacks(format!("there is no `{shown}`")),
        Err(ChangelogError::NoEntry { .. }) => lacks(format!("`{shown}` has no entry for {version}")),
        Err(error) => {
            let line = Line::failed(ID, with_causes(&error)).of(name).at(Some(Location::of_file(&path)));
            match error.hint() {
                Some(hint) => line.remedy(hint),
                None => line,
            }
        }
    }
}
