//! `pyrel adopt`. What comes of the shapes is tried by `tests/adopt`.

use pyrel_testkit::Workspace;

use super::workspace;

/// A script at the root with everything that only a person can settle.
const APP: &str = "\
import importlib
import sys

sys.path.insert(0, 'lib')
import helper.one

NAME = sys.argv[0]
plugin = importlib.import_module(NAME)
other = importlib.import_module('helper.one')
import tomli_w, rich
log = open('app.log', 'a')
serve = 'app:main'


def main(argv):
    return helper.one.X


if __name__ == '__main__':
    main(sys.argv)
";

fn server() -> Workspace {
    workspace()
        .file("app.py", APP)
        .file("helper/one.py", "X = 1\n")
        .file("requirements.txt", "rich==13.7.1\ngit+https://example.org/tool.git\n")
        .file("Dockerfile", "FROM x\nCMD python app.py\n")
}

fn committed(workspace: Workspace) -> Workspace {
    workspace.git(&["init", "-q"]);
    workspace.git(&["add", "-A"]);
    workspace.git(&["commit", "-q", "-m", "As it was"]);
    workspace
}

#[test]
fn what_is_uncertain_is_told_with_its_place() {
    let workspace = server();
    let before = workspace.files("");
    // Not redacted: that would turn the backslashes of JSON round.
    let words = ["adopt", "--dry-run", "--name", "demo", "--format", "json"];
    let output = workspace.command(words).output().unwrap();
    assert!(output.status.success());
    assert_eq!(workspace.files(""), before);
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let told: Vec<String> = json["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["level"] == "warning")
        .map(|one| {
            format!(
                "{}:{} {}",
                one["path"].as_str().unwrap_or(""),
                one["line"],
                one["kind"].as_str().unwrap()
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ":null description",
            ":null license",
            "Dockerfile:2 mention",
            "app.py:4 search-path",
            "app.py:8 dynamic-import",
            "app.py:9 dynamic-import",
            "app.py:10 undeclared",
            "app.py:11 relative-path",
            "app.py:12 module-name",
            "requirements.txt:2 requirements",
        ]
    );
    assert_eq!((json["dry_run"].as_bool(), json["changed"].as_bool()), (Some(true), Some(false)));
    let diff = json["diff"].as_str().unwrap();
    for line in [
        "rename from app.py\nrename to src/demo/app.py\n",
        "-import helper.one\n+import demo.helper.one\n+from demo import helper\n",
        "+def run():\n+    \"\"\"Run the program.\"\"\"\n     main(sys.argv)\n",
        "+dependencies = [\"rich==13.7.1\"]\n",
    ] {
        assert!(diff.contains(line), "no {line:?} in\n{diff}");
    }
    let loose = workspace.run(["adopt", "--dry-run", "--name", "demo", "--loosen"]).expect(0);
    let _ =
        loose.prints("+dependencies = [\"rich>=13.7.1,<14\"]\n").prints("move helper -> src/demo/helper\n");
}

#[test]
fn nothing_is_written_unasked() {
    let workspace = committed(server());
    let before = workspace.files("");
    let _ = workspace.run(["adopt", "--name", "demo"]).expect(3).says("give `--yes`");
    workspace.write("app.py", format!("{APP}# more\n"));
    let dirty = workspace.run(["adopt", "--name", "demo", "--yes"]).expect(3);
    let _ = dirty.says("1 change not committed, such as `app.py`").says("--allow-dirty");
    assert_eq!(workspace.files(""), before);
    let _ = workspace.run(["adopt", "--undo"]).expect(2).says("there is no adoption to take back");
}

#[test]
fn an_adoption_can_be_taken_back_and_is_made_once() {
    let workspace = committed(server());
    let before: Vec<String> = visible(&workspace);
    let run = workspace.run(["adopt", ".", "--name", "demo", "--yes"]).expect(0);
    let _ = run
        .says("Adopted")
        .says("Move app.py -> src/demo/app.py")
        .says("take it back with `pyrel adopt . --undo`");
    assert!(visible(&workspace).contains(&"src/demo/__main__.py".to_owned()));
    let _ = workspace.run(["adopt", "--yes", "--allow-dirty"]).expect(0).says("a standard package already");
    let _ = workspace.run(["info"]).expect(0).prints("demo");
    let _ = workspace.run(["adopt", "--undo"]).expect(0).says("2 moved back");
    assert_eq!(visible(&workspace), before);
}

fn visible(workspace: &Workspace) -> Vec<String> {
    let hidden = |path: &String| path.starts_with(".git/") || path.starts_with(".pyrel/");
    workspace.files("").into_iter().filter(|path| !hidden(path)).collect()
}

#[test]
fn wishes_are_fulfilled() {
    let workspace = server().file("other.py", "def go():\n    return 0\n");
    let words = ["adopt", "--dry-run", "--name", "demo", "--entry", "other:go", "--license", "bsd-3-clause"];
    let more = ["--holder", "A. Holder", "--version-from-git"];
    let run = workspace.run(words.iter().chain(&more)).expect(0);
    let _ = run
        .prints("+    from demo.other import go as start\n")
        .prints("+Copyright (c) 2023, A. Holder\n")
        .prints("+license = \"BSD-3-Clause\"\n")
        .prints("+dynamic = [\"version\"]\n")
        .prints("+source = \"vcs\"\n");
}

#[test]
fn what_cannot_be_adopted_is_refused_with_a_remedy() {
    let run = |files: &[(&str, &str)], words: &[&str], code: i32| {
        let workspace = files.iter().fold(workspace(), |workspace, (path, text)| workspace.file(path, text));
        let run = workspace.run(["adopt", "--yes"].iter().chain(words)).expect(code);
        assert_eq!(workspace.files("").len(), files.len());
        run
    };
    let _ = run(&[("notes.md", "x")], &[], 2).says("there is no Python source");
    let _ = run(&[("one.py", ""), ("two.py", "")], &[], 2)
        .says("several files may be what starts the program: `one.py`, `two.py`")
        .says("`--entry one.py`");
    let _ = run(&[("one.py", "")], &["--entry", "gone.py"], 2)
        .says("names no Python file of the project: `gone.py`");
    let _ =
        run(&[("one.py", "")], &["--license", "my own"], 2).says("not an SPDX licence expression: `my own`");
    let _ = run(&[("one.py", ""), ("pyproject.toml", "[tool\n")], &[], 2).says("pyproject.toml:1");
    let setup = "from setuptools import setup\nsetup(\n    name='x',\n    ext_modules=[1],\n)\n";
    let _ = run(&[("x/__init__.py", ""), ("setup.py", setup)], &[], 3)
        .says("`ext_modules` in `setup.py`, line 4");
    let _ = run(&[("pyproject.toml", "[tool.uv.workspace]\nmembers = ['a']\n")], &[], 2)
        .says("root of a workspace");
    let _ = run(&[("one.py", "")], &["gone"], 2).says("no such directory");
}
