//! The first steps: files are built, or found, and kept with the run; the packages' own tests run.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use fs_err as fs;
use pyrel_build::{BuildEvent, BuildObserver, BuildRequest, Kinds, build_all};
use pyrel_dist::{CheckOptions, Readings};
use pyrel_model::{Artifact, ArtifactKind, PackageName};
use pyrel_project::Package;
use rayon::iter::{IntoParallelRefIterator as _, ParallelIterator as _};

use super::pipeline::Run;
use super::{BuildOptions, ReleaseError};
use crate::attest::beside;
use crate::blocking::blocking;
use crate::collect::{Collected, collect};
use crate::events::{Event, Reporter};
use crate::journal::{Flush, KeptAttestation, KeptFile, Record, Step};
use crate::run_dir::{RunDir, RunDirError, hash_file};

impl Run<'_> {
    /// Builds the packages, or takes what is in `dist`, and keeps the files with the run, with the attestations that lie
    /// beside them if an index takes any.
    pub(super) async fn gather(&mut self) -> Result<(), ReleaseError> {
        let step = if self.request.build.is_some() { Step::Build } else { Step::Collect };
        if self.skips(step) {
            // The run that gathered them may have been cut off before they were on the disk.
            let kept = self.files().into_iter().map(|(_, path)| path).collect();
            self.flushing = Some(Flushing::of(&self.dir, kept, self.journal.flush()?));
            return Ok(());
        }
        self.start(step);
        let gathered = match &self.request.build {
            Some(options) => self.build(options).await,
            None => self.find().await,
        };
        self.end(step, gathered)
    }

    async fn build(&mut self, options: &BuildOptions) -> Result<(), ReleaseError> {
        let mut options = options.clone();
        if let Some(requested) = &self.state().requested {
            options.source_date = requested.source_date;
        }
        let reporter = Arc::clone(&self.reporter);
        let artifacts = build_files(&self.packages, &options, Package::dist_dir, reporter).await?;
        self.keep_built(artifacts)?;
        Ok(self.dir.sync_kept()?)
    }

    fn keep_built(&mut self, artifacts: Vec<Artifact>) -> Result<(), ReleaseError> {
        for artifact in artifacts {
            let filename = match artifact.path.file_name() {
                Some(name) => name.to_string_lossy().into_owned(),
                None => continue,
            };
            let kept = KeptFile {
                package: artifact.package,
                version: artifact.version,
                filename,
                kind: artifact.kind,
                size: artifact.size,
                sha256: artifact.sha256,
            };
            self.keep(&artifact.path, kept)?;
        }
        Ok(())
    }

    fn keep(&mut self, path: &Path, kept: KeptFile) -> Result<(), ReleaseError> {
        self.dir.keep(path, &kept.filename, &kept.sha256)?;
        let file = kept.filename.clone();
        self.journal.record(Record::Kept(kept))?;
        self.keep_attestations(path, &file)
    }

    fn keep_attestations(&mut self, path: &Path, file: &str) -> Result<(), ReleaseError> {
        let attests = self.attests();
        for found in beside(path).map_err(RunDirError::from)? {
            if !attests {
                let text =
                    format!("`{}` stays here: no index of this run takes attestations", found.filename);
                self.emit(&Event::Note { message: text });
                continue;
            }
            self.dir.keep(&found.path, &found.filename, &found.sha256)?;
            let (file, attestation, sha256) = (file.to_owned(), found.filename, found.sha256);
            self.journal.record(Record::Attested(KeptAttestation {
                file,
                attestation,
                sha256,
                signed: false,
            }))?;
        }
        Ok(())
    }

    /// Takes the files of the current versions from the packages' `dist` folders.
    async fn find(&mut self) -> Result<(), ReleaseError> {
        let mut found = collect(&self.packages, &self.request.directories).map_err(ReleaseError::Collect)?;
        // In the order in which the check will ask for them.
        found.sort_by(|a, b| a.filename.cmp(&b.filename));
        let (dir, options) = (self.dir.clone(), self.check_options());
        let flush = self.journal.flush()?;
        let (found, readings, flushing) = blocking(move || keep_found(&dir, found, &options, flush)).await?;
        self.flushing = Some(flushing);
        for (path, kept) in found {
            let name = kept.filename.clone();
            self.journal.record(Record::Kept(kept))?;
            self.keep_attestations(&path, &name)?;
        }
        self.readings = Some(readings);
        if !self.state().attestations.is_empty() {
            self.dir.sync_kept()?;
        }
        Ok(())
    }

    /// Runs the packages' own tests against their wheels.
    pub(super) async fn test(&mut self) -> Result<(), ReleaseError> {
        let Some(test) = self.request.test.clone() else { return Ok(()) };
        if self.skips(Step::Test) {
            return Ok(());
        }
        self.start(Step::Test);
        let wheels: Vec<(KeptFile, PathBuf)> =
            self.files().into_iter().filter(|(file, _)| file.kind == ArtifactKind::Wheel).collect();
        let with_wheel = |package: &&Package| {
            let own = wheels.iter().find(|(file, _)| file.package == package.name);
            own.map(|(_, wheel)| ((*package).clone(), wheel.clone()))
        };
        let packages: Vec<(Package, PathBuf)> = self.packages.iter().filter_map(with_wheel).collect();
        let failures = blocking(move || test.test(&packages)).await;
        let result = if failures.is_empty() { Ok(()) } else { Err(ReleaseError::Test(failures)) };
        self.end(Step::Test, result)
    }
}

/// A flush of the kept files and of the journal under way. The disk is waited for only before something is planned with
/// the files, while they are checked and the index is asked about them.
pub(super) struct Flushing(thread::JoinHandle<Flushed>);

type Flushed = (Result<(), RunDirError>, io::Result<u64>);

impl Flushing {
    fn of(dir: &RunDir, files: Vec<PathBuf>, journal: Flush) -> Self {
        let dir = dir.clone();
        Self(thread::spawn(move || (dir.flush_kept(&files), journal.run())))
    }

    /// Returns when the disk has, or does not want, the files and the journal.
    pub(super) fn wait(self) -> Flushed {
        self.0.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }
}

type Found = (Vec<(PathBuf, KeptFile)>, Readings, Flushing);

/// Copies found files into the run, and reads the copies for the check: one reading tells what is kept, judged, and
/// sent. Returns each with the path at which it was found.
fn keep_found(
    dir: &RunDir,
    found: Vec<Collected>,
    options: &CheckOptions,
    journal: Flush,
) -> Result<Found, RunDirError> {
    let copies = found.par_iter().map(|file| dir.keep_as_is(&file.path, &file.filename));
    let copies: Vec<PathBuf> = copies.collect::<Result<_, _>>()?;
    let flushing = Flushing::of(dir, copies.clone(), journal);
    let readings = Readings::of(&copies, options);
    let mut kept = Vec::with_capacity(found.len());
    for (file, (copy, digest)) in found.into_iter().zip(readings.digests()) {
        let Collected { package, version, filename, kind, path, .. } = file;
        // What could not be read a moment ago says why when it is read again.
        let (size, sha256) = match digest {
            Some(digest) => digest,
            None => (fs::metadata(copy)?.len(), hash_file(copy)?),
        };
        kept.push((path, KeptFile { package, version, filename, kind, size, sha256 }));
    }
    Ok((kept, readings, flushing))
}

/// Builds packages, each into a directory of its own.
pub(super) async fn build_files(
    packages: &[&Package],
    options: &BuildOptions,
    out_dir: impl Fn(&Package) -> PathBuf + Send + 'static,
    reporter: Arc<dyn Reporter>,
) -> Result<Vec<Artifact>, ReleaseError> {
    let built = |package: &&Package| options.bounded.get(&package.name).unwrap_or(package).clone();
    let packages: Vec<Package> = packages.iter().map(built).collect();
    for package in &packages {
        for bound in package.bounds.iter().flat_map(|bounds| bounds.changes()) {
            reporter.event(&Event::Bounded {
                package: package.name.clone(),
                dependency: bound.dependency.clone(),
                change: bound.described(),
            });
        }
    }
    let names: Vec<PackageName> = packages.iter().map(|package| package.name.clone()).collect();
    let options = options.clone();
    let observer = Observer(reporter);
    let results = blocking(move || {
        let requests: Vec<BuildRequest<'_>> = packages
            .iter()
            .map(|package| BuildRequest {
                package,
                kinds: Kinds::BOTH,
                out_dir: out_dir(package),
                force_pep517: options.force_pep517,
                source_date: options.source_date,
                python: &options.python,
                variables: &options.variables,
            })
            .collect();
        build_all(&requests, &observer)
    })
    .await;
    let (mut failures, mut artifacts) = (Vec::new(), Vec::new());
    for (name, result) in names.into_iter().zip(results) {
        match result {
            Ok(built) => artifacts.extend(built),
            Err(error) => failures.push((name, error)),
        }
    }
    if failures.is_empty() { Ok(artifacts) } else { Err(ReleaseError::Build(failures)) }
}

/// Passes what a build tells on to the reporter.
struct Observer(Arc<dyn Reporter>);

impl BuildObserver for Observer {
    fn event(&self, event: BuildEvent<'_>) {
        let event = match event {
            BuildEvent::Started { package } => Event::BuildStarted { package: package.clone() },
            BuildEvent::FallingBack { package, unsupported } => Event::BuildFallback {
                package: package.clone(),
                option: unsupported.option.clone(),
                reason: unsupported.reason.clone(),
            },
            BuildEvent::Bytes { package, done, total } => {
                Event::BuildProgress { package: package.clone(), done, total }
            }
            BuildEvent::Built { artifact } => Event::Built {
                package: artifact.package.clone(),
                filename: artifact.path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
                size: artifact.size,
                sha256: artifact.sha256,
            },
            BuildEvent::Step { package, step } => Event::Note { message: format!("{package}: {step}") },
            _ => return,
        };
        self.0.event(&event);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::Journal;

    #[test]
    fn a_plan_learns_that_kept_files_did_not_get_to_the_disk() {
        let root = tempfile::tempdir().unwrap();
        let dir = RunDir::create(root.path(), "r1").unwrap();
        let mut journal = Journal::create(&dir, "pyrel 0", Arc::new(|| 42)).unwrap();
        fs::write(dir.kept_path("a-1.tar.gz"), "one").unwrap();
        let flush = |names: &[&str], journal: &Journal| {
            let files = names.iter().map(|name| dir.kept_path(name)).collect();
            Flushing::of(&dir, files, journal.flush().unwrap()).wait()
        };
        journal.record(Record::StepDone { step: Step::Collect }).unwrap();
        let (files, records) = flush(&["a-1.tar.gz"], &journal);
        assert!(files.is_ok());
        journal.take_flush(records).unwrap();
        assert!(journal.flush_of(journal.last()).unwrap().is_none(), "the journal came along");
        let (files, records) = flush(&["a-1.tar.gz", "gone"], &journal);
        assert!(files.unwrap_err().to_string().contains("run directory"));
        assert!(records.is_ok());
    }
}
