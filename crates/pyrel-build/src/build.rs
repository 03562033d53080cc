//! The entry points: plan one package, build one, build many at the same time.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use pyrel_model::{Artifact, ArtifactKind, Builder};
use rayon::prelude::*;

use crate::detector;
use crate::entry_set::{EntrySet, Planned, Unsupported};
use crate::error::BuildError;
use crate::incremental::{BuildMemory, Trace};
use crate::observer::{BuildEvent, BuildObserver};
use crate::pep517;
use crate::request::BuildRequest;
use crate::writer::{Budget, Finished, OutDir, write_sdist, write_wheel};

/// Says what a build of the package would put into its archives, or why its own backend has to build it.
/// Reads the tree and writes nothing. Whether the backend was asked for is not considered.
///
/// # Errors
/// When the project is at fault, so that its backend would fail too, or cannot be read.
pub fn plan(request: &BuildRequest<'_>) -> Result<Planned, BuildError> {
    detector::plan(request, None).map(|(planned, _)| planned)
}

/// Builds one package: the sdist first, and the wheel from the content of the sdist.
///
/// # Errors
/// When any of the files cannot be made; then none of them appears in the output folder.
pub fn build(request: &BuildRequest<'_>, observer: &dyn BuildObserver) -> Result<Vec<Artifact>, BuildError> {
    build_within(request, None, observer, Budget::shared_by(1))
}

/// Builds packages at the same time, one result per request, in the order of the requests.
pub fn build_all(
    requests: &[BuildRequest<'_>],
    observer: &dyn BuildObserver,
) -> Vec<Result<Vec<Artifact>, BuildError>> {
    let requests: Vec<&BuildRequest<'_>> = requests.iter().collect();
    build_each(&requests, None, observer)
}

/// Builds the packages that changed since the memory last saw them, at the same time; for the others it returns
/// the files that are there. One result per request, in the order of the requests.
pub fn build_changed(
    requests: &[BuildRequest<'_>],
    memory: &BuildMemory,
    observer: &dyn BuildObserver,
) -> Vec<Result<Vec<Artifact>, BuildError>> {
    let recalled: Vec<_> = requests.par_iter().map(|request| memory.recall(request)).collect();
    for artifact in recalled.iter().flatten().flatten() {
        observer.event(BuildEvent::Unchanged { artifact });
    }
    let changed: Vec<&BuildRequest<'_>> = requests
        .iter()
        .zip(&recalled)
        .filter(|(_, known)| known.is_none())
        .map(|(request, _)| request)
        .collect();
    let mut built = build_each(&changed, Some(memory), observer).into_iter();
    recalled
        .into_iter()
        .map(|known| match known {
            Some(artifacts) => Ok(artifacts),
            None => built.next().expect("every request that was not recalled was built"),
        })
        .collect()
}

fn build_each(
    requests: &[&BuildRequest<'_>],
    memory: Option<&BuildMemory>,
    observer: &dyn BuildObserver,
) -> Vec<Result<Vec<Artifact>, BuildError>> {
    let workers = rayon::current_num_threads().min(requests.len());
    if workers <= 1 {
        let budget = Budget::shared_by(1);
        return requests.iter().map(|request| build_within(request, memory, observer, budget)).collect();
    }
    let budget = Budget::shared_by(workers);
    let next = AtomicUsize::new(0);
    let results: Vec<Mutex<Option<_>>> = requests.iter().map(|_| Mutex::new(None)).collect();
    // Plain threads and not tasks of the pool: a pool thread that waits for its own segments would begin
    // another archive meanwhile, and memory would grow with the number of packages.
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let Some(index) = claim(&next, requests.len()) {
                    let result = build_within(requests[index], memory, observer, budget);
                    *results[index].lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(result);
                }
            });
        }
    });
    results
        .into_iter()
        .map(|slot| {
            slot.into_inner()
                .unwrap_or_else(std::sync::PoisonError::into_inner)
                .expect("every index below the length was claimed by a worker that filled its slot")
        })
        .collect()
}

fn claim(next: &AtomicUsize, length: usize) -> Option<usize> {
    let index = next.fetch_add(1, Ordering::Relaxed);
    (index < length).then_some(index)
}

fn build_within(
    request: &BuildRequest<'_>,
    memory: Option<&BuildMemory>,
    observer: &dyn BuildObserver,
    budget: Budget,
) -> Result<Vec<Artifact>, BuildError> {
    observer.event(BuildEvent::Started { package: &request.package.name });
    let start = memory.and_then(BuildMemory::now);
    let (planned, trace) = choose(request, memory.map(|_| Trace::default()))?;
    let artifacts = match planned {
        Planned::Native(set) => {
            let had_out_dir = request.out_dir.is_dir();
            let artifacts = write_native(request, &set, observer, budget)?;
            if let (Some(memory), Some(trace)) = (memory, trace) {
                let trace = if had_out_dir { Some(trace) } else { trace_again(request, &set) };
                memory.keep(request, (start, trace), &artifacts);
            }
            artifacts
        }
        Planned::Fallback(unsupported) => {
            observer
                .event(BuildEvent::FallingBack { package: &request.package.name, unsupported: &unsupported });
            pep517::build(request, &unsupported, observer)?
        }
    };
    for artifact in &artifacts {
        observer.event(BuildEvent::Built { artifact });
    }
    Ok(artifacts)
}

/// Looks again after the first build has made the output folder, as the next build will; `None` when that gives
/// another plan.
fn trace_again(request: &BuildRequest<'_>, set: &EntrySet) -> Option<Trace> {
    match detector::plan(request, Some(Trace::default())) {
        Ok((Planned::Native(again), trace)) if again == *set => trace,
        _ => None,
    }
}

fn choose(request: &BuildRequest<'_>, trace: Option<Trace>) -> Result<(Planned, Option<Trace>), BuildError> {
    if request.force_pep517 {
        let reason = "was asked for".to_owned();
        let option = "--force-pep517".to_owned();
        return Ok((Planned::Fallback(Unsupported { option, location: None, reason }), None));
    }
    detector::plan(request, trace)
}

fn write_native(
    request: &BuildRequest<'_>,
    set: &EntrySet,
    observer: &dyn BuildObserver,
    budget: Budget,
) -> Result<Vec<Artifact>, BuildError> {
    let out = OutDir::open(&request.out_dir)?;
    let total = total_bytes(request, set);
    let done = AtomicU64::new(0);
    let progress = |bytes: u64| {
        let done = done.fetch_add(bytes, Ordering::Relaxed) + bytes;
        observer.event(BuildEvent::Bytes { package: &set.name, done, total });
    };
    let when = (request.source_date, budget);
    let mut finished: Vec<Finished> = Vec::new();
    let mut kinds = Vec::new();
    if request.kinds.sdist {
        let name = set.sdist_file_name();
        let mut stream = out.create()?;
        write_sdist(set, &mut stream, &out.path().join(&name), when, &progress)?;
        finished.push(out.finish(stream, &name)?);
        kinds.push(ArtifactKind::Sdist);
    }
    if request.kinds.wheel {
        let name = set.wheel_file_name();
        let target = out.path().join(&name);
        let mut stream = out.create()?;
        write_wheel(set, &mut stream, (out.path(), &target), when, &progress)?;
        finished.push(out.finish(stream, &name)?);
        kinds.push(ArtifactKind::Wheel);
    }
    let committed = out.commit(finished)?;
    let artifacts = committed.into_iter().zip(kinds).map(|(file, kind)| Artifact {
        package: set.name.clone(),
        version: set.version.clone(),
        kind,
        path: file.path,
        size: file.size,
        sha256: file.sha256,
        blake2b: file.blake2b,
        builder: Builder::Native { dialect: set.dialect },
    });
    Ok(artifacts.collect())
}

fn total_bytes(request: &BuildRequest<'_>, set: &EntrySet) -> u64 {
    let size = |entries: &[crate::Entry]| entries.iter().map(|entry| entry.source.size()).sum::<u64>();
    let sdist = if request.kinds.sdist { size(&set.sdist) } else { 0 };
    sdist + if request.kinds.wheel { size(&set.wheel) } else { 0 }
}
