//! Packages with changes since a revision or their last release.

use pyrel_project::{GitError, SelectError, SelectionRequest, Workspace};

use crate::tree::Tree;

fn changed(workspace: &Workspace, since: Option<&str>) -> Result<Vec<String>, SelectError> {
    let request =
        SelectionRequest { changed_since: Some(since.map(str::to_owned)), ..SelectionRequest::default() };
    let selection = workspace.select(&request)?;
    Ok(selection.packages().iter().map(|package| package.name.normalized().to_owned()).collect())
}

fn refused(workspace: &Workspace, since: Option<&str>) -> (GitError, String) {
    match changed(workspace, since).unwrap_err() {
        SelectError::Git(error) => {
            let text = format!("{error} [{}]", error.hint().unwrap_or_default());
            (error, text)
        }
        other => panic!("{other}"),
    }
}

fn tree() -> Tree {
    let tree = Tree::new();
    for name in ["a", "b", "c"] {
        tree.package(&format!("packages/{name}"), name, &[]).file(&format!("packages/{name}/x y.py"), "1");
    }
    tree.file("README.md", "").file(".gitignore", "*.log\n").commit("first");
    tree
}

#[test]
fn tracked_untracked_staged_and_deleted_files_count() {
    let tree = tree();
    assert_eq!(changed(&tree.workspace(), Some("HEAD")).unwrap(), Vec::<String>::new());
    tree.file("README.md", "changed").file("packages/a/debug.log", "ignored");
    assert_eq!(changed(&tree.workspace(), Some("HEAD")).unwrap(), Vec::<String>::new());
    tree.file("packages/a/x y.py", "2").file("packages/b/neü.py", "");
    assert_eq!(changed(&tree.workspace(), Some("HEAD")).unwrap(), ["a", "b"]);
    tree.git(&["add", "-A"]);
    assert_eq!(changed(&tree.workspace(), Some("HEAD")).unwrap(), ["a", "b"]);
    tree.commit("second");
    fs_err::remove_file(tree.path("packages/c/x y.py")).unwrap();
    assert_eq!(changed(&tree.workspace(), Some("HEAD")).unwrap(), ["c"]);
    assert_eq!(changed(&tree.workspace(), Some("HEAD~1")).unwrap(), ["a", "b", "c"]);
}

#[test]
fn names_that_begin_alike_are_told_apart_and_nested_packages_own_their_files() {
    let tree = tree();
    tree.package("packages/ab", "ab", &[]).package("packages/a/plugins/p", "p", &[]);
    tree.file("pyrel.toml", "members = [\"packages/*\", \"packages/a/plugins/*\"]").commit("second");
    tree.file("packages/ab/new.py", "").file("packages/a/plugins/p/new.py", "");
    assert_eq!(changed(&tree.workspace(), Some("HEAD")).unwrap(), ["ab", "p"]);
}

#[test]
fn without_a_revision_each_package_is_compared_with_its_last_release() {
    let tree = tree();
    tree.git(&["tag", "a-v1.0"]);
    tree.file("packages/a/x y.py", "2").file("packages/b/x y.py", "2").commit("second");
    tree.git(&["tag", "b-v1.0"]);
    tree.git(&["tag", "b-v0.9", "HEAD~1"]);
    tree.git(&["tag", "unrelated"]);
    // `a` changed since its own tag, `b` did not since its highest, `c` was never released.
    assert_eq!(changed(&tree.workspace(), None).unwrap(), ["a", "c"]);
}

#[test]
fn a_common_tag_serves_all_packages() {
    let tree = tree();
    tree.file("pyrel.toml", "versioning = \"lockstep\"").commit("second");
    tree.git(&["tag", "-a", "v1.0", "-m", "v1.0"]);
    assert_eq!(changed(&tree.workspace(), None).unwrap(), Vec::<String>::new());
    tree.file("packages/b/x y.py", "2");
    assert_eq!(changed(&tree.workspace(), None).unwrap(), ["b"]);
}

#[test]
fn without_any_release_tag_the_error_says_what_to_give() {
    let tree = tree();
    tree.git(&["tag", "unrelated"]);
    let (error, text) = refused(&tree.workspace(), None);
    assert!(matches!(error, GitError::NoReleaseTag { .. }));
    assert_eq!(
        text,
        "no release tag matches `{name}-v{version}` [say what to compare with: `--changed --since REV`, such as `--since origin/main`]"
    );
}

#[test]
fn unknown_revisions_and_missing_repositories_are_named() {
    let tree = tree();
    let (error, text) = refused(&tree.workspace(), Some("--output=x"));
    assert!(matches!(error, GitError::UnknownRevision { .. }));
    assert!(text.starts_with("unknown git revision: `--output=x` [in a shallow clone, "), "{text}");
    let plain = Tree::new();
    plain.package(".", "x", &[]);
    let (error, text) = refused(&plain.workspace(), Some("HEAD"));
    assert!(matches!(error, GitError::NotARepository { .. }));
    let start = format!("not a git repository: `{}` [run `git init`", plain.root().display());
    assert!(text.starts_with(&start), "{text}");
}

#[test]
fn a_workspace_below_the_top_level_sees_its_own_files_only() {
    let tree = Tree::new();
    tree.package("work/packages/a", "a", &[])
        .package("work/packages/b", "b", &[])
        .file("work/pyrel.toml", "");
    tree.package("other/a", "other", &[]).commit("first");
    tree.file("work/packages/b/x.py", "").file("other/a/x.py", "");
    let workspace = Workspace::discover(&tree.path("work")).unwrap();
    assert_eq!(changed(&workspace, Some("HEAD")).unwrap(), ["b"]);
}
