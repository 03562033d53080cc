//! Bounds of siblings in what is built, by every dialect and by a real backend; the project's own files stay as they are.

use std::collections::BTreeMap;
use std::path::Path;

use fs_err as fs;
use pyrel_build::{BuildEvent, BuildMemory, BuildObserver, BuildRequest, Kinds, PythonSettings, Silent};
use pyrel_model::{Artifact, Builder, PackageName, Version};
use pyrel_project::bound::Bounds;
use pyrel_project::{InternalDependencyPolicy, Package};

use crate::archive::{sdist, text, wheel};
use crate::project::{FLIT, HATCHLING, PDM, POETRY, Project, SETUPTOOLS, SOURCE_DATE, UV, chain};

const DEPENDENT: &str = "[project]\nname = \"demo\"\nversion = \"1.0\"\ndescription = \"Demo\"\n\
                         dependencies = [\"Sib_Ling\", \"other\"]\n\
                         [project.optional-dependencies]\nfast = [\"sib.ling[x]; python_version < '4'\"]\n";

/// Loads a project as it is built beside a sibling of a version.
fn bounded(directory: &Path, version: &str) -> Package {
    let package = Package::load(directory).unwrap();
    let versions: BTreeMap<PackageName, Option<Version>> =
        BTreeMap::from([("sib-ling".parse().unwrap(), Some(version.parse().unwrap()))]);
    let bounds = Bounds::new(InternalDependencyPolicy::Compatible, &versions);
    bounds.apply(&package).unwrap().package.unwrap()
}

fn request<'a>(package: &'a Package, python: &'a PythonSettings) -> BuildRequest<'a> {
    BuildRequest {
        package,
        kinds: Kinds::BOTH,
        out_dir: package.directory.join("dist"),
        force_pep517: false,
        source_date: SOURCE_DATE,
        python,
        variables: &pyrel_build::NO_VARIABLES,
    }
}

/// Returns `pyproject.toml` and the requirements in `PKG-INFO` and `METADATA`, without spaces, sorted.
fn built(artifacts: &[Artifact]) -> (String, Vec<String>, Vec<String>) {
    let members: Vec<(String, Vec<u8>)> =
        sdist(&artifacts[0].path).into_iter().map(|(name, _, data)| (name, data)).collect();
    let requirements = |text: &str| {
        let lines = text.lines().filter_map(|line| line.strip_prefix("Requires-Dist: "));
        let mut lines: Vec<String> = lines.map(|line| line.replace([' ', '"', '\''], "")).collect();
        lines.sort();
        lines
    };
    let metadata = text(&wheel(&artifacts[1].path), "demo-1.0.dist-info/METADATA");
    (
        text(&members, "demo-1.0/pyproject.toml"),
        requirements(&text(&members, "demo-1.0/PKG-INFO")),
        requirements(&metadata),
    )
}

#[test]
fn every_dialect_builds_the_bounds_into_both_files() {
    let uv = format!("{UV}[tool.uv.build-backend]\nmodule-root = \"\"\n");
    for system in [HATCHLING, SETUPTOOLS, FLIT, PDM, POETRY, &uv] {
        let text = format!("{DEPENDENT}{system}");
        let project = Project::new(&text, &[("demo/__init__.py", "\"\"\"Demo.\"\"\"\n")]);
        let package = bounded(&project.path(""), "1.4.2");
        let artifacts = pyrel_build::build(&request(&package, &PythonSettings::default()), &Silent).unwrap();
        assert!(artifacts.iter().all(|one| matches!(one.builder, Builder::Native { .. })), "{system}");
        let (pyproject, info, metadata) = built(&artifacts);
        assert_eq!(info, metadata, "{system}");
        let squeezed: Vec<String> =
            metadata.iter().map(|line| line.replace(['(', ')'], "").to_lowercase()).collect();
        // The order of specifiers, and whether names are normalised, is each backend's own.
        let found = squeezed.iter().filter(|line| {
            let line = line.replace(['_', '.'], "-");
            line.starts_with("sib-ling") && line.contains(">=1-4-2") && line.contains("~=1-4")
        });
        let by_poetry = |line: &&String| line.starts_with("sib") && line.contains(">=1.4.2,<2.0");
        let count = found.count().max(squeezed.iter().filter(by_poetry).count());
        assert_eq!((count, metadata.len()), (2, 3), "{system}: {metadata:?}");
        assert!(metadata.contains(&"other".to_owned()), "{metadata:?}");
        assert!(pyproject.contains("Sib_Ling>=1.4.2,~=1.4"), "{pyproject}");
        assert_eq!(fs::read_to_string(project.path("pyproject.toml")).unwrap(), text);
        // What would be listed is what was built.
        let planned = match pyrel_build::plan(&request(&package, &PythonSettings::default())).unwrap() {
            pyrel_build::Planned::Native(set) => set,
            pyrel_build::Planned::Fallback(reason) => panic!("{reason}"),
        };
        assert!(
            planned.metadata.contains("~=1.4") || planned.metadata.contains("<2.0"),
            "{}",
            planned.metadata
        );
    }
}

#[test]
fn tables_of_poetry_get_bounds_of_poetry() {
    let text = format!(
        "{POETRY}[tool.poetry]\nname = \"demo\"\nversion = \"1.0\"\ndescription = \"Demo\"\n\
         [tool.poetry.dependencies]\npython = \"^3.9\"\nsib-ling = {{ version = \"*\", extras = [\"x\"] }}\n"
    );
    let project = Project::new(&text, &[("demo/__init__.py", "")]);
    let package = bounded(&project.path(""), "1.4.2");
    let artifacts = pyrel_build::build(&request(&package, &PythonSettings::default()), &Silent).unwrap();
    assert!(artifacts.iter().all(|one| matches!(one.builder, Builder::Native { .. })));
    let (pyproject, info, metadata) = built(&artifacts);
    assert_eq!(metadata, ["sib-ling[x](>=1.4.2,<2.0.0)"]);
    assert_eq!(info, metadata);
    assert!(pyproject.contains("version = \"^1.4.2\""), "{pyproject}");
}

/// Counts the files that were left alone.
#[derive(Default)]
struct Unchanged(std::sync::atomic::AtomicUsize);

impl BuildObserver for Unchanged {
    fn event(&self, event: BuildEvent<'_>) {
        if let BuildEvent::Unchanged { .. } = event {
            self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        }
    }
}

#[cfg(unix)]
#[test]
fn another_version_of_the_sibling_builds_the_dependent_again() {
    let files = [("demo/__init__.py", ""), (".gitignore", "dist/\n"), (".git/HEAD", "")];
    let project = Project::new(&format!("{HATCHLING}{DEPENDENT}"), &files);
    let memory = BuildMemory::open(&project.path(""), "this test").unwrap();
    let python = PythonSettings::default();
    let build = |version: &str| {
        std::thread::sleep(std::time::Duration::from_millis(80));
        let package = bounded(&project.path(""), version);
        let unchanged = Unchanged::default();
        let mut results = pyrel_build::build_changed(&[request(&package, &python)], &memory, &unchanged);
        let needs = built(&results.remove(0).unwrap()).2;
        let own = needs.into_iter().find(|one| one.starts_with("sib") && !one.contains('[')).unwrap();
        (own, unchanged.0.into_inner())
    };
    let first = build("1.4.2");
    assert_eq!(first, ("sib-ling>=1.4.2,~=1.4".to_owned(), 0));
    assert_eq!(build("1.4.2"), (first.0, 2));
    assert_eq!(build("2.0"), ("sib-ling~=2.0".to_owned(), 0));
}

const SYSTEM: &str =
    "[build-system]\nrequires = []\nbuild-backend = \"backend\"\nbackend-path = [\"tools\"]\n";

/// A backend that takes the dependencies from the `pyproject.toml` where it works, and needs what is above it there.
const BACKEND: &str = r#"
import io, os, tarfile, tomllib, zipfile

def metadata():
    with open("pyproject.toml", "rb") as file:
        project = tomllib.load(file)["project"]
    lines = ["Metadata-Version: 2.1", "Name: demo", "Version: 1.0"]
    lines += ["Requires-Dist: " + one for one in project["dependencies"]]
    return "\n".join(lines) + "\n\nRequires-Dist: sib-ling\n"

def build_sdist(directory, config_settings=None):
    assert os.path.isdir(".git"), "this is not the project's own folder"
    with tarfile.open(os.path.join(directory, "demo-1.0.tar.gz"), "w:gz", format=tarfile.PAX_FORMAT) as archive:
        def add(name, data, **more):
            info = tarfile.TarInfo("demo-1.0/" + name)
            info.size, info.mtime = len(data), 1580601600
            for key, value in more.items():
                setattr(info, key, value)
            archive.addfile(info, io.BytesIO(data))
        for name in ["tools/backend.py", "pyproject.toml"]:
            with open(name, "rb") as file:
                add(name, file.read(), mode=0o755 if name.startswith("tools") else 0o644)
        add("deep/" + "x" * 120 + "/é.txt", b"deep")
        add("link", b"", type=tarfile.SYMTYPE, linkname="pyproject.toml")
        add("PKG-INFO", metadata().encode())
        add("src/demo.egg-info/requires.txt", b"Sib_Ling\nother\n")
    return "demo-1.0.tar.gz"

def build_wheel(directory, config_settings=None, metadata_directory=None):
    assert os.readlink("link") == "pyproject.toml"
    with zipfile.ZipFile(os.path.join(directory, "demo-1.0-py3-none-any.whl"), "w") as archive:
        archive.writestr("demo-1.0.dist-info/METADATA", metadata())
    return "demo-1.0-py3-none-any.whl"
"#;

#[test]
fn an_sdist_of_a_real_backend_is_written_again_and_the_wheel_comes_from_it() {
    let text = format!("{SYSTEM}{DEPENDENT}");
    let project = Project::new(&text, &[("tools/backend.py", BACKEND), (".git/HEAD", "")]);
    let package = bounded(&project.path(""), "1.4.2");
    let python = PythonSettings::default();
    let artifacts = pyrel_build::build(&request(&package, &python), &Silent).unwrap();
    let (pyproject, info, metadata) = built(&artifacts);
    assert_eq!(
        metadata,
        ["Sib_Ling>=1.4.2,~=1.4", "other", "sib-ling"],
        "the last is part of the description"
    );
    assert_eq!(info, metadata);
    assert_eq!(pyproject, package.pyproject.as_ref().unwrap().text());
    assert_eq!(fs::read_to_string(project.path("pyproject.toml")).unwrap(), text);
    let members = sdist(&artifacts[0].path);
    let names: Vec<&str> = members.iter().map(|(name, ..)| name.as_str()).collect();
    let deep = format!("demo-1.0/deep/{}/é.txt", "x".repeat(120));
    let expected =
        ["tools/backend.py", "pyproject.toml", "link", "PKG-INFO", "src/demo.egg-info/requires.txt"];
    let mut expected: Vec<String> = expected.iter().map(|name| format!("demo-1.0/{name}")).collect();
    expected.insert(2, deep);
    assert_eq!(names, expected);
    assert_eq!((members[0].1, &*members[0].2), (0o755, BACKEND.as_bytes()));
    assert_eq!((&*members[2].2, &*members[5].2), (&b"deep"[..], &b"Sib_Ling>=1.4.2,~=1.4\nother\n"[..]));
    let again = pyrel_build::build(&request(&package, &python), &Silent).unwrap();
    assert_eq!(again[0].sha256, artifacts[0].sha256);

    let elsewhere = BACKEND.replace("\"pyproject.toml\"]:", "\"pyproject.toml\"][:1]:");
    project.write("tools/backend.py", &elsewhere);
    let error = pyrel_build::build(&request(&package, &python), &Silent).unwrap_err();
    assert!(chain(&error).contains("it has no `pyproject.toml`"), "{}", chain(&error));
    assert!(error.hint().is_some());
}
