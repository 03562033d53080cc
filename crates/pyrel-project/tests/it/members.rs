//! Which directories are members.

use pyrel_project::Workspace;

use crate::tree::{Tree, broken, config_error, directories};

#[test]
fn packages_directly_under_the_folder_packages() {
    let tree = Tree::new();
    tree.package("packages/b", "b", &[]).package("packages/a", "a", &[]);
    tree.package("packages/group/deep", "deep", &[])
        .package("other", "other", &[])
        .file("packages/notes/x", "");
    assert_eq!(directories(&tree.workspace()), ["packages/a", "packages/b"]);
}

#[test]
fn else_packages_directly_under_the_root() {
    let tree = Tree::new();
    tree.package("mcp-one", "mcp-one", &[]).package("mcp-two", "mcp-two", &[]);
    tree.file("packages/README.md", "nothing here").file("docs/index.md", "").package("tools/x", "x", &[]);
    assert_eq!(directories(&tree.workspace()), ["mcp-one", "mcp-two"]);
}

#[test]
fn else_the_root_itself() {
    let tree = Tree::new();
    tree.package(".", "single", &[]).file("src/single/__init__.py", "");
    let workspace = tree.workspace();
    assert_eq!(directories(&workspace), ["."]);
    let package = workspace.packages().next().unwrap();
    assert_eq!(package.directory, tree.root());
    assert_eq!(package.dist_dir(), tree.path("dist"));
    assert_eq!(workspace.config().tag, "v{version}");
}

#[test]
fn a_directory_without_a_package_has_no_members() {
    let tree = Tree::new();
    tree.file("README.md", "");
    assert_eq!(directories(&tree.workspace()), Vec::<String>::new());
}

#[test]
fn setup_py_and_setup_cfg_alone_make_a_member() {
    let tree = Tree::new();
    tree.file("packages/cfg/setup.cfg", "[metadata]\nname = cfg\nversion = 2\n");
    tree.file("packages/py/setup.py", "from setuptools import setup\nsetup(name='py')\n");
    tree.file("packages/lint/setup.cfg", "[flake8]\nmax-line-length = 100\n");
    let workspace = tree.workspace();
    assert_eq!(directories(&workspace), ["packages/cfg", "packages/py"]);
    assert_eq!(workspace.packages().map(|package| package.name.as_written()).collect::<Vec<_>>(), ["cfg"]);
    let error = broken(&workspace);
    assert!(
        error.starts_with("packages/py/setup.py: name and version are known to `setup.py` only"),
        "{error}"
    );
}

#[test]
fn some_folders_never_hold_members() {
    let tree = Tree::new();
    tree.package("packages/good", "good", &[]);
    for never in ["node_modules", "dist", "build", ".hidden", "ignored", "venv", "nested/node_modules/x"] {
        tree.package(&format!("packages/{never}"), "never", &[]);
    }
    tree.file("packages/venv/pyvenv.cfg", "home = /usr/bin\n").file(".gitignore", "ignored/\n");
    assert_eq!(directories(&tree.workspace()), ["packages/good"]);
    // Nor do they when a glob reaches them.
    tree.file("pyrel.toml", "members = [\"packages/**\"]\n");
    assert_eq!(directories(&tree.workspace()), ["packages/good"]);
}

#[test]
fn ignore_files_speak_for_their_own_folder_and_the_deepest_wins() {
    let tree = Tree::new();
    tree.file(".git/HEAD", "ref: refs/heads/main\n").file(".git/info/exclude", "local\n");
    tree.file("work/pyrel.toml", "members = [\"packages/*\", \"work\"]\n");
    tree.file(".gitignore", "/work/packages/old\nwork/packages/kept\n/packages/here\n");
    tree.file("work/packages/.gitignore", "!kept\n/scratch-*\n");
    for name in ["old", "kept", "here", "local", "scratch-1", "new"] {
        tree.package(&format!("work/packages/{name}"), name, &[]);
    }
    tree.package("work/work", "work", &[]);
    let workspace = Workspace::discover(&tree.path("work")).unwrap();
    assert_eq!(directories(&workspace), ["packages/here", "packages/kept", "packages/new", "work"]);
}

#[test]
fn an_ignored_root_still_has_members() {
    let tree = Tree::new();
    tree.file(".git/HEAD", "").file(".gitignore", "scratch/\n").file("scratch/x/pyrel.toml", "");
    tree.package("scratch/x/packages/a", "a", &[]);
    let workspace = Workspace::discover(&tree.path("scratch/x")).unwrap();
    assert_eq!(directories(&workspace), ["packages/a"]);
}

#[test]
fn configured_globs_and_excludes() {
    let tree = Tree::new();
    for path in ["libs/a", "libs/old-b", "apps/web/ui", "apps/web/api", "tools/c"] {
        tree.package(path, path.rsplit('/').next().unwrap(), &[]);
    }
    let found = |config: &str| {
        tree.file("pyrel.toml", config);
        directories(&tree.workspace())
    };
    assert_eq!(found("members = [\"libs/*\"]\nexclude = [\"libs/old-*\"]"), ["libs/a"]);
    assert_eq!(found("members = [\"apps/**\"]"), ["apps/web/api", "apps/web/ui"]);
    assert_eq!(found("members = [\"**/[ac]\"]"), ["libs/a", "tools/c"]);
    assert_eq!(found("members = [\"{libs,tools}/?\"]"), ["libs/a", "tools/c"]);
    let several = found("members = [\"tools/c\", \"./libs/a/\", \"libs/*\"]");
    assert_eq!(several, ["libs/a", "tools/c", "libs/old-b"]);
    assert_eq!(found("members = [\"**\"]\nexclude = [\"apps\", \"libs\"]"), ["tools/c"]);
    assert_eq!(found("members = [\"tools/c\", \"libs/a\"]\nexclude = [\"libs\"]"), ["tools/c"]);
    // A glob may find nothing as long as another one does.
    assert_eq!(found("members = [\"tools/*\", \"plugins/*\"]"), ["tools/c"]);
    tree.package(".", "top", &[]);
    assert_eq!(found("members = [\".\", \"tools/*\"]"), ["tools/c", "."]);
}

#[test]
fn configured_members_that_do_not_exist_are_an_error() {
    let tree = Tree::new();
    tree.package("packages/a", "a", &[]);
    let error = |config: &str| {
        tree.file("pyrel.toml", config);
        config_error(&tree.root(), &tree.discover().unwrap_err())
    };
    assert_eq!(
        error("members = [\"packages/*\", \"packages/b\"]"),
        "pyrel.toml:1:1: `members` names a directory that does not exist or never holds a package: `packages/b` [hidden, git-ignored, `node_modules`, `dist`, and `build` folders never hold a package]"
    );
    tree.file("packages/notes/README.md", "");
    assert_eq!(
        error("members = [\"packages/a\", \"packages/notes\"]"),
        "pyrel.toml:1:1: `members` names a directory without a package: `packages/notes` [a package is a directory with `pyproject.toml`, `setup.cfg`, or `setup.py`]"
    );
    let nothing = error("tag = \"{version}\"\nmembers = [\"pkgs/*\"]");
    let expected = "pyrel.toml:2:1: `members` matches no package: `pkgs/*` [a package is a directory with";
    assert!(nothing.starts_with(expected), "{nothing}");
    let outside = error("members = [\"../x\"]");
    let expected = "pyrel.toml:1:12: in `members`: a pattern must be relative to the root";
    assert!(outside.starts_with(expected), "{outside}");
    assert_eq!(
        error("members = []"),
        "pyrel.toml:1:11: `members` must name at least one directory [remove the key to have the packages found]"
    );
}

#[test]
fn members_of_a_uv_workspace() {
    let tree = Tree::new();
    let text = "[tool.uv.workspace]\nmembers = [\"libs/*\"]\nexclude = [\"libs/seeds\"]\n";
    tree.file("pyproject.toml", text).package("packages/no", "no", &[]);
    tree.package("libs/a", "a", &[]).package("libs/seeds", "seeds", &[]);
    assert_eq!(directories(&tree.workspace()), ["libs/a"]);
    tree.file("pyproject.toml", "[tool.uv.workspace]\nmembers = [\"/abs\"]\n");
    assert_eq!(
        config_error(&tree.root(), &tree.discover().unwrap_err()),
        "pyproject.toml: in `tool.uv.workspace.members`: a pattern must be relative to the root and may not leave it: `/abs`"
    );
    // A root with a project is a member, too.
    tree.file("pyproject.toml", &format!("[project]\nname = \"top\"\nversion = \"1\"\n{text}"));
    assert_eq!(directories(&tree.workspace()), ["libs/a", "."]);
    // pyrel's own key wins, its `exclude` adds to uv's.
    tree.file("pyrel.toml", "exclude = [\".\"]");
    assert_eq!(directories(&tree.workspace()), ["libs/a"]);
    tree.file("pyrel.toml", "members = [\"packages/*\"]");
    assert_eq!(directories(&tree.workspace()), ["packages/no"]);
}

#[test]
fn one_broken_package_never_hides_the_others() {
    let tree = Tree::new();
    tree.package("packages/good", "good", &["bad"]);
    for (text, expected) in [
        ("[project]\nname = \"bad\"\nversion = \"1.0\"\ndependencies = [\n", "packages/bad/pyproject.toml:"),
        ("[project]\nname = 3\n", "packages/bad/pyproject.toml:2:8: `project.name` must be a string"),
        (
            "[project]\nversion = \"1\"\n",
            "packages/bad/pyproject.toml: `project.name` is missing [add `name = \"…\"`",
        ),
        (
            "[project]\nname = \"bad\"\nversion = \"one\"\n",
            "packages/bad/pyproject.toml:3:11: in `project.version`: invalid version (PEP 440): `one`",
        ),
        (
            "[tool.black]\nline-length = 100\n",
            "packages/bad/pyproject.toml: no table `[project]`, so this is no package [add `[project]` with `name` and `version`, or list the directory under `exclude`]",
        ),
    ] {
        tree.file("packages/bad/pyproject.toml", text);
        let workspace = tree.workspace();
        assert_eq!(directories(&workspace), ["packages/bad", "packages/good"]);
        assert_eq!(workspace.packages().count(), 1);
        let found = broken(&workspace);
        assert!(found.starts_with(expected), "{found}\n{expected}");
    }
}

#[test]
fn a_broken_member_keeps_the_name_that_can_be_read() {
    let tree = Tree::new();
    tree.file("packages/x/pyproject.toml", "[project]\nname = \"Some.Name\"\nversion = \"one\"\n");
    assert_eq!(tree.workspace().members()[0].name(), Some("Some.Name"));
    tree.file("packages/x/pyproject.toml", "[project]\nname = \"Some.Name\"\nversion = \n");
    let workspace = tree.workspace();
    assert_eq!(workspace.members()[0].name(), None);
    assert_eq!(workspace.members()[0].display_name(), "x");
}

#[test]
fn two_packages_with_one_name_are_both_listed_as_broken() {
    let tree = Tree::new();
    tree.package("packages/a", "My_Pkg", &[]).package("packages/b", "my.pkg", &[]);
    tree.package("packages/c", "c", &[]);
    let workspace = tree.workspace();
    assert_eq!(directories(&workspace), ["packages/c", "packages/a", "packages/b"]);
    let errors: Vec<String> = workspace
        .members()
        .iter()
        .filter_map(|member| match member {
            pyrel_project::Member::Broken(broken) => Some(broken.error.message.clone()),
            pyrel_project::Member::Healthy(_) => None,
        })
        .collect();
    let message = "2 packages have the name `My_Pkg`: `packages/a` and `packages/b`";
    assert_eq!(errors, [message, message]);
}

#[cfg(unix)]
#[test]
fn links_are_followed_once() {
    let tree = Tree::new();
    tree.package("elsewhere/real", "real", &[]);
    fs_err::create_dir_all(tree.path("packages")).unwrap();
    fs_err::os::unix::fs::symlink(tree.path("elsewhere/real"), tree.path("packages/real")).unwrap();
    assert_eq!(directories(&tree.workspace()), ["packages/real"]);
    fs_err::os::unix::fs::symlink(tree.root(), tree.path("packages/loop")).unwrap();
    tree.file("pyrel.toml", "members = [\"packages/**\"]");
    assert_eq!(directories(&tree.workspace()), ["packages/real"]);
}
