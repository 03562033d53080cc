//! `pyrel check --online`, and the same questions before an upload, against an embedded index that has PyPI's rules.

use fs_err as fs;
use pyrel_testkit::Workspace;
use serde_json::Value;

use super::two_packages;
use super::upload::{Index, configure};

/// Three packages, one of which looks like another, an index, and the built files.
fn ready() -> (Workspace, Index) {
    let workspace = two_packages().package("a1pha", "1.0.0", &[]).env("PYREL_TOKEN", "not-a-real-token");
    let index = Index::serve(&workspace, "store");
    configure(&workspace, &index.url, &index.url);
    let _ = workspace.run(["build"]).expect(0);
    (workspace, index)
}

/// Returns the rules about the index that have findings, each with its level, once.
fn rules(json: &Value) -> Vec<(String, String)> {
    let files = json["files"].as_array().unwrap();
    let findings = files.iter().flat_map(|file| file["findings"].as_array().unwrap());
    let mut rules: Vec<(String, String)> = findings
        .map(|finding| (finding["rule"].as_str().unwrap(), finding["level"].as_str().unwrap()))
        .filter(|(rule, _)| rule.starts_with("index-"))
        .map(|(rule, level)| (rule.to_owned(), level.to_owned()))
        .collect();
    rules.dedup();
    rules
}

fn asked(workspace: &Workspace, words: &[&str], code: i32) -> Vec<(String, String)> {
    let all = [&["check", "--online", "--format", "json"], words].concat();
    rules(&workspace.run(all).expect(code).json())
}

fn pair(rule: &str, level: &str) -> Vec<(String, String)> {
    vec![(rule.to_owned(), level.to_owned())]
}

#[test]
fn the_index_tells_whether_a_project_is_new_and_a_file_taken() {
    let (workspace, _index) = ready();
    assert_eq!(asked(&workspace, &["alpha"], 0), pair("index-project-new", "info"));
    let _ = workspace.run(["upload-test", "alpha"]).expect(0);
    assert_eq!(asked(&workspace, &["alpha"], 0), [], "the same bytes are there");
    workspace.write("packages/alpha/src/alpha/__init__.py", "def main() -> None:\n    print('changed')\n");
    let _ = workspace.run(["build", "alpha"]).expect(0);
    assert_eq!(asked(&workspace, &["alpha"], 1), pair("index-file-exists", "error"));
    let offline = workspace.run(["check", "alpha"]).expect(0);
    assert!(!offline.stdout.contains("index-"), "nothing is asked without the flag");
}

#[test]
fn a_name_that_looks_like_another_stops_an_upload_before_it_sends_anything() {
    let (workspace, index) = ready();
    let _ = workspace.run(["upload-test", "alpha"]).expect(0);
    let found = asked(&workspace, &["a1pha"], 1);
    assert!(found.contains(&pair("index-name-similar", "error")[0]), "{found:?}");
    drop(index);
    let before = workspace.files("store");
    let index = Index::serve(&workspace, "store");
    configure(&workspace, &index.url, &index.url);
    let run = workspace.run(["upload-test", "a1pha"]).expect(1);
    let _ = run.prints("The name 'a1pha' is too similar to an existing project.");
    assert_eq!(workspace.files("store"), before);
}

#[test]
fn a_release_is_closed_after_a_fortnight() {
    let (workspace, index) = ready();
    let _ = workspace.run(["upload-test", "alpha"]).expect(0);
    drop(index);
    // A wheel for another platform, so to say, and the release a year ago.
    let dist = workspace.root().join("packages/alpha/dist");
    fs::copy(dist.join("alpha-1.0.0-py3-none-any.whl"), dist.join("alpha-1.0.0-1-py3-none-any.whl")).unwrap();
    let mut aged = 0;
    for path in workspace.files("store").into_iter().filter(|path| path.ends_with(".json")) {
        let path = workspace.root().join(path);
        let mut record: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        if record.get("uploaded").is_some() {
            record["uploaded"] = "2020-01-01T00:00:00Z".into();
            fs::write(&path, record.to_string()).unwrap();
            aged += 1;
        }
    }
    assert_eq!(aged, 2);
    let index = Index::serve(&workspace, "store");
    configure(&workspace, &index.url, &index.url);
    let file = "packages/alpha/dist/alpha-1.0.0-1-py3-none-any.whl";
    assert_eq!(asked(&workspace, &[file], 1), pair("index-release-closed", "error"));
    let there = "packages/alpha/dist/alpha-1.0.0-py3-none-any.whl";
    assert_eq!(asked(&workspace, &[there], 0), [], "what is there already may be sent again");
}

#[test]
fn a_wheel_with_many_more_files_than_the_last_is_noticed_by_check_and_plan() {
    let (workspace, _index) = ready();
    let _ = workspace.run(["upload-test", "alpha"]).expect(0);
    let pyproject = workspace.root().join("packages/alpha/pyproject.toml");
    let text = fs::read_to_string(&pyproject).unwrap().replace("1.0.0", "1.1.0");
    fs::write(&pyproject, text).unwrap();
    for number in 0..120 {
        workspace.write(&format!("packages/alpha/src/alpha/part{number}.py"), "x = 1\n");
    }
    let _ = workspace.run(["build", "alpha"]).expect(0);
    let wheel = "packages/alpha/dist/alpha-1.1.0-py3-none-any.whl";
    let report = workspace.run(["check", "--online", "--format", "json", wheel]).expect(0).json();
    let findings = report["files"][0]["findings"].as_array().unwrap();
    let jump = findings.iter().find(|finding| finding["rule"] == "file-count-jump").unwrap();
    let message = jump["message"].as_str().unwrap();
    assert!(message.starts_with("the wheel has 12"), "{message}");
    assert!(message.contains("that of the last release (1.0.0) had "), "{message}");
    let _ = workspace.run(["plan", "alpha", "--index", "testpypi"]).expect(0).says(message);
}

#[test]
fn a_plan_tells_what_the_index_would_refuse() {
    let (workspace, _index) = ready();
    let _ = workspace.run(["upload-test", "alpha"]).expect(0);
    let message = "The name 'a1pha' is too similar to an existing project.";
    let plan = workspace.run(["plan", "a1pha", "--index", "testpypi"]).expect(0);
    let _ = plan.says(message).says("does not pass the check, so that an upload would be refused");
    let plan = workspace.run(["plan", "beta", "--index", "testpypi"]).expect(0);
    assert!(!plan.stderr.contains("index-"), "{}", plan.stderr);
}

#[test]
fn an_index_that_cannot_be_asked_is_an_error_and_offline_a_contradiction() {
    let (workspace, index) = ready();
    drop(index);
    let quick = workspace.env("PYREL_RETRY_BASE_MS", "1").env("PYREL_CONNECT_TIMEOUT", "1");
    let _ = quick.run(["check", "alpha", "--online"]).expect(4);
    quick.write("pyrel.toml", "");
    let _ = quick.run(["--offline", "check", "alpha", "--online"]).expect(2).says("`--offline` forbids");
    let _ = quick.run(["check", "alpha", "--online", "--index", "nowhere"]).expect(2).says("nowhere");
    let _ = quick.run(["check", "alpha", "--index", "pypi"]).expect(2).says("--online");
}
