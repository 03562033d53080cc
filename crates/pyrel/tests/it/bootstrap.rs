//! `pyrel auth bootstrap`.

use pyrel_testkit::Workspace;

use super::two_packages;
use super::upload::{Index, configure};

const WORKFLOW: &str = "\
on: push
jobs:
  stage:
    environment: testpypi
    permissions:
      id-token: write
  publish:
    environment: pypi
    permissions:
      id-token: write
";

fn hosted(remote: &str) -> Workspace {
    let workspace = two_packages().file(".github/workflows/release.yml", WORKFLOW);
    workspace.git(&["init", "--quiet"]);
    workspace.git(&["remote", "add", "origin", remote]);
    workspace
}

#[test]
fn the_form_is_filled_from_the_repository() {
    let workspace = hosted("git@github.com:acme/tools.git");
    for (index, site, environment, command) in [
        ("pypi", "https://pypi.org", "pypi", "pyrel upload alpha"),
        ("testpypi", "https://test.pypi.org", "testpypi", "pyrel upload-test alpha --index testpypi"),
    ] {
        let run = workspace.run(["auth", "bootstrap", "--offline", "--index", index]).expect(0);
        let run = run.prints(&format!("{site}/manage/account/publishing/")).prints("two-factor");
        let run = run.prints("Owner: acme\n").prints("Repository name: tools\n").prints(command);
        let run = run.prints("Workflow name: release.yml\n");
        let run = run.prints(&format!("Environment name: {environment}\n"));
        let run = run.prints("the index was not asked").prints("One project after another");
        let at = |text: &str| run.stdout.find(text).unwrap();
        assert!(at("Project name: alpha") < at("Project name: beta"), "dependencies first");
    }
    let run = workspace.run(["auth", "bootstrap", "alpha", "--offline", "--environment", "live"]).expect(0);
    let run = run.prints("Environment name: live\n");
    assert!(!run.stdout.contains("beta") && !run.stdout.contains("One project after another"));
}

#[test]
fn the_index_is_asked_which_projects_exist() {
    let workspace = hosted("https://github.com/acme/tools").env("PYREL_TOKEN", "not-a-real-token");
    let index = Index::serve(&workspace, "stage");
    configure(&workspace, &index.url, &index.url);
    let _ = workspace.run(["build", "alpha"]).expect(0);
    let _ = workspace.run(["upload-test", "alpha"]).expect(0);
    let run = workspace.run(["auth", "bootstrap", "--index", "testpypi"]).expect(0);
    let run = run.prints("on testpypi already: alpha");
    assert!(run.stdout.contains("Project name: beta") && !run.stdout.contains("Project name: alpha"));
    let json =
        workspace.run(["auth", "bootstrap", "--index", "testpypi", "--format", "json"]).expect(0).json();
    assert_eq!(json["schema"], 1);
    assert_eq!(
        (&json["packages"][0]["exists"], &json["packages"][1]["exists"]),
        (&true.into(), &false.into())
    );
    assert_eq!(json["first_upload"], serde_json::json!(["beta"]));
    assert_eq!(json["publisher"]["fields"]["Environment name"], "testpypi");
    let run = workspace.run(["auth", "bootstrap", "alpha", "--index", "testpypi"]).expect(0);
    let _ = run.prints("nothing to make: every project exists");
}

#[test]
fn what_the_repository_does_not_tell_is_said() {
    let workspace = hosted("https://code.example/acme/tools");
    let run = workspace.run(["auth", "bootstrap", "--offline"]).expect(0);
    let _ = run.prints("names no repository of GitHub or GitLab");
    let run = workspace.run(["auth", "bootstrap", "--offline", "--index", "nowhere"]).expect(2);
    let _ = run.says("no such index: `nowhere`");
}
