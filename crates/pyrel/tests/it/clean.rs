//! `pyrel clean`.

use super::two_packages;

fn littered() -> pyrel_testkit::Workspace {
    two_packages()
        .file("packages/alpha/dist/alpha-1.0.0.tar.gz", "x")
        .file("packages/alpha/build/lib/alpha.py", "x")
        .file("packages/alpha/src/alpha.egg-info/PKG-INFO", "x")
        .file("packages/alpha/src/alpha/__pycache__/a.pyc", "x")
        .file("packages/alpha/.venv/lib/__pycache__/kept.pyc", "x")
}

#[test]
fn removes_products_and_nothing_else() {
    let workspace = littered();
    let before = workspace.files("packages");
    let dry = workspace.run(["clean", "--dry-run"]).expect(0);
    assert!(dry.stderr.contains("Would go packages/alpha/dist\n"), "{}", dry.stderr);
    assert_eq!(workspace.files("packages"), before);
    let json = workspace.run(["clean", "alpha", "--format", "json"]).expect(0).json();
    assert_eq!(json["removed"].as_array().unwrap().len(), 4, "{json}");
    let left: Vec<String> =
        workspace.files("packages/alpha").into_iter().filter(|path| !path.contains("/.venv/")).collect();
    assert_eq!(
        left,
        ["packages/alpha/README.md", "packages/alpha/pyproject.toml", "packages/alpha/src/alpha/__init__.py"]
    );
    assert_eq!(workspace.files("packages/alpha/.venv").len(), 1);
    let _ = workspace.run(["clean"]).expect(0).says("nothing to remove in 2 packages");
}

#[test]
fn keeps_what_is_under_version_control() {
    let workspace = littered();
    workspace.git(&["init", "-q"]);
    workspace.git(&["add", "-f", "packages/alpha/build/lib/alpha.py"]);
    let _ = workspace.run(["clean"]).expect(0).says("kept `packages/alpha/build`");
    assert_eq!(workspace.files("packages/alpha/build"), ["packages/alpha/build/lib/alpha.py"]);
    assert!(workspace.files("packages/alpha/dist").is_empty());
}
