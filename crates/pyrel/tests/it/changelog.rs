//! `pyrel changelog`.

use pyrel_testkit::Workspace;

use super::two_packages;

fn committed(workspace: Workspace) -> Workspace {
    workspace.git(&["init", "-q", "-b", "main"]);
    commit(&workspace, "feat: begin");
    for tag in ["alpha-v0.9.0", "beta-v1.9.0"] {
        workspace.git(&["tag", tag]);
    }
    workspace
}

fn commit(workspace: &Workspace, message: &str) {
    workspace.git(&["add", "-A"]);
    workspace.git(&["commit", "-q", "--allow-empty", "-m", message]);
}

fn text(workspace: &Workspace, path: &str) -> String {
    fs_err::read_to_string(workspace.root().join(path)).unwrap()
}

/// Runs the program and returns its document as printed, line breaks included.
fn json(workspace: &Workspace, arguments: &[&str]) -> serde_json::Value {
    let output = workspace.command(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// A fix in `alpha` after its last release.
fn changed() -> Workspace {
    let workspace = committed(two_packages());
    workspace.write("packages/alpha/src/alpha/new.py", "");
    commit(&workspace, "fix: mend it (#7)");
    workspace
}

#[test]
fn a_dry_run_shows_the_difference_and_writes_nothing() {
    let workspace = changed();
    let before = workspace.files(".");
    let run = workspace.run(["changelog", "alpha", "--version", "1.0.0", "--dry-run"]).expect(0);
    assert!(run.stdout.contains("+++ b/packages/alpha/CHANGELOG.md\n"), "{}", run.stdout);
    assert!(
        run.stdout.contains("+## 1.0.0 - 2023-11-14\n+\n+### Fixed\n+\n+- Mend it (#7)\n"),
        "{}",
        run.stdout
    );
    let _ = run.says("Would write packages/alpha/CHANGELOG.md: 1 commit");
    assert_eq!(workspace.files("."), before);
}

#[test]
fn an_entry_is_written_quoted_and_found_by_the_check() {
    let workspace = changed();
    let check = workspace.run(["changelog", "--check"]).expect(1);
    let check = check.says("alpha: 1 change since the last release not told").says("Told beta");
    assert!(check.stdout.is_empty());
    let github = workspace.command(["changelog", "--check"]).env("GITHUB_ACTIONS", "true").output().unwrap();
    let errors = String::from_utf8_lossy(&github.stderr).into_owned();
    assert!(errors.contains("::error title=changelog::alpha: 1 change"), "{errors}");
    let _ = workspace
        .run(["changelog", "alpha", "--version", "1.0.0"])
        .expect(0)
        .says("Wrote packages/alpha/CHANGELOG.md");
    let notes = workspace.run(["changelog", "alpha", "--notes"]).expect(0);
    assert_eq!(notes.stdout, "### Fixed\n\n- Mend it (#7)\n");
    let _ = workspace.run(["changelog", "alpha", "--check", "--version", "1.0.0"]).expect(0);
    let _ = workspace.run(["changelog", "--check"]).expect(0);
    let missing = workspace.run(["changelog", "alpha", "--notes", "--version", "1.1"]).expect(2);
    let _ = missing.says("has no entry for 1.1").says("hint: write the entry with");
    let _ = workspace.run(["build", "alpha"]).expect(0);
    let findings = workspace.run(["check", "alpha", "--format", "json"]).json().to_string();
    assert!(!findings.contains("changelog-entry"), "{findings}");
}

#[test]
fn json_tells_what_is_written_and_what_is_used_up() {
    let workspace = changed();
    workspace.write("packages/alpha/changes/8.added.md", "Something new.\n");
    let arguments = ["changelog", "alpha", "--version", "1.0.0", "--format", "json"];
    let json = json(&workspace, &arguments);
    let entry = &json["entries"][0];
    assert_eq!((&json["schema"], &json["date"]), (&1.into(), &"2023-11-14".into()));
    assert_eq!((&entry["package"], &entry["version"]), (&"alpha".into(), &"1.0.0".into()));
    assert_eq!((&entry["told"], &entry["superseded"]), (&0.into(), &1.into()));
    assert_eq!(entry["notes"], "### Added\n\n- Something new. (#8)\n");
    assert_eq!(entry["removed"].as_array().unwrap().len(), 1, "{json}");
    assert!(workspace.files("packages/alpha/changes").is_empty());
    assert_eq!(json["entries"][1]["package"], serde_json::Value::Null);
    assert!(text(&workspace, "CHANGELOG.md").contains("## 2023-11-14\n\n### alpha 1.0.0\n\n#### Added\n"));
    let notes = self::json(&workspace, &["changelog", "alpha", "--notes", "--format", "json"]);
    assert_eq!(notes["notes"][0]["notes"], entry["notes"]);
}

#[test]
fn a_range_is_told_as_asked() {
    let workspace = changed();
    workspace.git(&["tag", "alpha-v0.9.1"]);
    workspace.write("packages/alpha/src/alpha/later.py", "");
    commit(&workspace, "feat: later");
    let arguments = ["changelog", "alpha", "--from", "alpha-v0.9.0", "--to", "alpha-v0.9.1", "--dry-run"];
    let run = workspace.run(arguments).expect(0);
    // The tag tells version and day.
    assert!(
        run.stdout.contains("+## 0.9.1 - 2024-01-02\n+\n+### Fixed\n+\n+- Mend it (#7)\n"),
        "{}",
        run.stdout
    );
    assert!(!run.stdout.contains("Later"), "{}", run.stdout);
    let run = workspace.run(["changelog", "alpha", "--from", "alpha-v0.9.1"]).expect(0);
    let _ = run.says("Wrote packages/alpha/CHANGELOG.md: 1 commit");
    assert!(
        text(&workspace, "packages/alpha/CHANGELOG.md").ends_with("## Unreleased\n\n### Added\n\n- Later\n")
    );
    let _ = workspace
        .run(["changelog", "alpha", "--from", "alpha-v0.9.1"])
        .expect(0)
        .says("there is nothing to add");
    let _ =
        workspace.run(["changelog", "--from", "nowhere"]).expect(2).says("unknown git revision: `nowhere`");
}

#[test]
fn mistakes_are_refused_before_anything_is_written() {
    let workspace = changed();
    let _ = workspace.run(["changelog", "--version", "1.0"]).expect(2).says("hint: name the package");
    let _ = workspace.run(["changelog", "alpha", "--version", "one"]).expect(2).says("invalid version");
    workspace.write("packages/alpha/changes/8.odd.md", "x\n");
    let run = workspace.run(["changelog", "alpha", "--version", "1.0"]).expect(2);
    let _ = run.says("8.odd.md`").says("hint: known types are `breaking`, `feat`");
    workspace.write("packages/alpha/CHANGELOG.md", "# Log\n\n```\nnever closed\n");
    fs_err::remove_file(workspace.root().join("packages/alpha/changes/8.odd.md")).unwrap();
    let run = workspace.run(["changelog", "alpha", "--version", "1.0"]).expect(2);
    let _ = run.says("never ends: `").says("CHANGELOG.md:3`").says("hint: close it");
    workspace.write("pyrel.toml", "changelog = false\n");
    let _ = workspace.run(["changelog"]).expect(2).says("changelogs are turned off");
}

/// Leaves a tree as a kill between the record and the first file would, or, with `written`, before the record goes.
fn interrupt(workspace: &Workspace, written: bool) {
    let folder = workspace.root().join(".pyrel/edit");
    let mut set = pyrel_project::edit::EditSet::new(&workspace.root()).unwrap();
    let path = workspace.root().join("packages/alpha/CHANGELOG.md");
    let before = fs_err::read(&path).ok();
    let after = b"# Changelog\n\n## [Unreleased]\n\n### Added\n\n- Interrupted\n".to_vec();
    set.insert(pyrel_project::edit::Edit { path: path.clone(), before, after: Some(after.clone()) }).unwrap();
    let transaction = pyrel_project::edit::Transaction::begin(
        set,
        "changelog",
        serde_json::Value::Null,
        std::sync::Arc::new(|_| ()),
    );
    drop(transaction.unwrap());
    assert!(folder.is_dir());
    if written {
        fs_err::write(path, after).unwrap();
    }
}

#[test]
fn an_interrupted_write_is_told_of_by_whoever_meets_it_and_brought_to_an_end() {
    let workspace = changed();
    let none = workspace.run(["changelog", "--recover"]).expect(0);
    let _ = none.says("Recovered nothing: no write of changelogs was interrupted");
    interrupt(&workspace, false);
    for words in [&["info"][..], &["graph"], &["changelog", "--check"], &["changelog", "alpha", "--dry-run"]]
    {
        let run = workspace.run(words);
        let run = run.says("warning: an earlier `pyrel changelog` was interrupted while it wrote");
        let run = run.says("hint: run `pyrel changelog --recover`");
        assert_eq!(run.stderr.matches("was interrupted").count(), 1, "{}", run.stderr);
    }
    let run = workspace.run(["changelog", "--recover", "--format", "json"]).expect(0);
    assert_eq!(run.json()["recovered"], serde_json::json!({"kind": "changelog", "state": "before"}));
    let _ = run.says("Recovered an interrupted `pyrel changelog`; the tree is as before it");
    assert!(!workspace.run(["info"]).expect(0).stderr.contains("interrupted"));

    interrupt(&workspace, false);
    let run = workspace.run(["changelog", "alpha"]).expect(0);
    let _ = run.says("the tree is as before it").says("Wrote ");

    interrupt(&workspace, true);
    let run = workspace.run(["changelog", "alpha"]).expect(3);
    let _ = run.says("the tree is as after it").says("the interrupted `pyrel changelog` was completed");
    interrupt(&workspace, false);
    let _ = workspace.run(["bump", "--recover"]).expect(0).says("an interrupted `pyrel changelog`");
}
