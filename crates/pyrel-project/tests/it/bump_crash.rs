//! Bumps that are killed: at every step that they take, and at any moment. The tree is then brought to before or
//! after, and nothing in between is left.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use fs_err as fs;
use pyrel_project::bump::{self, Recovered, VersionChange};
use pyrel_project::edit::{Observer, Step};
use pyrel_project::{Git, Process, ProcessError, Workspace};

use crate::bump::{levels, plan, repository, state};
use crate::tree::Tree;

const ROOT: &str = "PYREL_TEST_BUMP_ROOT";
const WORK: &str = "PYREL_TEST_BUMP_WORK";
const STEP: &str = "PYREL_TEST_BUMP_STEP";

#[expect(clippy::disallowed_methods, reason = "this is how the parent test tells its child what to do")]
fn told(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Kills this process the hard way after a number of steps; never after 0.
fn killer(last: usize) -> Observer {
    let taken = AtomicUsize::new(0);
    Arc::new(move |_: Step<'_>| {
        if taken.fetch_add(1, Ordering::SeqCst) + 1 == last {
            let own = rustix::process::getpid();
            rustix::process::kill_process(own, rustix::process::Signal::KILL).unwrap();
        }
    })
}

fn change() -> VersionChange {
    levels("major")
}

/// The process that the tests below kill. Run alone it does nothing.
#[test]
#[ignore = "started by the tests below"]
fn child_that_is_killed() {
    let (Some(root), Some(work), Some(step)) = (told(ROOT), told(WORK), told(STEP)) else { return };
    let (root, observer) = (PathBuf::from(root), killer(step.parse().unwrap()));
    match work.as_str() {
        "undo" => {
            bump::undo(&root, true, observer).unwrap();
        }
        _ => {
            let workspace = Workspace::discover(&root).unwrap();
            let git = Git::discover(&root).filter(|_| work == "bump");
            let plan = plan(&workspace, &["core"], &change(), git.as_ref()).unwrap().unwrap();
            bump::carry_out(&plan, &workspace, git.as_ref(), observer).unwrap();
        }
    }
}

/// Runs the child; false when it was killed.
fn survives(root: &Path, work: &str, step: usize, limit: Option<Duration>) -> bool {
    let child = Process::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "bump_crash::child_that_is_killed", "--test-threads=1"])
        .env(ROOT, root)
        .env(WORK, work)
        .env(STEP, step.to_string());
    let ended = match limit {
        Some(limit) => child.run_with_timeout(limit),
        None => child.run(),
    };
    match ended {
        Err(ProcessError::TimedOut { .. }) => false,
        Ok(output) if output.status.is_none() => false,
        Ok(output) if output.success() => true,
        other => panic!("{other:?}"),
    }
}

/// Two packages, the second of which follows the first, in a repository.
fn tree() -> Tree {
    let tree = Tree::new();
    tree.file("pyrel.toml", "");
    tree.package("packages/core", "core", &[]).package("packages/api", "api", &["core<2"]);
    tree.file("packages/core/src/core/__init__.py", "__version__ = '1.0'\r\n");
    repository(&tree);
    tree
}

/// What is the same after every run: files, tags, and how far the branch is.
fn shape(tree: &Tree) -> Vec<String> {
    let mut shape = vec![
        tree.git(&["rev-list", "--count", "HEAD"]),
        tree.git(&["tag"]),
        tree.git(&["status", "--porcelain"]),
        tree.git(&["log", "-1", "--format=%B"]),
    ];
    // The first four entries name commits.
    shape.extend(
        state(tree).into_iter().skip(4).map(|file| file.replace(&tree.root().display().to_string(), "")),
    );
    shape
}

fn finish(work: &str, tree: &Tree) {
    assert!(survives(&tree.root(), work, 0, None));
}

/// Makes another tree with the same files, the repository included.
fn copied(tree: &Tree) -> Tree {
    fn copy(from: &Path, to: &Path) {
        fs::create_dir_all(to).unwrap();
        for entry in fs::read_dir(from).unwrap() {
            let source = entry.unwrap().path();
            let target = to.join(source.file_name().unwrap());
            if source.is_dir() {
                copy(&source, &target)
            } else {
                fs::copy(&source, &target).map(drop).unwrap()
            }
        }
    }
    let other = Tree::new();
    copy(&tree.root(), &other.root());
    other
}

/// Kills `work` at every step and checks both ends; returns how many steps there were and how many ended as after.
fn killed_everywhere(work: &str, template: &Tree) -> (usize, usize) {
    let reference = copied(template);
    let before = shape(&reference);
    finish(work, &reference);
    let after = shape(&reference);
    assert_ne!(before, after);
    let mut completed = 0;
    for step in 1.. {
        let tree = copied(template);
        if survives(&tree.root(), work, step, None) {
            assert_eq!(shape(&tree), after);
            return (step - 1, completed);
        }
        completed += usize::from(recovered(&tree, &before, &after));
        if shape(&tree) == before {
            finish(work, &tree);
            assert_eq!(shape(&tree), after, "{work} again after step {step}");
        }
    }
    unreachable!("the loop ends with the first child that survives")
}

/// Recovers a tree, checks that it says what it does, and returns whether it is as after.
fn recovered(tree: &Tree, before: &[String], after: &[String]) -> bool {
    let found = bump::recover(&tree.root()).unwrap();
    let is_after = match &found {
        Some(Recovered { completed, .. }) => *completed,
        // Killed before the record or after its removal.
        None => shape(tree) == after,
    };
    assert_eq!(shape(tree), if is_after { after } else { before }, "{found:?}");
    assert_eq!(bump::recover(&tree.root()).unwrap(), None);
    let left = tree.git(&["ls-files", "--others"]);
    assert!(!left.contains(".pyrel-edit"), "{left}");
    is_after
}

#[test]
fn killed_at_every_step_a_bump_is_before_or_after() {
    let (steps, completed) = killed_everywhere("bump", &tree());
    // Record, six files twice, commit, two tags, end.
    assert_eq!((steps, completed), (17, 4));
}

#[test]
fn killed_at_every_step_a_bump_without_git_is_before_or_after() {
    let (steps, completed) = killed_everywhere("files", &tree());
    assert_eq!((steps, completed), (14, 2));
}

#[test]
fn killed_at_every_step_an_undo_is_before_or_after() {
    let template = tree();
    finish("bump", &template);
    let (steps, completed) = killed_everywhere("undo", &template);
    // The three changelogs are removed, so that nothing is staged for them.
    assert_eq!((steps, completed), (14, 4));
}

fn remove_locks(folder: &Path) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            remove_locks(&path);
        } else if path.extension().is_some_and(|extension| extension == "lock") {
            fs::remove_file(path).unwrap();
        }
    }
}

#[test]
fn killed_at_any_moment_a_bump_is_before_or_after() {
    let template = tree();
    let reference = copied(&template);
    let before = shape(&reference);
    finish("bump", &reference);
    let after = shape(&reference);
    for round in 1..=10 {
        let tree = copied(&template);
        survives(&tree.root(), "bump", 0, Some(Duration::from_millis(12 * round)));
        // Git is killed along with its parent and may leave its own locks, of which it tells people itself.
        remove_locks(&tree.path(".git"));
        recovered(&tree, &before, &after);
    }
}
