//! `pyrel check`.

use super::two_packages;

#[test]
fn good_files_pass() {
    let workspace = two_packages();
    let _ = workspace.run(["build"]).expect(0);
    let run = workspace.run(["check", "--strict"]).expect(0);
    assert_eq!(run.stdout.matches(": ok\n").count(), 4, "{}", run.stdout);
    let json = workspace.run(["check", "alpha", "--format", "json"]).expect(0).json();
    assert_eq!(json["files"].as_array().unwrap().len(), 2);
    assert_eq!(json["files"][0]["ok"], true);
    assert_eq!(json["files"][0]["sha256"].as_str().unwrap().len(), 64);
}

#[test]
fn nothing_built_is_a_refusal_with_its_remedy() {
    let _ = two_packages()
        .run(["check", "beta"])
        .expect(3)
        .says("`beta` has no built files to check")
        .says("hint: run `pyrel build beta`");
}

#[test]
fn bad_files_are_findings() {
    let workspace = two_packages().file("broken-1.0.tar.gz", "no archive").file("wrong-name.whl", "x");
    let json =
        workspace.run(["check", "broken-1.0.tar.gz", "wrong-name.whl", "--format", "json"]).expect(1).json();
    for file in json["files"].as_array().unwrap() {
        assert_eq!(file["ok"], false, "{file}");
        let finding = &file["findings"][0];
        for key in ["rule", "level", "message", "hint", "source", "location"] {
            assert!(finding.get(key).is_some(), "{key} is missing in {finding}");
        }
    }
    let _ = workspace.run(["check", "absent-1.0.tar.gz"]).expect(1).prints("absent-1.0.tar.gz");
}

#[test]
fn github_gets_annotations() {
    let workspace = two_packages().file("broken-1.0.tar.gz", "no archive").env("GITHUB_ACTIONS", "true");
    let _ = workspace.run(["check", "broken-1.0.tar.gz"]).expect(1).says("::error file=");
}
