//! The entry points: plan one package, build one, build many at the same time.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver};

use pyrel_model::Artifact;
use rayon::prelude::*;

use crate::detector;
use crate::entry_set::{EntrySet, Planned, Unsupported};
use crate::error::BuildError;
use crate::incremental::{BuildMemory, Session, Trace};
use crate::native::{self, Written};
use crate::observer::{BuildEvent, BuildObserver};
use crate::pep517;
use crate::request::BuildRequest;
use crate::writer::{Budget, OutDir};

/// How many packages may wait for the disk; each has up to two open files.
const WAITING: usize = 32;

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
    build_each(&[request], None, observer).pop().expect("one request has one result")
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
    let session = memory.begin();
    let recalled: Vec<_> = requests.par_iter().map(|request| session.recall(request)).collect();
    for artifact in recalled.iter().flatten().flatten() {
        observer.event(BuildEvent::Unchanged { artifact });
    }
    let changed: Vec<&BuildRequest<'_>> = requests
        .iter()
        .zip(&recalled)
        .filter(|(_, known)| known.is_none())
        .map(|(request, _)| request)
        .collect();
    let mut built = build_each(&changed, Some(&session), observer).into_iter();
    session.end();
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
    memory: Option<&Session<'_>>,
    observer: &dyn BuildObserver,
) -> Vec<Result<Vec<Artifact>, BuildError>> {
    let run = Run { requests, memory, observer };
    let workers = rayon::current_num_threads().min(requests.len());
    if workers <= 1 {
        let budget = Budget::shared_by(1);
        let one = |index| run.conclude(vec![(index, run.make(index, budget))]);
        return (0..requests.len()).flat_map(one).map(|(_, result)| result).collect();
    }
    let budget = Budget::shared_by(workers);
    let next = AtomicUsize::new(0);
    let (sender, receiver) = mpsc::sync_channel(WAITING);
    // Plain threads and not tasks of the pool: a pool thread that waits for its own segments would begin
    // another archive meanwhile, and memory would grow with the number of packages.
    std::thread::scope(|scope| {
        for _ in 0..workers {
            let sender = sender.clone();
            let (run, next) = (&run, &next);
            scope.spawn(move || {
                while let Some(index) = claim(next, requests.len()) {
                    if sender.send((index, run.make(index, budget))).is_err() {
                        break;
                    }
                }
            });
        }
        drop(sender);
        run.conclude_all(&receiver)
    })
}

fn claim(next: &AtomicUsize, length: usize) -> Option<usize> {
    let index = next.fetch_add(1, Ordering::Relaxed);
    (index < length).then_some(index)
}

/// Packages that are built in one go.
struct Run<'r> {
    requests: &'r [&'r BuildRequest<'r>],
    memory: Option<&'r Session<'r>>,
    observer: &'r dyn BuildObserver,
}

/// What became of a package.
enum Made {
    /// Its archives are complete and need their names.
    Native(Box<(Written, Sight)>),
    /// Its own backend built it.
    Foreign(Vec<Artifact>),
}

/// What is known about what the next build will see.
enum Sight {
    /// The same as this one.
    Last(Trace),
    /// The output folder will be another one, so somebody has to look whether that changes the plan.
    First(EntrySet),
    /// Nobody wants to know.
    None,
}

type Outcome = (usize, Result<Made, BuildError>);

impl Run<'_> {
    /// Builds one package, but for the names of what was built natively.
    fn make(&self, index: usize, budget: Budget) -> Result<Made, BuildError> {
        let request = self.requests[index];
        self.observer.event(BuildEvent::Started { package: &request.package.name });
        // A trace should see the folder as the next build will, and no backend takes its usual name for a part of
        // the project.
        let is_usual = request.out_dir == request.package.dist_dir();
        let early = is_usual.then(|| OutDir::open(&request.out_dir)).transpose()?;
        let (planned, trace) = choose(request, self.memory.map(|_| Trace::default()))?;
        match planned {
            Planned::Native(set) => {
                let was_there = request.out_dir.is_dir();
                let out = early.map_or_else(|| OutDir::open(&request.out_dir), Ok)?;
                let is_last = |trace: &Trace| was_there && !trace.looked_into(&request.out_dir);
                let written = native::write(request, &set, out, (self.observer, budget))?;
                let sight = match trace {
                    Some(trace) if is_last(&trace) => Sight::Last(trace),
                    Some(_) => Sight::First(set),
                    None => Sight::None,
                };
                Ok(Made::Native(Box::new((written, sight))))
            }
            Planned::Fallback(unsupported) => {
                let package = &request.package.name;
                self.observer.event(BuildEvent::FallingBack { package, unsupported: &unsupported });
                pep517::build(request, &unsupported, self.observer).map(Made::Foreign)
            }
        }
    }

    /// Concludes packages as they come, all that are there at the same time.
    fn conclude_all(&self, made: &Receiver<Outcome>) -> Vec<Result<Vec<Artifact>, BuildError>> {
        let mut results: Vec<Option<_>> = self.requests.iter().map(|_| None).collect();
        while let Ok(first) = made.recv() {
            let batch: Vec<Outcome> = std::iter::once(first).chain(made.try_iter().take(WAITING)).collect();
            for (index, result) in self.conclude(batch) {
                results[index] = Some(result);
            }
        }
        let result =
            |slot: Option<_>| slot.expect("every request was claimed by a worker that sent its outcome");
        results.into_iter().map(result).collect()
    }

    /// Gives files their names, and remembers what was built.
    fn conclude(&self, batch: Vec<Outcome>) -> Vec<(usize, Result<Vec<Artifact>, BuildError>)> {
        let mut results = Vec::new();
        let mut written = Vec::new();
        let mut waiting = Vec::new();
        for (index, outcome) in batch {
            match outcome {
                Ok(Made::Native(native)) => {
                    written.push(native.0);
                    waiting.push((index, native.1));
                }
                Ok(Made::Foreign(artifacts)) => results.push((index, Ok(artifacts))),
                Err(error) => results.push((index, Err(error))),
            }
        }
        let named: Vec<_> = waiting.into_iter().zip(native::name_all(written)).collect();
        let remember = |((index, sight), result): ((usize, Sight), Result<Vec<Artifact>, BuildError>)| {
            if let (Some(memory), Ok(artifacts)) = (self.memory, &result) {
                memory.keep(self.requests[index], sight.into_trace(self.requests[index]), artifacts);
            }
            (index, result)
        };
        results.extend(named.into_par_iter().map(remember).collect::<Vec<_>>());
        for artifact in results.iter().filter_map(|(_, result)| result.as_ref().ok()).flatten() {
            self.observer.event(BuildEvent::Built { artifact });
        }
        results
    }
}

impl Sight {
    /// Returns what the next build will look at; `None` when it would make another plan.
    fn into_trace(self, request: &BuildRequest<'_>) -> Option<Trace> {
        match self {
            Self::Last(trace) => Some(trace),
            Self::First(set) => match detector::plan(request, Some(Trace::default())) {
                Ok((Planned::Native(again), trace)) if again == set => trace,
                _ => None,
            },
            Self::None => None,
        }
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
