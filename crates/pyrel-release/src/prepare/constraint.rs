//! Packages of the workspace fit together: each bound on a sibling allows the version that the sibling has, and nothing
//! that is published needs what is not.

use pyrel_model::Version;
use pyrel_model::requirement::SpecifierSet;
use pyrel_project::{InternalDependency, Package};

use super::examination::{listed, place_of};
use super::{Line, LineId, Surroundings};

const ID: LineId = LineId::Constraints;

pub(super) fn line(surroundings: &Surroundings<'_>, package: &Package) -> Line {
    let name = &package.name;
    if package.internal.is_empty() {
        return Line::ok(ID, "it needs no other package of the workspace").of(name);
    }
    let mut unknown: Vec<String> = Vec::new();
    for dependency in &package.internal {
        let Some(sibling) = surroundings.workspace.package(&dependency.name) else { continue };
        let fault = |reason: String| {
            let place = place_of(package, dependency.requirement.as_written());
            Line::failed(ID, reason).of(name).at(place)
        };
        if is_private(surroundings, sibling) && !is_private(surroundings, package) {
            let reason = format!("`{}` is private, so that nobody can install what needs it", sibling.name);
            return fault(reason).remedy("publish it too, or take the dependency out");
        }
        match surroundings.coming(sibling) {
            None => unknown.push(sibling.name.to_string()),
            Some(version) if !allows(&dependency.requirement.specifiers, version) => {
                return fault(excluded(dependency, version)).remedy(format!(
                    "raise the bound, or let `pyrel bump` do it when it raises `{}`",
                    sibling.name
                ));
            }
            Some(_) => {}
        }
    }
    let count = package.internal.len();
    if !unknown.is_empty() {
        let reason = format!("the versions of {} are not known without a build", listed(&unknown));
        return Line::warning(ID, reason).of(name).remedy("look at the bounds before the release");
    }
    let what = if count == 1 { "the bound on a sibling holds" } else { "the bounds on siblings hold" };
    Line::ok(ID, format!("{what} ({count})")).of(name)
}

fn excluded(dependency: &InternalDependency, version: &Version) -> String {
    let (kind, text) = (dependency.kind.as_str(), dependency.requirement.as_written());
    format!("the {kind} dependency `{text}` excludes the version that the workspace has: {version}")
}

fn is_private(surroundings: &Surroundings<'_>, package: &Package) -> bool {
    let configured = surroundings.workspace.config().package(&package.name).and_then(|config| config.publish);
    package.private || configured == Some(false)
}

/// A pre-release counts as what it leads to, because its own bounds are written for that.
fn allows(bound: &SpecifierSet, version: &Version) -> bool {
    let release: Vec<String> = version.release().iter().map(u64::to_string).collect();
    let leads_to = || release.join(".").parse::<Version>().is_ok_and(|release| bound.contains(&release));
    bound.contains(version) || (version.is_pre_release() && leads_to())
}
