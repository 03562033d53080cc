//! The version is the same wherever it is written, and the one that is to be released.

use pyrel_model::Location;
use pyrel_project::bump::{Place, places};
use pyrel_project::{Package, VersionSource};

use super::examination::bump;
use super::{Line, LineId, Mend, Surroundings};
use crate::execute::with_causes;

const ID: LineId = LineId::Version;

pub(super) fn line(surroundings: &Surroundings<'_>, package: &Package) -> Line {
    let name = &package.name;
    if let VersionSource::Unresolved { reason, from_tags: false } = &package.version {
        return Line::skipped(ID, format!("only the backend knows it: {reason}")).of(name);
    }
    let found = match places(package, surroundings.workspace.config()) {
        Ok(found) => found,
        Err(error) => {
            let line = Line::failed(ID, with_causes(&error)).of(name);
            return line.remedy(
                error.hint().unwrap_or_else(|| "write the version where it is looked for".to_owned()),
            );
        }
    };
    if !found.agree() {
        return disagreement(package, &found.places);
    }
    let Some(written) = found.version() else {
        return Line::ok(ID, "the tag of the release decides it").of(name);
    };
    if let Some(wanted) = surroundings.version.as_ref().filter(|wanted| *wanted != written) {
        return Line::failed(ID, format!("it is at {written}, and {wanted} is to be released"))
            .of(name)
            .remedy(format!("run {}", bump(surroundings, name)))
            .mend(Mend::Bump);
    }
    let what = match found.places.len() {
        1 => "1 place".to_owned(),
        count => format!("{count} places"),
    };
    Line::ok(ID, format!("{written}, the same in {what}")).of(name)
}

/// Names the first place that differs from the one that decides.
fn disagreement(package: &Package, places: &[Place]) -> Line {
    let first = &places[0];
    let other = places.iter().find(|place| place.version != first.version).unwrap_or(first);
    let shown = |place: &Place| {
        let path = place.path.strip_prefix(&package.directory).unwrap_or(&place.path);
        format!("`{}:{}` has {}", path.display(), place.line, place.version)
    };
    Line::failed(ID, format!("{}, and {}", shown(other), shown(first)))
        .of(&package.name)
        .at(Some(Location { line: other.line, ..Location::of_file(&other.path) }))
        .remedy("write the same version in every place; `pyrel bump` keeps them together")
}
