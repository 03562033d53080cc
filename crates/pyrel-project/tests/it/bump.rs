//! Raising versions in real trees with real git.

use std::path::PathBuf;
use std::sync::Arc;

use fs_err as fs;
use pyrel_model::PackageName;
use pyrel_project::bump::{
    self, BumpError, BumpPlan, BumpRequest, Bumped, PlaceKind, Precondition, VersionChange,
};
use pyrel_project::{Git, Workspace};

use crate::tree::Tree;

/// A repository whose own configuration lets commits be made.
pub(crate) fn repository(tree: &Tree) -> Git {
    tree.commit("chore: start");
    for (key, value) in [
        ("user.name", "Somebody"),
        ("user.email", "somebody@example.org"),
        ("commit.gpgSign", "false"),
        ("tag.gpgSign", "false"),
        ("core.autocrlf", "false"),
    ] {
        tree.git(&["config", key, value]);
    }
    Git::discover(&tree.root()).unwrap()
}

pub(crate) fn levels(text: &str) -> VersionChange {
    VersionChange::Levels(text.split_whitespace().map(|word| word.parse().unwrap()).collect())
}

pub(crate) fn plan(
    workspace: &Workspace,
    names: &[&str],
    change: &VersionChange,
    git: Option<&Git>,
) -> Result<Option<BumpPlan>, BumpError> {
    let packages: Vec<PackageName> = names.iter().map(|name| name.parse().unwrap()).collect();
    let request = BumpRequest {
        workspace,
        packages: &packages,
        change,
        date: "2024-01-02",
        git,
        commit: git.is_some(),
    };
    BumpPlan::make(&request)
}

pub(crate) fn bump_with(
    tree: &Tree,
    names: &[&str],
    change: &VersionChange,
    git: Option<&Git>,
) -> Result<Bumped, BumpError> {
    let workspace = tree.workspace();
    let plan = plan(&workspace, names, change, git)?.expect("there is something to do");
    bump::carry_out(&plan, &workspace, git, Arc::new(|_| ()))
}

pub(crate) fn read(tree: &Tree, path: &str) -> String {
    fs::read_to_string(tree.path(path)).unwrap()
}

/// Everything that a bump may change: refs, index, files.
pub(crate) fn state(tree: &Tree) -> Vec<String> {
    let mut state = vec![
        tree.git(&["rev-parse", "HEAD"]),
        tree.git(&["for-each-ref", "--format=%(refname) %(objectname)"]),
        tree.git(&["status", "--porcelain"]),
        tree.git(&["diff", "--cached"]),
    ];
    let mut files: Vec<PathBuf> = Vec::new();
    list(&tree.root(), &mut files);
    files.sort();
    for path in files {
        state.push(format!("{} {:?}", path.display(), fs::read(&path).unwrap()));
    }
    state
}

fn list(folder: &std::path::Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.ends_with(".git") || path.ends_with(".pyrel") {
            continue;
        }
        if path.is_dir() { list(&path, files) } else { files.push(path) }
    }
}

/// A package with the version in two places that have to be in step, and a changelog.
pub(crate) fn single() -> Tree {
    let tree = Tree::new();
    tree.file(
        "pyproject.toml",
        "# top\r\n[build-system]\r\nrequires = [\"hatchling\"]\r\nbuild-backend = \"hatchling.build\"\r\n\r\n[project]\r\n\
         name    = \"demo-kit\"\r\nversion = '1.2.3'   # kept in step\r\n",
    );
    tree.file(
        "src/demo_kit/__init__.py",
        "\"\"\"Déjà vu 1.2.3.\"\"\"\n\n__version__ = \"1.2.3\"  # here\nOTHER = '1.2.3'\n",
    );
    tree.file(
        "CHANGELOG.md",
        "# Changelog\n\n## [Unreleased]\n\n### Added\n\n- Something by hand.\n\n## [1.2.3] - 2023-01-01\n\n- Old.\n",
    );
    tree.file(".gitignore", "ignored.txt\n");
    tree
}

#[test]
fn every_place_is_written_committed_and_tagged_and_taken_back() {
    let tree = single();
    let git = repository(&tree);
    let before = state(&tree);
    let done = bump_with(&tree, &["demo-kit"], &levels("minor"), Some(&git)).unwrap();
    let pyproject = read(&tree, "pyproject.toml");
    assert!(
        pyproject.ends_with("name    = \"demo-kit\"\r\nversion = '1.3.0'   # kept in step\r\n"),
        "{pyproject}"
    );
    assert_eq!(
        read(&tree, "src/demo_kit/__init__.py"),
        "\"\"\"Déjà vu 1.2.3.\"\"\"\n\n__version__ = \"1.3.0\"  # here\nOTHER = '1.2.3'\n"
    );
    let changelog = read(&tree, "CHANGELOG.md");
    assert!(
        changelog.contains("## [1.3.0] - 2024-01-02\n\n### Added\n\n- Something by hand.\n"),
        "{changelog}"
    );
    assert_eq!(done.tags, ["v1.3.0"]);
    assert_eq!(done.commit.as_deref(), Some(tree.git(&["rev-parse", "HEAD"]).as_str()));
    assert_eq!(tree.git(&["log", "-1", "--format=%B"]), "chore(release): demo-kit 1.3.0");
    assert_eq!(tree.git(&["cat-file", "-t", "v1.3.0"]), "tag");
    assert_eq!(tree.git(&["tag", "-l", "--format=%(contents)", "v1.3.0"]), "demo-kit 1.3.0");
    let files = tree.git(&["show", "--name-only", "--format=", "HEAD"]);
    assert_eq!(files, "CHANGELOG.md\npyproject.toml\nsrc/demo_kit/__init__.py");
    assert_eq!(tree.git(&["status", "--porcelain"]), "");

    let undone = bump::undo(&tree.root(), true, Arc::new(|_| ())).unwrap();
    assert_eq!(undone.tags, ["v1.3.0"]);
    assert_eq!(undone.packages, [("demo-kit".to_owned(), "1.3.0".to_owned())]);
    assert_eq!(state(&tree), before);
    let again = bump::undo(&tree.root(), true, Arc::new(|_| ()));
    assert!(matches!(again, Err(BumpError::Refused(Precondition::NothingToUndo))));
}

#[test]
fn every_source_of_a_version_is_rewritten_and_nothing_else() {
    let hatch = "[build-system]\nrequires=[\"hatchling\"]\nbuild-backend=\"hatchling.build\"\n[project]\nname=\"kit\"\ndynamic=[\"version\"]\n";
    let tools = "[build-system]\nrequires=[\"setuptools\"]\nbuild-backend=\"setuptools.build_meta\"\n";
    let dynamic = "[project]\nname=\"kit\"\ndynamic=[\"version\"]\n";
    let flit = "[build-system]\nrequires=[\"flit_core\"]\nbuild-backend=\"flit_core.buildapi\"\n";
    let pdm = "[build-system]\nrequires=[\"pdm-backend\"]\nbuild-backend=\"pdm.backend\"\n";
    let uv = "[build-system]\nrequires=[\"uv_build\"]\nbuild-backend=\"uv_build\"\n";
    let poetry = "[build-system]\nrequires=[\"poetry-core\"]\nbuild-backend=\"poetry.core.masonry.api\"\n";
    type Case = (String, &'static str, &'static str, &'static str);
    let cases: Vec<Case> = vec![
        (
            format!("{hatch}[tool.hatch.version]\npath=\"kit/about.py\"\n"),
            "kit/about.py",
            "x = '1.2.3'\r\n__version__ = 'v1.2.3'\r\n",
            "x = '1.2.3'\r\n__version__ = 'v1.3.0'\r\n",
        ),
        (
            format!("{hatch}[tool.hatch.version]\npath=\"V\"\npattern='ver: (?P<version>\\S+)'\n"),
            "V",
            "a\nver: 1.2.3 1.2.3\n",
            "a\nver: 1.3.0 1.2.3\n",
        ),
        (
            format!("{tools}{dynamic}[tool.setuptools.dynamic]\nversion={{attr=\"kit.V\"}}\n"),
            "kit/__init__.py",
            "\u{feff}V = (\n  1, 2,  # two\n  3)\n",
            "\u{feff}V = (\n  1, 3,  # two\n  0)\n",
        ),
        (
            format!("{tools}{dynamic}[tool.setuptools.dynamic]\nversion={{file=\"VERSION\"}}\n"),
            "VERSION",
            "  1.2.3\r\n",
            "  1.3.0\r\n",
        ),
        (
            format!("{flit}{dynamic}"),
            "kit.py",
            "\"\"\"Kit.\"\"\"\n__version__: str = u'1.2.3'\n",
            "\"\"\"Kit.\"\"\"\n__version__: str = u'1.3.0'\n",
        ),
        (
            format!("{pdm}{dynamic}[tool.pdm.version]\nsource=\"file\"\npath=\"kit/__init__.py\"\n"),
            "kit/__init__.py",
            "VERSION = \"1.2.3\" # x\n",
            "VERSION = \"1.3.0\" # x\n",
        ),
        (
            String::new(),
            "setup.cfg",
            "[metadata]\r\nname = kit\r\nversion: 1.2.3\r\n",
            "[metadata]\r\nname = kit\r\nversion: 1.3.0\r\n",
        ),
        (format!("{uv}[project]\nname=\"kit\"\nversion=\"1.2.3\"\n"), "pyproject.toml", "", ""),
        (
            format!("{poetry}[tool.poetry]\nname=\"kit\"\nversion='''1.2.3'''\ndescription=\"\"\n"),
            "pyproject.toml",
            "",
            "",
        ),
    ];
    for (pyproject, path, old, new) in &cases {
        let tree = Tree::new();
        tree.file("pyrel.toml", "changelog = false\n");
        if !pyproject.is_empty() {
            tree.file("pyproject.toml", pyproject);
        }
        if *path != "pyproject.toml" {
            tree.file(path, old);
        }
        bump_with(&tree, &["kit"], &levels("minor"), None)
            .unwrap_or_else(|error| panic!("{pyproject}: {error}"));
        if *path == "pyproject.toml" {
            assert_eq!(read(&tree, path), pyproject.replace("1.2.3", "1.3.0"));
        } else {
            assert_eq!(read(&tree, path), *new, "{pyproject}");
        }
    }
}

#[test]
fn a_version_that_only_a_program_knows_is_refused() {
    let tools = "[build-system]\nrequires=[\"setuptools\"]\nbuild-backend=\"setuptools.build_meta\"\n[project]\nname=\"kit\"\ndynamic=[\"version\"]\n[tool.setuptools.dynamic]\nversion={attr=\"kit.V\"}\n";
    for (source, level, reason) in [
        ("V = f()\n", "minor", "`V` is computed in"),
        ("V = 1.5\n", "minor", "does not hold it as one literal"),
        ("V = '1.' '5'\n", "minor", "does not hold it as one literal"),
        ("V = (1, 2)\n", "patch", "holds 2 numbers, which cannot spell `1.2.1`"),
        ("V = (1, 2, 3)\n", "minor rc", "holds 3 numbers, which cannot spell `1.3.0rc1`"),
    ] {
        let tree = Tree::new();
        tree.file("pyproject.toml", tools).file("kit/__init__.py", source);
        let error = bump_with(&tree, &["kit"], &levels(level), None).unwrap_err();
        assert!(matches!(&error, BumpError::Unwritable { .. }), "{error}");
        assert!(error.to_string().contains(reason), "{error}");
        assert_eq!(read(&tree, "kit/__init__.py"), source);
    }
}

#[test]
fn version_files_hold_the_version_by_pattern_or_alone() {
    let tree = single();
    tree.file(
        "pyrel.toml",
        "[package.demo-kit]\nversion-files = [\n  \"docs/install.md\",\n  { path = \"Dockerfile\", pattern = 'version=\"{version}\"' },\n  \
         { path = \"package.json\", pattern = '\"version\": \"{version}\"', spelling = \"semver\" },\n  \
         { path = \"README.md\", pattern = \"{name}=={version}\" },\n]\n",
    );
    tree.file("docs/install.md", "Version 1.2.3. Get demo_kit-1.2.3.tar.gz, not 11.2.3 or 1.2.3.4.\n");
    tree.file("Dockerfile", "FROM x:1.2.3\nLABEL version=\"1.2.3\"\n");
    tree.file("package.json", "{\"version\": \"1.2.3\"}\n");
    tree.file("README.md", "pip install Demo_Kit==1.2.3 other==1.2.3\n");
    bump_with(&tree, &["demo-kit"], &levels("minor rc"), None).unwrap();
    assert_eq!(
        read(&tree, "docs/install.md"),
        "Version 1.3.0rc1. Get demo_kit-1.3.0rc1.tar.gz, not 11.2.3 or 1.2.3.4.\n"
    );
    assert_eq!(read(&tree, "Dockerfile"), "FROM x:1.2.3\nLABEL version=\"1.3.0rc1\"\n");
    assert_eq!(read(&tree, "package.json"), "{\"version\": \"1.3.0-rc.1\"}\n");
    assert_eq!(read(&tree, "README.md"), "pip install Demo_Kit==1.3.0rc1 other==1.2.3\n");

    tree.file("README.md", "nothing of the kind\n");
    let error = bump_with(&tree, &["demo-kit"], &levels("rc"), None).unwrap_err();
    assert!(error.to_string().ends_with("holds no text like `{name}=={version}`"), "{error}");
}

#[test]
fn files_of_the_workspace_hold_versions_by_name() {
    let tree = chain(
        "changelog = false\nversion-files = [{ path = \"README.md\", pattern = \"{name}=={version}\" }]\n",
    );
    tree.file("README.md", "pip install core==1.0 App==1.0 other==1.0\n");
    bump_with(&tree, &["core", "api"], &levels("minor"), None).unwrap();
    assert_eq!(read(&tree, "README.md"), "pip install core==1.1 App==1.0 other==1.0\n");
    let tree = chain("changelog = false\nversioning = \"lockstep\"\nversion-files = [\"docs.md\"]\n");
    tree.file("docs.md", "Version 1.0.\n");
    bump_with(&tree, &["core"], &levels("minor"), None).unwrap();
    assert_eq!(read(&tree, "docs.md"), "Version 1.1.\n");
    let tree = chain("version-files = [\"docs.md\"]\n");
    let error = crate::tree::config_error(&tree.root(), &tree.discover().unwrap_err());
    assert!(error.starts_with("pyrel.toml:1:17: `version-files` needs a `pattern` with `{name}`"), "{error}");
}

#[test]
fn places_that_differ_are_named_with_their_lines() {
    let tree = single();
    tree.file("src/demo_kit/__init__.py", "\n__version__ = \"1.2.2\"\n");
    let workspace = tree.workspace();
    let package = workspace.packages().next().unwrap();
    let places = bump::places(package, workspace.config()).unwrap();
    assert!(!places.agree());
    let kinds: Vec<(PlaceKind, usize)> = places.places.iter().map(|place| (place.kind, place.line)).collect();
    assert_eq!(kinds, [(PlaceKind::Metadata, 8), (PlaceKind::Attribute, 2)]);
    let error = bump_with(&tree, &["demo-kit"], &levels("patch"), None).unwrap_err();
    let text = error.to_string().replace(&format!("{}/", tree.root().display()), "");
    assert_eq!(
        text,
        "the version of `demo-kit` is not the same everywhere: `1.2.3` in pyproject.toml:8, `1.2.2` in src/demo_kit/__init__.py:2"
    );
}

#[test]
fn versions_only_go_up() {
    let tree = single();
    for (version, ok) in [("1.2.3", false), ("1.2.2", false), ("1.2.3rc1", false), ("1.2.3.post1", true)] {
        let change = VersionChange::Exact(version.parse().unwrap());
        let planned = plan(&tree.workspace(), &["demo-kit"], &change, None);
        assert_eq!(planned.is_ok(), ok, "{version}");
        assert!(ok || matches!(planned, Err(BumpError::NotHigher { .. })));
    }
}

/// Three packages in a row, each bound to the one before.
pub(crate) fn chain(config: &str) -> Tree {
    let tree = Tree::new();
    tree.file("pyrel.toml", config);
    tree.package("packages/core", "core", &[]);
    tree.package("packages/api", "api", &["requests >= 2", "core >= 1.0, < 2 ; python_version >= '3.9'"]);
    tree.package("packages/app", "app", &["api[fast]==1.*", "core"]);
    tree
}

pub(crate) fn table(plan: &BumpPlan) -> Vec<String> {
    plan.packages
        .iter()
        .map(|package| format!("{} {} {:?}", package.name, package.to, package.reason))
        .collect()
}

#[test]
fn dependents_follow_as_far_as_their_ranges_end() {
    let tree = chain("");
    let within = plan(&tree.workspace(), &["core"], &levels("minor"), None).unwrap().unwrap();
    assert_eq!(table(&within), ["core 1.1 Asked"]);
    assert!(within.constraints.is_empty());
    let beyond = plan(&tree.workspace(), &["core"], &levels("major"), None).unwrap().unwrap();
    assert_eq!(table(&beyond).len(), 2);
    assert!(table(&beyond)[0].starts_with("api 1.0.1 Dependency"));
    bump_with(&tree, &["core"], &levels("major"), None).unwrap();
    assert!(
        read(&tree, "packages/api/pyproject.toml")
            .contains("dependencies = [\"requests >= 2\", \"core >= 2.0, < 3 ; python_version >= '3.9'\"]")
    );
    let changelog = read(&tree, "packages/api/CHANGELOG.md");
    assert!(changelog.contains("core") && changelog.contains("2.0"), "{changelog}");
    // A dependent that is raised itself gets bounds for all of its siblings that are raised.
    bump_with(&tree, &["api", "app", "core"], &levels("major"), None).unwrap();
    assert!(
        read(&tree, "packages/app/pyproject.toml")
            .contains("dependencies = [\"api[fast]>=2.0.0,<3\", \"core>=3.0,<4\"]")
    );
}

#[test]
fn policies_decide_how_constraints_and_dependents_change() {
    let planned = |config: &str, level: &str| {
        let tree = chain(config);
        plan(&tree.workspace(), &["core"], &levels(level), None).unwrap().unwrap()
    };
    let exact = planned("internal-dependencies = \"exact\"\n[bump]\ndependents = \"minor\"\n", "major");
    assert!(table(&exact)[0].starts_with("api 1.1 "), "{:?}", table(&exact));
    assert_eq!(exact.constraints[0].to, "core == 2.0 ; python_version >= '3.9'");
    let minimum = planned("internal-dependencies = \"minimum\"\n[bump]\nconstraints = \"always\"\n", "minor");
    assert_eq!(table(&minimum), ["core 1.1 Asked"]);
    let to: Vec<&str> = minimum.constraints.iter().map(|change| change.to.as_str()).collect();
    assert_eq!(to, ["core >= 1.1 ; python_version >= '3.9'", "core>=1.1"]);
    let none = planned("[bump]\ndependents = \"none\"\n", "major");
    assert_eq!((table(&none).len(), none.constraints.len()), (1, 1));
    let keep = planned("internal-dependencies = \"keep\"\n", "major");
    assert_eq!((table(&keep).len(), keep.constraints.len(), keep.warnings.len()), (1, 0, 1));
    let candidate = planned("", "major rc");
    assert!(table(&candidate)[0].starts_with("api 1.0.1rc1 "), "{:?}", table(&candidate));
}

#[test]
fn groups_and_lockstep_move_together() {
    let tree = chain("versioning = \"lockstep\"\n");
    let git = repository(&tree);
    let done = bump_with(&tree, &["api"], &levels("minor"), Some(&git)).unwrap();
    assert_eq!(done.tags, ["v1.1"]);
    for name in ["core", "api", "app"] {
        assert!(read(&tree, &format!("packages/{name}/pyproject.toml")).contains("version = \"1.1\""));
    }
    assert_eq!(tree.git(&["log", "-1", "--format=%s"]), "chore(release): api 1.1, app 1.1, core 1.1");
    let tree = chain("[versioning]\nmain = [\"core\", \"app\"]\n");
    let plan = plan(&tree.workspace(), &["core"], &levels("minor"), None).unwrap().unwrap();
    assert_eq!(table(&plan)[0], "app 1.1 Together(PackageName { written: \"core\", normalized: \"core\" })");
    assert_eq!(table(&plan)[1], "core 1.1 Asked");
}

#[test]
fn lock_files_of_members_stay_true() {
    let tree = chain("");
    let uv = "version = 1\n\n[[package]]\nname = \"core\"\nversion = \"1.0\" # member\nsource = { editable = \"packages/core\" }\n\n\
              [[package]]\nname = \"api\"\nversion = \"1.0\"\nsource = { editable = \"packages/api\" }\n\n[package.metadata]\n\
              requires-dist = [{ name = \"core\", marker = \"python_full_version >= '3.9'\", specifier = \">=1.0,<2\" }]\n\n\
              [[package]]\nname = \"requests\"\nversion = \"1.0\"\nsource = { registry = \"https://pypi.org/simple\" }\n";
    tree.file("uv.lock", uv);
    bump_with(&tree, &["core"], &levels("major"), None).unwrap();
    let expected = uv
        .replace("\"1.0\" # member", "\"2.0\" # member")
        .replace("name = \"api\"\nversion = \"1.0\"", "name = \"api\"\nversion = \"1.0.1\"")
        .replace(">=1.0,<2", ">=2.0,<3");
    assert_eq!(read(&tree, "uv.lock"), expected);
    tree.file("uv.lock", &expected.replace("\"2.0\" # member", "\"1.9\" # member"));
    let error = bump_with(&tree, &["core"], &levels("major"), None).unwrap_err();
    assert!(error.to_string().contains("`1.9` in") && error.to_string().contains("uv.lock:5"), "{error}");
}
