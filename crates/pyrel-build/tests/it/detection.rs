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
        (HATCHLING.replace("\"hatchling\"", "\"hatchling\", \"hatch-vcs\""), "native"),
        (HATCHLING.replace("\"hatchling\"", "\"hatchling\", \"hatch-vcs<0.5\""), "build-system.requires @ 2"),
        (
            HATCHLING.replace("\"hatchling\"", "\"hatchling\", \"hatch-nodejs-version\""),
            "build-system.requires @ 2",
        ),
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
