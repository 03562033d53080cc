//! What a build would put into its archives, on the screen: the entries that the writers would take, or, where
//! only the project's own backend knows, what the backend put into archives that are thrown away again.

use std::path::Path;

use pyrel_build::{BuildRequest, Listing, Planned};
use pyrel_dist::{Dist, Limits};
use pyrel_model::{Artifact, ArtifactKind, PackageName};
use pyrel_project::Package;
use serde_json::{Value, json};

use crate::builder;
use crate::context::Context;
use crate::exit::{CommandError, CommandResult, Failure};
use crate::ui::size;

/// One archive as it is shown.
struct Shown {
    package: PackageName,
    kind: ArtifactKind,
    file_name: String,
    dialect: Option<&'static str>,
    members: Vec<ShownMember>,
}

/// A line of it.
struct ShownMember {
    path: String,
    size: Option<u64>,
    executable: bool,
    /// Relative to the package where it lies in it; `None` for generated members and unknown origins.
    origin: Option<String>,
}

/// Shows the archives of every request and leaves nothing behind.
pub(crate) fn show(context: &Context, requests: &[BuildRequest<'_>]) -> CommandResult {
    let mut archives = Vec::new();
    for request in requests {
        let planned = if request.force_pep517 {
            None
        } else {
            match pyrel_build::plan(request).map_err(|error| builder::failed(context, error))? {
                Planned::Native(set) => Some(set),
                Planned::Fallback(_) => None,
            }
        };
        match planned {
            Some(set) => archives.extend(
                set.listings(request.kinds)
                    .into_iter()
                    .map(|listing| planned_archive(request.package, set.dialect, listing)),
            ),
            None => archives.extend(built_archives(context, request)?),
        }
    }
    if context.json() {
        let rows: Vec<Value> = archives.iter().map(to_json).collect();
        return context.ui().json(&json!({"schema": 1, "archives": rows}));
    }
    archives.iter().try_for_each(|archive| print(context, archive))
}

fn planned_archive(package: &Package, dialect: &'static str, listing: Listing) -> Shown {
    let members = listing.members.into_iter().map(|member| ShownMember {
        path: member.path,
        size: member.size,
        executable: member.executable,
        origin: member.origin.map(|path| inner(package, &path)),
    });
    Shown {
        package: package.name.clone(),
        kind: listing.kind,
        file_name: listing.file_name,
        dialect: Some(dialect),
        members: members.collect(),
    }
}

fn inner(package: &Package, path: &Path) -> String {
    let path = path.strip_prefix(&package.directory).unwrap_or(path);
    path.display().to_string().replace('\\', "/")
}

/// Builds by the backend into a folder that vanishes, and reads the archives.
fn built_archives(context: &Context, request: &BuildRequest<'_>) -> Result<Vec<Shown>, CommandError> {
    let room = builder::room()?;
    let request = BuildRequest { out_dir: room.path().to_path_buf(), ..request.clone() };
    let artifacts = builder::build_silently(context, std::slice::from_ref(&request))?;
    artifacts.iter().map(read).collect()
}

fn read(artifact: &Artifact) -> Result<Shown, CommandError> {
    let dist = Dist::open(&artifact.path, &Limits::default())
        .map_err(|error| CommandError::new(Failure::Findings, error))?;
    let files = dist.members().iter().filter(|member| member.is_file());
    let members = files.map(|member| ShownMember {
        path: member.name.clone(),
        size: Some(member.size),
        executable: member.mode.is_some_and(|mode| mode & 0o100 != 0),
        origin: None,
    });
    Ok(Shown {
        package: artifact.package.clone(),
        kind: artifact.kind,
        file_name: dist.file_name().to_owned(),
        dialect: None,
        members: members.collect(),
    })
}

fn print(context: &Context, archive: &Shown) -> CommandResult {
    let how = archive.dialect.unwrap_or("pep517");
    context.ui().data(&format!("{} ({how})", archive.file_name))?;
    for member in &archive.members {
        let mut notes: Vec<String> = member.size.map(size).into_iter().collect();
        if member.executable {
            notes.push("executable".to_owned());
        }
        match (&member.origin, archive.dialect) {
            (Some(origin), _) if !member.path.ends_with(&format!("/{origin}")) && *origin != member.path => {
                notes.push(format!("from {origin}"));
            }
            (None, Some(_)) => notes.push("generated".to_owned()),
            _ => {}
        }
        context.ui().data(&format!("  {} ({})", member.path, notes.join(", ")))?;
    }
    Ok(())
}

fn to_json(archive: &Shown) -> Value {
    let members = archive.members.iter().map(|member| {
        json!({
            "path": member.path,
            "size": member.size,
            "executable": member.executable,
            "origin": member.origin,
        })
    });
    json!({
        "package": archive.package,
        "kind": archive.kind,
        "filename": archive.file_name,
        "builder": if archive.dialect.is_some() { "native" } else { "pep517" },
        "dialect": archive.dialect,
        "members": members.collect::<Vec<Value>>(),
    })
}
