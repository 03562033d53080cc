//! The proof that a build depends on nothing but the project: it is done again from copies that differ in all
//! that must not matter, and the bytes are compared.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use pyrel_build::{BuildRequest, Place, TreeDifference, Variation, replicate};
use pyrel_dist::{Dist, Limits, MemberInfo};
use pyrel_model::{Artifact, PackageName};
use pyrel_project::{Backend, Git, Package, VersionSource};
use serde::Serialize;

use crate::builder;
use crate::context::Context;
use crate::exit::{CommandError, Failure};
use crate::ui::{Tone, plural};

/// The copies: other orders, times on both sides of a summer's clock change, and permissions.
const VARIATIONS: [Variation; 2] = [
    Variation { seed: 0x9e37_79b9_7f4a_7c15, modified: 1_000_000_000, private: true },
    Variation { seed: 0xd1b5_4a32_d192_ed03, modified: 1_700_000_001, private: false },
];

/// How many differing members a message names.
const NAMED: usize = 5;

/// One file that came out differently.
#[derive(Debug, Serialize)]
pub(crate) struct Difference {
    package: PackageName,
    filename: String,
    /// Members with other bytes, or in only one of the archives; empty when only their order or headers differ.
    members: Vec<String>,
}

/// Compares each wheel with one made from the tree instead of the sdist, and tells where they differ. That is no
/// failure: what is built comes from the sdist, whoever builds it.
pub(crate) fn compare_with_tree(
    context: &Context,
    requests: &[BuildRequest<'_>],
) -> Result<Vec<TreeDifference>, CommandError> {
    let mut differences = Vec::new();
    for request in requests.iter().filter(|request| request.kinds.wheel) {
        let found =
            pyrel_build::tree_differences(request).map_err(|error| builder::failed(context, error))?;
        let Some(found) = found else {
            context.ui().detail(&format!("{}: no wheel from the tree to compare with", request.package.name));
            continue;
        };
        tell_of_tree(context, request.package, &found);
        differences.extend(found);
    }
    Ok(differences)
}

fn tell_of_tree(context: &Context, package: &Package, found: &[TreeDifference]) {
    let named = |place: Place| -> Vec<String> {
        found.iter().filter(|one| one.place == place).map(|one| one.path.clone()).collect()
    };
    for (place, what) in [
        (Place::Tree, "from the tree would also hold"),
        (Place::Sdist, "from the tree would not hold"),
        (Place::Both, "from the tree would hold other bytes of"),
    ] {
        let members = named(place);
        if !members.is_empty() && !context.json() {
            let text = format!("{}: a wheel {what} {}", package.name, list(&members));
            context.ui().status(Tone::Warn, "Tree", &text);
        }
    }
}

/// Builds every request twice more, from copies, and returns what differs from the files that were built.
pub(crate) fn verify(
    context: &Context,
    requests: &[BuildRequest<'_>],
    artifacts: &[Artifact],
) -> Result<Vec<Difference>, CommandError> {
    let mut differences = Vec::new();
    for request in requests {
        let built: Vec<&Artifact> =
            artifacts.iter().filter(|artifact| artifact.package == request.package.name).collect();
        let mut found: Vec<Difference> = Vec::new();
        for variation in VARIATIONS {
            for difference in compare_with_copy(context, request, &built, variation)? {
                if found.iter().all(|known| known.filename != difference.filename) {
                    found.push(difference);
                }
            }
        }
        tell(context, request.package, built.len(), &found);
        differences.extend(found);
    }
    Ok(differences)
}

fn compare_with_copy(
    context: &Context,
    request: &BuildRequest<'_>,
    built: &[&Artifact],
    variation: Variation,
) -> Result<Vec<Difference>, CommandError> {
    let room = builder::room()?;
    // What only the repository knows is lost in a copy, so the second build is one in the same place.
    let copy = if needs_repository(request.package) {
        request.package.directory.clone()
    } else {
        replicate(&request.package.directory, &room.path().join("copy"), variation)
            .map_err(|error| builder::failed(context, error))?
    };
    let package = Package::load(&copy).and_then(|copy| copy.with_bounds_of(request.package));
    let package = package.map_err(|diagnostic| context.located(*diagnostic))?;
    let again = BuildRequest { package: &package, out_dir: room.path().join("out"), ..request.clone() };
    let again = builder::build_silently(context, std::slice::from_ref(&again))?;
    let mut differences = Vec::new();
    for artifact in built {
        let twin = again.iter().find(|twin| twin.kind == artifact.kind);
        if twin.is_some_and(|twin| twin.sha256 == artifact.sha256 && same_name(twin, artifact)) {
            continue;
        }
        differences.push(Difference {
            package: artifact.package.clone(),
            filename: file_name(artifact),
            members: match twin {
                Some(twin) => differing_members(&artifact.path, &twin.path)?,
                None => Vec::new(),
            },
        });
    }
    Ok(differences)
}

/// Tells whether git has a say in a build: for versions of its history, for the files that Poetry leaves out, and for
/// those that setuptools-scm packs.
fn needs_repository(package: &Package) -> bool {
    let has_scm = package.pyproject.as_ref().is_some_and(|pyproject| {
        pyproject.build_system().requires.iter().any(|one| one.name.normalized() == "setuptools-scm")
    });
    matches!(package.version, VersionSource::Unresolved { .. })
        || ((package.backend == Backend::Poetry || has_scm) && Git::discover(&package.directory).is_some())
}

fn same_name(one: &Artifact, other: &Artifact) -> bool {
    one.path.file_name() == other.path.file_name()
}

fn file_name(artifact: &Artifact) -> String {
    artifact.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Names the members that two archives do not share.
fn differing_members(one: &Path, other: &Path) -> Result<Vec<String>, CommandError> {
    let open = |path: &Path| {
        Dist::open(path, &Limits::default()).map_err(|error| CommandError::new(Failure::Findings, error))
    };
    let (one, other) = (open(one)?, open(other)?);
    let digests = |dist: &Dist| -> BTreeMap<String, (u64, Option<u32>, Option<String>)> {
        let row = |member: &MemberInfo| {
            let digest = member.sha256.map(|sha256| sha256.to_hex());
            (member.name.clone(), (member.size, member.mode, digest))
        };
        dist.members().iter().map(row).collect()
    };
    let (one, other) = (digests(&one), digests(&other));
    let names: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
    Ok(names.into_iter().filter(|name| one.get(*name) != other.get(*name)).cloned().collect())
}

fn tell(context: &Context, package: &Package, count: usize, found: &[Difference]) {
    if context.json() {
        return;
    }
    if found.is_empty() {
        let files = plural(count, "file");
        let text = format!("{}: {files}, the same bytes from two shuffled copies", package.name);
        context.ui().status(Tone::Done, "Reproduced", &text);
    }
    for difference in found {
        let which = match difference.members.as_slice() {
            [] => "in the order, the headers, or the data files of its members".to_owned(),
            members => list(members),
        };
        let text = format!("{} comes out differently from a copy: {which}", difference.filename);
        context.ui().status(Tone::Fail, "Differs", &text);
    }
}

/// Names members, the first of them when there are many.
fn list(members: &[String]) -> String {
    let shown: Vec<String> = members.iter().take(NAMED).map(|name| format!("`{name}`")).collect();
    match members.len().saturating_sub(NAMED) {
        0 => shown.join(", "),
        rest => format!("{}, and {}", shown.join(", "), plural(rest, "other member")),
    }
}
