//! The lines that an index answers: versions that are taken, and vulnerabilities that are known.

use std::collections::BTreeSet;
use std::path::PathBuf;

use pyrel_index::{Certificates, IndexClient};
use pyrel_model::PackageName;
use pyrel_project::Package;
use pyrel_release::package_test::siblings;
use pyrel_release::prepare::{
    Audited, Line, LineId, Resolved, Surroundings, audit_line, free_version_line, installed, locked, query,
};
use pyrel_release::remote::IndexView;

use super::Asked;
use crate::context::Context;
use crate::exit::CommandError;
use crate::releaser::{find_readable, require_network};
use crate::tester::{Means, Wheels};
use crate::{remote, runtime};

/// What a line says that nobody asked for.
const NOT_ASKED: &str = "not asked without `--online`";

/// Asks the index; without one, says so.
pub(super) fn lines(
    context: &Context,
    surroundings: &Surroundings<'_>,
    (wheels, means, asked): (&Wheels, &Means, &Asked<'_>),
) -> Result<Vec<Line>, CommandError> {
    let packages = &surroundings.packages;
    let Some(index) = asked.index else {
        let ids = [LineId::VersionFree, LineId::Audit];
        let skipped = |package: &&Package| ids.map(|id| Line::skipped(id, NOT_ASKED).of(&package.name));
        return Ok(packages.iter().flat_map(skipped).collect());
    };
    let readable = find_readable(context, surroundings.workspace, index)?;
    require_network(context, &readable.spec)?;
    let settings = remote::client_options(context, surroundings.workspace, &Certificates::default())?;
    let client = readable.client(&settings).map_err(remote::unreachable)?;
    let mut lines = versions(surroundings, &client, asked)?;
    lines.extend(audit(surroundings, &client, (wheels, means, asked))?);
    Ok(lines)
}

fn versions(
    surroundings: &Surroundings<'_>,
    client: &IndexClient,
    asked: &Asked<'_>,
) -> Result<Vec<Line>, CommandError> {
    let is_private = |package: &Package| {
        let config = surroundings.workspace.config().package(&package.name);
        package.private || config.and_then(|config| config.publish) == Some(false)
    };
    let (private, public): (Vec<&Package>, Vec<&Package>) =
        surroundings.packages.iter().partition(|package| is_private(package));
    let skipped = |reason: &'static str| {
        move |package: &&Package| Line::skipped(LineId::VersionFree, reason).of(&package.name)
    };
    let mut lines: Vec<Line> = private.iter().map(skipped("it is private and never uploaded")).collect();
    if !asked.wants(LineId::VersionFree) {
        lines.extend(public.iter().map(skipped("")));
        return Ok(lines);
    }
    let names: Vec<PackageName> = public.iter().map(|package| package.name.clone()).collect();
    let view =
        runtime::block_on(async { IndexView::read(client, &names).await.map_err(remote::unreachable) })?;
    for (name, listing) in view.listings() {
        if let Some(package) = public.iter().find(|package| package.name == *name) {
            lines.push(free_version_line(surroundings, package, (&client.spec().name, listing)));
        }
    }
    Ok(lines)
}

fn audit(
    surroundings: &Surroundings<'_>,
    client: &IndexClient,
    (wheels, means, asked): (&Wheels, &Means, &Asked<'_>),
) -> Result<Vec<Line>, CommandError> {
    let packages = &surroundings.packages;
    if !asked.wants(LineId::Audit) {
        return Ok(packages
            .iter()
            .map(|package| Line::skipped(LineId::Audit, "").of(&package.name))
            .collect());
    }
    let resolved: Vec<(&Package, Result<Resolved, String>)> = packages
        .iter()
        .map(|package| (*package, resolve(surroundings, package, (wheels, means, asked))))
        .collect();
    let releases: BTreeSet<_> = resolved
        .iter()
        .filter_map(|(_, resolved)| resolved.as_ref().ok())
        .flat_map(|one| one.releases.clone())
        .collect();
    let audited: Audited =
        runtime::block_on(async { query(client, releases).await.map_err(remote::unreachable) })?;
    let ignored = &surroundings.workspace.config().release.ignore_vulnerabilities;
    let line = |(package, resolved): (&Package, Result<Resolved, String>)| match resolved {
        Ok(resolved) => audit_line(&package.name, &resolved, &audited, ignored),
        Err(reason) => Line::failed(LineId::Audit, format!("its dependencies cannot be resolved: {reason}"))
            .of(&package.name)
            .remedy("lock them, or make the index of third-party packages reachable"),
    };
    Ok(resolved.into_iter().map(line).collect())
}

/// Finds out what the dependencies come to: from a lock file, or else by an installation.
fn resolve(
    surroundings: &Surroundings<'_>,
    package: &Package,
    (wheels, means, asked): (&Wheels, &Means, &Asked<'_>),
) -> Result<Resolved, String> {
    let nothing = || Resolved { releases: BTreeSet::new(), how: String::new() };
    let needed = siblings(surroundings.workspace, package);
    if package.dependencies.is_empty() && needed.is_empty() {
        return Ok(nothing());
    }
    if let Some(resolved) = locked(surroundings, package) {
        return Ok(resolved);
    }
    let mut own: Vec<PathBuf> = Vec::new();
    for name in std::iter::once(&package.name).chain(needed.iter().map(|sibling| &sibling.name)) {
        match wheels.found().get(name) {
            Some(Ok(path)) => own.push(path.clone()),
            Some(Err(reason)) => return Err(reason.clone()),
            None => return Err(format!("`{name}` was not built")),
        }
    }
    let interpreter = means.interpreters.first().ok_or("there is no interpreter")?;
    let room = tempfile::tempdir().map_err(|error| error.to_string())?;
    installed(&own, (interpreter, means.python()), room.path(), asked.cancel)
}
