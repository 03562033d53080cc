//! Adoption on real folders: interrupted at every step, and refused where the ground has changed.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use fs_err as fs;
use pyrel_project::adopt::{AdoptError, AdoptRequest, Adoption, Plan, Tree, plan};
use pyrel_project::edit::Recovery;
use pyrel_project::{EditError, Git, Process};
use tempfile::TempDir;

const FILES: &[(&str, &str)] = &[
    ("app.py", "from tools.a import A\n\nif __name__ == \"__main__\":\n    print(A)\n"),
    ("tools/a.py", "from .b import A\n"),
    ("tools/b.py", "A = 1\n"),
    (
        "setup.py",
        "from setuptools import setup\nsetup(name='demo', version='1.0', license='MIT', author='A')\n",
    ),
    ("README.md", "# Demo\n\nA demo.\n"),
];

fn project() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in FILES {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn git_init(root: &Path) -> Git {
    for words in [
        &["init", "-q"][..],
        &["add", "-A"],
        &["-c", "user.name=T", "-c", "user.email=t@example.org", "commit", "-q", "-m", "x"],
    ] {
        Process::new("git").args(words).current_dir(root).run_checked().unwrap();
    }
    Git::discover(root).unwrap()
}

fn planned(root: &Path) -> Plan {
    plan(&Tree::read(root).unwrap(), &AdoptRequest::default()).unwrap()
}

fn content(root: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/");
            if name == ".git" || name == ".pyrel" {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
                found.insert(format!("{name}/"), String::new());
            } else {
                found.insert(name, fs::read_to_string(path).unwrap());
            }
        }
    }
    found
}

/// Carries a plan out and stops dead behind a step; returns whether it got that far.
fn interrupted(adoption: &Adoption<'_>, step: usize) -> bool {
    let count = Arc::new(AtomicUsize::new(0));
    let own = Arc::clone(&count);
    let observer = Arc::new(move |_: pyrel_project::edit::Step<'_>| {
        assert!(own.fetch_add(1, Ordering::SeqCst) != step, "stopped here");
    });
    catch_unwind(AssertUnwindSafe(|| adoption.carry_out_observed(observer))).is_err()
}

#[test]
fn an_interruption_leaves_before_or_after() {
    let folder = project();
    let git = git_init(folder.path());
    let before = content(folder.path());
    let plan = planned(folder.path());
    assert_eq!(plan.moves.len(), 2, "{:?}", plan.moves);
    let whole = project();
    let copy = planned(whole.path());
    Adoption::new(&copy, None).carry_out().unwrap();
    let after = content(whole.path());

    let (mut befores, mut afters) = (0, 0);
    for step in 0.. {
        if !interrupted(&Adoption::new(&plan, Some(git.clone())), step) {
            break;
        }
        match Adoption::recover(folder.path(), Some(&git)).unwrap() {
            Some(Recovery::Before { .. }) => befores += 1,
            Some(Recovery::After { .. }) | None => {
                assert_eq!(content(folder.path()), after, "step {step}");
                Adoption::undo(folder.path(), Some(&git)).unwrap().unwrap();
                afters += 1;
            }
        }
        assert_eq!(content(folder.path()), before, "step {step}");
        assert_eq!(git.uncommitted().unwrap(), Vec::<std::path::PathBuf>::new(), "step {step}");
        assert_eq!(Adoption::recover(folder.path(), Some(&git)).unwrap(), None);
    }
    assert!(befores > 10 && afters >= 1, "{befores} before, {afters} after");
    assert_eq!(content(folder.path()), after);
}

#[test]
fn what_changed_meanwhile_is_not_overwritten() {
    let folder = project();
    let plan = planned(folder.path());
    fs::write(folder.path().join("app.py"), "other\n").unwrap();
    let before = content(folder.path());
    let result = Adoption::new(&plan, None).carry_out();
    assert!(matches!(result, Err(AdoptError::Edit(EditError::Changed { .. }))), "{result:?}");
    assert_eq!(content(folder.path()), before);
}

#[test]
fn a_move_that_fails_takes_everything_back() {
    let folder = project();
    let git = git_init(folder.path());
    let plan = planned(folder.path());
    let before = content(folder.path());
    let result = Adoption::new(&plan, Some(git.clone().with_program("git-that-is-not-there"))).carry_out();
    assert!(matches!(result, Err(AdoptError::Git(_))), "{result:?}");
    assert_eq!(content(folder.path()), before);
    assert_eq!(Adoption::recover(folder.path(), Some(&git)).unwrap(), None);
}

#[test]
fn work_after_an_adoption_is_not_taken_back() {
    let folder = project();
    let plan = planned(folder.path());
    Adoption::new(&plan, None).carry_out().unwrap();
    fs::write(folder.path().join("src/demo/app.py"), "mine\n").unwrap();
    let before = content(folder.path());
    let result = Adoption::undo(folder.path(), None);
    assert!(matches!(result, Err(AdoptError::Edit(EditError::Changed { .. }))), "{result:?}");
    assert_eq!(content(folder.path()), before);
}
