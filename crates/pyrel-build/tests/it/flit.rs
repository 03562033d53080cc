//! What makes the dialect of flit step back: each rule, and where it points.

use crate::project::{FLIT, Project};

/// `[project]` with everything that flit wants; lines 4 to 7 of the file.
const DEMO: &str = "[project]\nname = \"demo\"\nversion = \"1.0\"\ndescription = \"A demo\"\n";
const MODULE: (&str, &str) = ("demo/__init__.py", "\"\"\"A demo\"\"\"\n__version__ = \"1.0\"\n");

/// Plans a project and returns `option @ line` of the reason, or `native`.
fn verdict(pyproject: &str, files: &[(&str, &str)]) -> String {
    judge(&Project::new(pyproject, files))
}

fn judge(project: &Project) -> String {
    project.verdict(Some("flit"))
}

#[test]
fn the_build_system_has_to_admit_the_version() {
    for (requires, expected) in [
        ("\"flit_core\"", "native"),
        ("\"flit-core >=3.2,<5\"", "native"),
        ("\"flit_core >=3.2,<4\"", "build-system.requires @ 2"),
        ("\"flit_core\", \"flit_scm\"", "build-system.requires @ 2"),
        ("\"flit\"", "build-system.requires @ 2"),
    ] {
        let system = FLIT.replace("\"flit_core\"", requires);
        assert_eq!(verdict(&format!("{system}{DEMO}"), &[MODULE]), expected, "{requires}");
    }
    let other = FLIT.replace("flit_core.buildapi", "flit_scm:buildapi");
    assert_eq!(verdict(&format!("{other}{DEMO}"), &[MODULE]), "build-system.build-backend @ 3");
}

#[test]
fn the_older_spelling_needs_the_distribution_that_it_comes_from() {
    let old = FLIT.replace("flit_core.buildapi", "flit.buildapi");
    for (requires, tool, expected) in [
        ("\"flit\"", "", "native"),
        ("\"flit >=1.3\"", "", "native"),
        ("\"flit >=2,<4\"", "", "build-system.requires @ 2"),
        ("\"flit_core\"", "", "build-system.requires @ 2"),
        ("\"flit\", \"flit_core\"", "", "build-system.requires @ 2"),
        ("\"flit\"", "[tool.flit.metadata]\nmodule = \"demo\"\n", "tool.flit.metadata @ 8"),
    ] {
        let system = old.replace("\"flit_core\"", requires);
        assert_eq!(verdict(&format!("{system}{DEMO}{tool}"), &[MODULE]), expected, "{requires}");
    }
}

#[test]
fn every_unknown_option_of_flit_steps_back() {
    for (tool, expected) in [
        ("[tool.flit.metadata]\nmodule = \"demo\"", "tool.flit.metadata @ 8"),
        ("[tool.flit.scripts]\nx = \"y\"", "tool.flit.scripts @ 8"),
        ("[tool.flit.entrypoints]\nx = \"y\"", "tool.flit.entrypoints @ 8"),
        ("[tool.flit.external-data]\ndirectory = \"demo\"", "native"),
        ("[tool.flit.external-data]\nother = 1", "tool.flit.external-data.other @ 9"),
        ("[tool.flit.external-data]\ndirectory = \"data\"", "tool.flit.external-data.directory @ 9"),
        ("[tool.flit.external-data]\ndirectory = \".\"", "tool.flit.external-data.directory @ 9"),
        ("[tool.flit.external-data]\ndirectory = \"../data\"", "tool.flit.external-data.directory @ 9"),
        ("[tool.flit.external-data]\ndirectory = \"dem*\"", "tool.flit.external-data.directory @ 9"),
        ("[tool.flit]\nunknown = 1", "tool.flit.unknown @ 9"),
        ("[tool.flit.X-mine]\ny = 1", "native"),
        ("[tool.flit.module]\nother = 1", "tool.flit.module.other @ 9"),
        ("[tool.flit.module]\nname = \"de-mo\"", "tool.flit.module.name @ 9"),
        ("[tool.flit.module]\nname = \"démo\"", "tool.flit.module.name @ 9"),
        ("[tool.flit.module]\nname = \"missing\"", "tool.flit.module @ 0"),
        ("[tool.flit.sdist]\nother = []", "tool.flit.sdist.other @ 9"),
        ("[tool.flit.sdist]\ninclude = [\"../x\"]", "tool.flit.sdist.include @ 9"),
        ("[tool.flit.sdist]\ninclude = [\".\"]", "tool.flit.sdist.include @ 9"),
        ("[tool.flit.sdist]\ninclude = [\"**\"]", "tool.flit.sdist.include @ 9"),
        ("[tool.flit.sdist]\ninclude = [\"missing/**\"]", "tool.flit.sdist.include @ 9"),
        ("[tool.flit.sdist]\ninclude = [\"a**b\"]", "tool.flit.sdist.include @ 9"),
        ("[tool.flit.sdist]\nexclude = [\"C:x\"]", "tool.flit.sdist.exclude @ 9"),
        ("[tool.flit.sdist]\nexclude = [\"pyproject.toml\"]", "tool.flit.sdist.exclude @ 9"),
        ("[tool.flit.sdist]\nexclude = [\"*/__init__.py\"]", "tool.flit.sdist.exclude @ 9"),
        ("[tool.flit.sdist]\nexclude = [\"demo/part.py/**\"]", "tool.flit.sdist.exclude @ 9"),
        ("[tool.flit.sdist]\nexclude = [\"demo/part.py\"]", "native"),
    ] {
        let text = format!("{FLIT}{DEMO}{tool}\n");
        assert_eq!(verdict(&text, &[MODULE, ("demo/part.py", "")]), expected, "{tool}");
    }
}

#[test]
fn files_that_flit_treats_in_its_own_way_step_back() {
    let text = format!("{FLIT}{DEMO}");
    assert_eq!(verdict(&text, &[("other.py", "")]), "tool.flit.module @ 0");
    assert_eq!(verdict(&text, &[MODULE, ("demo.py", "")]), "tool.flit.module @ 0");
    assert_eq!(verdict(&text, &[MODULE, ("src/demo.py", "")]), "tool.flit.module @ 0");
    assert_eq!(verdict(&text, &[("demo/part.py", "")]), "tool.flit.module @ 0");
    let stubs = text.replace("\"demo\"", "\"demo-stubs\"");
    let hints = ("demo-stubs/__init__.pyi", "");
    assert_eq!(verdict(&stubs, &[hints]), "native");
    let dotted = format!("{text}[tool.flit.module]\nname = \"a.demo-stubs\"\n");
    assert_eq!(verdict(&dotted, &[("a/demo-stubs/__init__.pyi", "")]), "tool.flit.module.name @ 9");
    let imports = stubs.replace("version =", "import-names = [\"demo-stubs\"]\nversion =");
    assert_eq!(verdict(&imports, &[hints]), "project.import-names @ 6");
    let dynamic = stubs.replace("version = \"1.0\"", "dynamic = [\"version\"]");
    assert_eq!(verdict(&dynamic, &[hints]), "project.dynamic @ 6");
    let data = format!("{text}[tool.flit.external-data]\ndirectory = \"data\"\n");
    assert_eq!(
        verdict(&data, &[MODULE, ("data/x/__pycache__/y.pyc", "")]),
        "tool.flit.external-data.directory @ 0"
    );
    let gone = format!("{data}[tool.flit.sdist]\nexclude = [\"data\"]\n");
    assert_eq!(verdict(&gone, &[MODULE, ("data/x", "")]), "tool.flit.external-data.directory @ 0");
    let digits = text.replace("\"demo\"", "\"9demo\"");
    assert_eq!(verdict(&digits, &[("9demo.py", "")]), "project.name @ 0");
    let sdist = format!("{text}[tool.flit.sdist]\ninclude = [\"PKG-INFO\"]\n");
    assert_eq!(verdict(&sdist, &[MODULE, ("PKG-INFO", "Name: demo\n")]), "PKG-INFO @ 0");
    assert_eq!(verdict(&sdist, &[MODULE, ("demo/näive.txt", "")]), "tool.flit.sdist @ 0");
    assert_eq!(verdict(&text, &[MODULE, ("demo/näive.txt", "")]), "native");
}

#[cfg(unix)]
#[test]
fn links_step_back() {
    use std::os::unix::fs::symlink;
    let text = format!("{FLIT}{DEMO}");
    for (target, link, expected) in [
        ("part.py", "demo/alias.py", "demo/alias.py @ 0"),
        ("../other", "demo/folder", "demo/folder @ 0"),
        ("nowhere", "demo/broken.py", "demo/broken.py @ 0"),
        ("other/x.txt", "LICENSE", "LICENSE @ 0"),
        ("other/x.txt", "unused", "native"),
    ] {
        let project = Project::new(&text, &[MODULE, ("demo/part.py", ""), ("other/x.txt", "x\n")]);
        symlink(target, project.path(link)).unwrap();
        assert_eq!(judge(&project), expected, "{link}");
    }
    let project = Project::new(&text, &[("lib/demo/__init__.py", "")]);
    symlink("lib", project.path("src")).unwrap();
    assert_eq!(judge(&project), "src @ 0");
}

#[test]
fn metadata_that_is_not_reproduced_steps_back() {
    for (lines, expected) in [
        ("dynamic = [\"readme\"]", "project.dynamic @ 8"),
        ("authors = [{email = \"a b@example.org\"}]", "project.authors @ 8"),
        ("authors = [{name = \"\", email = \"a@example.org\"}]", "project.authors @ 8"),
        ("maintainers = [{name = \"a\\nb\"}]", "project.maintainers @ 8"),
        ("classifiers = [\"a\\nb\"]", "project.classifiers @ 8"),
        ("license = \"MIT and ISC\"", "project.license @ 8"),
        ("license = \"GPL-2.0\"", "project.license @ 8"),
        ("classifiers = [\"License :: OSI Approved\"]\nlicense = \"MIT\"", "project.classifiers @ 8"),
        ("license = {file = \"../LICENSE\"}", "project.license @ 8"),
        ("license = {file = \"missing\"}", "project.license @ 8"),
        ("license-files = [\"missing*\"]", "project.license-files @ 8"),
        ("license-files = [\"**/LICENSE\"]", "project.license-files @ 8"),
        ("license-files = [\"*\"]", "project.license-files @ 8"),
        ("license-files = [\"./LICENSE\"]", "project.license-files @ 8"),
        ("license-files = [\"LICEN{C,S}E\"]", "project.license-files @ 8"),
        ("readme = \"../README.md\"", "project.readme @ 8"),
        ("readme = \"missing.md\"", "project.readme @ 8"),
        ("readme = {file = \"LICENSE\"}", "project.readme @ 8"),
        ("readme = {file = \"LICENSE\", content-type = \"text/html\"}", "project.readme @ 8"),
        ("readme = {text = \"a\\rb\", content-type = \"text/plain\"}", "project.readme @ 8"),
        ("import-names = [\"demo ; private\"]", "project.import-names @ 8"),
        ("import-namespaces = [\"other\"]", "project.import-namespaces @ 8"),
        ("urls = {Home = \"a\\tb\"}", "project.urls @ 8"),
        ("scripts = {run = \"demo:main\\n\"}", "project.scripts @ 8"),
        ("gui-scripts = {\"a\\nb\" = \"demo:main\"}", "project.gui-scripts @ 8"),
        ("entry-points = {\"a\\nb\" = {}}", "project.entry-points @ 8"),
        ("optional-dependencies = {a-b = [], A_b = []}", "project.optional-dependencies @ 8"),
        ("keywords = [\"demo\"]", "native"),
    ] {
        let text = format!("{FLIT}{DEMO}{lines}\n");
        assert_eq!(verdict(&text, &[MODULE, ("LICENSE", "Terms.\n")]), expected, "{lines}");
    }
    let epoch = format!("{FLIT}{}", DEMO.replace("1.0", "0!1.0"));
    assert_eq!(verdict(&epoch, &[MODULE]), "project.version @ 6");
    let silent = format!("{FLIT}{}", DEMO.replace("description = \"A demo\"\n", ""));
    assert_eq!(verdict(&silent, &[MODULE]), "project.description @ 0");
}

#[test]
fn a_module_that_only_python_can_read_steps_back() {
    let both = format!("{FLIT}[project]\nname = \"demo\"\ndynamic = [\"version\", \"description\"]\n");
    for (source, expected) in [
        (MODULE.1, "native"),
        ("'Demo'\n__version__ = '.'.join(['1', '0'])\n", "project.dynamic @ 6"),
        ("'Demo'\nfrom demo import __version__\n", "project.dynamic @ 6"),
        ("'Demo'\n__version__ = 1.0\n", "project.dynamic @ 6"),
        ("'Demo'\n__version__ = 'one'\n", "project.dynamic @ 6"),
        ("'Demo'\n__version__ = '1!1.0'\n", "project.dynamic @ 6"),
        ("'Demo'\n__version__ = ' 1.0'\n", "project.dynamic @ 6"),
        ("'Demo'\n__version__ = ''\n", "project.dynamic @ 6"),
        ("'Demo'\n__version__ = '1.0'\n\ndef run():\n    pass\n", "project.dynamic @ 6"),
        ("'Demo'\n__version__ = '1.0'\nthis is no Python\n", "project.dynamic @ 6"),
        ("__version__ = '1.0'\n", "project.dynamic @ 6"),
        ("'Demo\\ttab'\n__version__ = '1.0'\n", "project.dynamic @ 6"),
        ("'  '\n__version__ = '1.0'\n", "project.dynamic @ 6"),
    ] {
        assert_eq!(verdict(&both, &[("demo/__init__.py", source)]), expected, "{source}");
    }
    let odd = [MODULE, ("demo/version.py", "import sys; sys.exit()\n")];
    assert_eq!(verdict(&both, &odd), "project.dynamic @ 6");
    let moved = format!("{both}[tool.flit.sdist]\nexclude = [\"demo/version.py\"]\n");
    let files = [("demo/__init__.py", "'Demo'\n"), ("demo/version.py", "__version__ = '2'\n")];
    assert_eq!(verdict(&moved, &files), "project.dynamic @ 6");
    let two = [
        ("demo/__init__.py", "'Demo'\n"),
        ("demo/version.py", "__version__ = '2'\n"),
        ("demo/_version.py", "__version__ = '1'\n"),
    ];
    assert_eq!(verdict(&moved, &two), "tool.flit.sdist.exclude @ 0");
    let changed = [MODULE, ("demo/version.py", "__version__ = '2'\n")];
    assert_eq!(verdict(&moved, &changed), "native");
}
