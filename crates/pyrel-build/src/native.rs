//! Writes the archives of planned packages; those of many packages get their names together.

use std::sync::atomic::{AtomicU64, Ordering};

use pyrel_model::{Artifact, ArtifactKind, Builder, PackageName, Version};

use crate::entry_set::{Entry, EntrySet};
use crate::error::BuildError;
use crate::observer::{BuildEvent, BuildObserver};
use crate::request::BuildRequest;
use crate::writer::{
    Budget, Committed, Finished, Leftover, OutDir, Shelf, Unnamed, commit_all, write_sdist, write_wheel,
};

/// Complete archives of a package, still without their names.
pub(crate) struct Written {
    name: PackageName,
    version: Version,
    dialect: &'static str,
    kinds: Vec<ArtifactKind>,
    unnamed: Unnamed,
}

/// Writes the archives of a plan into a folder.
pub(crate) fn write(
    request: &BuildRequest<'_>,
    set: &EntrySet,
    out: OutDir,
    (observer, budget): (&dyn BuildObserver, Budget),
) -> Result<Written, BuildError> {
    let total = total_bytes(request, set);
    let done = AtomicU64::new(0);
    let progress = |bytes: u64| {
        let done = done.fetch_add(bytes, Ordering::Relaxed) + bytes;
        observer.event(BuildEvent::Bytes { package: &set.name, done, total });
    };
    progress(0);
    let when = (request.source_date, budget);
    let mut files: Vec<Finished> = Vec::new();
    let mut kinds = Vec::new();
    let wanted = if request.kinds.wheel { set.wheel.as_slice() } else { &[] };
    let mut shelf = Shelf::new(wanted, budget.shelf);
    if request.kinds.sdist {
        let name = set.sdist_file_name();
        let mut stream = out.create()?;
        write_sdist(set, (&mut stream, &out.path().join(&name)), &mut shelf, when, &progress)?;
        files.push(out.finish(stream, &name)?);
        kinds.push(ArtifactKind::Sdist);
    }
    if request.kinds.wheel {
        let name = set.wheel_file_name();
        let target = out.path().join(&name);
        let mut stream = out.create()?;
        let sdist = files.first().map(Finished::reader).transpose()?;
        let leftover = Leftover { shelf, sdist, scratch: out.path() };
        write_wheel(set, (&mut stream, &target), leftover, when, &progress)?;
        files.push(out.finish(stream, &name)?);
        kinds.push(ArtifactKind::Wheel);
    }
    let unnamed = Unnamed { out, files };
    Ok(Written { name: set.name.clone(), version: set.version.clone(), dialect: set.dialect, kinds, unnamed })
}

/// Gives archives their names, all of a package or none; one result a package.
pub(crate) fn name_all(packages: Vec<Written>) -> Vec<Result<Vec<Artifact>, BuildError>> {
    let (files, facts): (Vec<_>, Vec<_>) = packages
        .into_iter()
        .map(|one| (one.unnamed, (one.name, one.version, one.dialect, one.kinds)))
        .unzip();
    let committed = commit_all(files).into_iter().zip(facts);
    let artifacts = |(result, (name, version, dialect, kinds)): (Result<Vec<Committed>, _>, _)| {
        let kinds: Vec<ArtifactKind> = kinds;
        let artifact = |(file, kind): (Committed, ArtifactKind)| Artifact {
            package: PackageName::clone(&name),
            version: Version::clone(&version),
            kind,
            path: file.path,
            size: file.size,
            sha256: file.sha256,
            blake2b: file.blake2b,
            builder: Builder::Native { dialect },
        };
        Ok(result?.into_iter().zip(kinds).map(artifact).collect())
    };
    committed.map(artifacts).collect()
}

fn total_bytes(request: &BuildRequest<'_>, set: &EntrySet) -> u64 {
    let size = |entries: &[Entry]| entries.iter().map(|entry| entry.source.size()).sum::<u64>();
    let sdist = if request.kinds.sdist { size(&set.sdist) } else { 0 };
    sdist + if request.kinds.wheel { size(&set.wheel) } else { 0 }
}
