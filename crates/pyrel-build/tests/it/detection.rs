//! What makes a build step back for the real backend: each option, where it is, never silently.

use crate::project::{DEMO, HATCHLING, Project, SETUPTOOLS};

/// Plans a project and returns `option @ line` of the reason, or `native`.
fn verdict(pyproject: &str, files: &[(&str, &str)]) -> String {
    let mut all = vec![("demo/__init__.py", "x = 1\n")];
    all.extend(files);
    Project::new(pyproject, &all).verdict(None)
}

#[test]
fn the_build_system_decides_first() {
    for (system, expected) in [
        (HATCHLING.to_owned(), "native"),
        (HATCHLING.replace("\"hatchling\"", "\"hatchling>=1.27\", \"editables\""), "native"),
        (HATCHLING.replace("\"hatchling\"", "\"hatchling<1.20\""), "build-system.requires @ 2"),
        (HATCHLING.replace("\"hatchling\"", "\"hatchling==1.27.0\""), "build-system.requires @ 2"),
        (HATCHLING.replace("\"hatchling\"", "\"hatchling\", \"hatch-vcs\""), "build-system.requires @ 2"),
        (HATCHLING.replace("\"hatchling\"", "\"hatchling\", \"packaging<24\""), "build-system.requires @ 2"),
        (
            HATCHLING.replace("\"hatchling\"", "\"hatchling @ https://example.org/h.whl\""),
            "build-system.requires @ 2",
        ),
        (
            HATCHLING.replace("\"hatchling\"", "\"hatchling; python_version > '3'\""),
            "build-system.requires @ 2",
        ),
        (HATCHLING.replace("[\"hatchling\"]", "[]"), "build-system.requires @ 2"),
        (HATCHLING.replace("hatchling.build", "maturin"), "build-system.build-backend @ 3"),
        (format!("{HATCHLING}backend-path = [\".\"]\n"), "build-system.backend-path @ 4"),
        (SETUPTOOLS.to_owned(), "native"),
        (SETUPTOOLS.replace("\"setuptools\"", "\"setuptools>=61\", \"wheel\""), "native"),
        (SETUPTOOLS.replace("\"setuptools\"", "\"setuptools<77\""), "build-system.requires @ 2"),
        (
            SETUPTOOLS.replace("\"setuptools\"", "\"setuptools\", \"setuptools-git\""),
            "build-system.requires @ 2",
        ),
        (SETUPTOOLS.replace("\"setuptools\"", "\"setuptools\", \"Cython\""), "build-system.requires @ 2"),
    ] {
        assert_eq!(verdict(&format!("{system}{DEMO}"), &[]), expected, "{system}");
    }
}

#[test]
fn every_unknown_option_of_hatch_steps_back() {
    let text = |tool: &str| format!("{HATCHLING}{DEMO}{tool}\n");
    for (tool, expected) in [
        ("[tool.hatch.build.hooks.vcs]\nversion-file = \"x\"", "tool.hatch.build.hooks @ 7"),
        ("[tool.hatch.build.targets.wheel.hooks.custom]", "tool.hatch.build.targets.wheel.hooks @ 7"),
        ("[tool.hatch.build.targets.custom]", "tool.hatch.build.targets.custom @ 7"),
        (
            "[tool.hatch.build.targets.wheel]\nshared-data = {a = \"b\"}",
            "tool.hatch.build.targets.wheel.shared-data @ 8",
        ),
        (
            "[tool.hatch.build.targets.sdist]\nsupport-legacy = true",
            "tool.hatch.build.targets.sdist.support-legacy @ 8",
        ),
        (
            "[tool.hatch.build.targets.sdist]\nstrict-naming = false",
            "tool.hatch.build.targets.sdist.strict-naming @ 8",
        ),
        ("[tool.hatch.build]\nreproducible = false", "tool.hatch.build.reproducible @ 8"),
        ("[tool.hatch.build]\nno-such-option = 1", "tool.hatch.build.no-such-option @ 8"),
        ("[tool.hatch.build]\nexclude = [\"a\\\\\"]", "tool.hatch.build.exclude @ 8"),
        ("[tool.hatch.build]\nforce-include = {\"../x\" = \"y\"}", "tool.hatch.build.force-include @ 8"),
        ("[tool.hatch.metadata.hooks.custom]", "tool.hatch.metadata.hooks @ 7"),
        ("[tool.hatch.version]\nsource = \"vcs\"", "tool.hatch.version.source @ 8"),
        ("[tool.hatch.version]\npath = \"x\"\npattern = \"y\"", "tool.hatch.version.pattern @ 9"),
        ("[tool.hatch]\nunknown = 1", "tool.hatch.unknown @ 8"),
        ("[tool.hatch.envs.default]\nx = 1\n[tool.other]\ny = 2", "native"),
    ] {
        assert_eq!(verdict(&text(tool), &[]), expected, "{tool}");
    }
    assert_eq!(verdict(&text(""), &[("hatch.toml", "")]), "hatch.toml @ 0");
    assert_eq!(verdict(&text(""), &[("PKG-INFO", "Name: demo\n")]), "PKG-INFO @ 0");
    assert_eq!(verdict(&text(""), &[(".hgignore", "x")]), ".hgignore @ 0");
    assert_eq!(verdict(&text(""), &[(".gitignore", "[z-a]\n")]), ".gitignore @ 0");
}

#[test]
fn metadata_that_is_not_reproduced_steps_back() {
    for (lines, expected) in [
        ("dynamic = [\"readme\"]", "project.dynamic @ 7"),
        ("dependencies = [\"a @ {root:uri}\"]", "project.dependencies @ 7"),
        ("authors = [{email = \"a b@example.org\"}]", "project.authors @ 7"),
        ("readme = \"../README.md\"", "project.readme @ 7"),
        ("license-files = [\"demo/*\", \"demo/__init__.py\"]", "project.license-files @ 7"),
        ("requires-python = \"==3.11.4\"", "project.requires-python @ 0"),
        ("import-names = [\"demo ; private\"]", "project.import-names @ 7"),
    ] {
        assert_eq!(verdict(&format!("{HATCHLING}{DEMO}{lines}\n"), &[]), expected, "{lines}");
    }
}

#[test]
fn every_unknown_option_of_setuptools_steps_back() {
    let text = |tool: &str| format!("{SETUPTOOLS}{DEMO}{tool}\n");
    for (tool, expected) in [
        ("[tool.setuptools.cmdclass]\nbuild = \"x.Y\"", "tool.setuptools.cmdclass @ 7"),
        ("[tool.setuptools]\next-modules = []", "tool.setuptools.ext-modules @ 8"),
        ("[tool.setuptools]\nscript-files = []", "tool.setuptools.script-files @ 8"),
        ("[tool.setuptools.data-files]\nx = [\"y\"]", "tool.setuptools.data-files @ 7"),
        ("[tool.setuptools]\nunknown = 1", "tool.setuptools.unknown @ 8"),
        ("[tool.distutils.bdist_wheel]\nuniversal = true", "tool.distutils @ 7"),
        ("[tool.setuptools.packages.find]\nwhere = [\"./demo\"]", "tool.setuptools.packages.find.where @ 8"),
        ("[tool.setuptools.packages.find]\nother = 1", "tool.setuptools.packages.find.other @ 8"),
        ("[tool.setuptools]\npackages = [\"de-mo\"]", "tool.setuptools.packages @ 8"),
        ("[tool.setuptools.package-data]\ndemo = [\"../x\"]", "tool.setuptools.package-data.demo @ 8"),
        ("[tool.setuptools.dynamic]\nversion = {file = \"x\"}", "tool.setuptools.dynamic.version @ 8"),
        ("[tool.setuptools]\npackages = [\"demo\"]", "native"),
    ] {
        assert_eq!(verdict(&text(tool), &[]), expected, "{tool}");
    }
    for (file, content, expected) in [
        ("setup.py", "import os\nfrom setuptools import setup\nsetup()\n", "setup.py @ 0"),
        ("setup.py", "from setuptools import setup\nsetup()\n", "native"),
        ("setup.cfg", "[metadata]\nname = demo\n", "setup.cfg @ 0"),
        ("setup.cfg", "[options]\nzip_safe = 1\n", "setup.cfg @ 0"),
        ("setup.cfg", "[bdist_wheel]\nuniversal = 1\n", "setup.cfg @ 0"),
        ("setup.cfg", "[flake8]\nignore = E1\n", "native"),
        ("PKG-INFO", "Name: demo\n", "PKG-INFO @ 0"),
        ("MANIFEST.in", "graft ../other\n", "MANIFEST.in @ 0"),
        ("MANIFEST.in", "include näive\n", "MANIFEST.in @ 0"),
    ] {
        assert_eq!(verdict(&text(""), &[(file, content)]), expected, "{file}: {content}");
    }
}

#[test]
fn a_version_that_only_python_can_evaluate_steps_back() {
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
    let scm = format!("{SETUPTOOLS}[project]\nname = \"demo\"\ndynamic = [\"version\"]\n");
    assert_eq!(verdict(&scm, &[]), "tool.setuptools.dynamic.version @ 0");
}
