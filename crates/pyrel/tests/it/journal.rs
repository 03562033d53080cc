//! `pyrel journal`.

use super::two_packages;

#[test]
fn a_rehearsal_is_listed_shown_and_removed() {
    let workspace = two_packages();
    let empty = workspace.run(["journal", "list"]).expect(0);
    assert!(empty.stderr.contains("no run is kept here"), "{}", empty.stderr);
    let _ = workspace.run(["journal", "show"]).expect(2);

    let _ = workspace.run(["build"]).expect(0);
    // Nothing is uploaded for want of credentials, and nothing is kept.
    let _ = workspace.run(["upload-test"]).expect(3);
    let _ = workspace.run(["journal", "show"]).expect(2);

    let rehearsed = workspace.run(["rehearse", "--offline"]);
    let code = rehearsed.code;
    let list = workspace.run(["journal", "list"]).expect(0);
    assert!(list.stdout.contains("rehearsal"), "{}", list.stdout);
    let json = workspace.run(["journal", "list", "--format", "json"]).expect(0).json();
    let id = json["runs"][0]["run"].as_str().unwrap().to_owned();
    assert_eq!(json["runs"][0]["exit_code"], code);

    let shown = workspace.run(["journal", "show"]).expect(0);
    assert!(shown.stdout.starts_with(&format!("run {id} ended ")), "{}", shown.stdout);
    assert!(shown.stdout.contains("  done  build"), "{}", shown.stdout);
    assert!(shown.stdout.contains("alpha-1.0.0.tar.gz  uploaded"), "{}", shown.stdout);
    let document = workspace.run(["journal", "show", &id, "--format", "json"]).expect(0).json();
    assert_eq!(document["phases"][0]["phase"], "staging");

    let kept = workspace.run(["journal", "prune"]).expect(0);
    assert!(kept.stderr.contains("nothing to remove"), "{}", kept.stderr);
    let would = workspace.run(["journal", "prune", &id, "--dry-run"]).expect(0);
    assert!(would.stderr.contains(&format!("Would go {id}")), "{}", would.stderr);
    let gone = workspace.run(["journal", "prune", &id, "--format", "json"]).expect(0).json();
    assert_eq!(gone["removed"][0], id.as_str());
    assert!(gone["bytes"].as_u64().unwrap() > 0);
    let _ = workspace.run(["journal", "show", &id]).expect(2);
    let _ = workspace.run(["journal", "prune", "../../packages"]).expect(2);
    assert!(workspace.root().join("packages/alpha/pyproject.toml").is_file());
}
