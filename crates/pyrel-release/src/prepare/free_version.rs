//! The index does not have the version yet: what was published once is taken for ever, yanked or not.

use pyrel_index::ProjectListing;
use pyrel_model::DistFilename;
use pyrel_project::Package;

use super::examination::bump;
use super::{Line, LineId, Mend, Surroundings};

const ID: LineId = LineId::VersionFree;

/// Judges what an index (`name`) lists of a package; `None` when it does not have the project.
#[must_use]
pub fn free_version_line(
    surroundings: &Surroundings<'_>,
    package: &Package,
    (index, listing): (&str, Option<&ProjectListing>),
) -> Line {
    let Some(version) = surroundings.target(package) else {
        return Line::skipped(ID, "the version is not known without a build").of(&package.name);
    };
    let Some(listing) = listing else {
        return Line::ok(ID, format!("`{index}` does not have the project yet")).of(&package.name);
    };
    let files = listing.files.iter().filter(|file| {
        file.filename.parse::<DistFilename>().is_ok_and(|filename| filename.version() == version)
    });
    match files.count() {
        0 => Line::ok(ID, format!("`{index}` does not have {version}")).of(&package.name),
        count => {
            let files = if count == 1 { "1 file".to_owned() } else { format!("{count} files") };
            Line::failed(ID, format!("`{index}` has {version} already ({files})"))
                .of(&package.name)
                .remedy(format!("choose the next version: {}", bump(surroundings, &package.name)))
                .mend(Mend::Bump)
        }
    }
}
