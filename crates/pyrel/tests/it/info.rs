//! `pyrel info`.

use super::{two_packages, workspace};

#[test]
fn lists_packages_for_people_and_programs() {
    let workspace = two_packages();
    let run = workspace.run(["info"]).expect(0);
    assert!(
        run.stdout.starts_with("package  version  backend    python  built  description\n"),
        "{}",
        run.stdout
    );
    assert!(
        run.stdout.contains("alpha    1.0.0    hatchling  >=3.8   -      The package alpha\n"),
        "{}",
        run.stdout
    );
    let json = workspace.run(["info", "--format", "json"]).expect(0).json();
    assert_eq!(json["schema"], 1);
    assert_eq!(json["root"], "[ROOT]");
    let beta = &json["packages"][1];
    assert_eq!(beta["name"], "beta");
    assert_eq!(beta["dependencies"][0], "alpha>=1");
    assert_eq!(beta["internal_dependencies"][0]["name"], "alpha");
    assert_eq!(beta["internal_dependencies"][0]["kind"], "runtime");
    assert_eq!(beta["publish"], true);
    assert_eq!(beta["error"], serde_json::Value::Null);
}

#[test]
fn shows_built_files_of_the_current_version_only() {
    let workspace = two_packages();
    let _ = workspace.run(["build", "alpha"]).expect(0);
    workspace.write("packages/alpha/dist/alpha-0.9.0.tar.gz", "an older neighbour");
    let json = workspace.run(["info", "alpha", "--format", "json"]).expect(0).json();
    let artifacts = json["packages"][0]["artifacts"].as_array().unwrap();
    let names: Vec<&str> = artifacts.iter().map(|file| file["path"].as_str().unwrap()).collect();
    assert_eq!(names.len(), 2, "{names:?}");
    assert!(names.iter().all(|name| name.contains("alpha-1.0.0")));
}

#[test]
fn one_broken_package_hides_no_other() {
    let workspace = two_packages().file("packages/broken/pyproject.toml", "[project]\nname = 3\n");
    let run = workspace.run(["info"]).expect(0);
    assert!(run.stdout.contains("alpha") && run.stdout.contains("beta"));
    let run = run.says("packages/broken/pyproject.toml:2:8: `project.name` must be a string");
    assert!(run.stderr.contains("2 | name = 3\n  |        ^"), "{}", run.stderr);
    let json = workspace.run(["info", "--format", "json"]).expect(0).json();
    let broken = json["packages"].as_array().unwrap().iter().find(|row| !row["error"].is_null()).unwrap();
    assert!(broken["error"].as_str().unwrap().contains("must be a string"));
}

#[test]
fn an_empty_workspace_says_so() {
    let run = workspace().run(["info"]);
    assert_eq!(run.code, 2, "{}", run.stderr);
    let _ = run.says("hint: ");
}
