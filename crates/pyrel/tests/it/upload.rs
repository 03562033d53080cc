//! `pyrel plan`, `upload-test`, and `upload` against embedded indexes: the gate, resuming, and what a file on
//! an index means for the next upload.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use pyrel_testkit::{Run, Workspace};

use super::{two_packages, workspace};

/// A running `pyrel index serve`, ended at the end.
pub(super) struct Index {
    child: Child,
    pub(super) url: String,
}

impl Index {
    /// Serves a folder of the workspace.
    pub(super) fn serve(workspace: &Workspace, folder: &str) -> Self {
        Self::serve_with(workspace, folder, &[])
    }

    /// Serves a folder of the workspace with further arguments.
    pub(super) fn serve_with(workspace: &Workspace, folder: &str, more: &[&str]) -> Self {
        let arguments = [&["index", "serve", "--dir", folder, "--port", "0"], more].concat();
        let mut child =
            workspace.command(arguments).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { child, url: line.trim().trim_end_matches('/').to_owned() }
    }
}

impl Drop for Index {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// Writes the two indexes into the configuration, under the names of the real ones.
pub(super) fn configure(workspace: &Workspace, stage: &str, production: &str) {
    let index = |name: &str, url: &str| {
        format!("[index.{name}]\nupload-url = \"{url}/legacy/\"\nsimple-url = \"{url}/simple/\"\n")
    };
    let text = format!("{}{}production = true\n", index("testpypi", stage), index("pypi", production));
    workspace.write("pyrel.toml", text);
}

/// Two packages, two indexes, everything built.
fn ready() -> (Workspace, Index, Index) {
    let workspace = two_packages().env("PYREL_TOKEN", "not-a-real-token");
    let (stage, production) = (Index::serve(&workspace, "stage"), Index::serve(&workspace, "production"));
    configure(&workspace, &stage.url, &production.url);
    let _ = workspace.run(["build"]).expect(0);
    (workspace, stage, production)
}

fn digest(workspace: &Workspace) -> String {
    let json = workspace.run(["plan", "--format", "json"]).expect(0).json();
    json["digest"].as_str().unwrap()[..12].to_owned()
}

fn stored(workspace: &Workspace, folder: &str) -> Vec<String> {
    let is_dist = |path: &String| path.ends_with(".whl") || path.ends_with(".tar.gz");
    workspace.files(folder).into_iter().filter(is_dist).collect()
}

#[test]
fn the_whole_way_with_confirmations_given_in_advance() {
    let (workspace, _stage, _production) = ready();
    let run = workspace.run(["upload-test"]).expect(0);
    assert_eq!(run.stderr.matches("Staged ").count(), 4, "{}", run.stderr);
    let digest = digest(&workspace);
    let run = workspace.run(["upload", "--yes", "--confirm", &digest]).expect(0);
    assert_eq!(run.stderr.matches("Published ").count(), 4, "{}", run.stderr);
    let published: Vec<usize> = ["alpha-1.0.0-py3", "alpha-1.0.0.tar", "beta-2.0.0-py3", "beta-2.0.0.tar"]
        .iter()
        .map(|name| run.stderr.find(&format!("Published {name}")).unwrap())
        .collect();
    assert!(published.is_sorted(), "dependencies first, wheels first:\n{}", run.stderr);
    assert_eq!(stored(&workspace, "production").len(), 4);
    let again = workspace.run(["upload-test"]).expect(0);
    assert_eq!(again.stderr.matches("Had it ").count(), 4, "{}", again.stderr);
}

#[test]
fn the_gate_refuses_whatever_is_missing_and_sends_nothing() {
    let (workspace, _stage, _production) = ready();
    let refused = |arguments: &[&str], expected: &str| -> Run {
        let run = workspace.run(arguments).expect(3).says(expected);
        assert!(stored(&workspace, "production").is_empty());
        run
    };
    let unstaged = digest(&workspace);
    let run =
        refused(&["upload", "--yes", "--confirm", &unstaged], "4 files are not staged with the same bytes");
    let _ = run.says("hint: stage them with `pyrel upload-test`");
    let _ = workspace.run(["upload-test"]).expect(0);
    let digest = digest(&workspace);
    let _ = refused(&["upload"], "was not confirmed with a yes");
    let run = refused(&["upload", "--yes"], "the digest of the plan was not given");
    let _ = run.says(&format!("pyrel upload --yes --confirm {digest}"));
    let _ = refused(&["upload", "--confirm", &digest], "was not confirmed with a yes");
    let _ =
        refused(&["upload", "--yes", "--confirm", "0123456789ab"], "the confirmed digest is not this plan's");
    workspace.write("packages/alpha/src/alpha/__init__.py", "def main() -> None:\n    print('changed')\n");
    let _ = workspace.run(["build"]).expect(0);
    let _ = refused(&["upload", "--yes", "--confirm", &digest], "not staged with the same bytes");
    let run = workspace.run(["upload", "--yes", "--confirm", &digest, "--allow-unstaged"]).expect(3);
    let _ = run.says("the confirmed digest is not this plan's");
    assert!(stored(&workspace, "production").is_empty());
}

#[test]
fn only_current_and_fresh_files_go_up() {
    let (workspace, _stage, _production) = ready();
    workspace.write("packages/alpha/dist/alpha-0.9.0.tar.gz", "a stale neighbour");
    let _ = workspace.run(["upload-test", "alpha"]).expect(0);
    assert!(stored(&workspace, "stage").iter().all(|path| !path.contains("0.9.0")));
    std::thread::sleep(std::time::Duration::from_millis(20));
    workspace.write("packages/beta/src/beta/late.py", "");
    let run = workspace.run(["upload-test", "beta"]).expect(3).says("is older than its source");
    let _ = run.says("hint: run `pyrel build beta` first");
    assert!(stored(&workspace, "stage").iter().all(|path| !path.contains("beta")));
}

#[test]
fn one_error_in_any_file_and_nothing_is_sent() {
    let (workspace, _stage, _production) = ready();
    let path = workspace.root().join("packages/beta/dist/beta-2.0.0.tar.gz");
    fs_err::write(path, "no archive").unwrap();
    let run = workspace.run(["upload-test"]).expect(1);
    let _ = run.prints("beta-2.0.0.tar.gz: failed");
    assert!(stored(&workspace, "stage").is_empty());
}

#[test]
fn a_dependent_waits_until_installers_see_what_it_needs() {
    let workspace = two_packages().env("PYREL_TOKEN", "not-a-real-token");
    let index = Index::serve_with(&workspace, "late", &["--lag", "2s"]);
    configure(&workspace, &index.url, &index.url);
    let _ = workspace.run(["build"]).expect(0);
    let run = workspace.run(["upload-test"]).expect(0);
    let at = |text: &str| run.stderr.find(text).unwrap_or_else(|| panic!("no {text:?} in\n{}", run.stderr));
    let waits = at("Waiting for alpha to be seen by installers, 10 min 0 s at most");
    assert!(at("Staged alpha-1.0.0.tar.gz") < waits && waits < at("Staged beta-2.0.0-py3"));
}

#[test]
fn a_private_package_never_goes_up() {
    let (workspace, _stage, _production) = ready();
    let config = fs_err::read_to_string(workspace.root().join("pyrel.toml")).unwrap();
    workspace.write("pyrel.toml", format!("{config}[package.beta]\npublish = false\n"));
    let _ = workspace.run(["upload-test"]).expect(0).says("Skipped beta is private and never uploaded");
    assert_eq!(stored(&workspace, "stage").len(), 2);
    let _ = workspace.run(["upload-test", "beta"]).expect(2).says("there is nothing to release");
}

#[test]
fn other_bytes_under_the_same_name_stop_before_the_first_write() {
    let (workspace, _stage, _production) = ready();
    let _ = workspace.run(["upload-test", "beta"]).expect(0);
    workspace.write("packages/beta/src/beta/__init__.py", "def main() -> None:\n    print('other')\n");
    let _ = workspace.run(["build"]).expect(0);
    let run = workspace.run(["upload-test"]).expect(4);
    let _ = run.says("holds other bytes under the names of files of this run").says("beta-2.0.0");
    assert_eq!(stored(&workspace, "stage").len(), 2, "alpha was not sent either");
}

#[test]
fn credentials_are_named_and_never_shown() {
    let (workspace, _stage, _production) = ready();
    let run = workspace.run(["upload-test", "alpha", "-vv"]).expect(0);
    let run = run.says("credentials for testpypi come from the variable `PYREL_TOKEN`");
    assert!(!run.stderr.contains("not-a-real-token") && !run.stdout.contains("not-a-real-token"));
    for path in workspace.files(".pyrel") {
        let bytes = fs_err::read(workspace.root().join(&path)).unwrap();
        let found = bytes.windows(16).any(|window| window == b"not-a-real-token");
        assert!(!found, "{path} holds the token");
    }
}

#[test]
fn conflicting_credentials_and_none_at_all_are_refused() {
    let workspace =
        two_packages().env("PYPI_API_TOKEN", "not-a-token-one").env("TWINE_PASSWORD", "not-a-token-two");
    let index = Index::serve(&workspace, "index");
    configure(&workspace, &index.url, &index.url);
    let _ = workspace.run(["build"]).expect(0);
    let run = workspace.run(["upload", "--yes"]).expect(3);
    let run = run.says("`PYPI_API_TOKEN` and `TWINE_PASSWORD` are both set and differ");
    assert!(!run.stderr.contains("not-a-token"), "{}", run.stderr);
    let empty = super::two_packages();
    configure(&empty, &index.url, &index.url);
    let _ = empty.run(["build"]).expect(0);
    let run = empty.run(["upload-test"]).expect(3).says("there are no credentials for the index `testpypi`");
    let _ = run.says("hint: set `PYREL_TOKEN_TESTPYPI`");
}

#[test]
fn production_is_no_place_to_stage() {
    let _ =
        two_packages().run(["upload-test", "--index", "pypi"]).expect(2).says("`pypi` is a production index");
    let run = two_packages().run(["upload", "--index", "pipy"]).expect(2).says("no such index: `pipy`");
    let _ = run.says("hint: did you mean `pypi`?");
}

#[test]
fn info_shows_what_the_indexes_have() {
    let (workspace, _stage, _production) = ready();
    let _ = workspace.run(["upload-test", "alpha"]).expect(0);
    let run = workspace.run(["info", "--remote"]).expect(0);
    let run = run.prints("alpha on testpypi: 1.0.0 is the newest of 1 version, 2 files");
    let _ = run.prints("beta on pypi: not there");
}

#[test]
fn an_index_that_is_down_is_code_four() {
    let workspace = workspace().package("alpha", "1.0.0", &[]).env("PYREL_TOKEN", "not-a-real-token");
    configure(&workspace, "http://127.0.0.1:9", "http://127.0.0.1:9");
    let _ = workspace.run(["build"]).expect(0);
    let run = workspace.env("PYREL_RETRY_BASE_MS", "1").run(["upload-test"]).expect(4);
    let _ = run.says("cannot read the index `testpypi`").says("127.0.0.1:9");
}
