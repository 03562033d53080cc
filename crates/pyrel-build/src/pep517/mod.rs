//! The fallback: the project's own backend, in an environment of its own, through its PEP 517 hooks.

mod backend;
mod bounded;
mod error;
mod unpack;

use std::path::{Path, PathBuf};

use fs_err as fs;
use pyrel_model::pyproject::BuildSystem;
use pyrel_model::{Artifact, ArtifactKind, Builder, DistFilename};

pub use error::Pep517Error;

use self::backend::Backend;
use crate::entry_set::Unsupported;
use crate::error::BuildError;
use crate::observer::{BuildEvent, BuildObserver};
use crate::python::{InstallRequest, Interpreter, Venv};
use crate::request::BuildRequest;
use crate::writer::{Finished, OutDir};

/// Builds with the real backend: the sdist from the tree, the wheel from the unpacked sdist.
pub(crate) fn build(
    request: &BuildRequest<'_>,
    unsupported: &Unsupported,
    observer: &dyn BuildObserver,
) -> Result<Vec<Artifact>, BuildError> {
    let scratch = tempfile::Builder::new().prefix("pyrel-build-").tempdir();
    let scratch = scratch.map_err(Pep517Error::scratch(Path::new("")))?;
    let run = Run { request, observer, scratch: scratch.path() };
    let files = run.files()?;
    run.publish(&files, unsupported)
}

/// A file that the backend made, still in the scratch folder.
struct Made {
    path: PathBuf,
    name: String,
    parsed: DistFilename,
}

struct Run<'a> {
    request: &'a BuildRequest<'a>,
    observer: &'a dyn BuildObserver,
    scratch: &'a Path,
}

impl Run<'_> {
    fn files(&self) -> Result<Vec<Made>, BuildError> {
        let default = BuildSystem::default();
        let system = self.request.package.pyproject.as_ref().map_or(&default, |file| file.build_system());
        let venv = self.environment(system)?;
        let directory = &self.request.package.directory;
        let backend = Backend::new(system, &venv, self.scratch, self.request.source_date);
        let mut made = Vec::new();

        self.prepare(&backend, &venv, "get_requires_for_build_sdist", directory)?;
        let sdist = self.make(&backend, "build_sdist", directory)?;
        if let Some(bounds) = &self.request.package.bounds {
            self.step("bounding dependencies on siblings");
            let name = &self.request.package.name;
            bounded::rewrite(&sdist.path, name, bounds, self.request.source_date)?;
        }
        if self.request.kinds.wheel {
            let unpacked = unpack::unpack(&sdist.path, &self.scratch.join("unpacked"))?;
            self.prepare(&backend, &venv, "get_requires_for_build_wheel", &unpacked)?;
            made.push(self.make(&backend, "build_wheel", &unpacked)?);
        }
        if self.request.kinds.sdist {
            made.insert(0, sdist);
        }
        Ok(made)
    }

    fn environment(&self, system: &BuildSystem) -> Result<Venv, BuildError> {
        self.step("creating a build environment");
        let settings = self.request.python;
        let interpreter = Interpreter::configured(settings.interpreter.as_deref()).map_err(Box::new)?;
        let venv = Venv::create(&self.scratch.join("env"), &interpreter, settings.uv.as_deref())
            .map_err(Box::new)?;
        self.step("installing build requirements");
        let requirements = system.requires.iter().map(|one| one.as_written().to_owned()).collect();
        self.install(&venv, requirements)?;
        Ok(venv)
    }

    fn install(&self, venv: &Venv, requirements: Vec<String>) -> Result<(), BuildError> {
        let settings = self.request.python;
        let request = InstallRequest {
            requirements,
            index_url: settings.index_url.clone(),
            offline: settings.offline,
            cache_dir: settings.cache_dir.clone(),
            ..InstallRequest::default()
        };
        venv.install(&request).map_err(|error| BuildError::Python(Box::new(error)))
    }

    /// Asks for the requirements of a hook and installs them.
    fn prepare(
        &self,
        backend: &Backend<'_>,
        venv: &Venv,
        hook: &str,
        source: &Path,
    ) -> Result<(), BuildError> {
        let requirements = backend.requirements(hook, source)?;
        if requirements.is_empty() {
            return Ok(());
        }
        self.step("installing what the backend asked for");
        self.install(venv, requirements)
    }

    fn make(&self, backend: &Backend<'_>, hook: &str, source: &Path) -> Result<Made, BuildError> {
        self.step(hook);
        let out = self.scratch.join("out");
        fs::create_dir_all(&out).map_err(Pep517Error::scratch(&out))?;
        let name = backend.build(hook, source, &out)?;
        let wrong = |reason: String| {
            let backend = backend.name().to_owned();
            BuildError::from(Box::new(Pep517Error::WrongFile { backend, hook: hook.to_owned(), reason }))
        };
        let path = out.join(&name);
        if name.contains(['/', '\\']) || !path.is_file() {
            return Err(wrong(format!("it said it made `{name}`, which does not exist")));
        }
        let parsed: DistFilename = name.parse().map_err(|error| wrong(format!("{error}")))?;
        let expected = if hook == "build_sdist" { ArtifactKind::Sdist } else { ArtifactKind::Wheel };
        if parsed.kind() != expected {
            return Err(wrong(format!("`{name}` is no {}", expected.as_str())));
        }
        if *parsed.name() != self.request.package.name {
            return Err(wrong(format!("`{name}` is not a file of `{}`", self.request.package.name)));
        }
        Ok(Made { path, name, parsed })
    }

    /// Brings the files to the output folder, all or none.
    fn publish(&self, files: &[Made], unsupported: &Unsupported) -> Result<Vec<Artifact>, BuildError> {
        let out = OutDir::open(&self.request.out_dir)?;
        let mut finished: Vec<Finished> = Vec::new();
        for made in files {
            let read = |source| BuildError::Read { path: made.path.clone(), source };
            let mut file = fs::File::open(&made.path).map_err(read)?;
            let mut stream = out.create()?;
            std::io::copy(&mut file, &mut stream)
                .map_err(|source| BuildError::Write { path: out.path().join(&made.name), source })?;
            finished.push(out.finish(stream, &made.name)?);
        }
        let committed = out.commit(finished)?;
        let package = self.request.package;
        let default = BuildSystem::default();
        let system = package.pyproject.as_ref().map_or(&default, |file| file.build_system());
        let artifacts = files.iter().zip(committed).map(|(made, file)| Artifact {
            package: package.name.clone(),
            version: made.parsed.version().clone(),
            kind: made.parsed.kind(),
            path: file.path,
            size: file.size,
            sha256: file.sha256,
            blake2b: file.blake2b,
            builder: Builder::Pep517 { backend: system.backend.clone(), reason: unsupported.to_string() },
        });
        Ok(artifacts.collect())
    }

    fn step(&self, step: &str) {
        self.observer.event(BuildEvent::Step { package: &self.request.package.name, step });
    }
}
