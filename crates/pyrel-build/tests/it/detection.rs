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
