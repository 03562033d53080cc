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
