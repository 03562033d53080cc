//! `internal-dependencies` and builds: bounds of siblings that archives have and files have not.

use super::upload::{Index, configure};
use super::workspace;

/// A workspace where `beta` needs `alpha` 1.4.2, whatever its version.
fn siblings(config: &str) -> pyrel_testkit::Workspace {
    workspace().file("pyrel.toml", config).package("alpha", "1.4.2", &[]).package("beta", "2.0", &["Alpha"])
}

/// Returns what the built wheel of `beta` needs.
fn needs(workspace: &pyrel_testkit::Workspace) -> Vec<String> {
    let path = workspace.root().join("packages/beta/dist/beta-2.0-py3-none-any.whl");
    let dist = pyrel_dist::Dist::open(&path, &pyrel_dist::Limits::default()).unwrap();
    dist.metadata().get_all("Requires-Dist").map(str::to_owned).collect()
}

#[test]
fn a_build_bounds_siblings_and_says_so() {
    let workspace = siblings("internal-dependencies = \"compatible\"\n");
    let path = "packages/beta/pyproject.toml";
    let text = fs_err::read_to_string(workspace.root().join(path)).unwrap();
    let run = workspace.run(["build", "--native-only", "--verify-reproducible"]).expect(0);
    let change =
        "Bounding beta needs alpha: `Alpha` in line 12 of `pyproject.toml` is built as `Alpha>=1.4.2,~=1.4`";
    let _ = run.says(change).says("Reproduced beta: 2 files, the same bytes");
    assert_eq!(needs(&workspace), ["alpha>=1.4.2,~=1.4"]);
    assert_eq!(fs_err::read_to_string(workspace.root().join(path)).unwrap(), text);
    let json = workspace.run(["build", "--format", "json"]).expect(0).json();
    assert_eq!(
        json["bounds"],
        serde_json::json!([{
            "package": "beta", "dependency": "alpha", "path": path, "line": 12, "from": "Alpha", "to": "Alpha>=1.4.2,~=1.4"
        }])
    );
    let listed = workspace.run(["build", "beta", "--sdist", "--list", "--format", "json"]).expect(0).json();
    let members = listed["archives"][0]["members"].as_array().unwrap();
    let size = |name: &str| members.iter().find(|one| one["path"] == name).unwrap()["size"].as_u64().unwrap();
    assert_eq!(size("beta-2.0/pyproject.toml"), (text.len() + ">=1.4.2,~=1.4".len()) as u64);
    let json = workspace.run(["check", "--format", "json"]).expect(0).json();
    assert!(!json.to_string().contains("internal-unbounded"), "{json}");

    // The sibling's next version is another bound.
    let alpha = "packages/alpha/pyproject.toml";
    let next = fs_err::read_to_string(workspace.root().join(alpha)).unwrap().replace("1.4.2", "1.5.0");
    workspace.write(alpha, next);
    let _ = workspace.run(["build"]).expect(0).says("is built as `Alpha~=1.5`");
    assert_eq!(needs(&workspace), ["alpha~=1.5"]);
}

#[test]
fn without_the_key_dependencies_stay_and_the_check_warns() {
    for config in ["", "internal-dependencies = \"keep\"\n"] {
        let workspace = siblings(config);
        let run = workspace.run(["build", "--format", "json"]).expect(0);
        assert!(run.json()["bounds"].is_null() && !run.stderr.contains("Bounding"), "{}", run.stderr);
        assert_eq!(needs(&workspace), ["alpha"]);
        let json = workspace.run(["check", "beta", "--format", "json"]).expect(0).json();
        for file in json["files"].as_array().unwrap() {
            let findings = file["findings"].as_array().unwrap();
            let found = findings.iter().find(|finding| finding["rule"] == "internal-unbounded").unwrap();
            assert_eq!(found["level"], "warning");
            let text = "`alpha` admits every version of a package of this workspace";
            assert_eq!(found["message"].as_str().unwrap().to_lowercase(), text);
        }
    }
}

#[test]
fn what_cannot_be_bounded_is_told_with_its_place() {
    let workspace = siblings("internal-dependencies = \"exact\"\n");
    let alpha = "packages/alpha/pyproject.toml";
    let text = fs_err::read_to_string(workspace.root().join(alpha)).unwrap();
    workspace.write(alpha, text.replace("version = \"1.4.2\"", "dynamic = [\"version\"]\n[tool.hatch.version]\nsource = \"code\"\npath = \"x.py\"\n[project.urls]"));
    let run = workspace.run(["build", "beta", "--wheel"]).expect(0);
    let text =
        "warning: packages/beta/pyproject.toml:12: `Alpha` stays without a bound: its version is not known";
    let _ = run.says(text);
    assert_eq!(needs(&workspace), ["alpha"]);
}

#[test]
fn a_release_shows_bounds_before_its_gate() {
    let workspace = siblings("").env("PYREL_TOKEN", "not-a-real-token");
    let index = Index::serve(&workspace, "stage");
    configure(&workspace, &index.url, &index.url);
    let config = fs_err::read_to_string(workspace.root().join("pyrel.toml")).unwrap();
    workspace.write("pyrel.toml", format!("internal-dependencies = \"minimum\"\n{config}"));
    let run = workspace.run(["publish", "--dry-run"]).expect(0);
    let _ = run
        .says("Bounding beta needs alpha: `Alpha` in line 12 of `pyproject.toml` is built as `Alpha>=1.4.2`");
    let bounded = workspace.run(["publish", "--dry-run", "--format", "json"]).expect(0).json();
    workspace.write("pyrel.toml", config);
    let plain = workspace.run(["publish", "--dry-run", "--format", "json"]).expect(0).json();
    assert_ne!(bounded["digest"], plain["digest"], "the bounds are part of what is confirmed");
}

#[test]
fn a_version_that_the_history_knows_is_a_bound_too() {
    let workspace = siblings("internal-dependencies = \"exact\"\n").file(".gitignore", "dist/\n.pyrel/\n");
    let system = "[build-system]\nrequires = [\"setuptools>=80\", \"setuptools-scm>=8\"]\nbuild-backend = \"setuptools.build_meta\"\n";
    let project =
        "[project]\nname = \"alpha\"\ndynamic = [\"version\"]\n[tool.setuptools_scm]\nroot = \"../..\"\n";
    workspace.write("packages/alpha/pyproject.toml", format!("{system}{project}"));
    workspace.git(&["init", "-q", "-b", "main"]);
    workspace.git(&["add", "."]);
    workspace.git(&["commit", "-q", "-m", "All"]);
    workspace.git(&["tag", "v3.1.0"]);
    let _ = workspace.run(["build", "--native-only"]).expect(0);
    assert_eq!(needs(&workspace), ["alpha==3.1.0"]);
}
