//! What makes the dialect of setuptools step back: each rule, and where it points.

use crate::project::{DEMO, Project, SETUPTOOLS};

const MODULE: (&str, &str) = ("demo/__init__.py", "x = 1\n");
/// A `setup.cfg` that says everything; five lines.
const DECLARED: &str = "[metadata]\nname = demo\nversion = 1.0\n[options]\npackages = demo\n";

/// Plans a project with a package `demo` and returns `option @ line` of the reason, or `native`.
fn verdict(pyproject: &str, files: &[(&str, &str)]) -> String {
    let mut all = vec![MODULE];
    all.extend(files);
    Project::new(pyproject, &all).verdict(Some("setuptools"))
}

/// Plans a project that only `setup.cfg` describes.
fn declared(setup_cfg: &str, files: &[(&str, &str)]) -> String {
    let mut all = vec![("setup.cfg", setup_cfg)];
    all.extend(files);
    verdict(SETUPTOOLS, &all)
}

#[test]
fn plugins_and_other_versions_step_back() {
    for (requires, expected) in [
        ("\"setuptools>=61\", \"wheel\"", "native"),
        ("\"setuptools<77\"", "build-system.requires @ 2"),
        ("\"setuptools\", \"setuptools-git\"", "build-system.requires @ 2"),
        ("\"setuptools\", \"pbr\"", "build-system.requires @ 2"),
        ("\"setuptools\", \"versioneer[toml]\"", "build-system.requires @ 2"),
        ("\"setuptools\", \"setuptools-rust\"", "build-system.requires @ 2"),
        ("\"setuptools\", \"cffi\"", "build-system.requires @ 2"),
        ("\"setuptools\", \"Cython\"", "build-system.requires @ 2"),
        ("\"setuptools\", \"setuptools-git-versioning\"", "build-system.requires @ 2"),
        ("\"setuptools\", \"incremental\"", "build-system.requires @ 2"),
        ("\"setuptools\", \"babel\"", "build-system.requires @ 2"),
    ] {
        let system = SETUPTOOLS.replace("\"setuptools\"", requires);
        assert_eq!(verdict(&format!("{system}{DEMO}"), &[("demo/fast.c", "")]), expected, "{requires}");
    }
}

#[test]
fn every_unknown_option_steps_back() {
    for (tool, expected) in [
        ("[tool.setuptools.cmdclass]\nbuild = \"x.Y\"", "tool.setuptools.cmdclass @ 7"),
        (
            "[[tool.setuptools.ext-modules]]\nname = \"demo.fast\"\nsources = [\"a.c\"]",
            "tool.setuptools.ext-modules @ 7",
        ),
        ("[tool.setuptools]\nnamespace-packages = [\"demo\"]", "tool.setuptools.namespace-packages @ 8"),
        ("[tool.setuptools]\nunknown = 1", "tool.setuptools.unknown @ 8"),
        ("[tool.distutils.bdist_wheel]\nuniversal = true", "tool.distutils @ 7"),
        ("[tool.distutils.bdist_wheel]\npy-limited-api = \"cp39\"", "tool.distutils @ 7"),
        ("[tool.setuptools.packages.find]\nwhere = [\"./demo\"]", "tool.setuptools.packages.find.where @ 8"),
        ("[tool.setuptools.packages.find]\nwhere = [\"none\"]", "tool.setuptools.packages.find.where @ 0"),
        ("[tool.setuptools.packages.find]\nother = 1", "tool.setuptools.packages.find.other @ 8"),
        ("[tool.setuptools]\npackages = [\"de-mo\"]", "tool.setuptools.packages @ 8"),
        ("[tool.setuptools]\npackages = [\"demo\"]", "native"),
        ("[tool.setuptools]\npy-modules = [\"a b\"]", "tool.setuptools.py-modules @ 8"),
        ("[tool.setuptools]\npackage-dir = {demo = \"../demo\"}", "tool.setuptools.package-dir @ 8"),
        ("[tool.setuptools.package-data]\ndemo = [\"../x\"]", "tool.setuptools.package-data.demo @ 8"),
        (
            "[tool.setuptools.exclude-package-data]\ndemo = [\"/x\"]",
            "tool.setuptools.exclude-package-data.demo @ 8",
        ),
        ("[tool.setuptools]\nlicense-files = [\"../x\"]", "tool.setuptools.license-files @ 8"),
        ("[tool.setuptools.data-files]\nx = [\"demo/*.py\"]", "native"),
        ("[tool.setuptools.data-files]\nx = [\"none\"]", "data-files.x @ 0"),
        ("[tool.setuptools.data-files]\nx = [\"dem*\"]", "data-files.x @ 0"),
        ("[tool.setuptools.data-files]\n\"/etc\" = [\"a\"]", "tool.setuptools.data-files./etc @ 8"),
        ("[tool.setuptools.data-files]\nx = [\"../a\"]", "tool.setuptools.data-files.x @ 8"),
        ("[tool.setuptools]\nscript-files = [\"demo/__init__.py\"]", "native"),
        ("[tool.setuptools]\nscript-files = [\"none\"]", "script-files @ 0"),
        ("[tool.setuptools]\nscript-files = [\"./a\"]", "tool.setuptools.script-files @ 8"),
        ("[tool.setuptools]\nplatforms = [\"a\\nb\"]", "tool.setuptools.platforms @ 8"),
        ("[tool.setuptools]\nprovides = [\"a (1.0)\"]", "tool.setuptools.provides @ 8"),
        ("[tool.setuptools]\nobsoletes = [\"a b\"]", "tool.setuptools.obsoletes @ 8"),
        ("[tool.setuptools]\neager-resources = [\"a b\"]", "native"),
        ("[tool.setuptools.dynamic]\nversion = {file = \"x\"}", "tool.setuptools.dynamic.version @ 8"),
    ] {
        assert_eq!(verdict(&format!("{SETUPTOOLS}{DEMO}{tool}\n"), &[]), expected, "{tool}");
    }
}

#[test]
fn files_of_setuptools_step_back() {
    let text = format!("{SETUPTOOLS}{DEMO}");
    for (file, content, expected) in [
        ("setup.py", "import os\nfrom setuptools import setup\nsetup()\n", "setup.py @ 0"),
        ("setup.py", "from setuptools import setup\nsetup(name='demo')\n", "setup.py @ 0"),
        ("setup.py", "from setuptools import setup\nsetup()\n", "native"),
        ("PKG-INFO", "Name: demo\n", "native"),
        ("MANIFEST.in", "graft ../other\n", "MANIFEST.in @ 0"),
        ("MANIFEST.in", "include /x\n", "MANIFEST.in @ 0"),
        ("MANIFEST.in", "recursive-include . *.py\n", "MANIFEST.in @ 0"),
        ("MANIFEST.in", "include näive\n", "MANIFEST.in @ 0"),
        ("MANIFEST.in", "exclude pyproject.toml\n", "MANIFEST.in @ 0"),
        ("MANIFEST.in", "nonsense\ngraft\n", "native"),
        ("demo-1.0/x", "", "demo-1.0 @ 0"),
    ] {
        assert_eq!(verdict(&text, &[(file, content)]), expected, "{file}: {content}");
    }
}

#[test]
fn an_unpacked_sdist_may_hold_nothing_that_is_not_written_again() {
    let info = ("PKG-INFO", "Name: demo\n");
    let text = format!("{SETUPTOOLS}{DEMO}");
    for (file, content, expected) in [
        ("demo.egg-info/SOURCES.txt", "demo/x.txt\ndemo/none.txt\n", "native"),
        ("demo.egg-info/not-zip-safe", "\n", "native"),
        ("demo.egg-info/SOURCES.txt", "/etc/hostname\n", "demo.egg-info/SOURCES.txt @ 0"),
        ("demo.egg-info/SOURCES.txt", "../x\n", "demo.egg-info/SOURCES.txt @ 0"),
        ("demo.egg-info/pbr.json", "{}\n", "demo.egg-info/pbr.json @ 0"),
        ("other.egg-info/SOURCES.txt", "", "other.egg-info @ 0"),
    ] {
        assert_eq!(verdict(&text, &[info, (file, content)]), expected, "{file}: {content}");
        // A checkout's leftovers are of no account.
        assert_eq!(verdict(&text, &[(file, content)]), "native", "{file}: {content}");
    }
    let scm = text.replace("\"setuptools\"", "\"setuptools\", \"setuptools-scm\"");
    assert_eq!(verdict(&scm, &[info]), "PKG-INFO @ 0");
}

#[test]
fn sections_that_change_a_build_step_back() {
    for (section, expected) in [
        ("[flake8]\nignore = E1\n\n[unheard:of]\nx = 1", "native"),
        ("[upload]\nsign = 1\n[easy_install]\nzip_ok = 0", "native"),
        ("[aliases]\ntest = pytest", "native"),
        ("[aliases]\nsdist = sdist --formats=zip", "aliases.sdist @ 2"),
        ("[aliases]\nbdist_wheel = bdist_egg", "aliases.bdist_wheel @ 2"),
        ("[bdist_wheel]\nuniversal = 1", "native"),
        ("[wheel]\nuniversal = 1", "native"),
        ("[bdist_wheel]\nuniversal = maybe", "bdist_wheel.universal @ 2"),
        ("[bdist_wheel]\npython-tag = py310", "bdist_wheel.python-tag @ 2"),
        ("[bdist_wheel]\nbuild_number = 1", "bdist_wheel.build_number @ 2"),
        ("[bdist_wheel]\nplat_name = any", "bdist_wheel.plat_name @ 2"),
        ("[bdist_wheel]\npy_limited_api = cp39", "bdist_wheel.py_limited_api @ 2"),
        ("[sdist]\nformats = zip", "sdist @ 1"),
        ("[build]\nbuild_base = out", "build @ 1"),
        ("[build_ext]\ninplace = 1", "build_ext @ 1"),
        ("[build_py]\ncompile = 1", "build_py @ 1"),
        ("[install]\nprefix = /usr", "install @ 1"),
        ("[check]\nstrict = 1", "check @ 1"),
        ("[global]\nverbose = 1", "global @ 1"),
        ("[DEFAULT]\nx = 1", "DEFAULT @ 1"),
        ("[egg_info]\ntag_build =\ntag-date = 0\ntag_svn_revision = 1", "native"),
        ("[egg_info]\ntag_build = dev", "egg_info.tag_build @ 2"),
        ("[egg_info]\ntag_date = 1", "egg_info.tag_date @ 2"),
        ("[egg_info]\negg_base = x", "egg_info.egg_base @ 2"),
        ("[a]\nx = 1\n[a]\ny = 2", "setup.cfg @ 3"),
        ("[a]\nx = 1\nx = 2", "setup.cfg @ 3"),
        ("[a]\nformat = %(message)s", "setup.cfg @ 2"),
        ("[a]\nnot a line", "setup.cfg @ 2"),
        ("x = 1", "setup.cfg @ 1"),
    ] {
        let text = format!("{SETUPTOOLS}{DEMO}");
        assert_eq!(verdict(&text, &[("setup.cfg", &format!("{section}\n"))]), expected, "{section}");
    }
}

#[test]
fn a_declaration_beside_a_table_gives_the_layout_alone() {
    for (tool, setup_cfg, expected) in [
        ("", "[metadata]\nname = demo\n[options]\nzip_safe = 1\npackages = find:\n", "native"),
        (
            "[tool.setuptools]\nzip-safe = true\n",
            "[options]\npackages = demo\n",
            "tool.setuptools.zip-safe @ 8",
        ),
        ("", "[metadata]\nname = other\n", "metadata.name @ 2"),
        ("", "[metadata]\nversion = 1.0\n", "metadata.version @ 2"),
        ("", "[metadata]\nlicense_files = x\n", "metadata.license_files @ 2"),
        ("", "[options]\ninstall_requires = a\n", "options.install_requires @ 2"),
        ("", "[options]\npython_requires = >=3\n", "options.python_requires @ 2"),
        ("", "[options.extras_require]\nx = a\n", "options.extras_require.x @ 2"),
        ("", "[options.entry_points]\nx = a = b\n", "options.entry_points.x @ 2"),
    ] {
        let text = format!("{SETUPTOOLS}{DEMO}{tool}");
        assert_eq!(verdict(&text, &[("setup.cfg", setup_cfg)]), expected, "{setup_cfg}");
    }
    let tool = format!("{SETUPTOOLS}[tool.setuptools]\nzip-safe = true\n");
    assert_eq!(verdict(&tool, &[("setup.cfg", DECLARED)]), "tool.setuptools.zip-safe @ 5");
    let distutils = format!("{SETUPTOOLS}[tool.distutils.sdist]\nx = 1\n");
    assert_eq!(verdict(&distutils, &[("setup.cfg", DECLARED)]), "tool.distutils @ 4");
}

#[test]
fn a_declared_project_takes_its_version_from_one_place() {
    let bare = DECLARED.replace("version = 1.0\n", "");
    assert_eq!(declared(&bare, &[]), "metadata.version @ 0");
    let table = "[tool.setuptools_scm]\nfallback_version = \"2.0\"\n";
    for (requires, tool, setup_cfg, expected) in [
        ("setuptools-scm", table, bare.as_str(), "native"),
        ("setuptools-scm", "", DECLARED, "native"),
        ("setuptools-scm", table, DECLARED, "build-system.requires @ 0"),
        ("setuptools-scm", "", bare.as_str(), "build-system.requires @ 0"),
        ("setuptools-scm[simple]", "", DECLARED, "build-system.requires @ 0"),
        ("vcs-versioning", "", DECLARED, "build-system.requires @ 0"),
    ] {
        let text = SETUPTOOLS.replace("\"setuptools\"", &format!("\"setuptools\", \"{requires}\"")) + tool;
        assert_eq!(verdict(&text, &[("setup.cfg", setup_cfg)]), expected, "{requires} {tool}");
    }
}

#[test]
fn declared_metadata_that_is_not_reproduced_steps_back() {
    let file = ("VERSION", "1.0\n2.0\n");
    for (lines, expected) in [
        ("description_file = README.md\nKeywords = a, b", "native"),
        ("unknown = 1", "metadata.unknown @ 4"),
        ("requires = a", "metadata.requires @ 4"),
        ("provides = a", "metadata.provides @ 4"),
        ("obsoletes = a", "metadata.obsoletes @ 4"),
        ("license_expression = MIT", "metadata.license_expression @ 4"),
        ("license = file: LICENSE", "metadata.license @ 4"),
        ("license_files = ../LICENSE", "metadata.license_files @ 0"),
        ("license_files = none", "native"),
        ("author = a\n  b", "metadata.author @ 4"),
        ("url = https://example.org\nhome-page = https://example.org", "metadata.home_page @ 5"),
        ("summary = a\ndescription = b", "metadata.description @ 5"),
        ("classifiers = a\nclassifier = b", "metadata.classifier @ 5"),
        ("long-description = a\nlong_description = b", "metadata.long_description @ 5"),
        ("long_description = file: ../README.md", "metadata.long_description @ 4"),
        ("long_description = file: none.md", "native"),
        ("project_urls = here", "metadata.project_urls @ 4"),
        ("[metadata.x]\ny = 1", "metadata.x @ 4"),
        ("[options.x]\ny = 1", "options.x @ 4"),
    ] {
        let text = DECLARED.replace("[options]", &format!("{lines}\n[options]"));
        assert_eq!(declared(&text, &[file]), expected, "{lines}");
    }
    for (version, expected) in [
        ("1.0-rc1", "native"),
        ("attr: demo.about.__version__", "native"),
        ("attr: demo.about.other", "metadata.version @ 3"),
        ("attr: demo.none.other", "metadata.version @ 3"),
        ("attr: about", "metadata.version @ 3"),
        ("file: VERSION", "metadata.version @ 3"),
        ("file: demo/one", "native"),
    ] {
        let text = DECLARED.replace("1.0", version);
        let about = ("demo/about.py", "__version__ = '1.0'\nother = str(1)\n");
        assert_eq!(declared(&text, &[file, about, ("demo/one", " 1.0 \n")]), expected, "{version}");
    }
}

#[test]
fn declared_options_that_are_not_reproduced_step_back() {
    for (lines, expected) in [
        ("tests_require = a\ntest_suite = b", "native"),
        ("setup_requires =", "native"),
        ("setup_requires = wheel", "options.setup_requires @ 6"),
        ("cmdclass = a = b.C", "options.cmdclass @ 6"),
        ("namespace_packages = a", "options.namespace_packages @ 6"),
        ("dependency_links = a", "options.dependency_links @ 6"),
        ("data_files = a", "options.data_files @ 6"),
        ("ext_modules = a", "options.ext_modules @ 6"),
        ("unknown = a", "options.unknown @ 6"),
        ("package_dir = demo", "options.package_dir @ 6"),
        ("package_dir = =../x", "options.package_dir @ 6"),
        ("py_modules = a-b", "options.py_modules @ 6"),
        ("scripts = ./a", "options.scripts @ 6"),
        ("python_requires = >=3, ===4", "options.python_requires @ 6"),
        ("install_requires = a; python_version < '3'", "options.install_requires @ 6"),
        ("install_requires =\n  a; python_version < '3'", "native"),
        ("install_requires = file: ../x", "options.install_requires @ 6"),
        ("install_requires = ===1", "options.install_requires @ 6"),
        ("entry_points = x = y", "options.entry_points @ 6"),
        ("entry_points =\n  [x]\n  y = z [w]", "options.entry_points @ 6"),
        ("[options.entry_points]\nx = y", "options.entry_points.x @ 7"),
        ("[options.entry_points]\nx = y = z z", "options.entry_points.x @ 7"),
        ("entry_points =\n  [x]\n[options.entry_points]\nx = y = z", "options.entry_points.x @ 9"),
        (
            "[options.extras_require]\na-b = x\na_b = y",
            "options.install_requires, options.extras_require @ 0",
        ),
        ("[options.extras_require]\na = x;y z", "options.extras_require.a @ 7"),
        ("[options.package_data]\ndemo = ../x", "options.package_data.demo @ 7"),
        ("[options.exclude_package_data]\ndemo = /x", "options.exclude_package_data.demo @ 7"),
        ("[options.data_files]\n/etc = x", "options.data_files./etc @ 7"),
        ("[options.data_files]\netc = none", "data-files.etc @ 0"),
    ] {
        let text = format!("{DECLARED}{lines}\n");
        let found = Project::new(SETUPTOOLS, &[MODULE, ("setup.cfg", &text)]);
        // What the workspace refuses to read at all never comes to a build.
        let Ok(package) = pyrel_project::Package::load(&found.path("")) else {
            assert!(expected.starts_with("options.") && !expected.ends_with("native"), "{lines}");
            continue;
        };
        drop(package);
        assert_eq!(found.verdict(Some("setuptools")), expected, "{lines}");
    }
    for (packages, expected) in [
        ("find:\n[options.packages.find]\nexclude = a", "native"),
        ("find:\n[options.packages.find]\nwhere = ./demo", "options.packages.find.where @ 7"),
        ("find:\n[options.packages.find]\nwhere = none", "options.packages.find.where @ 0"),
        ("find:\n[options.packages.find]\nnamespaces = 1", "options.packages.find.namespaces @ 7"),
        ("de-mo", "options.packages @ 5"),
    ] {
        let text = DECLARED.replace("packages = demo", &format!("packages = {packages}"));
        assert_eq!(declared(&text, &[]), expected, "{packages}");
    }
}

#[test]
fn what_only_python_can_evaluate_steps_back() {
    let text = format!(
        "{SETUPTOOLS}[project]\nname = \"demo\"\ndynamic = [\"version\"]\n\
         [tool.setuptools.dynamic]\nversion = {{attr = \"demo.about.VERSION\"}}\n"
    );
    for (source, expected) in [
        ("VERSION = '1.0'\n", "native"),
        ("VERSION = '.'.join(['1', '0'])\n", "tool.setuptools.dynamic.version.attr @ 8"),
        ("from demo import VERSION\n", "tool.setuptools.dynamic.version.attr @ 8"),
    ] {
        assert_eq!(verdict(&text, &[("demo/about.py", source)]), expected, "{source}");
    }
    assert_eq!(verdict(&text, &[]), "tool.setuptools.dynamic.version.attr @ 8");
    let nowhere = format!("{SETUPTOOLS}[project]\nname = \"demo\"\ndynamic = [\"version\"]\n");
    assert_eq!(verdict(&nowhere, &[]), "tool.setuptools.dynamic.version @ 0");
}

#[test]
fn dynamic_fields_that_are_not_reproduced_step_back() {
    let points = ("points.ini", "[console_scripts]\na = demo:a\n");
    for (dynamic, table, expected) in [
        ("description", "description = {file = \"points.ini\"}", "native"),
        ("classifiers", "classifiers = {file = \"points.ini\"}", "native"),
        (
            "classifiers",
            "classifiers = {file = \"blank.txt\"}",
            "tool.setuptools.dynamic.classifiers.file @ 9",
        ),
        ("description", "description = {attr = \"demo.x\"}", "tool.setuptools.dynamic.description.attr @ 9"),
        ("keywords", "keywords = {file = \"points.ini\"}", "tool.setuptools.dynamic.keywords @ 0"),
        ("urls", "", "tool.setuptools.dynamic.urls @ 0"),
        ("entry-points\", \"scripts", "entry-points = {file = \"points.ini\"}", "native"),
        (
            "entry-points",
            "entry-points = {file = \"points.ini\"}",
            "tool.setuptools.dynamic.entry-points.file @ 9",
        ),
        ("scripts", "entry-points = {file = \"points.ini\"}", "tool.setuptools.dynamic.entry-points @ 9"),
        (
            "entry-points",
            "entry-points = {file = \"blank.txt\"}",
            "tool.setuptools.dynamic.entry-points.file @ 9",
        ),
    ] {
        let text =
            format!("{SETUPTOOLS}{DEMO}dynamic = [\"{dynamic}\"]\n[tool.setuptools.dynamic]\n{table}\n");
        assert_eq!(verdict(&text, &[points, ("blank.txt", "x\n\n y\n")]), expected, "{dynamic}: {table}");
    }
}
