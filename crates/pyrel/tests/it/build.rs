//! `pyrel build`.

use super::{two_packages, workspace};

#[test]
fn builds_both_files_of_every_package() {
    let workspace = two_packages();
    let json = workspace.run(["build", "--format", "json"]).expect(0).json();
    let artifacts = json["artifacts"].as_array().unwrap();
    assert_eq!(artifacts.len(), 4);
    for artifact in artifacts {
        assert_eq!(
            (artifact["builder"].as_str(), artifact["dialect"].as_str()),
            (Some("native"), Some("hatchling"))
        );
        assert_eq!(artifact["sha256"].as_str().unwrap().len(), 64);
    }
    assert_eq!(
        workspace.files("packages/alpha/dist"),
        ["packages/alpha/dist/alpha-1.0.0-py3-none-any.whl", "packages/alpha/dist/alpha-1.0.0.tar.gz"]
    );
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let hashes = |workspace: &pyrel_testkit::Workspace| -> Vec<String> {
        let json = workspace.run(["build", "--format", "json"]).expect(0).json();
        let rows = json["artifacts"].as_array().unwrap().clone();
        rows.iter().map(|row| row["sha256"].as_str().unwrap().to_owned()).collect()
    };
    let (one, two) = (two_packages(), two_packages());
    assert_eq!(hashes(&one), hashes(&two));
    assert_eq!(hashes(&one), hashes(&one));
}

#[test]
fn one_kind_and_another_folder() {
    let workspace = two_packages();
    let run = workspace.run(["build", "alpha", "--wheel", "--out-dir", "out"]).expect(0);
    let _ = run.says("Built out/alpha-1.0.0-py3-none-any.whl").says("Finished 1 file of 1 package in ");
    assert_eq!(workspace.files("out"), ["out/alpha-1.0.0-py3-none-any.whl"]);
    assert!(workspace.files("packages/alpha/dist").is_empty());
}

#[test]
fn a_failure_leaves_nothing_of_its_package_and_everything_of_others() {
    let workspace = two_packages();
    fs_err::remove_file(workspace.root().join("packages/beta/README.md")).unwrap();
    let run = workspace.run(["build"]).expect(2).says("README.md");
    assert!(run.stderr.contains("packages/beta/pyproject.toml:"), "{}", run.stderr);
    assert!(run.stderr.contains("hint: "), "{}", run.stderr);
    assert!(workspace.files("packages/beta/dist").is_empty());
    assert_eq!(workspace.files("packages/alpha/dist").len(), 2);
}

#[test]
fn a_missing_licence_file_names_its_line() {
    let workspace = workspace().file("pyrel.toml", "").package("alpha", "1.0", &[]);
    let path = "packages/alpha/pyproject.toml";
    let text = fs_err::read_to_string(workspace.root().join(path)).unwrap();
    workspace.write(path, text.replace("license = \"Apache-2.0\"", "license = {file = \"LICENCE.txt\"}"));
    let run = workspace.run(["build"]).expect(2).says("LICENCE.txt").says("packages/alpha/pyproject.toml:");
    assert!(run.stderr.contains('^'), "{}", run.stderr);
    assert!(workspace.files("packages/alpha/dist").is_empty());
}

#[test]
fn a_backend_without_a_dialect_is_named_with_its_place() {
    let workspace = workspace().file("pyrel.toml", "").package("alpha", "1.0", &[]).env("PIP_NO_INDEX", "1");
    let path = "packages/alpha/pyproject.toml";
    let text = fs_err::read_to_string(workspace.root().join(path)).unwrap();
    workspace.write(path, text.replace("hatchling.build", "no_such_backend"));
    let run = workspace.run(["build", "--offline"]);
    assert_eq!(run.code, 2, "{}", run.stderr);
    let run = run.says("PEP 517 alpha with its own backend: packages/alpha/pyproject.toml:3:17: `build-system.build-backend`");
    let _ = run.says("names a backend without a native dialect: `no_such_backend`");
    assert!(workspace.files("packages/alpha/dist").is_empty());
}

#[test]
fn the_listing_is_the_archive() {
    let workspace = two_packages();
    let listed = workspace.run(["build", "--list", "--format", "json"]).expect(0).json();
    assert!(workspace.files("packages/alpha/dist").is_empty());
    let _ = workspace.run(["build"]).expect(0);
    let archives = listed["archives"].as_array().unwrap();
    assert_eq!(archives.len(), 4);
    for archive in archives {
        let name = archive["filename"].as_str().unwrap();
        let path =
            workspace.root().join(format!("packages/{}/dist/{name}", archive["package"].as_str().unwrap()));
        let dist = pyrel_dist::Dist::open(&path, &pyrel_dist::Limits::default()).unwrap();
        let members = archive["members"].as_array().unwrap();
        let found: Vec<_> = dist.members().iter().filter(|member| member.is_file()).collect();
        assert_eq!(members.len(), found.len(), "{name}");
        for (member, found) in members.iter().zip(found) {
            assert_eq!(member["path"], found.name.as_str(), "{name}");
            assert!(member["size"].is_null() || member["size"] == found.size, "{name}: {}", found.name);
            assert_eq!(member["executable"], found.mode.unwrap() & 0o100 != 0, "{name}: {}", found.name);
        }
    }
    let text = workspace.run(["build", "alpha", "--wheel", "--list"]).expect(0).stdout;
    assert!(text.starts_with("alpha-1.0.0-py3-none-any.whl (hatchling)\n"), "{text}");
    assert!(text.contains("  alpha-1.0.0.dist-info/RECORD (generated)\n"), "{text}");
}

#[test]
fn a_package_that_is_not_native_is_refused_before_anything_is_built() {
    let workspace = two_packages();
    let path = "packages/beta/pyproject.toml";
    let text = fs_err::read_to_string(workspace.root().join(path)).unwrap();
    workspace.write(path, format!("{text}\n[tool.hatch.build.hooks.custom]\n"));
    let run = workspace.run(["build", "--native-only"]).expect(3);
    let run = run.says("Not native beta with its own backend: packages/beta/pyproject.toml:");
    let _ = run.says("`tool.hatch.build.hooks").says("refused: 1 package cannot be built natively");
    assert!(workspace.files("packages/alpha/dist").is_empty());
    workspace.write(path, text);
    let _ = workspace.run(["build", "--native-only"]).expect(0);
}

#[test]
fn shuffled_copies_give_the_same_bytes() {
    let workspace = two_packages().file(".gitignore", "*.log\n").file("packages/alpha/src/alpha/x.log", "");
    fs_err::create_dir(workspace.root().join(".git")).unwrap();
    let run = workspace.run(["build", "--verify-reproducible"]).expect(0);
    let _ = run.says("Reproduced alpha: 2 files, the same bytes from two shuffled copies");
    let json = workspace.run(["build", "--verify-reproducible", "--format", "json"]).expect(0).json();
    assert_eq!(
        (json["reproducible"].as_bool(), json["differences"].as_array().map(Vec::len)),
        (Some(true), Some(0))
    );
}

/// A package of Poetry, whose backend asks git which files are ignored.
const POETRY: &str = r#"
[build-system]
requires = ["poetry-core"]
build-backend = "poetry.core.masonry.api"
[tool.poetry]
name = "gamma"
version = "1.0"
description = "Gamma"
"#;

#[test]
fn files_that_git_ignores_do_not_come_back_where_builds_are_repeated() {
    let workspace = workspace()
        .file("pyproject.toml", POETRY)
        .file("gamma/__init__.py", "")
        .file(".gitignore", "*.log\n");
    workspace.git(&["init", "-q", "-b", "main"]);
    workspace.write("gamma/noise.log", "noise\n");
    let run = workspace.run(["build", "--native-only", "--verify-reproducible"]).expect(0);
    let _ = run.says("Reproduced gamma");
    let json = workspace.run(["build", "--list", "--format", "json"]).expect(0).json();
    assert!(json.to_string().contains("gamma/__init__.py") && !json.to_string().contains("noise.log"));
}

/// A package of setuptools whose version the tags tell.
const TAGGED: &str = r#"
[build-system]
requires = ["setuptools", "setuptools-scm"]
build-backend = "setuptools.build_meta"
[project]
name = "delta"
dynamic = ["version"]
[tool.setuptools_scm]
version_file = "delta/_version.py"
"#;

#[test]
fn versions_of_tags_are_in_names_and_files() {
    let workspace = workspace()
        .file("pyproject.toml", TAGGED)
        .file("delta/__init__.py", "")
        .file("delta/data.bin", "data\n")
        .file(".gitignore", "dist/\n.pyrel/\n");
    workspace.git(&["init", "-q", "-b", "main"]);
    workspace.git(&["add", "-A"]);
    workspace.git(&["commit", "-q", "-m", "all"]);
    workspace.git(&["tag", "v1.4"]);
    let run = workspace.run(["build", "--native-only", "--verify-reproducible"]).expect(0);
    let _ = run.says("Reproduced delta");
    assert_eq!(workspace.files("dist"), ["dist/delta-1.4-py3-none-any.whl", "dist/delta-1.4.tar.gz"]);
    let json = workspace.run(["build", "--list", "--format", "json"]).expect(0).json();
    assert!(json.to_string().contains("delta/data.bin"), "{json}");
    let fixed = TAGGED.replace("dynamic = [\"version\"]", "version = \"2.0\"");
    workspace.write("pyproject.toml", fixed);
    let run = workspace.run(["build", "--native-only", "--verify-reproducible"]).expect(0);
    let _ = run.says("Reproduced delta");
    workspace.write("pyproject.toml", TAGGED);
    let workspace = workspace.env("SETUPTOOLS_SCM_PRETEND_VERSION", "3.0");
    let json = workspace.run(["build", "--format", "json"]).expect(0).json();
    assert_eq!(json["artifacts"][0]["version"], "3.0");
    assert_eq!(json["artifacts"][0]["builder"], "native");
}

/// A backend inside the project that writes the random number of its run into the wheel.
const UNSTEADY: &str = r#"
import io, os, random, tarfile, zipfile

METADATA = "Metadata-Version: 2.1\nName: alpha\nVersion: 1.0\n"

def build_sdist(directory, config_settings=None):
    with tarfile.open(os.path.join(directory, "alpha-1.0.tar.gz"), "w:gz") as archive:
        for name in ["pyproject.toml", "backend.py"]:
            archive.add(name, "alpha-1.0/" + name)
        info = tarfile.TarInfo("alpha-1.0/PKG-INFO")
        info.size = len(METADATA)
        archive.addfile(info, io.BytesIO(METADATA.encode()))
    return "alpha-1.0.tar.gz"

def build_wheel(directory, config_settings=None, metadata_directory=None):
    with zipfile.ZipFile(os.path.join(directory, "alpha-1.0-py3-none-any.whl"), "w") as archive:
        archive.writestr("alpha/number.py", str(random.random()))
        for name, text in [("METADATA", METADATA), ("WHEEL", "Wheel-Version: 1.0\n"), ("RECORD", "")]:
            archive.writestr("alpha-1.0.dist-info/" + name, text)
    return "alpha-1.0-py3-none-any.whl"
"#;

#[test]
fn a_backend_that_writes_other_bytes_each_time_is_found() {
    let system = "[build-system]\nrequires = []\nbuild-backend = \"backend\"\nbackend-path = [\".\"]\n";
    let pyproject = format!("{system}[project]\nname = \"alpha\"\nversion = \"1.0\"\n");
    let workspace = workspace()
        .file("pyrel.toml", "")
        .file("packages/alpha/pyproject.toml", pyproject)
        .file("packages/alpha/backend.py", UNSTEADY);
    let run = workspace.run(["build", "--wheel", "--verify-reproducible"]).expect(1);
    let _ =
        run.says("Differs alpha-1.0-py3-none-any.whl comes out differently from a copy: `alpha/number.py`");
    let json =
        workspace.run(["build", "--wheel", "--verify-reproducible", "--format", "json"]).expect(1).json();
    assert_eq!(json["reproducible"], false);
    assert_eq!(json["differences"][0]["members"][0], "alpha/number.py");
    let listed = workspace.run(["build", "--list", "--format", "json"]).expect(0).json();
    assert_eq!(listed["archives"][0]["builder"], "pep517");
    let wheel = &listed["archives"][1];
    assert_eq!(wheel["filename"], "alpha-1.0-py3-none-any.whl");
    let path = workspace.root().join("packages/alpha/dist/alpha-1.0-py3-none-any.whl");
    let dist = pyrel_dist::Dist::open(&path, &pyrel_dist::Limits::default()).unwrap();
    let built: Vec<&str> = dist.members().iter().map(|member| member.name.as_str()).collect();
    let members = wheel["members"].as_array().unwrap();
    assert_eq!(members.iter().map(|member| member["path"].as_str().unwrap()).collect::<Vec<_>>(), built);
}

#[test]
fn a_wheel_that_the_sdist_makes_smaller_is_told() {
    let workspace = two_packages();
    let path = "packages/beta/pyproject.toml";
    let text = fs_err::read_to_string(workspace.root().join(path)).unwrap();
    workspace.write(path, format!("{text}\n[tool.hatch.build.targets.sdist]\nexclude = [\"*.csv\"]\n"));
    workspace.write("packages/beta/src/beta/table.csv", "1,2\n");
    let run = workspace.run(["build", "--verify-reproducible"]).expect(0).says("Reproduced beta: 2 files");
    let run = run.says("Tree beta: a wheel from the tree would also hold `beta/table.csv`");
    assert!(!run.stderr.contains("Tree alpha"), "{}", run.stderr);
    let json = workspace.run(["build", "--verify-reproducible", "--format", "json"]).expect(0).json();
    let expected = serde_json::json!([{"package": "beta", "path": "beta/table.csv", "place": "tree"}]);
    assert_eq!(json["tree_differences"], expected);
}

#[cfg(unix)]
#[test]
fn what_did_not_change_is_not_built_again() {
    let workspace = two_packages();
    let built = |run: &pyrel_testkit::Run| {
        (run.stderr.matches("Built ").count(), run.stderr.matches("Unchanged ").count())
    };
    std::thread::sleep(std::time::Duration::from_millis(80));
    let first = workspace.run(["build", "--format", "json"]).expect(0).json();
    assert_eq!(built(&workspace.run(["build"]).expect(0)), (0, 4));
    assert_eq!(workspace.run(["build", "--format", "json"]).expect(0).json(), first);
    workspace.write("packages/alpha/README.md", "# Another\n");
    assert_eq!(built(&workspace.run(["build"]).expect(0)), (2, 2));
    assert_eq!(built(&workspace.run(["build", "--rebuild"]).expect(0)), (4, 0));
    assert_eq!(built(&workspace.run(["build", "--source-date-epoch", "400000000"]).expect(0)), (4, 0));
    assert_eq!(workspace.run(["build", "--rebuild"]).expect(0).stderr.matches("Built ").count(), 4);
}

#[test]
fn what_pyrel_keeps_at_the_root_is_no_part_of_a_project_there() {
    let system = "[build-system]\nrequires = [\"hatchling\"]\nbuild-backend = \"hatchling.build\"\n";
    let workspace = workspace()
        .file("pyproject.toml", format!("{system}[project]\nname = \"alpha\"\nversion = \"1.0\"\n"))
        .file("alpha/__init__.py", "");
    for _ in 0..2 {
        let _ = workspace.run(["build", "--rebuild"]).expect(0);
        assert!(workspace.root().join(".pyrel").is_dir());
        let dist = workspace.root().join("dist/alpha-1.0.tar.gz");
        let dist = pyrel_dist::Dist::open(&dist, &pyrel_dist::Limits::default()).unwrap();
        let names: Vec<&str> = dist.members().iter().map(|member| member.name.as_str()).collect();
        assert!(names.iter().all(|name| !name.contains(".pyrel")), "{names:?}");
    }
}
