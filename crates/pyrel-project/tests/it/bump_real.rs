//! Bumps of real repositories with their real histories: those below the folder that a variable names, each a git
//! directory or a work tree. Without the variable nothing is tried.

use std::path::PathBuf;
use std::sync::Arc;

use fs_err as fs;
use pyrel_project::bump::{self, BumpError};
use pyrel_project::{Git, Package, Workspace};

use crate::bump::{levels, plan};
use crate::tree::git_in;

const FOLDER: &str = "PYREL_TEST_REAL_REPOSITORIES";

#[expect(clippy::disallowed_methods, reason = "the repositories are not part of this one")]
fn repositories() -> Vec<PathBuf> {
    let Some(folder) = std::env::var_os(FOLDER) else { return Vec::new() };
    let mut found: Vec<PathBuf> = fs::read_dir(PathBuf::from(folder))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .flat_map(|path| [path.join("repo"), path])
        .filter(|path| path.join("HEAD").is_file() || path.join(".git").exists())
        .collect();
    found.sort();
    found
}

#[test]
fn real_repositories_are_raised_and_taken_back() {
    for source in repositories() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("work");
        git_in(folder.path(), &["clone", "-q", "--shared", &source.display().to_string(), "work"]);
        let root = fs::canonicalize(root).unwrap();
        for (key, value) in [
            ("user.name", "Somebody"),
            ("user.email", "somebody@example.org"),
            ("commit.gpgSign", "false"),
            ("tag.gpgSign", "false"),
            ("core.hooksPath", "/nowhere"),
        ] {
            git_in(&root, &["config", key, value]);
        }
        let workspace = Workspace::discover(&root).unwrap();
        let packages: Vec<&Package> = workspace.packages().collect();
        let (mut raised, mut refused) = (0, 0);
        for package in packages {
            match one(&root, package) {
                Ok(()) => raised += 1,
                Err(error) => {
                    println!("{}: {}: {error}", source.display(), package.name);
                    refused += 1;
                }
            }
        }
        println!("{}: {raised} raised, {refused} refused", source.display());
    }
}

/// Raises one package, compares commit and diff, and takes it back; an error is one of the plan.
fn one(root: &std::path::Path, package: &Package) -> Result<(), BumpError> {
    let git = Git::discover(root).unwrap();
    let workspace = Workspace::discover(root).unwrap();
    let before = git_in(root, &["rev-parse", "HEAD"]);
    let plan = plan(&workspace, &[package.name.normalized()], &levels("minor"), Some(&git))?.unwrap();
    let patch = root.join(".git").join("bump.patch");
    fs::write(&patch, plan.edits.diff(root)).unwrap();
    if !plan.edits.is_empty() {
        git_in(root, &["apply", "--check", "--whitespace=nowarn", &patch.display().to_string()]);
    }
    bump::carry_out(&plan, &workspace, Some(&git), Arc::new(|_| ())).unwrap();
    assert_eq!(git_in(root, &["status", "--porcelain"]), "");
    // Where a line is replaced, as many characters differ as versions and bounds do: no other byte is touched.
    let numbers =
        git_in(root, &["diff", "--numstat", &before, "HEAD", "--", "*.toml", "*.py", "*.cfg", "*.lock"]);
    for line in numbers.lines() {
        let counts: Vec<&str> = line.split('\t').collect();
        assert_eq!(counts[0], counts[1], "{line}");
    }
    bump::undo(root, false, Arc::new(|_| ())).unwrap();
    assert_eq!(git_in(root, &["rev-parse", "HEAD"]), before);
    assert_eq!(git_in(root, &["status", "--porcelain"]), "");
    Ok(())
}
