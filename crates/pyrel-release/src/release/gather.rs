//! The first steps: files are built, or found, and kept with the run; the packages' own tests run.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use pyrel_build::{BuildEvent, BuildObserver, BuildRequest, Kinds, build_all};
use pyrel_model::{Artifact, ArtifactKind, PackageName};
use pyrel_project::Package;
use rayon::iter::{IntoParallelIterator as _, ParallelIterator as _};

use super::pipeline::{Run, blocking};
use super::{BuildOptions, ReleaseError};
use crate::attest::beside;
use crate::collect::{Collected, collect};
use crate::events::{Event, Reporter};
use crate::journal::{KeptAttestation, KeptFile, Record, Step};
use crate::run_dir::RunDirError;

impl Run<'_> {
    /// Builds the packages, or takes what is in `dist`, and keeps the files with the run, with the attestations that lie
    /// beside them if an index takes any.
    pub(super) async fn gather(&mut self) -> Result<(), ReleaseError> {
        let step = if self.request.build.is_some() { Step::Build } else { Step::Collect };
        if self.skips(step) {
            return Ok(());
        }
        self.start(step);
        let gathered = match &self.request.build {
            Some(options) => self.build(options).await,
            None => self.find().await,
        };
        let result = gathered.and_then(|()| Ok(self.dir.sync_kept()?));
        self.end(step, result)
    }

    async fn build(&mut self, options: &BuildOptions) -> Result<(), ReleaseError> {
        let mut options = options.clone();
        if let Some(requested) = &self.state().requested {
            options.source_date = requested.source_date;
        }
        let reporter = Arc::clone(&self.reporter);
        let artifacts = build_files(&self.packages, &options, Package::dist_dir, reporter).await?;
        self.keep_built(artifacts)
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
        let (mut errors, mut found) = (Vec::new(), Vec::new());
        for package in &self.packages {
            match collect(package, &self.request.directories) {
                Ok(files) => found.extend(files),
                Err(error) => errors.push(error),
            }
        }
        if !errors.is_empty() {
            return Err(ReleaseError::Collect(errors));
        }
        let dir = self.dir.clone();
        // Each copy is flushed, and disks flush several at once faster than one after another.
        let kept = blocking(move || {
            let copies = found.into_par_iter().map(|file| {
                let sha256 = dir.keep_as_is(&file.path, &file.filename)?;
                Ok::<_, RunDirError>((file, sha256))
            });
            copies.collect::<Result<Vec<_>, _>>()
        });
        for (file, sha256) in kept.await? {
            let Collected { package, version, filename, kind, path, size } = file;
            let name = filename.clone();
            self.journal.record(Record::Kept(KeptFile { package, version, filename, kind, size, sha256 }))?;
            self.keep_attestations(&path, &name)?;
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
