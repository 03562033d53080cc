//! `pyrel test` with real Python and pip; pytest is a stand-in, so that nothing is downloaded.

use fs_err as fs;
use pyrel_testkit::Workspace;

use super::workspace;

/// A workspace of two packages, the second of which needs the first, and wheels of third parties beside it.
fn ready() -> Workspace {
    let third = workspace()
        .package("pytest", "9.0", &[])
        .file("packages/pytest/src/pytest/__main__.py", include_str!("data/pytest_stand_in.py"))
        .package("from-extra", "1.0", &[])
        .package("from-group", "1.0", &[]);
    let _ = third.run(["build", "--wheel", "--out-dir", "wheels"]).expect(0);
    let workspace = workspace()
        .file("pyrel.toml", "")
        .package("alpha", "1.0.0", &[])
        .package("beta", "2.0.0", &["alpha>=1.0.0"])
        .env("PIP_NO_INDEX", "1");
    for file in third.files("wheels") {
        let bytes = fs::read(third.root().join(&file)).unwrap();
        workspace.write(&file, bytes);
    }
    let wheels = workspace.root().join("wheels").display().to_string();
    workspace.env("PIP_FIND_LINKS", &wheels)
}

fn append(workspace: &Workspace, path: &str, text: &str) {
    let old = fs::read_to_string(workspace.root().join(path)).unwrap();
    workspace.write(path, old + text);
}

const MISSING: &str =
    "import importlib.util\n\n\ndef missing(name):\n    return importlib.util.find_spec(name) is None\n";

/// The tree has modules that the wheels lack: beside `pyproject.toml`, in the package, and in its sibling.
#[test]
fn tests_meet_the_wheels_and_never_the_tree() {
    let workspace = ready();
    for name in ["alpha", "beta"] {
        let path = format!("packages/{name}/pyproject.toml");
        append(&workspace, &path, &format!("exclude = [\"src/{name}/unpublished.py\"]\n"));
        workspace.write(&format!("packages/{name}/src/{name}/unpublished.py"), "VALUE = 1\n");
        workspace.write(&format!("packages/{name}/src/{name}/published.py"), "VALUE = 1\n");
    }
    workspace.write("packages/beta/loose.py", "VALUE = 1\n");
    append(
        &workspace,
        "packages/beta/pyproject.toml",
        "[project.optional-dependencies]\ntest = [\"from-extra\"]\n\
         [dependency-groups]\ntest = [{include-group = \"more\"}]\nmore = [\"from-group>=1\"]\n",
    );
    let tests = format!(
        "{MISSING}\n\ndef test_wheels():\n    import alpha.published, beta.published, from_extra, from_group\n    \
         assert all('site-packages' in m.__file__ for m in (alpha, beta))\n\n\n\
         def test_tree():\n    assert all(map(missing, ['alpha.unpublished', 'beta.unpublished', 'loose', 'setup']))\n\n\n\
         def test_scripts():\n    import subprocess\n    assert subprocess.check_output(['beta'], text=True) == 'beta 2.0.0\\n'\n"
    );
    workspace.write("packages/beta/tests/test_beta.py", tests);
    let source = workspace.root().join("packages/beta/src").display().to_string();
    let workspace = workspace.env("PYTHONPATH", &source);
    let run = workspace.run(["test", "beta"]).expect(0).says("Tested beta with Python 3.").says(": 3 passed");
    let run = run.says("Testing beta").says("3 passed, 0 failed").says("JUnit reports in .pyrel/test");
    assert_eq!(run.stdout, "", "one package streams, and that is all");
    let files = workspace.files(".pyrel");
    assert_eq!(files.len(), 3, "{files:?}");
    assert!(files[1].starts_with(".pyrel/test/beta/py3.") && files[2].ends_with(".xml"), "{files:?}");
    assert!(fs::read_to_string(workspace.root().join(&files[2])).unwrap().contains("name=\"test_tree\""));
    assert!(workspace.files("packages/beta/dist").is_empty());
}

#[test]
fn several_packages_are_told_apart_and_no_tests_are_no_success() {
    let workspace = ready().package("gamma", "1", &[]).package("delta", "1", &[]).package("broken", "1", &[]);
    workspace.write("packages/alpha/tests/test_a.py", "def test_good():\n    pass\n");
    workspace.write("packages/beta/tests/test_b.py", "def test_bad():\n    assert 1 == 2, 'odd'\n");
    workspace.write("packages/delta/tests/readme.txt", "no test in here");
    workspace.write("packages/broken/tests/test_c.py", "def test_good():\n    pass\n");
    fs::remove_file(workspace.root().join("packages/broken/README.md")).unwrap();
    let run = workspace.run(["test", "--format", "json", "--junit", "reports"]).expect(1);
    let run = run
        .says("the tests of 2 packages failed")
        .says("FAILED tests/test_b.py::test_bad AssertionError: odd");
    let json = run.json();
    let rows = json["packages"].as_array().unwrap();
    let outcome = |name: &str| {
        let row = rows.iter().find(|row| row["package"] == name).unwrap();
        (row["outcome"].as_str().unwrap().to_owned(), row.clone())
    };
    let outcomes = ["alpha", "beta", "gamma", "delta", "broken"].map(|name| outcome(name).0);
    assert_eq!(outcomes, ["passed", "failed", "none", "none", "error"]);
    let beta = outcome("beta").1;
    assert_eq!((beta["tests"].as_u64(), beta["failures"].as_u64()), (Some(1), Some(1)));
    assert_eq!(beta["cases"][0]["file"], "tests/test_b.py");
    assert_eq!(beta["cases"][0]["line"], 2);
    assert!(outcome("broken").1["reason"].as_str().unwrap().contains("README.md"));
    assert_eq!(workspace.files("reports").len(), 3, "{:?}", workspace.files("reports"));
    let alone =
        workspace.run(["test", "gamma", "alpha"]).expect(0).says("No tests gamma: there is no folder");
    let _ = alone.prints("no tests").prints("1 passed");
    let _ = workspace.run(["test", "gamma", "--require-tests"]).expect(1).says("1 package has no tests");
}

#[test]
fn a_command_of_ones_own_gets_no_credentials_and_a_report() {
    let workspace = ready().env("SOME_TOKEN", "not-a-real-token").env("PYTEST_ADDOPTS", "-x");
    let command = "python -c \\\"import os; print(os.environ.get('SOME_TOKEN'), os.environ['PYTEST_ADDOPTS'][:3])\\\" && exit 3";
    workspace.write(
        "pyrel.toml",
        format!("[package.alpha]\ntest = \"{command}\"\ntest-files = [\"data\"]\n[package.beta]\ntest-groups = [\"unti\"]\n"),
    );
    append(&workspace, "packages/beta/pyproject.toml", "[dependency-groups]\nunit = []\n");
    workspace.write("packages/beta/tests/test_b.py", "def test_good():\n    pass\n");
    let run = workspace.run(["test", "alpha", "--format", "json"]).expect(1);
    let row = &run.json()["packages"][0];
    assert!(row["output"].as_str().unwrap().starts_with("None -x "), "{row}");
    assert_eq!(row["reason"], "exit code 3");
    let report = fs::read_to_string(
        row["junit"].as_str().unwrap().replace("[ROOT]", &workspace.root().display().to_string()),
    )
    .unwrap();
    assert!(report.contains("message=\"exit code 3\""), "{report}");
    let run = workspace.run(["test", "beta"]).expect(1);
    let _ = run.says("`beta` has no dependency group of this name: `unti`").says("did you mean `unit`?");
}

#[test]
fn a_job_of_github_gets_groups_annotations_and_a_summary() {
    let workspace = ready().env("GITHUB_ACTIONS", "true").env("CI", "true");
    let summary = workspace.root().join("summary.md");
    let workspace = workspace.env("GITHUB_STEP_SUMMARY", &summary.display().to_string());
    workspace.write("packages/alpha/tests/test_a.py", "def test_good():\n    pass\n");
    workspace.write("packages/beta/tests/test_b.py", "\n\ndef test_bad():\n    assert 1 == 2, 'a|b'\n");
    let run = workspace.run(["test"]).expect(1);
    let run =
        run.says("::group::alpha with Python 3.").says("::group::beta with Python 3.").says("::endgroup::");
    let _ = run
        .says("::error file=packages/beta/tests/test_b.py,line=4,title=test_b.test_bad::AssertionError: a|b");
    let text = fs::read_to_string(summary).unwrap();
    assert!(text.contains("| beta | 3.") && text.contains("| failed | 1 failed |"), "{text}");
    assert!(text.contains("- `test_b.test_bad`: AssertionError: a\\|b"), "{text}");
}

#[test]
fn interpreters_are_found_or_named() {
    let workspace = ready();
    workspace.write("packages/alpha/tests/test_a.py", "def test_good():\n    pass\n");
    let _ = workspace
        .run(["test", "alpha", "--python", "3.99"])
        .expect(2)
        .says("no Python interpreter found for `3.99`");
    let run = workspace.run(["test", "alpha", "--python", "3.99", "--fetch-python", "--offline"]).expect(2);
    let _ = run.says("`--fetch-python` needs the network that `--offline` forbids");
    let path = "packages/alpha/pyproject.toml";
    let text = fs::read_to_string(workspace.root().join(path)).unwrap();
    workspace.write(path, text.replace(">=3.8", ">=3.99"));
    let run = workspace
        .run(["test", "alpha"])
        .expect(1)
        .says("Left out alpha: it requires Python >=3.99, and this is 3.");
    assert!(workspace.files(".pyrel/test").is_empty(), "{}", run.stderr);
}

/// uv is a script here that knows one interpreter only after it was told to fetch it.
#[cfg(unix)]
#[test]
fn uv_fetches_an_interpreter_only_when_allowed() {
    use std::os::unix::fs::PermissionsExt;
    let workspace = ready();
    workspace.write("packages/alpha/tests/test_a.py", "def test_good():\n    pass\n");
    let script = "#!/bin/sh\ncd \"$(dirname \"$0\")\"\necho \"$*\" >> calls\n\
                  case \"$1 $2\" in\n'python install') touch fetched ;;\n\
                  'python find') test -f fetched && command -v python3 || exit 2 ;;\n*) exit 9 ;;\nesac\n";
    workspace.write("bin/uv", script);
    fs::set_permissions(workspace.root().join("bin/uv"), std::fs::Permissions::from_mode(0o755)).unwrap();
    let path = std::env::join_paths(
        std::iter::once(workspace.root().join("bin"))
            .chain(std::env::split_paths(env!("PATH")).filter(|folder| !folder.join("uv").exists())),
    );
    let workspace = workspace.env("PATH", path.unwrap().to_str().unwrap());
    let run = workspace.run(["test", "alpha", "--python", "3.99"]).expect(2);
    let _ = run
        .says("no Python interpreter found for `3.99`")
        .says("with `--fetch-python` uv fetches what is missing");
    assert!(!workspace.root().join("bin/fetched").exists());
    // The environment itself is then uv's work, which the script refuses.
    let run = workspace.run(["test", "alpha", "--python", "3.99", "--fetch-python"]).expect(1);
    let _ = run.says("the tests of alpha with Python 3.").says("could not be run");
    let calls = fs::read_to_string(workspace.root().join("bin/calls")).unwrap();
    assert!(calls.contains("python install --no-progress --no-bin -- 3.99\n"), "{calls}");
}

#[cfg(unix)]
#[test]
fn a_stopped_run_leaves_neither_processes_nor_folders() {
    use pyrel_project::Process;
    let workspace = ready();
    let rooms = workspace.root().join("rooms");
    fs::create_dir(&rooms).unwrap();
    let mark = workspace.root().join("running");
    let tests = format!(
        "import pathlib, time\n\n\ndef test_long():\n    pathlib.Path('{}').touch()\n    time.sleep(120)\n",
        mark.display()
    );
    workspace.write("packages/alpha/tests/test_a.py", tests);
    workspace.write("packages/beta/tests/test_b.py", "def test_good():\n    pass\n");
    let workspace = workspace.env("TMPDIR", rooms.to_str().unwrap());
    let child = workspace
        .command(["test", "--jobs", "1", "--format", "json"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let started = std::time::Instant::now();
    while !mark.exists() {
        assert!(started.elapsed().as_secs() < 60, "the test never began");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let _sent = Process::new("kill").args(["-TERM", &child.id().to_string()]).run_checked().unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let outcomes = json["packages"].as_array().unwrap().iter().map(|row| row["outcome"].as_str().unwrap());
    assert_eq!(outcomes.collect::<Vec<_>>(), ["cancelled", "cancelled"]);
    assert_eq!(fs::read_dir(&rooms).unwrap().count(), 0, "the environments are removed");
}
