//! Dependencies between packages of one workspace, by kind.

use pyrel_project::{DependencyKind, Workspace};

use crate::tree::Tree;

fn internal(workspace: &Workspace, name: &str) -> Vec<(String, DependencyKind, String)> {
    let package = workspace.package(&name.parse().unwrap()).unwrap();
    let row = |one: &pyrel_project::InternalDependency| {
        (one.name.normalized().to_owned(), one.kind, one.requirement.to_string())
    };
    package.internal.iter().map(row).collect()
}

#[test]
fn each_kind_is_told_apart_and_outsiders_are_dropped() {
    let tree = Tree::new();
    for name in ["core", "plugin", "builder"] {
        tree.package(&format!("packages/{name}"), name, &[]);
    }
    tree.file(
        "packages/app/pyproject.toml",
        r#"
[build-system]
requires = ["hatchling", "Builder>=1"]
build-backend = "hatchling.build"
[project]
name = "app"
version = "1"
dependencies = ["CORE>=1", "requests", "core; python_version < '3.9'"]
[project.optional-dependencies]
extra = ["plug-in", "plugin[x]>=2", "app[other]"]
"#,
    );
    assert_eq!(
        internal(&tree.workspace(), "app"),
        [
            ("core".to_owned(), DependencyKind::Runtime, "CORE>=1".to_owned()),
            ("core".to_owned(), DependencyKind::Runtime, "core; python_version < \"3.9\"".to_owned()),
            ("plugin".to_owned(), DependencyKind::Optional, "plugin[x]>=2".to_owned()),
            ("builder".to_owned(), DependencyKind::Build, "Builder>=1".to_owned()),
        ]
    );
}

#[test]
fn poetry_and_setup_cfg_have_internal_dependencies_too() {
    let tree = Tree::new();
    tree.package("packages/core", "core", &[]).package("packages/tool", "tool", &[]);
    tree.file(
        "packages/p/pyproject.toml",
        "[tool.poetry]\nname = \"p\"\nversion = \"1\"\n[tool.poetry.dependencies]\ncore = {path = \"../core\"}\ntool = {version = \"^1.2\", optional = true}\n",
    );
    tree.file(
        "packages/s/setup.cfg",
        "[metadata]\nname = s\nversion = 1\n[options]\ninstall_requires = core\nsetup_requires = tool\n[options.extras_require]\nx = tool>1\n",
    );
    let workspace = tree.workspace();
    let kinds = |name: &str| -> Vec<(String, &str)> {
        internal(&workspace, name).into_iter().map(|(name, kind, _)| (name, kind.as_str())).collect()
    };
    assert_eq!(kinds("p"), [("core".to_owned(), "runtime"), ("tool".to_owned(), "optional")]);
    let expected =
        [("core".to_owned(), "runtime"), ("tool".to_owned(), "optional"), ("tool".to_owned(), "build")];
    assert_eq!(kinds("s"), expected);
}

#[test]
fn a_dependency_on_a_broken_member_stays_internal() {
    let tree = Tree::new();
    tree.package("packages/a", "a", &["b"]);
    tree.file("packages/b/pyproject.toml", "[project]\nname = \"b\"\nversion = \"one\"\n");
    let workspace = tree.workspace();
    assert_eq!(internal(&workspace, "a").len(), 1);
    assert_eq!(workspace.graph().order().unwrap().len(), 1);
}
