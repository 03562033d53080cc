//! The version of a package and where it is written.

use pyrel_project::{Package, VersionSource};

use crate::tree::Tree;

const SETUPTOOLS: &str =
    "[build-system]\nrequires = [\"setuptools\"]\nbuild-backend = \"setuptools.build_meta\"\n";
const HATCHLING: &str = "[build-system]\nrequires = [\"hatchling\"]\nbuild-backend = \"hatchling.build\"\n";
const FLIT: &str = "[build-system]\nrequires = [\"flit_core\"]\nbuild-backend = \"flit_core.buildapi\"\n";
const PDM: &str = "[build-system]\nrequires = [\"pdm-backend\"]\nbuild-backend = \"pdm.backend\"\n";
const PROJECT: &str = "[project]\nname = \"My-Pkg\"\ndynamic = [\"version\"]\n";

/// Returns `version file how`, or the reason why there is none.
fn version(pyproject: &str, files: &[(&str, &str)]) -> String {
    let tree = Tree::new();
    tree.file("pyproject.toml", pyproject);
    for (path, text) in files {
        tree.file(path, text);
    }
    let root = tree.root();
    match Package::load(&root).unwrap().version {
        VersionSource::Static(version) => format!("{version} static"),
        VersionSource::Read { version, path, how, .. } => {
            let path = path.strip_prefix(&root).unwrap().to_string_lossy().replace('\\', "/");
            format!("{version} {path} {how}")
        }
        VersionSource::Unresolved { reason, .. } => {
            reason.replace(&format!("{}{}", root.display(), std::path::MAIN_SEPARATOR), "")
        }
    }
}

type Files<'a> = &'a [(&'a str, &'a str)];

#[test]
fn setuptools_attributes() {
    let attr = |value: &str| {
        format!("{SETUPTOOLS}{PROJECT}[tool.setuptools.dynamic]\nversion = {{attr = \"{value}\"}}\n")
    };
    let cases: &[(&str, Files<'_>, &str)] = &[
        (
            "my_pkg.__version__",
            &[("my_pkg/__init__.py", "__version__ = '1.2'")],
            "1.2 my_pkg/__init__.py attribute",
        ),
        (
            "my_pkg.__version__",
            &[("src/my_pkg/__init__.py", "__version__: str = '1.2'")],
            "1.2 src/my_pkg/__init__.py attribute",
        ),
        (
            "my_pkg.about.VERSION",
            &[("src/my_pkg/about.py", "VERSION = (1, 2, 'rc1')")],
            "1.2rc1 src/my_pkg/about.py attribute",
        ),
        ("mod.V", &[("mod.py", "V = '3'"), ("mod/__init__.py", "V = '4'")], "3 mod.py attribute"),
        ("mod.V", &[("mod.py", "V = '3'"), ("src/other/__init__.py", "")], "3 mod.py attribute"),
        (
            "mod.V",
            &[("mod.py", "V = compute()\nV = '3'")],
            "`V` is computed in `mod.py`, so only Python knows it",
        ),
        ("mod.V", &[("mod.py", "x = 1")], "`V` is not assigned at the top level of `mod.py`"),
        ("mod.V", &[], "no file of the module `mod` (`attr = \"mod.V\"`)"),
        ("mod.V", &[("mod.py", "V = 'one'")], "in `mod.py`: invalid version (PEP 440): `one`"),
    ];
    for (attribute, files, expected) in cases {
        assert_eq!(version(&attr(attribute), files), *expected);
    }
}

#[test]
fn setuptools_package_dir_leads_to_the_module() {
    let base =
        format!("{SETUPTOOLS}{PROJECT}[tool.setuptools.dynamic]\nversion = {{attr = \"my_pkg.sub.V\"}}\n");
    for (table, path) in [
        ("[tool.setuptools.package-dir]\n\"\" = \"lib\"\n", "lib/my_pkg/sub.py"),
        ("[tool.setuptools.package-dir]\nmy_pkg = \"code\"\n", "code/sub.py"),
        ("[tool.setuptools.packages.find]\nwhere = [\"python\"]\n", "python/my_pkg/sub.py"),
    ] {
        let found = version(&format!("{base}{table}"), &[(path, "V = '7'")]);
        assert_eq!(found, format!("7 {path} attribute"));
    }
}

#[test]
fn setuptools_files_and_setup_cfg() {
    let dynamic =
        |table: &str| format!("{SETUPTOOLS}{PROJECT}[tool.setuptools.dynamic]\nversion = {table}\n");
    assert_eq!(version(&dynamic("{file = \"VERSION\"}"), &[("VERSION", "1.2\n")]), "1.2 VERSION file");
    assert_eq!(version(&dynamic("{file = [\"VERSION\"]}"), &[("VERSION", "1.2\n")]), "1.2 VERSION file");
    assert_eq!(version(&dynamic("{file = \"VERSION\"}"), &[]), "no such file: `VERSION`");
    let neither = "`tool.setuptools.dynamic.version` has neither `attr` nor `file`";
    assert_eq!(version(&dynamic("{}"), &[]), neither);
    let plain = format!("{SETUPTOOLS}{PROJECT}");
    let cfg = |value: &str| format!("[metadata]\nversion = {value}\n");
    assert_eq!(version(&plain, &[("setup.cfg", &cfg("2.1"))]), "2.1 setup.cfg metadata");
    assert_eq!(
        version(&plain, &[("setup.cfg", &cfg("attr: m.V")), ("m.py", "V = '2.2'")]),
        "2.2 m.py attribute"
    );
    assert_eq!(version(&plain, &[("setup.cfg", &cfg("file: V.txt")), ("V.txt", "2.3")]), "2.3 V.txt file");
    assert_eq!(version(&plain, &[]), "no file states it: `tool.setuptools.dynamic.version` is missing");
    assert_eq!(
        version(&plain, &[("setup.py", "setup(version='1')")]),
        "it is set by `setup.py`, which is not executed to read it"
    );
}

#[test]
fn versions_from_git_tags_stay_open() {
    let scm = SETUPTOOLS.replace("\"setuptools\"]", "\"setuptools\", \"setuptools_scm[toml]>=8\"]");
    assert_eq!(version(&format!("{scm}{PROJECT}"), &[]), "it comes from git tags (`setuptools-scm`)");
    let table = format!("{SETUPTOOLS}{PROJECT}[tool.setuptools_scm]\n");
    assert_eq!(version(&table, &[]), "it comes from git tags (`setuptools-scm`)");
    let hatch = format!("{HATCHLING}{PROJECT}[tool.hatch.version]\nsource = \"vcs\"\n");
    assert_eq!(version(&hatch, &[]), "it comes from git tags (`hatch-vcs`)");
    let pdm = format!("{PDM}{PROJECT}[tool.pdm.version]\nsource = \"scm\"\n");
    assert_eq!(version(&pdm, &[]), "it comes from git tags (`tool.pdm.version.source = \"scm\"`)");
}

#[test]
fn hatch_patterns() {
    let hatch = |table: &str| format!("{HATCHLING}{PROJECT}[tool.hatch.version]\n{table}\n");
    let file = ("src/my_pkg/__about__.py", "# x\n__version__ = \"1.4\"\nREV: 'r9'\n");
    let path = "path = \"src/my_pkg/__about__.py\"";
    assert_eq!(version(&hatch(path), &[file]), "1.4 src/my_pkg/__about__.py pattern");
    assert_eq!(
        version(&hatch(&format!("{path}\npattern = \"REV: 'r(?P<version>[^']+)'\"")), &[file]),
        "9 src/my_pkg/__about__.py pattern"
    );
    assert_eq!(
        version(&hatch(&format!("{path}\npattern = '(?<=x)(?P<version>1)'")), &[file]),
        "only Python's `re` can evaluate the pattern: `(?<=x)(?P<version>1)`"
    );
    assert_eq!(version(&hatch(path), &[]), "no such file: `src/my_pkg/__about__.py`");
    assert_eq!(
        version(&hatch(path), &[("src/my_pkg/__about__.py", "")]),
        "no version matches in `src/my_pkg/__about__.py`"
    );
    assert_eq!(version(&hatch(""), &[]), "`tool.hatch.version.path` is missing");
}

#[test]
fn other_hatch_sources_stay_open() {
    let hatch = |table: &str| format!("{HATCHLING}{PROJECT}[tool.hatch.version]\n{table}\n");
    let without = format!("{HATCHLING}{PROJECT}");
    assert_eq!(version(&without, &[]), "`version` is dynamic without `[tool.hatch.version]`");
    assert_eq!(
        version(&hatch("source = \"code\""), &[]),
        "it is computed by code (`tool.hatch.version.source = \"code\"`)"
    );
    assert_eq!(
        version(&hatch("source = \"env\"\nvariable = \"V\""), &[]),
        "it comes from the environment variable `V`"
    );
    assert_eq!(version(&hatch("source = \"nodejs\""), &[]), "it comes from the hatch plugin `nodejs`");
}

#[test]
fn hatch_toml_replaces_the_table() {
    let text = format!("{HATCHLING}{PROJECT}[tool.hatch.version]\npath = \"a.py\"\n");
    let files = [
        ("a.py", "VERSION = '1'"),
        ("b.py", "VERSION = '2'"),
        ("hatch.toml", "[version]\npath = \"b.py\"\n"),
    ];
    assert_eq!(version(&text, &files), "2 b.py pattern");
}

#[test]
fn flit_modules() {
    let text = format!("{FLIT}{PROJECT}");
    let cases: &[(Files<'_>, &str)] = &[
        (&[("My_Pkg/__init__.py", "\"\"\"doc\"\"\"\n__version__ = '1'\n")], "1 My_Pkg/__init__.py attribute"),
        (&[("src/My_Pkg.py", "__version__ = '1'")], "1 src/My_Pkg.py attribute"),
        (
            &[
                ("My_Pkg/__init__.py", "from ._version import __version__"),
                ("My_Pkg/_version.py", "__version__ = '2'"),
            ],
            "2 My_Pkg/_version.py attribute",
        ),
        (
            &[("My_Pkg/__init__.py", "__version__ = '1'"), ("My_Pkg/version.py", "__version__ = '2'")],
            "1 My_Pkg/__init__.py attribute",
        ),
        (
            &[("My_Pkg/__init__.py", "__version__ = get()")],
            "`__version__` is not a string constant in `My_Pkg/__init__.py`",
        ),
        (&[("My_Pkg/__init__.py", "")], "no file of the module assigns `__version__`"),
        (&[("My_Pkg.py", ""), ("src/My_Pkg.py", "")], "more than one module `My_Pkg`"),
        (&[], "no module `My_Pkg` in the directory or below `src`"),
    ];
    for (files, expected) in cases {
        assert_eq!(version(&text, files), *expected);
    }
    let named = format!("{text}[tool.flit.module]\nname = \"ns.mod\"\n");
    assert_eq!(version(&named, &[("ns/mod.py", "__version__ = '5'")]), "5 ns/mod.py attribute");
}

#[test]
fn pdm_files() {
    let pdm = |table: &str| format!("{PDM}{PROJECT}[tool.pdm.version]\n{table}\n");
    let file = ("v.py", "__version__ = '1.1'  # set by hand\n");
    assert_eq!(version(&pdm("source = \"file\"\npath = \"v.py\""), &[file]), "1.1 v.py pattern");
    assert_eq!(version(&pdm("path = \"v.py\""), &[file]), "1.1 v.py pattern");
    assert_eq!(
        version(&pdm("source = \"call\""), &[]),
        "it is computed by code (`tool.pdm.version.source = \"call\"`)"
    );
}

#[test]
fn other_backends_stay_open() {
    let with =
        |backend: &str| format!("[build-system]\nrequires = []\nbuild-backend = \"{backend}\"\n{PROJECT}");
    assert_eq!(version(&with("maturin"), &[]), "only the build backend `maturin` knows it");
    assert_eq!(version(&with("uv_build"), &[]), "`version` is dynamic, which `uv_build` does not support");
    assert_eq!(
        version(&with("poetry.core.masonry.api"), &[]),
        "`version` is dynamic, and `tool.poetry.version` does not state it"
    );
}

#[test]
fn a_static_version_needs_no_file() {
    assert_eq!(version("[project]\nname = \"x\"\nversion = \"1.0\"\n", &[]), "1.0 static");
}
