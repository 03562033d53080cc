//! The lines of readiness that tree and git answer, on real repositories: each holds once and fails once.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use fs_err as fs;
use pyrel_project::{Git, Package, Process, Workspace};
use pyrel_release::prepare::{LineId, Mend, Surroundings, Verdict, examine, secret_line};

use crate::world::World;

/// A workspace in a repository that follows a branch of another one.
struct Tree {
    world: World,
    remote: tempfile::TempDir,
}

fn git(directory: &Path, arguments: &[&str]) -> String {
    let identity =
        ["-c", "user.name=Test", "-c", "user.email=test@example.org", "-c", "commit.gpgSign=false"];
    let process = Process::new("git").args(identity).args(arguments).current_dir(directory);
    let process = process.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "/dev/null");
    process.run_checked().unwrap().stdout_text().trim().to_owned()
}

impl Tree {
    /// Two packages, everything committed and pushed.
    fn new() -> Self {
        let world = World::new().package("base", &[]).package("top", &["base"]);
        let tree = Self { world, remote: tempfile::tempdir().unwrap() };
        for name in ["base", "top"] {
            tree.write(
                &format!("packages/{name}/CHANGELOG.md"),
                "# Changelog\n\n## [1.0] - 2024-01-02\n\n- First.\n",
            );
        }
        git(tree.remote.path(), &["init", "-q", "--bare", "-b", "main"]);
        tree.git(&["init", "-q", "-b", "main"]);
        tree.commit();
        tree.git(&["remote", "add", "origin", tree.remote.path().to_str().unwrap()]);
        tree.git(&["push", "-q", "-u", "origin", "main"]);
        tree
    }

    fn root(&self) -> PathBuf {
        fs::canonicalize(self.world.root()).unwrap()
    }

    fn git(&self, arguments: &[&str]) -> String {
        git(&self.root(), arguments)
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.root().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn edit(&self, path: &str, from: &str, to: &str) {
        let text = fs::read_to_string(self.root().join(path)).unwrap();
        assert!(text.contains(from), "{text}");
        self.write(path, &text.replace(from, to));
    }

    fn commit(&self) {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", "change"]);
    }

    fn look(
        &self,
        version: Option<&str>,
        online: bool,
    ) -> BTreeMap<(String, LineId), (Verdict, String, Option<String>)> {
        let workspace = Workspace::discover(&self.root()).unwrap();
        let surroundings = surroundings(&workspace, version, online);
        let lines = examine(&surroundings).into_iter();
        let key =
            |package: Option<&pyrel_model::PackageName>| package.map(ToString::to_string).unwrap_or_default();
        lines
            .map(|line| ((key(line.package.as_ref()), line.id), (line.verdict, line.reason, line.remedy)))
            .collect()
    }

    /// Returns the verdict and the reason of one line.
    fn line(&self, package: &str, id: LineId) -> (Verdict, String) {
        let (verdict, reason, remedy) = self.look(None, false)[&(package.to_owned(), id)].clone();
        assert_eq!(matches!(verdict, Verdict::Failed | Verdict::Warning), remedy.is_some(), "{reason}");
        (verdict, reason)
    }

    fn secrets(&self) -> (Verdict, String) {
        let workspace = Workspace::discover(&self.root()).unwrap();
        let surroundings = surroundings(&workspace, None, false);
        let line = secret_line(&surroundings, surroundings.packages[0], &[]);
        (line.verdict, line.reason)
    }
}

fn surroundings<'w>(workspace: &'w Workspace, version: Option<&str>, online: bool) -> Surroundings<'w> {
    Surroundings {
        workspace,
        packages: workspace.packages().collect::<Vec<&Package>>(),
        version: version.map(|version| version.parse().unwrap()),
        git: Git::discover(workspace.root()),
        online,
    }
}

fn expect(found: &(Verdict, String), verdict: Verdict, reason: &str) {
    assert_eq!((found.0, found.1.contains(reason)), (verdict, true), "{} in {:?}", reason, found.1);
}

#[test]
fn a_tree_that_is_ready_has_no_line_against_it() {
    let tree = Tree::new();
    for online in [false, true] {
        for ((package, id), (verdict, reason, _)) in tree.look(None, online) {
            assert_eq!(verdict, Verdict::Ok, "{package} {id}: {reason}");
        }
    }
    expect(&tree.secrets(), Verdict::Ok, "none in 4 tracked files");
}

#[test]
fn what_is_uncommitted_is_named() {
    let tree = Tree::new();
    tree.write("packages/top/src/top/new.py", "");
    expect(&tree.line("", LineId::CleanTree), Verdict::Failed, "uncommitted: `packages/top/src/top/new.py`");
    tree.write("pyrel.toml", "members = [\"packages/*\"]\n[release]\nclean-tree = false\n");
    expect(&tree.line("", LineId::CleanTree), Verdict::Skipped, "clean-tree = false");
    fs::remove_dir_all(tree.root().join(".git")).unwrap();
    tree.write("pyrel.toml", "members = [\"packages/*\"]\n");
    expect(&tree.line("", LineId::CleanTree), Verdict::Warning, "in no git repository");
    expect(&tree.line("base", LineId::TagFree), Verdict::Skipped, "no git repository");
}

#[test]
fn only_allowed_branches_release() {
    let tree = Tree::new();
    tree.write("pyrel.toml", "members = [\"packages/*\"]\n[release]\nallowed-branches = [\"release/*\"]\n");
    expect(
        &tree.line("", LineId::Branch),
        Verdict::Failed,
        "`main` is none of the allowed branches: `release/*`",
    );
    tree.git(&["switch", "-q", "-c", "release/1"]);
    expect(&tree.line("", LineId::Branch), Verdict::Ok, "`release/1` may release");
    tree.git(&["switch", "-q", "--detach"]);
    expect(&tree.line("", LineId::Branch), Verdict::Failed, "detached");
}

#[test]
fn the_branch_must_be_where_its_upstream_is() {
    let tree = Tree::new();
    let other = tempfile::tempdir().unwrap();
    git(other.path(), &["clone", "-q", tree.remote.path().to_str().unwrap(), "."]);
    git(other.path(), &["commit", "-q", "--allow-empty", "-m", "theirs"]);
    git(other.path(), &["push", "-q"]);
    expect(&tree.line("", LineId::Upstream), Verdict::Ok, "the same as `origin/main` as it was fetched last");
    let online = tree.look(None, true)[&(String::new(), LineId::Upstream)].clone();
    assert_eq!(
        (online.0, online.1.as_str()),
        (Verdict::Failed, "`origin/main` has moved on since it was fetched")
    );
    tree.git(&["fetch", "-q"]);
    expect(&tree.line("", LineId::Upstream), Verdict::Failed, "it lacks 1 commit of `origin/main`");
    tree.git(&["merge", "-q", "--ff-only", "origin/main"]);
    tree.commit();
    expect(&tree.line("", LineId::Upstream), Verdict::Warning, "it has 1 commit that `origin/main` lacks");
    tree.git(&["switch", "-q", "-c", "alone"]);
    expect(&tree.line("", LineId::Upstream), Verdict::Warning, "`alone` follows no branch");
    tree.git(&["remote", "remove", "origin"]);
    expect(&tree.line("", LineId::Upstream), Verdict::Skipped, "no remote");
}

#[test]
fn the_version_must_be_the_same_everywhere_and_the_one_to_release() {
    let tree = Tree::new();
    tree.write("packages/base/src/base/__init__.py", "\n__version__ = '1.0'\n");
    expect(&tree.line("base", LineId::Version), Verdict::Ok, "1.0, the same in 2 places");
    tree.write("packages/base/src/base/__init__.py", "\n__version__ = '0.9'\n");
    expect(
        &tree.line("base", LineId::Version),
        Verdict::Failed,
        "__init__.py:2` has 0.9, and `pyproject.toml:7` has 1.0",
    );
    let wanted = tree.look(Some("1.1"), false);
    let (verdict, reason, remedy) = wanted[&("top".to_owned(), LineId::Version)].clone();
    assert_eq!((verdict, reason.as_str()), (Verdict::Failed, "it is at 1.0, and 1.1 is to be released"));
    assert_eq!(remedy.as_deref(), Some("run `pyrel bump --version 1.1 top`"));
}

#[test]
fn a_tag_of_an_earlier_release_is_taken() {
    let tree = Tree::new();
    tree.git(&["tag", "-a", "-m", "x", "base-v1.0"]);
    expect(&tree.line("base", LineId::TagFree), Verdict::Ok, "the tag `base-v1.0` is on this commit");
    expect(&tree.line("top", LineId::TagFree), Verdict::Ok, "there is no tag `top-v1.0`");
    tree.commit();
    expect(
        &tree.line("base", LineId::TagFree),
        Verdict::Failed,
        "the tag `base-v1.0` stands for another commit",
    );
    let workspace = Workspace::discover(&tree.root()).unwrap();
    let lines = examine(&surroundings(&workspace, None, false));
    let line =
        lines.iter().find(|line| line.id == LineId::TagFree && line.verdict == Verdict::Failed).unwrap();
    assert_eq!(line.mend, Some(Mend::Bump));
}

#[test]
fn the_changelog_must_say_something_about_the_version() {
    let tree = Tree::new();
    let path = "packages/base/CHANGELOG.md";
    let line = || tree.line("base", LineId::Changelog);
    expect(&line(), Verdict::Ok, "tells about 1.0");
    tree.write(path, "# Changelog\n\n## [1.0] - 2024-01-02\n\n## [0.9]\n\n- Old.\n");
    expect(&line(), Verdict::Failed, "the entry of 1.0 in `packages/base/CHANGELOG.md` is empty");
    tree.write(path, "# Changelog\n\n## [0.9]\n\n- Old.\n");
    expect(&line(), Verdict::Failed, "has no entry for 1.0");
    fs::remove_file(tree.root().join(path)).unwrap();
    expect(&line(), Verdict::Failed, "there is no `packages/base/CHANGELOG.md`");
    tree.write("pyrel.toml", "members = [\"packages/*\"]\nchangelog = false\n");
    expect(&line(), Verdict::Skipped, "changelog = false");
}

#[test]
fn packages_of_the_workspace_must_fit_together() {
    let tree = Tree::new();
    let path = "packages/top/pyproject.toml";
    expect(&tree.line("top", LineId::Constraints), Verdict::Ok, "the bound on a sibling holds");
    tree.edit(path, "base>=1.0", "base>=2");
    let excluded = "the runtime dependency `base>=2` excludes the version that the workspace has: 1.0";
    expect(&tree.line("top", LineId::Constraints), Verdict::Failed, excluded);
    let coming = tree.look(Some("2.0"), false)[&("top".to_owned(), LineId::Constraints)].clone();
    assert_eq!(coming.0, Verdict::Ok, "the version to release counts: {}", coming.1);
    tree.edit(path, "base>=2", "base>=1");
    tree.write("pyrel.toml", "members = [\"packages/*\"]\n[package.base]\npublish = false\n");
    expect(&tree.line("top", LineId::Constraints), Verdict::Failed, "`base` is private");
}

#[test]
fn dependencies_from_elsewhere_are_locked_or_bounded() {
    let tree = Tree::new();
    let path = "packages/base/pyproject.toml";
    let line = || tree.line("base", LineId::Dependencies);
    expect(&line(), Verdict::Ok, "it needs nothing from elsewhere");
    tree.edit(path, "dependencies = []", "dependencies = [\"six>=1.16\", \"attrs\"]");
    expect(&line(), Verdict::Warning, "neither locked nor bounded: `attrs`");
    let lock = |six: &str| {
        format!(
            "version = 1\n[[package]]\nname = \"six\"\nversion = \"{six}\"\nsource = {{ registry = \"r\" }}\n"
        )
    };
    tree.write("uv.lock", &lock("1.17"));
    expect(&line(), Verdict::Failed, "`uv.lock` lacks `attrs`");
    tree.write("uv.lock", &format!("{}[[package]]\nname = \"attrs\"\nversion = \"24.1\"\n", lock("1.15")));
    expect(&line(), Verdict::Failed, "`uv.lock` has six 1.15, which `six>=1.16` excludes");
    tree.write("uv.lock", &format!("{}[[package]]\nname = \"attrs\"\nversion = \"24.1\"\n", lock("1.17")));
    expect(&line(), Verdict::Ok, "locked in `uv.lock` (2)");
    fs::remove_file(tree.root().join("uv.lock")).unwrap();
    tree.edit(path, "\"attrs\"", "\"attrs<25\"");
    expect(&line(), Verdict::Ok, "every dependency is bounded (2)");
    tree.edit(path, "attrs<25", "attrs @ https://example.org/attrs.whl");
    expect(&line(), Verdict::Failed, "names an address, which PyPI refuses");
}

#[test]
fn a_tracked_secret_is_found_and_never_shown() {
    let tree = Tree::new();
    tree.write("packages/base/deploy/.env", "VALUE=not-a-real-token\n");
    expect(&tree.secrets(), Verdict::Ok, "none in 4 tracked files");
    tree.commit();
    let found = tree.secrets();
    assert!(!found.1.contains("not-a-real-token"));
    expect(&found, Verdict::Failed, "`deploy/.env` holds a file that is made for secrets");
}
