//! Questions to git.

use std::path::Path;

use pyrel_project::{Git, GitError};

use crate::tree::Tree;

fn tree() -> Tree {
    let tree = Tree::new();
    tree.file("a/x.py", "1").file("a/sp ace.py", "").file("b/y.py", "").commit("first");
    tree
}

fn relative(tree: &Tree, paths: &[std::path::PathBuf]) -> Vec<String> {
    let root = tree.root();
    paths.iter().map(|path| path.strip_prefix(&root).unwrap().to_string_lossy().replace('\\', "/")).collect()
}

#[test]
fn a_repository_is_found_from_below() {
    let tree = tree();
    let git = Git::discover(&tree.path("a")).unwrap();
    assert_eq!(git.top_level(), tree.root());
    assert_eq!(git.directory(), tree.path("a"));
    assert!(Git::discover(Tree::new().root().as_path()).is_none());
    assert!(Git::discover(Path::new("/nowhere/at/all")).is_none());
}

#[test]
fn tracked_files_and_changes_are_absolute_and_below_the_directory() {
    let tree = tree();
    tree.file("a/new.py", "").file("b/new.py", "").file("a/x.py", "2");
    let git = Git::discover(&tree.path("a")).unwrap();
    assert_eq!(relative(&tree, &git.tracked_files().unwrap()), ["a/sp ace.py", "a/x.py"]);
    assert_eq!(relative(&tree, &git.changed_since("HEAD", &[]).unwrap()), ["a/new.py", "a/x.py"]);
    assert_eq!(relative(&tree, &git.uncommitted().unwrap()), ["a/new.py", "a/x.py"]);
    let whole = Git::discover(&tree.root()).unwrap();
    let within = whole.changed_since("HEAD", &[&tree.path("b")]).unwrap();
    assert_eq!(relative(&tree, &within), ["b/new.py"]);
    assert!(whole.has_tracked_files(&tree.path("a")).unwrap());
    assert!(!whole.has_tracked_files(&tree.path("b/new.py")).unwrap());
}

#[cfg(unix)]
#[test]
fn paths_are_meant_literally() {
    let tree = tree();
    tree.file("[ab]/z.py", "").file("a/new.py", "");
    let git = Git::discover(&tree.root()).unwrap();
    let changed = git.changed_since("HEAD", &[&tree.path("[ab]")]).unwrap();
    assert_eq!(relative(&tree, &changed), ["[ab]/z.py"]);
}

#[test]
fn commits_branches_tags_and_contents() {
    let tree = tree();
    tree.git(&["tag", "v1"]);
    tree.file("a/x.py", "2").commit("second");
    tree.git(&["tag", "v2"]);
    let git = Git::discover(&tree.root()).unwrap();
    assert_eq!(git.branch().unwrap().as_deref(), Some("main"));
    assert_eq!(git.commit("v1").unwrap(), tree.git(&["rev-parse", "v1"]));
    assert_eq!(git.tags().unwrap(), ["v1", "v2"]);
    assert_eq!(git.file_at("v1", &tree.path("a/x.py")).unwrap().as_deref(), Some(&b"1"[..]));
    assert_eq!(git.file_at("v1", &tree.path("a/none.py")).unwrap(), None);
    assert!(git.last_commit_time().unwrap() > 1_500_000_000);
    tree.git(&["checkout", "-q", "v1"]);
    assert_eq!(git.branch().unwrap(), None);
    assert_eq!(git.tags().unwrap(), ["v1"]);
}

#[test]
fn a_repository_without_commits_answers() {
    let tree = Tree::new();
    tree.git(&["init", "-q", "-b", "main"]);
    tree.file("x.py", "");
    let git = Git::discover(&tree.root()).unwrap();
    assert_eq!(git.last_commit_time(), None);
    assert_eq!(git.tags().unwrap(), Vec::<String>::new());
    assert_eq!(git.branch().unwrap().as_deref(), Some("main"));
    assert_eq!(relative(&tree, &git.uncommitted().unwrap()), ["x.py"]);
    assert!(matches!(git.commit("HEAD"), Err(GitError::UnknownRevision { .. })));
}

#[test]
fn a_missing_git_is_named() {
    let tree = tree();
    let git = Git::discover(&tree.root()).unwrap().with_program("git-that-is-not-there");
    let error = git.tracked_files().unwrap_err();
    assert!(matches!(error, GitError::NotInstalled(_)));
    assert_eq!(error.to_string(), "git is not installed");
    assert_eq!(error.hint().unwrap(), "install git, or add its folder to `PATH`");
    assert_eq!(git.last_commit_time(), None);
}

#[test]
fn a_repository_that_git_does_not_take_for_one_is_named() {
    let tree = Tree::new();
    tree.file(".git/HEAD", "not a reference\n");
    let error = Git::discover(&tree.root()).unwrap().tracked_files().unwrap_err();
    assert!(matches!(error, GitError::NotARepository { .. }), "{error:?}");
}
