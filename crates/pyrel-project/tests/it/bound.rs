//! Bounds that a build writes for dependencies on siblings.

use std::collections::BTreeMap;

use pyrel_model::{PackageName, Version};
use pyrel_project::bound::{Bounded, Bounds};
use pyrel_project::{InternalDependencyPolicy, Workspace};

use crate::tree::Tree;

const HATCHLING: &str = "[build-system]\nrequires = [\"hatchling\"]\nbuild-backend = \"hatchling.build\"\n";
const SETUPTOOLS: &str =
    "[build-system]\nrequires = [\"setuptools\", \"core\"]\nbuild-backend = \"setuptools.build_meta\"\n";

/// A workspace of `core` 1.4.2, `Plug.In` 2.0rc1, `vcs` without a known version, and `app`.
fn tree(app: &str) -> Tree {
    let tree = Tree::new();
    let simple = |name: &str, version: &str| format!("{HATCHLING}[project]\nname = \"{name}\"\n{version}\n");
    tree.file("pyrel.toml", "");
    tree.file("packages/core/pyproject.toml", &simple("core", "version = \"1.4.2\""));
    tree.file("packages/plugin/pyproject.toml", &simple("Plug.In", "version = \"2.0rc1\""));
    tree.file(
        "packages/vcs/pyproject.toml",
        &simple("vcs", "dynamic = [\"version\"]\n[tool.hatch.version]\nsource = \"vcs\""),
    );
    tree.file("packages/app/pyproject.toml", app);
    tree
}

fn bounded(workspace: &Workspace, policy: InternalDependencyPolicy) -> Bounded {
    let versions: BTreeMap<PackageName, Option<Version>> =
        workspace.packages().map(|package| (package.name.clone(), package.version().cloned())).collect();
    let app = workspace.package(&"app".parse().unwrap()).unwrap();
    Bounds::new(policy, &versions).apply(app).unwrap()
}

/// Returns each change, and each gap with its file and line.
fn told(bounded: &Bounded) -> (Vec<(String, String)>, Vec<String>) {
    let bounds = bounded.package.as_ref().and_then(|package| package.bounds.as_ref());
    let changes = bounds.map(|bounds| bounds.changes()).unwrap_or_default();
    let gap = |gap: &pyrel_project::bound::Gap| {
        let file = gap.location.path.file_name().unwrap().to_string_lossy().into_owned();
        format!("{file}:{}: {}", gap.location.line, gap.message)
    };
    (
        changes.iter().map(|one| (one.from.clone(), one.to.clone())).collect(),
        bounded.gaps.iter().map(gap).collect(),
    )
}

fn pair(from: &str, to: &str) -> (String, String) {
    (from.to_owned(), to.to_owned())
}

#[test]
fn lists_of_project_are_bounded_and_keep_every_other_byte() {
    let app = "# top\r\n[build-system]\r\nrequires = [\"hatchling\", \"core\"]\r\nbuild-backend = \"hatchling.build\"\r\n\
               [project]\r\nname = \"app\" # name\r\nversion = \"1\"\r\n\
               dependencies = [\r\n  'CORE[fast] ; python_version < \"4\"', # why\r\n  \"plug_in\",\r\n  \"core>=1\", \"core @ file:///x\", \"requests\", \"app[all]\"\r\n]\r\n\
               [project.optional-dependencies]\r\nall = [\"app[x]\", \"core\"]\r\nx = [\"app[all]\", \"vcs\", \"\\u0063ore\"]\r\n\
               [dependency-groups]\r\ndev = [\"core\"]\r\n";
    let tree = tree(app);
    let found = bounded(&tree.workspace(), InternalDependencyPolicy::Compatible);
    let (changes, gaps) = told(&found);
    assert_eq!(
        changes,
        [
            pair("CORE[fast] ; python_version < \"4\"", "CORE[fast]>=1.4.2,~=1.4 ; python_version < \"4\""),
            pair("plug_in", "plug_in~=2.0rc1"),
            pair("core", "core>=1.4.2,~=1.4"),
        ]
    );
    assert_eq!(
        gaps,
        [
            "pyproject.toml:15: `vcs` stays without a bound: its version is not known before it is built",
            "pyproject.toml:15: `core` stays without a bound: it is spelt with escapes",
        ]
    );
    let package = found.package.unwrap();
    let expected = app
        .replace("CORE[fast] ;", "CORE[fast]>=1.4.2,~=1.4 ;")
        .replace("\"plug_in\"", "\"plug_in~=2.0rc1\"")
        .replace("\"app[x]\", \"core\"", "\"app[x]\", \"core>=1.4.2,~=1.4\"");
    assert_eq!(package.pyproject.as_ref().unwrap().text(), expected);
    assert_eq!(fs_err::read_to_string(package.directory.join("pyproject.toml")).unwrap(), app);

    // The same bounds reach the files of an sdist.
    let bounds = package.bounds.as_ref().unwrap();
    let metadata = "Metadata-Version: 2.4\r\nName: app\r\nRequires-Dist: CORE[fast]; python_version < \"4\"\r\n\
                    Requires-Dist: Plug.In\r\nRequires-Dist: core>=1\r\nRequires-Dist: vcs; extra == 'x'\r\n\r\nRequires-Dist: core\r\n";
    let expected =
        metadata.replace("CORE[fast];", "CORE[fast]>=1.4.2,~=1.4;").replace("Plug.In\r", "Plug.In~=2.0rc1\r");
    assert_eq!(bounds.in_metadata(metadata), expected);
    assert_eq!(
        bounds.in_lines("core[fast]\n\n[x]\nplug-in\nother"),
        "core[fast]>=1.4.2,~=1.4\n\n[x]\nplug-in~=2.0rc1\nother"
    );
    let own = &package.name;
    let path = std::path::Path::new("pyproject.toml");
    assert_eq!(bounds.in_pyproject(own, path, app).unwrap(), package.pyproject.as_ref().unwrap().text());
    let other = bounds.in_pyproject(own, path, &app.replace("plug_in", "plugged_in")).unwrap_err();
    assert!(other.to_string().contains("has other dependencies"), "{other}");
}

#[test]
fn each_policy_writes_its_own_operator_and_keep_none() {
    let app = format!("{HATCHLING}[project]\nname = \"app\"\nversion = \"1\"\ndependencies = [\"core\"]\n");
    let tree = tree(&app);
    for (policy, expected) in [
        (InternalDependencyPolicy::Compatible, "core>=1.4.2,~=1.4"),
        (InternalDependencyPolicy::Minimum, "core>=1.4.2"),
        (InternalDependencyPolicy::Exact, "core==1.4.2"),
    ] {
        assert_eq!(told(&bounded(&tree.workspace(), policy)).0, [pair("core", expected)]);
    }
    let kept = bounded(&tree.workspace(), InternalDependencyPolicy::Keep);
    assert!(kept.package.is_none() && kept.gaps.is_empty());
}

#[test]
fn tables_of_poetry_are_bounded_where_dependencies_come_from_them() {
    let dependencies = "[tool.poetry.dependencies]\npython = \"^3.9\"\ncore = \"*\"\nPlug_In = { version = \"*\", optional = true }\nvcs = \"^1\"\n\
                        [tool.poetry.group.dev.dependencies]\ncore = \"*\"\n";
    let poetry = format!("[tool.poetry]\nname = \"app\"\nversion = \"1\"\n{dependencies}");
    let tree = tree(&poetry);
    let found = bounded(&tree.workspace(), InternalDependencyPolicy::Compatible);
    assert_eq!(told(&found), (vec![pair("*", "^1.4.2"), pair("*", "^2.0rc1")], Vec::new()));
    let text = found.package.as_ref().unwrap().pyproject.as_ref().unwrap().text();
    assert_eq!(
        text,
        poetry
            .replacen("core = \"*\"", "core = \"^1.4.2\"", 1)
            .replace("version = \"*\"", "version = \"^2.0rc1\"")
    );
    let bounds = found.package.unwrap().bounds.unwrap();
    assert_eq!(bounds.in_metadata("Requires-Dist: core\n"), "Requires-Dist: core>=1.4.2,<2.0.0\n");

    // Beside `[project]` the table adds sources only.
    let both =
        format!("[project]\nname = \"app\"\nversion = \"1\"\ndependencies = [\"core\"]\n{dependencies}");
    tree.file("packages/app/pyproject.toml", &both);
    let (changes, _) = told(&bounded(&tree.workspace(), InternalDependencyPolicy::Exact));
    assert_eq!(changes, [pair("core", "core==1.4.2")]);
    let dynamic = both.replace("dependencies = [\"core\"]", "dynamic = [\"dependencies\"]");
    tree.file("packages/app/pyproject.toml", &dynamic);
    let (changes, gaps) = told(&bounded(&tree.workspace(), InternalDependencyPolicy::Exact));
    assert_eq!((changes, gaps), (vec![pair("*", "==1.4.2"), pair("*", "==2.0rc1")], Vec::new()));
}

#[test]
fn what_stands_elsewhere_is_told_with_its_place() {
    let setup_cfg = "[metadata]\nname = app\nversion = 1\n[options]\ninstall_requires =\n    core\n    plug-in>=1\n\
                     setup_requires = core\n[options.extras_require]\nx = core; python_version < '3'\n";
    let of_setup_cfg = |line: u32| {
        format!(
            "setup.cfg:{line}: `core` stays without a bound: it stands in `setup.cfg`, not in `pyproject.toml`"
        )
    };
    let tree = tree(SETUPTOOLS);
    tree.file("packages/app/setup.cfg", setup_cfg);
    let exact = InternalDependencyPolicy::Exact;
    assert_eq!(
        told(&bounded(&tree.workspace(), exact)),
        (Vec::new(), vec![of_setup_cfg(6), of_setup_cfg(10)])
    );

    let project = format!("{SETUPTOOLS}[project]\nname = \"app\"\nversion = \"1\"\n");
    // What `[project]` does not leave open does not come from `setup.cfg`.
    tree.file("packages/app/pyproject.toml", &project);
    assert_eq!(told(&bounded(&tree.workspace(), exact)), (Vec::new(), Vec::new()));
    let dynamic = format!("{project}dynamic = [\"dependencies\"]\n");
    tree.file("packages/app/pyproject.toml", &dynamic);
    assert_eq!(told(&bounded(&tree.workspace(), exact)).1, [of_setup_cfg(6), of_setup_cfg(10)]);

    fs_err::remove_file(tree.path("packages/app/setup.cfg")).unwrap();
    let text =
        "siblings that `app` needs stay without a bound: `dependencies` are known to the backend alone";
    assert_eq!(told(&bounded(&tree.workspace(), exact)).1, [format!("pyproject.toml:7: {text}")]);

    let files =
        format!("{dynamic}[tool.setuptools.dynamic]\ndependencies = {{ file = [\"requirements.txt\"] }}\n");
    tree.file("packages/app/pyproject.toml", &files);
    tree.file("packages/app/requirements.txt", "# core\nrequests\nplug_in>=1\nCore # needed\napp\n");
    let text = "`Core` stays without a bound: it does not stand in `pyproject.toml`";
    assert_eq!(told(&bounded(&tree.workspace(), exact)).1, [format!("requirements.txt:4: {text}")]);
}
