//! The history of a workspace, as git tells it.

use pyrel_project::Git;
use pyrel_project::git::{Commit, GitError, History, ReleaseTags};

use crate::tree::{Tree, git_in};

fn subjects(commits: &[&Commit]) -> Vec<String> {
    commits.iter().map(|commit| commit.subject.clone()).collect()
}

/// Two packages, one release of the first, a merged branch, a rename, and odd names.
fn tree() -> Tree {
    let tree = Tree::new();
    tree.file("a/x.py", "1").file("b/y.py", "1").commit("feat: first\n\nbody\n\nRefs: #1\n");
    tree.git(&["tag", "-a", "a-v1.0", "-m", "a 1.0"]);
    tree.file("a/sp ace\u{e9}.py", "2").commit("fix: a");
    tree.git(&["checkout", "-q", "-b", "side"]);
    tree.file("b/y.py", "2").commit("feat: b");
    tree.git(&["checkout", "-q", "main"]);
    tree.commit("chore: empty");
    tree.git(&["merge", "-q", "--no-ff", "side", "-m", "Merge pull request #7 from x/side"]);
    tree.git(&["mv", "a/x.py", "b/x.py"]);
    tree.commit("refactor: move");
    tree
}

#[test]
fn one_read_tells_what_touched_each_package() {
    let tree = tree();
    let git = Git::discover(&tree.root()).unwrap();
    let tags = ReleaseTags::read(&git, "{name}-v{version}".parse().unwrap()).unwrap();
    let release = tags.last(&"a".parse().unwrap()).unwrap();
    assert_eq!(release.commit, tree.git(&["rev-parse", "a-v1.0^{commit}"]));
    let history = History::read(&git, "HEAD", &[Some(release.commit.clone()), None]).unwrap();
    assert_eq!(history.commits().count(), 6);
    let first = history.commits().last().unwrap();
    assert_eq!((first.subject.as_str(), first.body.as_str()), ("feat: first", "body\n\nRefs: #1"));
    let sorted = history.by_directory(&[&tree.path("a"), &tree.path("b")]);
    assert_eq!(subjects(&sorted.touching(0, Some(&release.commit))), ["refactor: move", "fix: a"]);
    let b = ["refactor: move", "Merge pull request #7 from x/side", "feat: b", "feat: first"];
    assert_eq!(subjects(&sorted.touching(1, None)), b);
    assert_eq!(subjects(&sorted.elsewhere(&[])), ["chore: empty"]);
    let side = history.commits().find(|commit| commit.subject == "feat: b").unwrap();
    assert_eq!(history.merged_by(|_| Some(7)).get(side.hash.as_str()), Some(&7));
}

#[test]
fn nothing_behind_the_common_past_is_read() {
    let tree = tree();
    let git = Git::discover(&tree.root()).unwrap();
    let tag = tree.git(&["rev-parse", "a-v1.0^{commit}"]);
    let history = History::read(&git, "HEAD", &[Some(tag.clone())]).unwrap();
    assert_eq!(history.commits().count(), 5);
    assert_eq!(history.since(&[&tag]).len(), 5);
    let none = History::read(&git, &tag, &[Some(tag.clone())]).unwrap();
    assert_eq!(none.commits().count(), 0);
}

#[test]
fn the_person_s_own_settings_of_git_change_nothing() {
    let tree = tree();
    let git = Git::discover(&tree.root()).unwrap();
    let before: Vec<Commit> = History::read(&git, "HEAD", &[]).unwrap().commits().cloned().collect();
    for (key, value) in [
        ("log.showSignature", "true"),
        ("log.showRoot", "false"),
        ("log.diffMerges", "off"),
        ("diff.renames", "copies"),
        ("diff.relative", "true"),
        ("log.follow", "true"),
        ("format.pretty", "oneline"),
        ("log.decorate", "full"),
    ] {
        tree.git(&["config", key, value]);
    }
    let below = Git::discover(&tree.path("b")).unwrap();
    let after: Vec<Commit> = History::read(&below, "HEAD", &[]).unwrap().commits().cloned().collect();
    assert_eq!(before, after);
}

#[test]
fn a_repository_without_commits_and_an_unknown_revision_are_named() {
    let tree = Tree::new();
    tree.git(&["init", "-q", "-b", "main"]);
    let git = Git::discover(&tree.root()).unwrap();
    let tags = ReleaseTags::read(&git, "v{version}".parse().unwrap()).unwrap();
    assert_eq!(tags.last(&"a".parse().unwrap()), None);
    let error = History::read(&git, "HEAD", &[]).unwrap_err();
    assert!(matches!(error, GitError::UnknownRevision { .. }), "{error:?}");
}

#[test]
fn a_shallow_clone_is_refused_only_where_it_lacks_commits() {
    let tree = tree();
    let folder = tempfile::tempdir().unwrap();
    let clone = fs_err::canonicalize(folder.path()).unwrap().join("clone");
    let from = format!("file://{}", tree.root().display());
    git_in(folder.path(), &["clone", "-q", "--depth", "2", &from, &clone.to_string_lossy()]);
    let git = Git::discover(&clone).unwrap();
    let error = History::read(&git, "HEAD", &[]).unwrap_err();
    assert!(matches!(error, GitError::Shallow { .. }), "{error:?}");
    assert!(error.hint().unwrap().contains("--unshallow"));
    let head = git.commit("HEAD").unwrap();
    assert_eq!(History::read(&git, "HEAD", &[Some(head)]).unwrap().commits().count(), 0);
}
