//! Bumps and git: what forbids them, what they leave, and how they are taken back.

use std::sync::Arc;

use fs_err as fs;
use pyrel_project::bump::{self, BumpError, Bumped, Level, VersionChange};

use crate::bump::{bump_with, chain, levels, plan, read, repository, single, state, table};
use crate::tree::Tree;

#[test]
fn without_git_files_alone_are_written_and_taken_back() {
    let tree = single();
    let git = repository(&tree);
    tree.file("scratch.txt", "not committed");
    let before = state(&tree);
    let done = bump_with(&tree, &["demo-kit"], &levels("patch"), None).unwrap();
    assert_eq!(done, Bumped { commit: None, tags: Vec::new() });
    assert!(read(&tree, "pyproject.toml").contains("'1.2.4'"));
    assert_eq!(state(&tree)[..2], before[..2]);
    assert_eq!(git.uncommitted().unwrap().len(), 4);
    bump::undo(&tree.root(), false, Arc::new(|_| ())).unwrap();
    assert_eq!(state(&tree), before);

    bump_with(&tree, &["demo-kit"], &levels("patch"), None).unwrap();
    tree.file("CHANGELOG.md", "mine now");
    let error = bump::undo(&tree.root(), false, Arc::new(|_| ())).unwrap_err();
    assert!(error.to_string().contains("was changed by somebody else meanwhile"), "{error}");
}

#[test]
fn what_forbids_a_bump_is_said_before_anything_is_written() {
    let tree = single();
    tree.file("pyrel.toml", "[release]\nallowed-branches = [\"main\", \"release/*\"]\n");
    let git = repository(&tree);
    let refused = |expected: &str| {
        let before = state(&tree);
        let error = bump_with(&tree, &["demo-kit"], &levels("minor"), Some(&git)).unwrap_err();
        assert!(matches!(&error, BumpError::Refused(_)), "{error}");
        assert!(error.to_string().contains(expected), "{error}");
        assert_eq!(state(&tree), before);
    };
    tree.file("new.txt", "");
    refused("the tree has uncommitted changes: `new.txt`");
    fs::remove_file(tree.path("new.txt")).unwrap();
    tree.git(&["tag", "v1.3.0"]);
    refused("the tag exists already: `v1.3.0`");
    tree.git(&["tag", "-d", "v1.3.0"]);
    tree.git(&["checkout", "-q", "-b", "feature"]);
    refused("releases are not made from the branch `feature`");
    tree.git(&["checkout", "-q", "--detach"]);
    refused("`HEAD` is detached");
    tree.git(&["checkout", "-q", "-b", "release/1"]);
    tree.file("ignored.txt", "does not count");
    bump_with(&tree, &["demo-kit"], &levels("minor"), Some(&git)).unwrap();
}

#[cfg(unix)]
fn hook(tree: &Tree, name: &str, script: &str) {
    use std::os::unix::fs::PermissionsExt;
    let path = tree.path(&format!(".git/hooks/{name}"));
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

#[cfg(unix)]
#[test]
fn a_hook_that_refuses_leaves_everything_as_before() {
    for (name, script) in [
        ("pre-commit", "echo no >&2; exit 1"),
        ("pre-commit", "echo '# formatted' >> pyproject.toml; git add pyproject.toml; exit 1"),
        ("commit-msg", "exit 1"),
    ] {
        let tree = single();
        let git = repository(&tree);
        hook(&tree, name, script);
        let before = state(&tree);
        let error = bump_with(&tree, &["demo-kit"], &levels("minor"), Some(&git)).unwrap_err();
        assert!(matches!(&error, BumpError::Git(_)), "{error}");
        assert_eq!(state(&tree), before, "{name} {script}");
        fs::remove_file(tree.path(&format!(".git/hooks/{name}"))).unwrap();
        bump_with(&tree, &["demo-kit"], &levels("minor"), Some(&git)).unwrap();
    }
}

#[cfg(unix)]
#[test]
fn hooks_have_their_say_and_undo_still_works() {
    let tree = single();
    let git = repository(&tree);
    let before = state(&tree);
    hook(&tree, "pre-commit", "echo '# formatted' >> pyproject.toml; git add pyproject.toml");
    hook(&tree, "prepare-commit-msg", "echo 'Checked-by: hook' >> \"$1\"");
    bump_with(&tree, &["demo-kit"], &levels("minor"), Some(&git)).unwrap();
    assert!(tree.git(&["show", "HEAD:pyproject.toml"]).ends_with("# formatted"));
    assert!(tree.git(&["log", "-1", "--format=%B"]).ends_with("Checked-by: hook"));
    bump::undo(&tree.root(), true, Arc::new(|_| ())).unwrap();
    assert_eq!(state(&tree), before);
}

#[cfg(unix)]
#[test]
fn a_signature_that_fails_leaves_everything_as_before() {
    for key in ["commit.gpgSign", "tag.gpgSign"] {
        let tree = single();
        let git = repository(&tree);
        tree.git(&["config", "gpg.program", "/bin/false"]);
        tree.git(&["config", key, "true"]);
        let before = state(&tree);
        let error = bump_with(&tree, &["demo-kit"], &levels("minor"), Some(&git)).unwrap_err();
        assert!(matches!(&error, BumpError::Git(_)), "{error}");
        assert_eq!(state(&tree), before, "{key}");
    }
}

#[cfg(unix)]
#[test]
fn commit_and_tag_are_signed_when_git_is_configured_so() {
    use std::os::unix::fs::PermissionsExt;
    let tree = single();
    let signer = tree.path("signer");
    // Answers as gpg does: a status line, and a signature on standard output.
    let script = "#!/bin/sh\ncat > /dev/null\necho '[GNUPG:] SIG_CREATED ' >&2\necho '-----BEGIN PGP SIGNATURE-----'\n\
                  echo fixed\necho '-----END PGP SIGNATURE-----'\n";
    fs::write(&signer, script).unwrap();
    fs::set_permissions(&signer, std::fs::Permissions::from_mode(0o755)).unwrap();
    let git = repository(&tree);
    for (key, value) in
        [("gpg.program", signer.to_str().unwrap()), ("commit.gpgSign", "true"), ("tag.gpgSign", "true")]
    {
        tree.git(&["config", key, value]);
    }
    bump_with(&tree, &["demo-kit"], &levels("minor"), Some(&git)).unwrap();
    assert!(tree.git(&["cat-file", "commit", "HEAD"]).contains("-----BEGIN PGP SIGNATURE-----"));
    assert!(tree.git(&["cat-file", "tag", "v1.3.0"]).contains("-----BEGIN PGP SIGNATURE-----"));
}

#[test]
fn a_pushed_or_continued_bump_is_not_taken_back() {
    let remote = tempfile::tempdir().unwrap();
    crate::tree::git_in(remote.path(), &["init", "-q", "--bare"]);
    let tree = single();
    let git = repository(&tree);
    tree.git(&["remote", "add", "origin", &remote.path().display().to_string()]);
    let refused = |expected: &str| {
        let before = state(&tree);
        let error = bump::undo(&tree.root(), true, Arc::new(|_| ())).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
        assert_eq!(state(&tree), before);
    };
    bump_with(&tree, &["demo-kit"], &levels("minor"), Some(&git)).unwrap();
    tree.git(&["push", "-q", "origin", "v1.3.0"]);
    refused("its tag `v1.3.0` was pushed to `origin`");
    tree.git(&["push", "-q", "origin", ":v1.3.0"]);
    tree.file("x.txt", "");
    refused("the tree has uncommitted changes");
    tree.commit("feat: more");
    refused("commits came after it");
    tree.git(&["reset", "-q", "--hard", "HEAD^"]);
    tree.git(&["push", "-q", "origin", "main"]);
    refused("it was pushed to `origin/main`");
    tree.git(&["update-ref", "-d", "refs/remotes/origin/main"]);
    bump::undo(&tree.root(), false, Arc::new(|_| ())).unwrap();
    assert!(read(&tree, "pyproject.toml").contains("'1.2.3'"));
}

#[test]
fn a_version_from_tags_is_a_tag_only() {
    let tree = Tree::new();
    tree.file(
        "pyproject.toml",
        "[build-system]\nrequires=[\"hatchling\",\"hatch-vcs\"]\nbuild-backend=\"hatchling.build\"\n[project]\nname=\"kit\"\ndynamic=[\"version\"]\n[tool.hatch.version]\nsource=\"vcs\"\n",
    );
    tree.file("pyrel.toml", "changelog = false\n");
    let git = repository(&tree);
    let first = VersionChange::Exact("0.1.0".parse().unwrap());
    assert_eq!(bump_with(&tree, &["kit"], &first, Some(&git)).unwrap().tags, ["v0.1.0"]);
    tree.file("x.py", "").commit("feat: x");
    let head = tree.git(&["rev-parse", "HEAD"]);
    let auto = VersionChange::Auto { pre_release: None };
    let done = bump_with(&tree, &["kit"], &auto, Some(&git)).unwrap();
    assert_eq!(done, Bumped { commit: None, tags: vec!["v0.2.0".to_owned()] });
    assert_eq!(tree.git(&["rev-parse", "v0.2.0^{commit}", "HEAD"]), format!("{head}\n{head}"));
    assert!(plan(&tree.workspace(), &["kit"], &auto, Some(&git)).unwrap().is_none());
    bump::undo(&tree.root(), true, Arc::new(|_| ())).unwrap();
    assert_eq!(tree.git(&["tag"]), "v0.1.0");
}

#[test]
fn two_packages_never_share_a_tag() {
    let tree = chain("tag = \"v{version}\"\n");
    let git = repository(&tree);
    let error = bump_with(&tree, &["core", "api"], &levels("minor"), Some(&git)).unwrap_err();
    assert_eq!(error.to_string(), "`api` and `core` would both be tagged `v1.1`");
}

#[test]
fn commits_decide_for_each_package() {
    let tree = chain("");
    let git = repository(&tree);
    let auto = VersionChange::Auto { pre_release: None };
    assert!(plan(&tree.workspace(), &["core", "api", "app"], &auto, Some(&git)).unwrap().is_none());
    tree.file("packages/core/x.py", "").commit("feat!: break");
    tree.file("packages/app/x.py", "").commit("fix: app");
    tree.file("README.md", "").commit("feat: elsewhere");
    let planned = plan(&tree.workspace(), &["core", "api", "app"], &auto, Some(&git)).unwrap().unwrap();
    let table = table(&planned);
    assert!(table[0].starts_with("api 1.0.1 Dependency"), "{table:?}");
    assert_eq!(table[1], "app 1.0.1 Commits { count: 2, weight: \"patch\" }");
    assert_eq!(table[2], "core 2.0 Commits { count: 2, weight: \"major\" }");
    bump::carry_out(&planned, &tree.workspace(), Some(&git), Arc::new(|_| ())).unwrap();
    assert!(plan(&tree.workspace(), &["core", "api", "app"], &auto, Some(&git)).unwrap().is_none());
    let pre = VersionChange::Auto { pre_release: Some(Level::Beta) };
    tree.file("packages/core/y.py", "").commit("feat: more");
    let planned = plan(&tree.workspace(), &["core"], &pre, Some(&git)).unwrap().unwrap();
    assert_eq!(planned.packages[0].to.to_string(), "2.1b1");
}

#[test]
fn the_diff_of_a_plan_is_what_git_applies() {
    let tree = single();
    tree.file("packages.md", "");
    fs::remove_file(tree.path("CHANGELOG.md")).unwrap();
    tree.file("src/demo_kit/__init__.py", "__version__ = '1.2.3'");
    repository(&tree);
    let workspace = tree.workspace();
    let plan = plan(&workspace, &["demo-kit"], &levels("major"), None).unwrap().unwrap();
    let patch = tempfile::tempdir().unwrap();
    let patch = patch.path().join("bump.patch");
    fs::create_dir_all(patch.parent().unwrap()).unwrap();
    fs::write(&patch, plan.edits.diff(&tree.root())).unwrap();
    let path = patch.display().to_string();
    tree.git(&["apply", "--check", "--whitespace=nowarn", &path]);
    tree.git(&["apply", "--whitespace=nowarn", &path]);
    let applied = state(&tree);
    tree.git(&["checkout", "-q", "--", "."]);
    tree.git(&["clean", "-q", "-f"]);
    bump::carry_out(&plan, &workspace, None, Arc::new(|_| ())).unwrap();
    assert_eq!(state(&tree), applied);
}

#[test]
fn a_file_that_git_ignores_is_written_and_not_committed() {
    let tree = single();
    tree.file(".gitignore", "uv.lock\n");
    tree.file(
        "uv.lock",
        "[[package]]\nname = \"demo-kit\"\nversion = \"1.2.3\"\nsource = { editable = \".\" }\n",
    );
    let git = repository(&tree);
    let before = state(&tree);
    bump_with(&tree, &["demo-kit"], &levels("minor"), Some(&git)).unwrap();
    assert!(read(&tree, "uv.lock").contains("1.3.0"));
    assert!(!tree.git(&["show", "--name-only", "--format=", "HEAD"]).contains("uv.lock"));
    bump::undo(&tree.root(), true, Arc::new(|_| ())).unwrap();
    assert_eq!(state(&tree), before);
}
