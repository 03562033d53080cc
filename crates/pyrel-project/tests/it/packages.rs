//! One package: metadata from whichever file says it.

use pyrel_project::{Backend, Package, VersionSource};

use crate::tree::{Tree, broken, pyproject};

fn only(tree: &Tree) -> Package {
    let workspace = tree.workspace();
    if let Some(pyrel_project::Member::Broken(member)) = workspace.members().first() {
        panic!("{}", member.error);
    }
    workspace.packages().next().unwrap().clone()
}

#[test]
fn a_project_table() {
    let tree = Tree::new();
    tree.file(
        "pyproject.toml",
        r#"
[build-system]
requires = ["flit_core"]
build-backend = "flit_core.buildapi"
[project]
name = "Demo.Pkg"
version = "v1.0-rc1"
description = "a demo"
requires-python = ">=3.9"
dependencies = ["x>=1", "y"]
"#,
    );
    let package = only(&tree);
    assert_eq!(package.name.as_written(), "Demo.Pkg");
    assert_eq!(package.version().unwrap().to_string(), "1.0rc1");
    assert_eq!(package.backend, Backend::Flit);
    assert_eq!(package.description.as_deref(), Some("a demo"));
    assert_eq!(package.requires_python.as_ref().unwrap().as_written(), ">=3.9");
    assert_eq!(package.dependencies.len(), 2);
    assert!(package.pyproject.is_some() && !package.private);
}

#[test]
fn backends_by_their_entry_points() {
    let named = |name: &str| format!("[build-system]\nrequires = []\nbuild-backend = \"{name}\"\n");
    for (table, backend, name) in [
        (String::new(), Backend::Setuptools, "setuptools"),
        ("[build-system]\nrequires = []\n".to_owned(), Backend::Setuptools, "setuptools"),
        (named("hatchling.build"), Backend::Hatchling, "hatchling"),
        (named("poetry.core.masonry.api"), Backend::Poetry, "poetry-core"),
        (named("pdm.backend"), Backend::Pdm, "pdm-backend"),
        (named("uv_build"), Backend::Uv, "uv_build"),
        (named("maturin"), Backend::Other("maturin".into()), "maturin"),
        (
            named("hatchling.build") + "backend-path = [\".\"]\n",
            Backend::Other("hatchling.build".into()),
            "hatchling.build",
        ),
    ] {
        let tree = Tree::new();
        tree.file("pyproject.toml", &format!("{table}[project]\nname = \"x\"\nversion = \"1\"\n"));
        let package = only(&tree);
        assert_eq!(package.backend, backend);
        assert_eq!(package.backend.as_str(), name);
    }
}

#[test]
fn poetry_without_a_project_table() {
    let tree = Tree::new();
    tree.file(
        "pyproject.toml",
        r#"
[build-system]
requires = ["poetry-core>=1.0"]
build-backend = "poetry.core.masonry.api"
[tool.poetry]
name = "Old_Style"
version = "1.2"
description = "old"
classifiers = ["Private :: Do Not Upload"]
[tool.poetry.dependencies]
python = "^3.9"
requests = {version = "^2.28", extras = ["socks"], optional = true}
click = ">=8,<9"
either = ">=1,<2 || >3"
local = {path = "../local", develop = true}
mixed = ["^1.2", {version = "^2.0", python = ">=3.12"}]
"zope.interface" = [{version = "5.*", python = "<3.10"}, {version = "^6.0.1", markers = "python_version >= '3.10'"}]
"#,
    );
    let package = only(&tree);
    assert_eq!(package.name.as_written(), "Old_Style");
    assert_eq!(package.version, VersionSource::Static("1.2".parse().unwrap()));
    assert_eq!(package.backend, Backend::Poetry);
    assert_eq!(package.requires_python.as_ref().unwrap().as_written(), ">=3.9,<4.0");
    assert!(package.private);
    let printed: Vec<String> = package.dependencies.iter().map(ToString::to_string).collect();
    assert_eq!(
        printed,
        [
            "click<9,>=8",
            "either",
            "local",
            "mixed<2.0,>=1.2",
            "mixed<3.0,>=2.0; python_version >= \"3.12\"",
            "zope.interface==5.*; python_version < \"3.10\"",
            "zope.interface<7.0.0,>=6.0.1; python_version >= \"3.10\"",
        ]
    );
}

#[test]
fn poetry_tables_fill_what_project_leaves_open() {
    let tree = Tree::new();
    tree.file(
        "pyproject.toml",
        r#"
[build-system]
requires = ["poetry-core"]
build-backend = "poetry.core.masonry.api"
[project]
name = "x"
dynamic = ["version", "description", "dependencies"]
[tool.poetry]
version = "3.0"
description = "from poetry"
[tool.poetry.dependencies]
click = "*"
"#,
    );
    let package = only(&tree);
    assert_eq!(package.version().unwrap().to_string(), "3.0");
    assert_eq!(package.description.as_deref(), Some("from poetry"));
    assert_eq!(package.dependencies[0].to_string(), "click");
}

#[test]
fn poetry_mistakes_are_located() {
    let with = |line: &str| {
        format!("[tool.poetry]\nname = \"x\"\nversion = \"1\"\n[tool.poetry.dependencies]\n{line}")
    };
    for (text, expected) in [
        (
            "[tool.poetry]\nversion = \"1\"".to_owned(),
            "pyproject.toml: `tool.poetry.name` is missing [add `name = \"…\"` to the table `[tool.poetry]`]",
        ),
        ("[tool.poetry]\nname = \"x\"".to_owned(), "pyproject.toml: `tool.poetry.version` is missing"),
        (
            "[tool.poetry]\nname = \"x\"\nversion = \"one\"".to_owned(),
            "pyproject.toml:3:11: in `tool.poetry.version`: invalid version",
        ),
        (
            "[tool.poetry]\npackage-mode = false".to_owned(),
            "pyproject.toml:2:16: `tool.poetry.package-mode` is `false`, so this is no package",
        ),
        (
            with("a = 3"),
            "pyproject.toml:5:5: `tool.poetry.dependencies.a` must be a version constraint or a table",
        ),
        (with("a = \">=one\""), "pyproject.toml:5:5: in `tool.poetry.dependencies.a`: invalid requirement"),
        (
            with("a = {version = 1}"),
            "pyproject.toml:5:16: `tool.poetry.dependencies.a.version` must be a string",
        ),
    ] {
        let tree = Tree::new();
        tree.file("pyproject.toml", &text);
        let found = broken(&tree.workspace());
        assert!(found.starts_with(expected), "{found}\n{expected}");
    }
}

#[test]
fn setup_cfg_with_and_without_a_pyproject() {
    let text = "[metadata]\nname = Legacy\nversion = 1.5\ndescription = old style\nclassifiers =\n  Private :: Do Not Upload\n\n[options]\npython_requires = >=3.8\ninstall_requires =\n    click>=8\n    requests\n[options.extras_require]\ndev = pytest\n";
    let build_system =
        "[build-system]\nrequires = [\"setuptools\"]\nbuild-backend = \"setuptools.build_meta\"\n";
    for pyproject in [None, Some(build_system)] {
        let tree = Tree::new();
        tree.file("setup.cfg", text).file("setup.py", "from setuptools import setup\nsetup()\n");
        if let Some(pyproject) = pyproject {
            tree.file("pyproject.toml", pyproject);
        }
        let package = only(&tree);
        assert_eq!(package.name.as_written(), "Legacy");
        assert_eq!(package.version().unwrap().to_string(), "1.5");
        assert_eq!(package.description.as_deref(), Some("old style"));
        assert_eq!(package.backend, Backend::Setuptools);
        assert_eq!(package.requires_python.as_ref().unwrap().as_written(), ">=3.8");
        assert_eq!(package.dependencies.len(), 2);
        assert!(package.private);
        assert_eq!(package.pyproject.is_some(), pyproject.is_some());
    }
}

#[test]
fn setup_files_without_a_name_say_so() {
    for (cfg, py, expected) in [
        (
            None,
            true,
            "setup.py: name and version are known to `setup.py` only, which pyrel does not execute to read them [move them to `[project]` in `pyproject.toml` or to `[metadata]` in `setup.cfg`]",
        ),
        (
            Some("[metadata]\nversion = 1\n"),
            true,
            "setup.cfg: `metadata.name` is missing, and pyrel does not execute `setup.py` to read it [add `name = …` to the section `[metadata]`]",
        ),
        (Some("[metadata]\nversion = 1\n"), false, "setup.cfg: `metadata.name` is missing [add `name = …`"),
        (Some("[metadata]\nname = -x\n"), false, "setup.cfg:2: in `metadata.name`: invalid project name"),
        (
            Some("[metadata]\nname = x\n[options]\npython_requires = three\n"),
            false,
            "setup.cfg:4: in `options.python_requires`: ",
        ),
        (Some("name = x\n"), true, "setup.cfg:1:1: there is no section before this line"),
    ] {
        let tree = Tree::new();
        if let Some(cfg) = cfg {
            tree.file("setup.cfg", cfg);
        }
        if py {
            tree.file("setup.py", "from setuptools import setup\nsetup(name='x')\n");
        }
        let found = broken(&tree.workspace());
        assert!(found.starts_with(expected), "{found}\n{expected}");
    }
}

#[test]
fn metadata_of_flits_old_table_says_what_to_do() {
    let tree = Tree::new();
    tree.file("pyproject.toml", "[tool.flit.metadata]\nmodule = \"x\"\n");
    let found = broken(&tree.workspace());
    assert!(found.starts_with("pyproject.toml: metadata in `[tool.flit.metadata]`"), "{found}");
}

#[test]
fn private_packages() {
    let tree = Tree::new();
    let with =
        |name: &str, classifier: &str| format!("{}classifiers = [\"{classifier}\"]\n", pyproject(name, &[]));
    tree.file("packages/a/pyproject.toml", &with("a", "Private :: Do Not Upload"));
    tree.file("packages/b/pyproject.toml", &with("b", "Typing :: Typed"));
    tree.package("packages/c", "c", &[]);
    tree.file("pyrel.toml", "[package.C]\npublish = false\n[package.a]\npublish = true\n");
    let workspace = tree.workspace();
    let private: Vec<bool> = workspace.packages().map(|package| package.private).collect();
    assert_eq!(private, [true, false, true]);
}

#[test]
fn a_package_can_be_loaded_alone() {
    let tree = Tree::new();
    tree.package(".", "x", &["x[extra]", "y"]);
    let package = Package::load(&tree.root()).unwrap();
    assert_eq!(package.name.as_written(), "x");
    assert!(package.internal.is_empty());
    let fault = Package::load(&tree.path("nowhere")).unwrap_err();
    assert_eq!(fault.message, "no `pyproject.toml`, `setup.cfg`, or `setup.py` here");
}
