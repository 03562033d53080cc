//! Builds that are not done again, and the proof that none is left out that was needed.

use std::path::{Path, PathBuf};
use std::time::Duration;

use fs_err as fs;
use pyrel_build::{
    BuildEvent, BuildMemory, BuildObserver, BuildRequest, Kinds, Planned, PythonSettings, Silent, build,
    build_changed,
};
use pyrel_model::Artifact;
use pyrel_project::bound::Bounds;
use pyrel_project::{InternalDependencyPolicy, Package, Workspace};
use tempfile::TempDir;

use crate::project::{DEMO, FLIT, HATCHLING, PDM, POETRY, SETUPTOOLS, SOURCE_DATE, UV};

/// Longer than a tick of any file system that tests run on.
const SETTLE: Duration = Duration::from_millis(80);

#[derive(Default)]
struct Unchanged(std::sync::atomic::AtomicUsize);

impl BuildObserver for Unchanged {
    fn event(&self, event: BuildEvent<'_>) {
        if matches!(event, BuildEvent::Unchanged { .. }) {
            self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        }
    }
}

/// A repository with one package in a sub-folder.
struct Repository {
    root: TempDir,
    python: PythonSettings,
}

impl Repository {
    fn new(system: &str) -> Self {
        let repository = Self { root: tempfile::tempdir().unwrap(), python: PythonSettings::default() };
        let pyproject = format!("{system}{DEMO}readme = \"README.md\"\ndescription = \"Demo\"\n");
        for (path, text) in [
            (".git/HEAD", "ref: refs/heads/main\n"),
            (".gitignore", "dist/\n*.log\n"),
            ("packages/demo/pyproject.toml", pyproject.as_str()),
            ("packages/demo/README.md", "# Demo\n"),
            ("packages/demo/LICENSE", "Text\n"),
            ("packages/demo/demo/__init__.py", "\"\"\"Demo.\"\"\"\n"),
            ("packages/demo/demo/one.py", "x = 1\n"),
            ("packages/demo/demo/inner/__init__.py", ""),
            ("packages/demo/demo/inner/two.py", "y = 2\n"),
            ("packages/demo/demo/data.txt", "data\n"),
        ] {
            repository.write(path, text);
        }
        repository
    }

    fn path(&self, path: &str) -> PathBuf {
        self.root.path().join(path)
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        if path.is_symlink() {
            fs::remove_file(&path).unwrap();
        }
        fs::write(path, text).unwrap();
    }

    fn memory(&self) -> BuildMemory {
        BuildMemory::open(self.root.path(), "this test").unwrap()
    }

    fn request<'a>(&'a self, package: &'a Package, out_dir: PathBuf) -> BuildRequest<'a> {
        BuildRequest {
            package,
            kinds: Kinds::BOTH,
            out_dir,
            force_pep517: false,
            source_date: SOURCE_DATE,
            python: &self.python,
            variables: &pyrel_build::NO_VARIABLES,
        }
    }

    /// Builds what changed; returns the files and whether they were there already.
    fn build(&self, memory: &BuildMemory) -> Result<(Vec<Artifact>, bool), String> {
        let package = Package::load(&self.path("packages/demo")).map_err(|error| error.to_string())?;
        let unchanged = Unchanged::default();
        let request = self.request(&package, self.path("packages/demo/dist"));
        let mut results = build_changed(&[request], memory, &unchanged);
        let artifacts = results.remove(0).map_err(|error| error.to_string())?;
        Ok((artifacts, unchanged.0.into_inner() > 0))
    }

    /// Tells whether only the real backend could build the project as it is now.
    fn is_for_the_backend(&self) -> bool {
        let package = Package::load(&self.path("packages/demo"));
        package.is_ok_and(|package| {
            let request = self.request(&package, self.path("packages/demo/dist"));
            matches!(pyrel_build::plan(&request), Ok(Planned::Fallback(_)))
        })
    }

    /// Builds in another folder as if for the first time.
    fn build_clean(&self) -> Result<Vec<Artifact>, String> {
        let room = tempfile::tempdir().unwrap();
        let package = Package::load(&self.path("packages/demo")).map_err(|error| error.to_string())?;
        let request = self.request(&package, room.path().join("out"));
        build(&request, &Silent).map_err(|error| error.to_string())
    }
}

fn digests(artifacts: &[Artifact]) -> Vec<String> {
    artifacts.iter().map(|artifact| artifact.sha256.to_hex()).collect()
}

/// uv_build with the module beside `pyproject.toml`.
fn uv_flat() -> String {
    format!("{UV}[tool.uv.build-backend]\nmodule-root = \"\"\n")
}

#[cfg(unix)]
#[test]
fn a_package_that_git_has_a_say_in_is_built_every_time() {
    let repository = Repository::new(POETRY);
    let memory = repository.memory();
    let known = || {
        std::thread::sleep(SETTLE);
        repository.build(&memory).unwrap().1
    };
    assert!(!known() && !known());
    let tracked =
        Repository::new(&SETUPTOOLS.replace("\"setuptools\"", "\"setuptools\", \"setuptools-scm\""));
    fs::remove_dir_all(tracked.path(".git")).unwrap();
    let memory_of_tracked = tracked.memory();
    for _ in 0..2 {
        std::thread::sleep(SETTLE);
        assert!(
            !tracked.build(&memory_of_tracked).unwrap().1,
            "whether there is a repository above is not remembered"
        );
    }
    fs::remove_dir_all(repository.path(".git")).unwrap();
    assert!(!known() && known());
    repository.write(".git/HEAD", "ref: refs/heads/main\n");
    assert!(!known() && !known());
}

#[cfg(unix)]
#[test]
fn an_unchanged_package_is_not_built_again() {
    for system in [HATCHLING, SETUPTOOLS, FLIT, PDM, &uv_flat()] {
        let repository = Repository::new(system);
        let memory = repository.memory();
        std::thread::sleep(SETTLE);
        let (first, known) = repository.build(&memory).unwrap();
        assert!(!known, "{system}");
        for round in 0..2 {
            let (again, known) = repository.build(&memory).unwrap();
            assert!(known, "{system} {round}");
            assert_eq!(again, first, "{system}");
        }
        let (again, known) = repository.build(&repository.memory().rebuilding()).unwrap();
        assert!(!known, "{system}");
        assert_eq!(digests(&again), digests(&first), "{system}");
        let other = BuildMemory::open(repository.root.path(), "another program").unwrap();
        assert!(!repository.build(&other).unwrap().1, "{system}");
    }
}

#[cfg(unix)]
#[test]
fn a_built_file_that_was_touched_is_made_again() {
    let repository = Repository::new(HATCHLING);
    let memory = repository.memory();
    std::thread::sleep(SETTLE);
    let (first, _) = repository.build(&memory).unwrap();
    let size = usize::try_from(first[1].size).unwrap();
    fs::write(&first[1].path, vec![0; size]).unwrap();
    let (again, known) = repository.build(&memory).unwrap();
    assert!(!known);
    assert_eq!(again, first);
    fs::remove_file(&first[0].path).unwrap();
    assert!(!repository.build(&memory).unwrap().1);
    assert!(first[0].path.is_file());
}

#[cfg(unix)]
#[test]
fn a_damaged_record_is_no_record() {
    let repository = Repository::new(HATCHLING);
    let memory = repository.memory();
    std::thread::sleep(SETTLE);
    repository.build(&memory).unwrap();
    let record = repository.path(".pyrel/build/records");
    let text = fs::read_to_string(&record).unwrap();
    for damage in [String::new(), text[..text.len() / 2].to_owned(), text.replacen("builds 2", "builds 3", 1)]
    {
        fs::write(&record, damage).unwrap();
        assert!(!repository.build(&memory).unwrap().1);
        assert!(repository.build(&memory).unwrap().1);
    }
}

/// A generator of numbers that is the same everywhere.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % sides as u64).unwrap()
    }

    fn of<'a>(&mut self, items: &[&'a str]) -> &'a str {
        items[self.roll(items.len())]
    }
}

const FILES: [&str; 8] = [
    "packages/demo/demo/one.py",
    "packages/demo/demo/inner/two.py",
    "packages/demo/demo/inner/three.py",
    "packages/demo/demo/data.txt",
    "packages/demo/demo/noise.log",
    "packages/demo/README.md",
    "packages/demo/LICENSE",
    "packages/demo/MANIFEST.in",
];

/// Changes something at random; not every change is one that a build would notice.
#[cfg(unix)]
fn mutate(repository: &Repository, dice: &mut Dice) -> String {
    let name = dice.of(&FILES);
    let path = repository.path(name);
    let kind = dice.roll(10);
    match kind {
        0 => same_size(&path),
        1 => repository.write(name, &format!("# {}\n", dice.roll(1000))),
        2 => drop(fs::remove_file(&path)),
        3 => drop(fs::rename(&path, repository.path(dice.of(&FILES)))),
        4 => toggle_executable(&path),
        5 => repository.write(
            dice.of(&[".gitignore", "packages/demo/.gitignore"]),
            dice.of(&["dist/\n", "dist/\n*.txt\n"]),
        ),
        6 => replace_by_link(repository, &path, dice),
        7 => repository.write("packages/demo/demo/added/__init__.py", ""),
        8 => drop(fs::remove_dir_all(repository.path("packages/demo/demo/added"))),
        _ => change_description(repository, dice),
    }
    format!("{kind} {name}")
}

/// Writes other bytes of the same number and puts the time back.
#[cfg(unix)]
fn same_size(path: &Path) {
    let Ok(mut bytes) = fs::read(path) else { return };
    let modified = fs::metadata(path).unwrap().modified().unwrap();
    if let Some(last) = bytes.last_mut() {
        *last = if *last == b'#' { b'\n' } else { b'#' };
    }
    fs::write(path, bytes).unwrap();
    fs::OpenOptions::new().append(true).open(path).unwrap().file().set_modified(modified).unwrap();
}

#[cfg(unix)]
fn toggle_executable(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    let Ok(metadata) = fs::metadata(path) else { return };
    fs::set_permissions(path, std::fs::Permissions::from_mode(metadata.permissions().mode() ^ 0o111))
        .unwrap();
}

#[cfg(unix)]
fn replace_by_link(repository: &Repository, path: &Path, dice: &mut Dice) {
    drop(fs::remove_file(path));
    drop(std::os::unix::fs::symlink(repository.path(dice.of(&FILES)), path));
}

#[cfg(unix)]
fn change_description(repository: &Repository, dice: &mut Dice) {
    let path = "packages/demo/pyproject.toml";
    let text = fs::read_to_string(repository.path(path)).unwrap();
    let (head, _) = text.split_once("description = ").unwrap();
    repository.write(path, &format!("{head}description = \"Demo {}\"\n", dice.roll(5)));
}

#[cfg(unix)]
#[test]
fn whatever_changes_the_files_are_those_of_a_clean_build() {
    for (system, seed) in [(HATCHLING, 11), (SETUPTOOLS, 23), (FLIT, 47), (&uv_flat(), 83)] {
        let mut dice = Dice(seed);
        let repository = Repository::new(system);
        let memory = repository.memory();
        let (mut recalled, mut built) = (0, 0);
        for round in 0..120 {
            let mut done = Vec::new();
            for _ in 0..dice.roll(3) {
                done.push(mutate(&repository, &mut dice));
            }
            if dice.roll(4) == 0 {
                std::thread::sleep(SETTLE);
            }
            if repository.is_for_the_backend() {
                FILES.iter().for_each(|name| repository.write(name, "# again\n"));
                continue;
            }
            let found = repository.build(&memory);
            let clean = repository.build_clean();
            let context = format!("{system} round {round}: {done:?}");
            match (found, clean) {
                (Ok((artifacts, known)), Ok(clean)) => {
                    assert_eq!(digests(&artifacts), digests(&clean), "{context}");
                    for artifact in &artifacts {
                        assert_eq!(fs::metadata(&artifact.path).unwrap().len(), artifact.size, "{context}");
                    }
                    if known { recalled += 1 } else { built += 1 }
                }
                (Err(_), Err(_)) => {}
                (found, clean) => panic!("{context}: {found:?} against {clean:?}"),
            }
        }
        assert!(recalled >= 5 && built >= 8, "{system}: {recalled} recalled, {built} built");
    }
}

/// A workspace with a package of each backend, all of which need the first.
fn family(root: &Path) -> Workspace {
    let write = |path: &str, text: &str| {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write("pyproject.toml", "[tool.uv.workspace]\nmembers = [\"packages/*\"]\n");
    for (number, system) in [HATCHLING, SETUPTOOLS, FLIT, PDM, POETRY, UV].iter().enumerate() {
        let project = format!("[project]\nname = \"p{number}\"\nversion = \"1.0\"\ndescription = \"P\"\n");
        let text = format!("{system}{project}dependencies = [\"p0\"]\n");
        write(&format!("packages/p{number}/pyproject.toml"), &text);
        write(&format!("packages/p{number}/src/p{number}/__init__.py"), "\"\"\"P.\"\"\"\n");
    }
    Workspace::discover(root).unwrap()
}

/// What is parsed takes many times the room of the texts; of a thousand packages that would be most of the memory.
#[test]
fn a_build_keeps_nothing_parsed() {
    let repository = Repository::new(UV);
    let workspace = family(&repository.path("family"));
    let packages: Vec<&Package> = workspace.packages().collect();
    let versions =
        packages.iter().map(|package| (package.name.clone(), package.version().cloned())).collect();
    let bounds = Bounds::new(InternalDependencyPolicy::Minimum, &versions);
    let bounded: Vec<Package> =
        packages.iter().filter_map(|package| bounds.apply(package).unwrap().package).collect();
    assert_eq!((packages.len(), bounded.len()), (6, 5), "the first needs nobody else");
    let all: Vec<&Package> = packages.into_iter().chain(&bounded).collect();
    let out_dir = |package: &Package| match package.bounds {
        Some(_) => repository.path("bounded"),
        None => package.dist_dir(),
    };
    let requests: Vec<_> = all.iter().map(|package| repository.request(package, out_dir(package))).collect();
    let memory = BuildMemory::open(workspace.root(), "this test").unwrap();
    for result in build_changed(&requests, &memory, &Silent) {
        assert_eq!(result.unwrap()[0].builder.as_str(), "native");
    }
    for package in all {
        assert!(package.pyproject.as_ref().unwrap().is_folded(), "{}", package.name);
    }
}
