//! Sdist and wheel can be built.

use pyrel_model::{Artifact, PackageName};

use super::{Line, LineId};

const ID: LineId = LineId::Build;

/// Judges what a build gave: files, or the reason why there are none.
#[must_use]
pub fn build_line(package: &PackageName, built: Result<&[Artifact], &str>) -> Line {
    match built {
        Ok(artifacts) => {
            let names: Vec<&str> = artifacts.iter().map(|artifact| artifact.kind.as_str()).collect();
            Line::ok(ID, format!("built: {}", names.join(" and "))).of(package)
        }
        Err(reason) => Line::failed(ID, reason)
            .of(package)
            .remedy(format!("run `pyrel build {package}` and mend what it names")),
    }
}
