//! `pyrel prepare`: the lines that need a build, tests, an index, or the project's own commands, each holding once and
//! failing once.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;

use fs_err as fs;
use pyrel_testkit::{Run, Workspace};
use serde_json::Value;

use super::upload::Index;
use super::workspace;

/// A package that is ready in every respect, committed, with a command of its own for tests.
fn ready() -> Workspace {
    let workspace = workspace().package("alpha", "1.0.0", &[]).file(
        "packages/alpha/CHANGELOG.md",
        "# Changelog\n\n## [1.0.0] - 2024-01-02\n\n### Added\n\n- The first thing.\n",
    );
    configure(&workspace, "", "python -c \\\"import alpha\\\"");
    workspace.git(&["init", "-q"]);
    commit(&workspace);
    workspace
}

fn configure(workspace: &Workspace, more: &str, test: &str) {
    workspace.write("pyrel.toml", format!("{more}\n[package.alpha]\ntest = \"{test}\"\n"));
}

fn commit(workspace: &Workspace) {
    workspace.write(".gitignore", ".pyrel/\nstore/\n");
    workspace.git(&["add", "-A"]);
    workspace.git(&["commit", "-q", "--allow-empty", "-m", "change"]);
}

/// Returns the verdict and the reason of a line of a JSON document.
fn line(json: &Value, id: &str) -> (String, String) {
    let lines = json["lines"].as_array().unwrap();
    let line = lines.iter().find(|line| line["id"] == id).unwrap_or_else(|| panic!("no {id} in {json}"));
    (line["verdict"].as_str().unwrap().to_owned(), line["reason"].as_str().unwrap().to_owned())
}

fn prepare(workspace: &Workspace, words: &[&str], code: i32) -> Value {
    let all = [&["prepare", "--check-only", "--format", "json"], words].concat();
    workspace.run(all).expect(code).json()
}

fn expect(json: &Value, id: &str, verdict: &str, reason: &str) {
    let found = line(json, id);
    assert_eq!(
        (found.0.as_str(), found.1.contains(reason)),
        (verdict, true),
        "{id}: {reason:?} in {found:?}"
    );
}

fn stripped(run: &Run) -> Vec<String> {
    run.stdout.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

#[test]
fn a_ready_package_is_told_so_and_nothing_is_written() {
    let workspace = ready();
    let before = workspace.files("packages");
    let run = workspace.run(["prepare"]).expect(0).says("Ready nothing stands in the way of a release");
    let run = run.says("Next pyrel rehearse").says("Next pyrel publish");
    let lines = stripped(&run);
    for expected in [
        "alpha",
        "version ok 1.0.0, the same in 1 place",
        "changelog ok `packages/alpha/CHANGELOG.md` tells about 1.0.0",
        "build ok built: sdist and wheel",
        "check ok 2 files pass every rule",
        "audit skipped not asked without `--online`",
    ] {
        assert!(lines.contains(&expected.to_owned()), "{expected} in\n{}", run.stdout);
    }
    assert!(lines.iter().any(|line| line.starts_with("tests ok passed with Python 3.")), "{}", run.stdout);
    assert_eq!(workspace.files("packages"), before);
    let json = prepare(&workspace, &[], 0);
    assert_eq!(
        (json["ready"].as_bool(), json["packages"][0]["version"].as_str()),
        (Some(true), Some("1.0.0"))
    );
    assert!(json["notes"]["alpha"].as_str().unwrap().contains("- The first thing."));
    expect(&json, "clean-tree", "ok", "nothing is uncommitted");
}

#[test]
fn build_check_secrets_and_tests_can_fail() {
    let workspace = ready();
    configure(&workspace, "", "exit 3");
    expect(&prepare(&workspace, &[], 1), "tests", "failed", "exit code 3");
    let manifest = "packages/alpha/pyproject.toml";
    let text = fs::read_to_string(workspace.root().join(manifest)).unwrap();
    workspace.write(manifest, text.replace("1.0.0", "1.0.0+local"));
    let json = prepare(&workspace, &["--skip", "tests"], 1);
    expect(&json, "check", "failed", "[local-version]");
    workspace.write(manifest, text);
    let skipped = prepare(&workspace, &["--skip", "tests"], 1);
    expect(&skipped, "tests", "skipped", "left out by `--skip`");
    fs::remove_dir_all(workspace.root().join(".git")).unwrap();
    workspace.write("packages/alpha/src/alpha/.env", "VALUE=1\n");
    let json = prepare(&workspace, &["--skip", "tests"], 1);
    expect(&json, "secrets", "failed", "the archive has a file that is made for secrets");
    fs::remove_file(workspace.root().join("packages/alpha/README.md")).unwrap();
    let json = prepare(&workspace, &[], 1);
    expect(&json, "build", "failed", "README.md");
    expect(&json, "check", "skipped", "without a build");
    expect(&json, "tests", "failed", "it cannot be built");
}

#[cfg(unix)]
#[test]
fn gates_run_side_by_side_and_keep_their_output() {
    let workspace = ready().env("SOME_TOKEN", "not-a-real-token");
    let gates = "[release]\ngates = [\"echo token=$SOME_TOKEN\", { name = \"style\", command = \"echo bad style; exit 4\" }]";
    configure(&workspace, gates, "exit 0");
    commit(&workspace);
    let run = workspace.run(["prepare", "--skip", "tests"]).expect(1);
    let run = run.says("bad style").says("Failed style: ").says("1 of 16 lines forbids a release");
    let lines = stripped(&run);
    assert!(
        lines.contains(&"gate: style failed `echo bad style; exit 4`: exit code 4".to_owned()),
        "{}",
        run.stdout
    );
    let log =
        fs::read_to_string(workspace.root().join(".pyrel/prepare/01-echo-token--some-token.log")).unwrap();
    assert_eq!(log, "token=\n", "a command gets no credentials");
    let json = prepare(&workspace, &["--skip", "tests"], 1);
    let gate = json["lines"].as_array().unwrap().iter().find(|line| line["name"] == "style").unwrap();
    assert!(gate["log"].as_str().unwrap().ends_with(".pyrel/prepare/02-style.log"), "{gate}");
}

#[test]
fn warnings_forbid_only_when_strict_and_a_job_of_github_is_told() {
    let workspace = ready().env("GITHUB_ACTIONS", "true").env("CI", "true");
    let manifest = "packages/alpha/pyproject.toml";
    let text = fs::read_to_string(workspace.root().join(manifest)).unwrap();
    workspace.write(manifest, text.replace("dependencies = []", "dependencies = [\"some-thing\"]"));
    commit(&workspace);
    fs::create_dir(workspace.root().join("store")).unwrap();
    let summary = workspace.root().join("store/summary.md");
    let workspace = workspace.env("GITHUB_STEP_SUMMARY", &summary.display().to_string());
    let words = ["prepare", "--check-only", "--skip", "tests"];
    let run = workspace.run(words).expect(0);
    let run = run.says(
        "::warning file=packages/alpha/pyproject.toml,line=12,col=17,title=dependencies::alpha: neither",
    );
    assert!(!run.stderr.contains("::error"), "{}", run.stderr);
    let _ = workspace
        .run(["prepare", "--check-only", "--skip", "tests", "--strict"])
        .expect(1)
        .says("1 of 14 lines");
    let text = fs::read_to_string(summary).unwrap();
    assert!(text.contains("### Release: ready") && text.contains("### Release: not ready"), "{text}");
    assert!(
        text.contains("| alpha | dependencies | **warning** | neither locked nor bounded: `some-thing` |"),
        "{text}"
    );
    let _ = workspace.run(["prepare", "--skip", "test"]).expect(2).says("no such line");
}

#[test]
fn a_version_that_the_index_has_is_taken() {
    let workspace = ready().env("PYREL_TOKEN", "not-a-real-token");
    let index = Index::serve(&workspace, "store");
    let url = &index.url;
    let more = format!("[index.testpypi]\nupload-url = \"{url}/legacy/\"\nsimple-url = \"{url}/simple/\"");
    configure(&workspace, &more, "exit 0");
    commit(&workspace);
    let asked = |code| prepare(&workspace, &["--online", "--index", "testpypi", "--skip", "tests"], code);
    let json = asked(0);
    expect(&json, "version-free", "ok", "`testpypi` does not have the project yet");
    expect(&json, "audit", "ok", "it needs nothing from elsewhere");
    let _ = workspace.run(["build"]).expect(0);
    let _ = workspace.run(["upload-test"]).expect(0);
    fs::remove_dir_all(workspace.root().join("packages/alpha/dist")).unwrap();
    expect(&asked(1), "version-free", "failed", "`testpypi` has 1.0.0 already (2 files)");
}

/// Answers as PyPI's JSON API does: `bad` has a vulnerability, `good` none, of which the latest
/// release has no document of its own, and others are not there.
fn stand_in() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            let request = lines.next().unwrap().unwrap();
            while lines.next().is_some_and(|line| !line.unwrap().is_empty()) {}
            let (status, body) = match request.split(' ').nth(1).unwrap() {
                "/pypi/good/json" => ("200 OK", r#"{"info": {"version": "3.0"}, "vulnerabilities": []}"#),
                "/pypi/good/1.0/json" => ("200 OK", r#"{"vulnerabilities": []}"#),
                "/pypi/bad/1.0/json" => (
                    "200 OK",
                    r#"{"vulnerabilities": [{"id": "OLD-1", "withdrawn": "2024-01-01T00:00:00Z"},
                        {"id": "PYSEC-2024-1", "aliases": ["CVE-2024-1"], "summary": "it is bad", "fixed_in": ["1.1"]}]}"#,
                ),
                _ => ("404 Not Found", "{}"),
            };
            let head = format!(
                "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
                body.len()
            );
            // The client may have gone: that is its own affair.
            let _sent = stream.write_all(format!("{head}{body}").as_bytes());
        }
    });
    url
}

#[test]
fn known_vulnerabilities_of_what_is_locked_or_installed_are_told() {
    let third = workspace().package("bad", "1.0", &[]).package("good", "1.0", &["bad"]);
    let _ = third.run(["build", "--wheel", "--out-dir", "wheels"]).expect(0);
    let wheels = third.root().join("wheels").display().to_string();
    let workspace = ready().env("PIP_NO_INDEX", "1").env("PIP_FIND_LINKS", &wheels);
    let url = stand_in();
    let index = format!("[index.pypi]\nupload-url = \"{url}/legacy/\"\nsimple-url = \"{url}/simple/\"\n");
    configure(&workspace, &index, "exit 0");
    let manifest = "packages/alpha/pyproject.toml";
    let text = fs::read_to_string(workspace.root().join(manifest)).unwrap();
    workspace.write(manifest, text.replace("dependencies = []", "dependencies = [\"good>=1\"]"));
    let audit = |code| {
        commit(&workspace);
        prepare(&workspace, &["--online", "--skip", "tests"], code)
    };
    let json = audit(1);
    expect(&json, "audit", "failed", "bad 1.0 has PYSEC-2024-1 (it is bad)");
    let lines = json["lines"].as_array().unwrap();
    let remedy = &lines.iter().find(|line| line["id"] == "audit").unwrap()["remedy"];
    assert_eq!(remedy, "raise the dependency: bad 1.1 is mended");
    let lock =
        "version = 1\n[[package]]\nname = \"good\"\nversion = \"1.0\"\nsource = { registry = \"r\" }\n";
    workspace.write("uv.lock", lock);
    expect(&audit(0), "audit", "ok", "nothing is known against 1 release, locked in `uv.lock`");
    let unknown = lock.replace("\"1.0\"", "\"2.0\"");
    workspace.write("uv.lock", &unknown);
    expect(&audit(0), "audit", "warning", "the index does not know `good 2.0`");
    workspace.write("uv.lock", lock.replace("\"1.0\"", "\"3.0\""));
    expect(&audit(0), "audit", "ok", "nothing is known against 1 release");
    fs::remove_file(workspace.root().join("uv.lock")).unwrap();
    configure(
        &workspace,
        &format!("{index}[release]\nignore-vulnerabilities = [\"CVE-2024-1\"]\n"),
        "exit 0",
    );
    expect(
        &audit(0),
        "audit",
        "ok",
        "nothing is known against 2 releases, as installed today with Python 3.",
    );
}
