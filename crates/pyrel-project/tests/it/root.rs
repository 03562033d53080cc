//! Where a workspace begins.

use pyrel_project::{RootReason, Workspace, WorkspaceError};

use crate::tree::{Tree, directories, pyproject};

fn root_of(tree: &Tree, start: &str) -> (String, RootReason) {
    let workspace = Workspace::discover(&tree.path(start)).unwrap();
    let root = tree.root();
    let relative = workspace.root().strip_prefix(&root).unwrap();
    (relative.to_string_lossy().replace('\\', "/"), workspace.root_reason())
}

#[test]
fn the_nearest_pyrel_toml_wins_over_everything() {
    let tree = Tree::new();
    tree.file("pyrel.toml", "").file("a/pyproject.toml", "[tool.uv.workspace]\nmembers = [\"x\"]\n");
    tree.package("a/x", "x", &[]);
    assert_eq!(root_of(&tree, "a/x"), (String::new(), RootReason::ConfigFile));
    tree.file("a/pyrel.toml", "");
    assert_eq!(root_of(&tree, "a/x"), ("a".to_owned(), RootReason::ConfigFile));
}

#[test]
fn then_the_nearest_pyproject_that_marks_a_root() {
    let tree = Tree::new();
    tree.file("pyproject.toml", "[tool.pyrel]\n").package("a/x", "x", &[]);
    assert_eq!(root_of(&tree, "a/x"), (String::new(), RootReason::PyProject));
    tree.file("a/pyproject.toml", "[tool.uv.workspace]\nmembers = [\"*\"]\n");
    assert_eq!(root_of(&tree, "a/x"), ("a".to_owned(), RootReason::PyProject));
    // A mention is no table.
    tree.file("a/pyproject.toml", "# [tool.pyrel]\n[tool.uv]\nworkspace-like = 1\n");
    assert_eq!(root_of(&tree, "a/x"), (String::new(), RootReason::PyProject));
}

#[test]
fn then_the_git_top_level_and_at_last_the_directory() {
    let tree = Tree::new();
    tree.package("r/packages/x", "x", &[]).file("r/.git/HEAD", "ref: refs/heads/main\n");
    assert_eq!(root_of(&tree, "r/packages/x"), ("r".to_owned(), RootReason::GitTopLevel));
    tree.file("worktree/.git", "gitdir: ../r/.git\n").package("worktree/packages/y", "y", &[]);
    assert_eq!(root_of(&tree, "worktree/packages/y"), ("worktree".to_owned(), RootReason::GitTopLevel));
    tree.package("plain", "z", &[]);
    assert_eq!(root_of(&tree, "plain"), ("plain".to_owned(), RootReason::Start));
}

#[test]
fn a_broken_pyproject_above_is_an_error_only_when_it_may_mark_the_root() {
    let tree = Tree::new();
    tree.file("pyproject.toml", "[project\n").package("x", "x", &[]);
    let workspace = Workspace::discover(&tree.path("x")).unwrap();
    assert_eq!(directories(&workspace), ["."]);
    tree.file("pyproject.toml", "[tool.pyrel]\nmembers = [\n");
    let error = Workspace::discover(&tree.path("x")).unwrap_err();
    assert!(crate::tree::config_error(&tree.root(), &error).starts_with("pyproject.toml:2:"), "{error}");
}

#[test]
fn a_root_whose_own_file_is_broken_says_so_when_it_names_a_workspace() {
    let tree = Tree::new();
    tree.file("pyrel.toml", "").package("packages/a", "a", &[]);
    tree.file("pyproject.toml", "[tool.uv.workspace]\nmembers = \n");
    let error = tree.discover().unwrap_err();
    assert!(crate::tree::config_error(&tree.root(), &error).starts_with("pyproject.toml:2:"), "{error}");
    fs_err::write(tree.path("pyproject.toml"), b"[tool.pyrel]\ntag = \"\xff\"\n").unwrap();
    let error = tree.discover().unwrap_err();
    let text = crate::tree::config_error(&tree.root(), &error);
    assert!(text.starts_with("pyproject.toml:2:8: file is not valid UTF-8"), "{text}");
    fs_err::write(tree.path("pyproject.toml"), b"name = \"\xff\"\n").unwrap();
    assert_eq!(directories(&tree.workspace()), ["packages/a"]);
}

#[test]
fn a_start_that_is_no_directory_is_named() {
    let tree = Tree::new();
    tree.file("file", "");
    for start in ["nowhere", "file"] {
        let error = Workspace::discover(&tree.path(start)).unwrap_err();
        assert!(matches!(error, WorkspaceError::NoDirectory { .. }));
        assert_eq!(error.to_string(), format!("no such directory: `{}`", tree.path(start).display()));
    }
}

#[test]
fn the_root_is_absolute_and_free_of_links() {
    let tree = Tree::new();
    tree.file("real/pyproject.toml", &pyproject("x", &[]));
    let workspace = Workspace::discover(&tree.path("real/../real/.")).unwrap();
    assert_eq!(workspace.root(), tree.path("real"));
    #[cfg(unix)]
    {
        fs_err::os::unix::fs::symlink(tree.path("real"), tree.path("link")).unwrap();
        assert_eq!(Workspace::discover(&tree.path("link")).unwrap().root(), tree.path("real"));
    }
}
