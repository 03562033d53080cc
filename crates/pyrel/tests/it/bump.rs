//! `pyrel bump`.

use pyrel_testkit::Workspace;

fn repository() -> Workspace {
    let workspace = super::workspace().file("pyrel.toml", "").package("core", "1.0.0", &[]).package(
        "web",
        "2.0.0",
        &["core>=1"],
    );
    workspace.write("packages/core/src/core/__init__.py", "__version__ = \"1.0.0\"\n");
    std::fs::write(
        workspace.home().join("gitconfig"),
        "[user]\nname = Test\nemail = test@example.org\n[init]\ndefaultBranch = main\n",
    )
    .unwrap();
    workspace.git(&["init", "-q"]);
    workspace.git(&["add", "."]);
    workspace.git(&["commit", "-q", "-m", "feat: start"]);
    workspace
}

fn read(workspace: &Workspace, path: &str) -> String {
    fs_err::read_to_string(workspace.root().join(path)).unwrap()
}

#[test]
fn shows_the_effect_writes_it_and_takes_it_back() {
    let workspace = repository();
    let dry = workspace.run(["bump", "major", "core", "--dry-run"]).expect(0);
    assert!(
        dry.stdout.starts_with("diff --git a/packages/core/CHANGELOG.md")
            || dry.stdout.contains("-version = \"1.0.0\"\n+version = \"2.0.0\"\n"),
        "{}",
        dry.stdout
    );
    assert!(dry.stderr.contains("core     1.0.0  2.0.0  asked for  core-v2.0.0"), "{}", dry.stderr);
    assert!(read(&workspace, "packages/core/pyproject.toml").contains("version = \"1.0.0\""));
    let done = workspace.run(["bump", "major", "core"]).expect(0);
    assert!(
        done.stdout.starts_with(
            "package  from   to     why        tag\ncore     1.0.0  2.0.0  asked for  core-v2.0.0\n"
        ),
        "{}",
        done.stdout
    );
    let done = done.says("Tagged core-v2.0.0\n");
    assert!(
        done.stderr.contains(" Committed ") && done.stderr.contains("chore(release): core 2.0.0"),
        "{}",
        done.stderr
    );
    assert!(read(&workspace, "packages/core/src/core/__init__.py").contains("2.0.0"));
    assert!(read(&workspace, "packages/core/CHANGELOG.md").contains("## 2.0.0 - 2023-11-14"));
    // The range of web admits every version from 1 on.
    assert!(read(&workspace, "packages/web/pyproject.toml").contains("\"core>=1\""));
    let undone = workspace.run(["bump", "--undo"]).expect(0).says("Took back core 2.0.0\n");
    assert!(undone.stderr.contains("Untagged core-v2.0.0\n"), "{}", undone.stderr);
    assert!(read(&workspace, "packages/core/pyproject.toml").contains("version = \"1.0.0\""));
    let _ = workspace.run(["bump", "--undo"]).expect(3).says("refused: there is no bump to take back");
    let _ = workspace.run(["bump", "--recover"]).expect(0).says("no bump was interrupted");
}

#[test]
fn json_holds_everything() {
    let workspace = repository();
    workspace.write("pyrel.toml", "internal-dependencies = \"exact\"\n[bump]\nconstraints = \"always\"\n");
    workspace.git(&["add", "."]);
    workspace.git(&["commit", "-q", "-m", "chore: configure"]);
    // The diff holds backslashes, which the redacted output does not.
    let output =
        workspace.command(["bump", "auto", "core", "--dry-run", "--format", "json"]).output().unwrap();
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json["packages"][0]["name"], "core");
    assert_eq!(json["packages"][0]["to"], "1.1.0");
    assert_eq!(json["packages"][0]["reason"]["kind"], "commits");
    assert_eq!(json["packages"][0]["reason"]["weight"], "minor");
    assert_eq!(json["packages"][0]["files"].as_array().unwrap().len(), 2);
    assert_eq!(json["constraints"][0]["to"], "core==1.1.0");
    assert_eq!(json["dry_run"], true);
    assert!(json["diff"].as_str().unwrap().contains("+version = \"1.1.0\""));
    let json = workspace.run(["bump", "auto", "core", "--format", "json"]).expect(0).json();
    assert_eq!(json["tags"][0], "core-v1.1.0");
    assert_eq!(json["commit"].as_str().unwrap().len(), 40);
    let json = workspace.run(["bump", "auto", "core", "--format", "json"]).expect(0).json();
    assert_eq!(json["packages"].as_array().unwrap().len(), 0);
    let _ =
        workspace.run(["bump", "auto", "core"]).expect(0).says("the commits ask for no release of 1 package");
    let json = workspace.run(["bump", "--undo", "--format", "json"]).expect(0).json();
    assert_eq!(json["undone"][0]["version"], "1.1.0");
}

#[test]
fn what_cannot_be_meant_is_a_mistake_and_what_may_not_be_is_refused() {
    let workspace = repository();
    let _ = workspace.run(["bump"]).expect(2).says("a level is missing");
    let _ = workspace.run(["bump", "ptach"]).expect(2).says("hint: did you mean `patch`?");
    let _ = workspace.run(["bump", "minor", "gamma"]).expect(2).says("gamma");
    let _ = workspace.run(["bump", "auto", "minor"]).expect(2).says("takes no other");
    let _ = workspace.run(["bump", "major", "minor"]).expect(2).says("do not go together");
    let _ =
        workspace.run(["bump", "--version", "1.2.0-1"]).expect(2).says("write `1.2.0.post1` or `1.2.0rc1`");
    let _ = workspace.run(["bump", "--version", "1.2.0", "--pre-release", "rc"]).expect(2);
    let _ = workspace
        .run(["bump", "--version", "0.9", "packages/core"])
        .expect(3)
        .says("`0.9` is not higher than `1.0.0`");
    let _ = workspace.run(["bump", "rc", "web"]).expect(3).says("hint: add the release that it prepares");
    workspace.write("packages/core/src/core/__init__.py", "\n__version__ = \"0.9\"\n");
    let differs = workspace.run(["bump", "minor", "core", "--no-git"]).expect(3);
    let _ = differs
        .says("`1.0.0` in packages/core/pyproject.toml:7, `0.9` in packages/core/src/core/__init__.py:2");
    workspace.git(&["checkout", "-q", "."]);
    workspace.write("new.txt", "");
    let _ = workspace
        .run(["bump", "minor"])
        .expect(3)
        .says("refused: the tree has uncommitted changes: `new.txt`");
    let dry = workspace.run(["bump", "minor", "--dry-run"]).expect(0);
    let _ = dry.says("warning: the bump itself would be refused: the tree has uncommitted changes");
    let _ = workspace.run(["bump", "minor", "--no-git"]).expect(0).says("Wrote 6 files");
    assert!(read(&workspace, "packages/web/pyproject.toml").contains("\"core>=1.1.0,<2\""));
}

#[test]
fn a_package_named_like_a_level_has_to_be_told_from_it() {
    let workspace =
        super::workspace().file("pyrel.toml", "").package("dev", "1.0.0", &[]).package("x", "1.0.0", &[]);
    let run = workspace.run(["bump", "minor", "dev", "--no-git"]).expect(2);
    let _ =
        run.says("`dev` is a level and also a package").says("hint: for the package, write `packages/dev`");
    let json =
        workspace.run(["bump", "minor", "packages/dev", "--no-git", "--format", "json"]).expect(0).json();
    assert_eq!(json["packages"].as_array().unwrap().len(), 1);
    assert_eq!(json["packages"][0]["to"], "1.1.0");
    let json = workspace
        .run(["bump", "patch", "--pre-release", "dev", "x", "--no-git", "--format", "json"])
        .expect(0);
    assert_eq!(json.json()["packages"][0]["to"], "1.0.1.dev1");
}

/// Leaves a tree as a kill between the record and the first file would.
#[test]
fn an_interrupted_bump_is_recovered_from_by_the_next_one() {
    let workspace = repository();
    let _ = workspace.run(["bump", "minor", "core", "--no-git"]).expect(0);
    let record = workspace.root().join(".pyrel/last-bump");
    fs_err::rename(&record, workspace.root().join(".pyrel/edit")).unwrap();
    workspace.git(&["checkout", "-q", "packages/core/pyproject.toml"]);
    let run = workspace.run(["bump", "--recover", "--format", "json"]).expect(0);
    assert_eq!(run.json()["recovered"]["state"], "before");
    let _ = run.says("Recovered an interrupted `pyrel bump`; the tree is as before it");
    assert!(read(&workspace, "packages/core/src/core/__init__.py").contains("1.0.0"));

    let _ = workspace.run(["bump", "minor", "core", "--no-git"]).expect(0);
    fs_err::rename(&record, workspace.root().join(".pyrel/edit")).unwrap();
    let run = workspace.run(["bump", "minor", "core", "--no-git"]).expect(3);
    let _ = run
        .says("Recovered an interrupted `pyrel bump`; the tree is as after it")
        .says("refused: the interrupted `pyrel bump` was completed");
    assert!(read(&workspace, "packages/core/pyproject.toml").contains("version = \"1.1.0\""));
    let _ = workspace.run(["bump", "--undo"]).expect(0);
    assert!(read(&workspace, "packages/core/pyproject.toml").contains("version = \"1.0.0\""));
}

#[test]
fn a_remote_that_does_not_answer_keeps_the_bump_unless_it_is_left_out() {
    let workspace = repository();
    let nowhere = workspace.home().join("no-such-repository");
    workspace.git(&["remote", "add", "origin", &nowhere.display().to_string()]);
    let _ = workspace.run(["bump", "patch", "core"]).expect(0);
    let run = workspace.run(["bump", "--undo"]).expect(3).says("the remote `origin` does not answer");
    let _ = run.says("hint: try again when the network is there, or leave remotes out with `--offline`");
    assert!(read(&workspace, "packages/core/pyproject.toml").contains("version = \"1.0.1\""));
    let _ = workspace.run(["bump", "--undo", "--offline"]).expect(0).says("Took back core 1.0.1");
}
