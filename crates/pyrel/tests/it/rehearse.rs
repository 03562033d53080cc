//! `pyrel rehearse` without third-party dependencies: the whole way, and taken up again after being killed.

use std::collections::BTreeMap;
use std::time::Duration;

use pyrel_testkit::Workspace;

use super::two_packages;

/// Returns the SHA-256 of every file that an index of a rehearsal holds, by folder and name, as its own pages
/// tell them.
fn world(workspace: &Workspace) -> BTreeMap<String, Vec<u8>> {
    let is_dist = |path: &String| path.ends_with(".whl") || path.ends_with(".tar.gz");
    let files =
        workspace.files(".pyrel/runs").into_iter().filter(|path| path.contains("/index/")).filter(is_dist);
    files
        .map(|path| {
            let tail = path.splitn(5, '/').nth(4).unwrap().to_owned();
            (tail, fs_err::read(workspace.root().join(&path)).unwrap())
        })
        .collect()
}

#[test]
fn the_whole_way_offline() {
    let workspace = two_packages();
    let run = workspace.run(["rehearse", "--offline"]).expect(0);
    for verb in ["Built", "Checked", "Staged", "Published"] {
        assert_eq!(run.stderr.matches(&format!(" {verb} ")).count(), 4, "{verb}:\n{}", run.stderr);
    }
    assert_eq!(run.stderr.matches("Installed ").count(), 4, "{}", run.stderr);
    let run = run.says("Gate answered with ").says("there is no terminal");
    assert_eq!(run.stdout.matches("  yes").count(), 8, "{}", run.stdout);
    assert_eq!(world(&workspace).len(), 8);
    let _ = two_packages().run(["rehearse", "--offline", "--format", "json"]).expect(0).json();
}

#[test]
fn a_package_that_does_not_work_is_never_published() {
    let workspace = two_packages();
    workspace.write("packages/alpha/src/alpha/__init__.py", "raise RuntimeError('broken at import')\n");
    let run = workspace.run(["rehearse", "alpha", "--offline"]).expect(1);
    let run = run.says("packages installed from the stage index do not work: `alpha`");
    let _ = run.says("broken at import");
    assert!(world(&workspace).keys().all(|path| path.starts_with("staging/")));
}

#[test]
fn resuming_without_names_means_the_packages_of_the_run() {
    let workspace = two_packages();
    workspace.write("packages/alpha/src/alpha/__init__.py", "raise RuntimeError('broken at import')\n");
    let run = workspace.run(["rehearse", "alpha", "--offline"]).expect(1);
    let _ = run.says("to go on with the same bytes, run `pyrel rehearse alpha --resume=");
    let run = workspace.run(["rehearse", "--offline", "--resume"]).expect(1).says("Kept build: done before");
    assert!(!run.stderr.contains("beta"), "{}", run.stderr);
}

#[test]
fn killed_anywhere_it_goes_on_with_the_same_bytes() {
    let whole = two_packages();
    let _ = whole.run(["rehearse", "--offline"]).expect(0);
    let expected = world(&whole);
    let workspace = two_packages();
    for milliseconds in [30, 120, 400, 1_200, 2_500] {
        let mut child = workspace
            .command(["rehearse", "--offline", "--resume"])
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(milliseconds));
        child.kill().unwrap();
        let _killed = child.wait().unwrap();
    }
    let _ = workspace.run(["rehearse", "--offline", "--resume"]).expect(0);
    assert_eq!(world(&workspace), expected);
}
