//! Dependencies from elsewhere are locked, or at least bounded.

use pyrel_model::{Location, Requirement};
use pyrel_project::Package;

use super::examination::{listed, place_of};
use super::lock::Lock;
use super::{Line, LineId, Surroundings};

const ID: LineId = LineId::Dependencies;

pub(super) fn line(surroundings: &Surroundings<'_>, package: &Package) -> Line {
    let name = &package.name;
    let is_sibling = |requirement: &&Requirement| surroundings.workspace.package(&requirement.name).is_none();
    let others: Vec<&Requirement> = package.dependencies.iter().filter(is_sibling).collect();
    if let Some(direct) = others.iter().find(|requirement| requirement.url.is_some()) {
        let reason = format!("`{}` names an address, which PyPI refuses", direct.as_written());
        return Line::failed(ID, reason)
            .of(name)
            .at(place_of(package, direct.as_written()))
            .remedy("depend on a released version");
    }
    if others.is_empty() {
        return Line::ok(ID, "it needs nothing from elsewhere").of(name);
    }
    match Lock::find(&package.directory, surroundings.workspace.root()) {
        Err(reason) => Line::failed(ID, reason).of(name).remedy("write the lock file anew"),
        Ok(Some(lock)) => against(&lock, package, &others, surroundings),
        Ok(None) => bounded(package, &others),
    }
}

/// Every dependency must be locked with a version that its bound allows.
fn against(lock: &Lock, package: &Package, others: &[&Requirement], surroundings: &Surroundings<'_>) -> Line {
    let shown =
        lock.path.strip_prefix(surroundings.workspace.root()).unwrap_or(&lock.path).display().to_string();
    let stale = |reason: String| {
        Line::failed(ID, reason)
            .of(&package.name)
            .at(Some(Location::of_file(&lock.path)))
            .remedy(format!("run `{}`", lock.command))
    };
    for requirement in others {
        let Some(locked) = lock.packages.get(&requirement.name) else {
            return stale(format!("`{shown}` lacks `{}`", requirement.name));
        };
        let versions = || locked.iter().filter_map(|one| one.version.as_ref());
        let fits = versions().any(|version| requirement.specifiers.contains(version));
        if let Some(version) = versions().next().filter(|_| !fits) {
            let text = requirement.as_written();
            return stale(format!("`{shown}` has {} {version}, which `{text}` excludes", requirement.name));
        }
    }
    Line::ok(ID, format!("locked in `{shown}` ({})", others.len())).of(&package.name)
}

fn bounded(package: &Package, others: &[&Requirement]) -> Line {
    let free: Vec<&&Requirement> =
        others.iter().filter(|requirement| requirement.specifiers.is_empty()).collect();
    let Some(first) = free.first() else {
        return Line::ok(ID, format!("every dependency is bounded ({})", others.len())).of(&package.name);
    };
    let names: Vec<String> = free.iter().map(|requirement| requirement.name.to_string()).collect();
    Line::warning(ID, format!("neither locked nor bounded: {}", listed(&names)))
        .of(&package.name)
        .at(place_of(package, first.as_written()))
        .remedy("name the oldest version that works, as in `NAME>=1.2`, or lock")
}
