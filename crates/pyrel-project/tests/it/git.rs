//! Questions to git.

use std::path::Path;

use pyrel_project::git::TrackedKind;
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
fn exported_files_are_those_of_an_archive() {
    let tree = Tree::new();
    let attributes = "*.secret export-ignore\ninner/ export-ignore\n*.keep -export-ignore\n";
    tree.file(".gitattributes", attributes)
        .file("a/x.py", "")
        .file("a/y.secret", "")
        .file("a/inner/z.py", "");
    tree.file("ä/w.keep", "");
    tree.commit("all");
    tree.file("a/untracked.py", "");
    let id = "0123456789012345678901234567890123456789";
    tree.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{id},other")]);
    tree.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{id},b/inner")]);
    let blob = tree.git(&["hash-object", "-w", "a/x.py"]);
    tree.git(&["update-index", "--add", "--cacheinfo", &format!("120000,{blob},link")]);
    let exported = Git::discover(&tree.root()).unwrap().exported().unwrap();
    let exported: Vec<(&str, TrackedKind)> =
        exported.iter().map(|(path, kind)| (path.as_str(), *kind)).collect();
    assert_eq!(
        exported,
        [
            (".gitattributes", TrackedKind::File),
            ("a/x.py", TrackedKind::File),
            ("link", TrackedKind::Link),
            ("other", TrackedKind::Submodule),
            ("ä/w.keep", TrackedKind::File),
        ]
    );
    let below = Git::discover(&tree.path("a")).unwrap().exported().unwrap();
    assert_eq!(below, [("x.py".to_owned(), TrackedKind::File)]);
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

#[test]
fn what_is_written_is_what_was_named() {
    let tree = tree();
    for (key, value) in
        [("user.name", "Somebody"), ("user.email", "a@example.org"), ("commit.gpgSign", "false")]
    {
        tree.git(&["config", key, value]);
    }
    let git = Git::discover(&tree.root()).unwrap();
    tree.file("a/x.py", "2")
        .file("a/new [1].py", "")
        .file("b/y.py", "not named")
        .file(".gitignore", "*.tmp\n");
    fs_err::remove_file(tree.path("a/sp ace.py")).unwrap();
    let paths = ["a/x.py", "a/new [1].py", "a/sp ace.py"].map(|path| tree.path(path));
    let commit = git.commit_paths("Say it\n\n# kept\n", &paths).unwrap();
    assert_eq!(tree.git(&["rev-parse", "HEAD"]), commit);
    assert_eq!(git.message(&commit).unwrap().trim_end(), "Say it\n\n# kept");
    assert_eq!(
        tree.git(&["show", "--name-status", "--format=", "--no-renames", "HEAD"]),
        "A\ta/new [1].py\nD\ta/sp ace.py\nM\ta/x.py"
    );
    assert_eq!(tree.git(&["status", "--porcelain"]), "M b/y.py\n?? .gitignore");
    assert_eq!(git.ignored(&[tree.path("x.tmp"), tree.path("a/x.py")]).unwrap().len(), 1);
    git.mv(&tree.path("a/x.py"), &tree.path("b/x.py")).unwrap();
    assert!(git.has_tracked_files(&tree.path("b/x.py")).unwrap());
    assert!(git.mv(&tree.path("b/x.py"), &tree.path("b/y.py")).is_err());
    git.unstage(&[tree.path("a/x.py"), tree.path("b/x.py")]).unwrap();
    assert!(git.has_tracked_files(&tree.path("a/x.py")).unwrap());
    git.tag("v1", "One\n\n# kept\n", "HEAD^").unwrap();
    assert_eq!(git.all_tags().unwrap()["v1"], tree.git(&["rev-parse", "HEAD^"]));
    assert!(git.tag("v1", "again", "HEAD").is_err());
    git.delete_tag("v1").unwrap();
    assert!(git.all_tags().unwrap().is_empty());
    let parent = tree.git(&["rev-parse", "HEAD^"]);
    assert!(git.move_branch(&parent, &commit, "wrong").is_err());
    git.move_branch(&commit, &parent, "back").unwrap();
    assert_eq!(git.first_parents(&parent, &commit).unwrap(), [commit]);
}

#[test]
fn a_branch_knows_its_upstream_and_remotes_their_addresses() {
    let tree = tree();
    let remote = tempfile::tempdir().unwrap();
    crate::tree::git_in(remote.path(), &["init", "-q", "--bare"]);
    let git = Git::discover(&tree.root()).unwrap();
    assert_eq!(git.upstream().unwrap(), None);
    tree.git(&["remote", "add", "origin", &remote.path().display().to_string()]);
    tree.git(&["push", "-q", "-u", "origin", "main"]);
    tree.commit("second");
    let upstream = git.upstream().unwrap().unwrap();
    assert_eq!((upstream.name.as_str(), upstream.ahead, upstream.behind), ("origin/main", 1, 0));
    assert_eq!(git.remote_branches_with("HEAD^").unwrap(), ["origin/main"]);
    assert!(git.remote_branches_with("HEAD").unwrap().is_empty());
    for (address, shown) in [
        ("https://somebody:not-a-real-token@example.org/a.git", "https://example.org/a.git"),
        ("https://not-a-real-token@example.org/a.git", "https://example.org/a.git"),
        ("ssh://git@example.org/a.git", "ssh://git@example.org/a.git"),
        ("git@example.org:a/b.git", "git@example.org:a/b.git"),
    ] {
        tree.git(&["remote", "set-url", "origin", address]);
        assert_eq!(git.remote_url("origin").unwrap().as_deref(), Some(shown));
    }
    assert_eq!(git.remote_url("other").unwrap(), None);
    tree.git(&["checkout", "-q", "--detach"]);
    assert_eq!(git.upstream().unwrap(), None);
}
