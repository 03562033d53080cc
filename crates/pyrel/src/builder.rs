//! How this command line builds: interpreters from `PATH`, the source date, progress on the screen.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use pyrel_build::{
    BuildError, BuildEvent, BuildMemory, BuildObserver, BuildRequest, Planned, PythonSettings, Unsupported,
};
use pyrel_model::{Artifact, ArtifactKind, PackageName};
use pyrel_project::{Git, Package};
use rayon::prelude::*;
use tempfile::TempDir;

use crate::context::Context;
use crate::exit::{CommandError, Failure};
use crate::ui::{Meter, Tone, Ui, plural, size};

/// 1980-01-01, the first time that a ZIP archive can hold.
const ZIP_EPOCH: u64 = 315_532_800;

/// Returns how Python is reached when a build or an installation needs it.
pub(crate) fn python_settings(context: &Context) -> PythonSettings {
    let path = context.environment().path();
    PythonSettings {
        interpreter: find(&path, &["python3", "python"]),
        uv: find(&path, &["uv"]),
        index_url: context.environment().get("PYREL_PYTHON_INDEX").map(str::to_owned),
        offline: context.offline(),
        cache_dir: None,
    }
}

fn find(folders: &[PathBuf], names: &[&str]) -> Option<PathBuf> {
    let suffix = if cfg!(windows) { ".exe" } else { "" };
    names.iter().find_map(|name| {
        let file = format!("{name}{suffix}");
        folders.iter().map(|folder| folder.join(&file)).find(|path| path.is_file())
    })
}

/// Resolves the time stamped on every file: the flag, `SOURCE_DATE_EPOCH`, the last commit, the ZIP epoch.
pub(crate) fn source_date(
    context: &Context,
    flag: Option<u64>,
    package: &Package,
) -> Result<u64, CommandError> {
    if let Some(time) = flag {
        return Ok(time.max(ZIP_EPOCH));
    }
    if let Some(text) = context.environment().get("SOURCE_DATE_EPOCH") {
        let time: u64 = text.trim().parse().map_err(|_| {
            let message = format!("`SOURCE_DATE_EPOCH` is no number of seconds: `{text}`");
            CommandError::message(Failure::Usage, message)
        })?;
        return Ok(time.max(ZIP_EPOCH));
    }
    Ok(last_commit(&package.directory).unwrap_or(ZIP_EPOCH).max(ZIP_EPOCH))
}

/// One answer of git serves every package of a repository.
fn last_commit(directory: &Path) -> Option<u64> {
    static KNOWN: Mutex<Option<Repositories>> = Mutex::new(None);
    let mut known = KNOWN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let known = known.get_or_insert_default();
    let git = known.around(directory)?;
    let times = &mut known.times;
    *times.entry(git.top_level().to_path_buf()).or_insert_with(|| git.last_commit_time())
}

/// The repositories that folders lie in.
#[derive(Default)]
struct Repositories {
    around: HashMap<PathBuf, Option<Git>>,
    times: HashMap<PathBuf, Option<u64>>,
}

impl Repositories {
    /// Returns the repository around a folder. A folder that is no link and no top level lies where its parent does.
    fn around(&mut self, folder: &Path) -> Option<Git> {
        if let Some(known) = self.around.get(folder) {
            return known.clone();
        }
        let is_plain = folder.is_absolute() && !folder.is_symlink() && !folder.join(".git").exists();
        let found = match folder.parent() {
            Some(parent) if is_plain => self.around(parent),
            _ => Git::discover(folder),
        };
        self.around.insert(folder.to_path_buf(), found.clone());
        found
    }
}

/// Opens the memory of builds under a workspace root; `None` where it cannot be kept, which costs time only.
pub(crate) fn memory(context: &Context, root: &Path, rebuild: bool) -> Option<BuildMemory> {
    let memory = context.environment().program_stamp().and_then(|stamp| BuildMemory::open(root, stamp));
    match memory {
        Ok(memory) if rebuild => Some(memory.rebuilding()),
        Ok(memory) => Some(memory),
        Err(error) => {
            context.ui().detail(&format!("every package is built, for builds cannot be remembered: {error}"));
            None
        }
    }
}

/// Builds every request, with a memory only those that changed; the first failure is the error, after all have
/// ended.
pub(crate) fn build(
    context: &Context,
    requests: &[BuildRequest<'_>],
    memory: Option<&BuildMemory>,
) -> Result<Vec<Artifact>, CommandError> {
    let screen = Screen { ui: context.ui(), context, meters: Mutex::default() };
    build_watched(context, requests, memory, &screen)
}

/// Builds every request for another purpose than the files themselves.
pub(crate) fn build_silently(
    context: &Context,
    requests: &[BuildRequest<'_>],
) -> Result<Vec<Artifact>, CommandError> {
    build_watched(context, requests, None, &pyrel_build::Silent)
}

/// Builds every request for another purpose than the files themselves, each with a result of its own.
pub(crate) fn build_each(
    context: &Context,
    requests: &[BuildRequest<'_>],
) -> Vec<Result<Vec<Artifact>, CommandError>> {
    let results = pyrel_build::build_all(requests, &pyrel_build::Silent);
    results.into_iter().map(|result| result.map_err(|error| failed(context, error))).collect()
}

fn build_watched(
    context: &Context,
    requests: &[BuildRequest<'_>],
    memory: Option<&BuildMemory>,
    observer: &dyn BuildObserver,
) -> Result<Vec<Artifact>, CommandError> {
    let results = match memory {
        Some(memory) => pyrel_build::build_changed(requests, memory, observer),
        None => pyrel_build::build_all(requests, observer),
    };
    let mut artifacts = Vec::new();
    let mut failures = Vec::new();
    for result in results {
        match result {
            Ok(built) => artifacts.extend(built),
            Err(error) => failures.push(error),
        }
    }
    let mut failures = failures.into_iter().map(|error| failed(context, error));
    let Some(first) = failures.next() else { return Ok(artifacts) };
    for other in failures {
        context.ui().error(&other);
    }
    Err(first)
}

/// Makes a folder for files that nobody keeps.
pub(crate) fn room() -> Result<TempDir, CommandError> {
    tempfile::tempdir().map_err(|error| {
        let error = anyhow::Error::new(error).context("cannot make a temporary folder");
        CommandError::new(Failure::Usage, error)
    })
}

/// Refuses the packages that only their own backend can build, each with the reason; nothing was written then.
pub(crate) fn require_native(context: &Context, requests: &[BuildRequest<'_>]) -> Result<(), CommandError> {
    let plans: Vec<_> = requests.par_iter().map(pyrel_build::plan).collect();
    let mut refused = 0;
    for (request, planned) in requests.iter().zip(plans) {
        if let Planned::Fallback(unsupported) = planned.map_err(|error| failed(context, error))? {
            refused += 1;
            context.ui().status(
                Tone::Fail,
                "Not native",
                &because(context, &request.package.name, &unsupported),
            );
        }
    }
    if refused == 0 {
        return Ok(());
    }
    let message = format!("{} cannot be built natively", plural(refused, "package"));
    let hint = "build without `--native-only`, so that their own backends do it";
    Err(CommandError::message(Failure::Refused, message).hint(Some(hint)))
}

/// Says why a package goes to its own backend.
fn because(context: &Context, package: &PackageName, unsupported: &Unsupported) -> String {
    let place = unsupported.location.clone().map(|mut location| {
        location.path = PathBuf::from(context.shown(&location.path));
        format!("{}: ", location.to_text())
    });
    let (place, option) = (place.unwrap_or_default(), &unsupported.option);
    format!("{package} with its own backend: {place}`{option}` {}", unsupported.reason)
}

/// Turns the error of a build into what a person reads.
pub(crate) fn failed(context: &Context, error: BuildError) -> CommandError {
    match error {
        BuildError::Project(diagnostic) => context.located(*diagnostic),
        other => {
            let hint = other.hint();
            CommandError::new(Failure::Usage, other).hint(hint)
        }
    }
}

/// Shows build events.
struct Screen<'a> {
    ui: &'a Ui,
    context: &'a Context,
    meters: Mutex<HashMap<PackageName, Meter>>,
}

impl BuildObserver for Screen<'_> {
    fn event(&self, event: BuildEvent<'_>) {
        match event {
            BuildEvent::Started { package } => self.ui.detail(&format!("building {package}")),
            BuildEvent::FallingBack { package, unsupported } => {
                let text = because(self.context, package, unsupported);
                self.ui.status(Tone::Warn, "PEP 517", &text);
            }
            BuildEvent::Bytes { package, done, total } => self.advance(package, done, total),
            BuildEvent::Built { artifact } => self.built(artifact),
            BuildEvent::Unchanged { artifact } => self.show("Unchanged", artifact),
            _ => {}
        }
    }
}

impl Screen<'_> {
    fn advance(&self, package: &PackageName, done: u64, total: u64) {
        if self.ui.stage().is_none() {
            return;
        }
        let mut meters = self.meters.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let label = format!("building {package}");
        meters
            .entry(package.clone())
            .or_insert_with(|| Meter::bytes(self.ui.stage(), label, total))
            .set(done);
    }

    fn built(&self, artifact: &Artifact) {
        if artifact.kind == ArtifactKind::Wheel {
            self.meters.lock().unwrap_or_else(std::sync::PoisonError::into_inner).remove(&artifact.package);
        }
        self.show("Built", artifact);
    }

    fn show(&self, verb: &str, artifact: &Artifact) {
        if self.ui.settings().json {
            return;
        }
        let how = match &artifact.builder {
            pyrel_model::Builder::Native { dialect } => dialect,
            pyrel_model::Builder::Pep517 { .. } => "pep517",
        };
        let path = self.context.shown(&artifact.path);
        let hash = &artifact.sha256.to_hex()[..12];
        self.ui.status(Tone::Done, verb, &format!("{path} ({}, {how}, sha256 {hash})", size(artifact.size)));
    }
}
