//! What makes the dialect of pdm-backend step back: each rule, and where it points.

use crate::archive::{sdist, text, wheel};
use crate::project::{DEMO, PDM, Project};

const MODULE: (&str, &str) = ("demo/__init__.py", "__version__ = '1.0'\n");

/// Plans a project and returns `option @ line` of the reason, or `native`.
fn verdict(pyproject: &str, files: &[(&str, &str)]) -> String {
    judge(&Project::new(pyproject, files))
}

fn judge(project: &Project) -> String {
    project.verdict(Some("pdm"))
}

#[test]
fn the_build_system_has_to_admit_the_version() {
    for (requires, expected) in [
        ("\"pdm-backend\"", "native"),
        ("\"pdm_backend>=2.4,<3\"", "native"),
        ("\"pdm-backend<2.5\"", "build-system.requires @ 2"),
        ("\"pdm-backend\", \"pdm-build-locked\"", "build-system.requires @ 2"),
    ] {
        let system = PDM.replace("\"pdm-backend\"", requires);
        assert_eq!(verdict(&format!("{system}{DEMO}"), &[MODULE]), expected, "{requires}");
    }
    let old = PDM.replace("pdm.backend", "pdm.pep517.api");
    assert_eq!(verdict(&format!("{old}{DEMO}"), &[MODULE]), "build-system.build-backend @ 3");
}

#[test]
fn every_unknown_option_of_pdm_steps_back() {
    for (tool, expected) in [
        ("[tool.pdm]\nunknown = 1", "tool.pdm.unknown @ 8"),
        ("[tool.pdm]\ndistribution = true\n[tool.pdm.scripts]\nx = \"y\"", "native"),
        ("[tool.pdm.build]\nunknown = 1", "tool.pdm.build.unknown @ 8"),
        ("[tool.pdm.build]\ncustom-hook = \"x.py\"", "tool.pdm.build.custom-hook @ 8"),
        ("[tool.pdm.build]\nis-purelib = false", "tool.pdm.build.is-purelib @ 8"),
        ("[tool.pdm.build]\nrun-setuptools = true", "tool.pdm.build.run-setuptools @ 8"),
        ("[tool.pdm.build]\nrun-setuptools = false\nis-purelib = true", "native"),
        ("[tool.pdm.build]\neditable-backend = \"editables\"", "native"),
        ("[tool.pdm.build]\nincludes = [\"../x\"]", "tool.pdm.build.includes @ 8"),
        ("[tool.pdm.build]\nincludes = [\".\"]", "tool.pdm.build.includes @ 8"),
        ("[tool.pdm.build]\nincludes = [\"./demo\"]", "tool.pdm.build.includes @ 8"),
        ("[tool.pdm.build]\nincludes = [\"none/**\"]", "tool.pdm.build @ 0"),
        ("[tool.pdm.build]\nincludes = [\"**/__init__.py/**\"]", "tool.pdm.build @ 0"),
        ("[tool.pdm.build]\nexcludes = [\"a:b\"]", "tool.pdm.build.excludes @ 8"),
        ("[tool.pdm.build]\nsource-includes = [\"/x\"]", "tool.pdm.build.source-includes @ 8"),
        ("[tool.pdm.build]\nincludes = [\"demo\", \"*\"]\nexcludes = [\"demo\"]", "tool.pdm.build @ 0"),
        ("[tool.pdm.build]\nexcludes = [\"demo/odd*\"]", "tool.pdm.build.excludes @ 0"),
        ("[tool.pdm.build]\npackage-dir = \"../x\"", "tool.pdm.build.package-dir @ 8"),
        ("[tool.pdm.build]\npackage-dir = \"none\"", "tool.pdm.build.package-dir @ 0"),
        ("[tool.pdm.build.wheel-data]\nother = []", "tool.pdm.build.wheel-data.other @ 8"),
        ("[tool.pdm.build.wheel-data]\ndata = \"x\"", "tool.pdm.build.wheel-data.data @ 8"),
        ("[tool.pdm.build.wheel-data]\ndata = [\"*/*\"]", "tool.pdm.build.wheel-data.data @ 8"),
        ("[tool.pdm.build.wheel-data]\ndata = [1]", "tool.pdm.build.wheel-data.data @ 8"),
        ("[tool.pdm.build.wheel-data]\ndata = [\"demo/**\"]", "tool.pdm.build.wheel-data.data @ 8"),
        ("[tool.pdm.build.wheel-data]\ndata = [\"${BUILD_DIR}/x\"]", "tool.pdm.build.wheel-data.data @ 8"),
        (
            "[tool.pdm.build.wheel-data]\ndata = [{path = \"demo/*.py\", relative-to = \"x\"}]",
            "tool.pdm.build.wheel-data @ 0",
        ),
        ("[tool.pdm.build.wheel-data]\ndata = [\"demo/*.py\", \"demo/__*\"]", "tool.pdm.build @ 0"),
    ] {
        let files = [MODULE, ("demo/odd[1].txt", "x\n")];
        assert_eq!(verdict(&format!("{PDM}{DEMO}{tool}\n"), &files), expected, "{tool}");
    }
}

#[test]
fn versions_that_are_not_read_step_back() {
    let dynamic = "[project]\nname = \"demo\"\ndynamic = [\"version\"]\n";
    for (tool, expected) in [
        ("", "native"),
        ("[tool.pdm.version]", "native"),
        ("[tool.pdm.version]\nsource = \"call\"\ngetter = \"x:y\"", "tool.pdm.version.source @ 8"),
        ("[tool.pdm.version]\npath = \"none\"", "tool.pdm.version.path @ 8"),
        ("[tool.pdm.version]\npath = \"../x\"", "tool.pdm.version.path @ 8"),
        ("[tool.pdm.version]\npath = \"demo/odd.py\"", "tool.pdm.version.path @ 8"),
        ("[tool.pdm.version]\npath = \"demo/__init__.py\"\nother = 1", "tool.pdm.version.other @ 9"),
        (
            "[tool.pdm.version]\npath = \"demo/__init__.py\"\npattern = \"(?x)(x)\"",
            "tool.pdm.version.pattern @ 9",
        ),
        ("[tool.pdm.version]\npath = \"demo/__init__.py\"\npattern = \"'(.*)'\"", "native"),
        (
            "[tool.pdm.version]\npath = \"demo/__init__.py\"\npattern = \"no (x)\"",
            "tool.pdm.version.path @ 8",
        ),
        ("[tool.pdm.version]\npath = \"demo/umlaut.py\"\npattern = '(\\w+)'", "tool.pdm.version.pattern @ 9"),
        ("[tool.pdm.version]\npath = \"demo/umlaut.py\"\npattern = \"'(.*)'\"", "native"),
        ("[tool.pdm.version]\npath = \"demo/__init__.py\"", "native"),
    ] {
        let files = [MODULE, ("demo/odd.py", "__version__ = x\n"), ("demo/umlaut.py", "'1' # ä\n")];
        assert_eq!(verdict(&format!("{PDM}{dynamic}{tool}\n"), &files), expected, "{tool}");
    }
    let epoch = DEMO.replace("1.0", "1!1.0");
    assert_eq!(verdict(&format!("{PDM}{epoch}"), &[MODULE]), "project.version @ 6");
}

#[test]
fn metadata_that_is_not_reproduced_steps_back() {
    for (lines, expected) in [
        ("dynamic = [\"readme\"]", "project.dynamic @ 7"),
        ("description = \"a\\nb\"", "project.description @ 7"),
        ("authors = [{email = \"a b@example.org\"}]", "project.authors @ 7"),
        ("authors = [{name = \"\", email = \"a@example.org\"}]", "project.authors @ 7"),
        ("license = \"\"", "project.license @ 7"),
        ("license = \"MIT\"\nclassifiers = [\"License :: OSI Approved\"]", "project.license @ 7"),
        ("license = {text = \"\"}", "project.license @ 7"),
        ("license = {file = \"missing\"}", "project.license @ 7"),
        ("license = {file = \"./LICENSE\"}", "project.license @ 7"),
        ("license-files = [\"missing*\"]", "project.license-files @ 7"),
        ("license-files = [\"**\"]", "project.license-files @ 7"),
        ("license-files = [\"a b\"]", "project.license-files @ 7"),
        ("license-files = [\"*/*\"]", "project.license-files @ 7"),
        ("license-files = [\"**/__init__.py\"]", "native"),
        ("readme = \"README\"", "project.readme @ 7"),
        ("readme = \"./README.md\"", "project.readme @ 7"),
        ("readme = \"missing.md\"", "project.readme @ 7"),
        ("readme = {file = \"README.md\"}", "project.readme @ 7"),
        ("readme = {text = \"\", content-type = \"text/plain\"}", "project.readme @ 7"),
        ("requires-python = \"===3.9,>1\"", "project.requires-python @ 7"),
        ("optional-dependencies = {a = [\"b===1,>0\"]}", "project.optional-dependencies @ 7"),
        ("urls = {a23456789012345678901234567890123 = \"x\"}", "project.urls @ 7"),
        ("scripts = {a = \"x\\ny\"}", "project.entry-points @ 0"),
        ("import-names = [\"a.b\"]", "project.import-names @ 7"),
        ("import-names = [\"class\"]", "project.import-names @ 7"),
        ("import-names = []", "project.import-names @ 7"),
        ("import-names = [\"a\"]\nimport-namespaces = [\"a\"]", "project.import-names @ 7"),
    ] {
        let files = [MODULE, ("README", "x\n"), ("README.md", "x\n"), ("LICENSE", "x\n")];
        assert_eq!(verdict(&format!("{PDM}{DEMO}{lines}\n"), &files), expected, "{lines}");
    }
    let times = format!("{PDM}{DEMO}[tool.x]\nt = 07:32\n");
    assert_eq!(verdict(&times, &[MODULE]), "pyproject.toml @ 0");
}

#[cfg(unix)]
#[test]
fn variables_that_are_not_filled_in_step_back() {
    let text = |lines: &str| format!("{PDM}{DEMO}{lines}\n");
    let variables = [
        ("A", "example.org"),
        ("LINES", "a\nb"),
        ("QUOTE", "'"),
        ("BACK", "${A}"),
        ("HALF", "${"),
        ("LOOP", "${LOOP}"),
    ];
    let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    for (requirement, expected) in [
        ("a @ https://${A}/${NONE}/$A", "native"),
        ("a @ file:///${PROJECT_ROOT}/x", "native"),
        ("a @ https://${BACK}", "native"),
        ("a; platform_version == '${BACK}'", "@"),
        ("a; platform_version == '${HALF}A}'", "@"),
        ("a; platform_version == '${LOOP}'", "native"),
        ("a; platform_version == '${QUOTE}'", "@"),
        ("a @ https://${LINES}", "@"),
        ("a @ https://${DEMO_TOKEN}", "@"),
        ("a @ https://${PATH}", "@"),
        ("a @ https://${PIP_INDEX_URL}", "@"),
    ] {
        for (key, lines) in [
            ("dependencies", format!("dependencies = [\"{requirement}\"]")),
            ("optional-dependencies", format!("optional-dependencies = {{x = [\"{requirement}\"]}}")),
        ] {
            let found = Project::new(&text(&lines), &[MODULE]).verdict_with(Some("pdm"), &variables);
            assert_eq!(found.replace(&format!("project.{key} @ 7"), "@"), expected, "{lines}");
        }
    }
}

#[cfg(unix)]
#[test]
fn the_folder_of_the_project_is_that_of_the_sdist() {
    let project = Project::new(
        &format!("{PDM}{DEMO}dependencies = [\"a @ file:///${{PROJECT_ROOT}}/x%20y\"]\n"),
        &[("demo/__init__.py", "")],
    );
    let artifacts = project.build().unwrap();
    let root = fs_err::canonicalize(project.path("")).unwrap();
    let expected = format!("a @ file://{}/x%20y", root.display());
    let sdist: Vec<_> = sdist(&artifacts[0].path).into_iter().map(|(name, _, data)| (name, data)).collect();
    for (members, name) in [
        (&sdist, "demo-1.0/pyproject.toml"),
        (&sdist, "demo-1.0/PKG-INFO"),
        (&wheel(&artifacts[1].path), "demo-1.0.dist-info/METADATA"),
    ] {
        assert!(text(members, name).contains(&expected), "{name}");
    }
}

#[test]
fn files_that_pdm_treats_in_its_own_way_step_back() {
    let text = format!("{PDM}{DEMO}");
    assert_eq!(verdict(&text, &[MODULE, ("pdm_build.py", "")]), "pdm_build.py @ 0");
    assert_eq!(verdict(&text, &[MODULE, (".pdm-build", "")]), ".pdm-build @ 0");
    assert_eq!(verdict(&text, &[MODULE, (".pdm-build/x", "")]), "native");
    let all = format!("{text}[tool.pdm.build]\nincludes = [\"*\"]\n");
    assert_eq!(verdict(&all, &[MODULE, ("PKG-INFO", "x\n")]), "PKG-INFO @ 0");
    assert_eq!(verdict(&text, &[("od[d]/__init__.py", "")]), "tool.pdm.build @ 0");
}

#[cfg(unix)]
#[test]
fn links_step_back() {
    use std::os::unix::fs::symlink;
    let text = format!("{PDM}{DEMO}");
    for (target, link, expected) in [
        ("../other", "demo/folder", "demo/folder @ 0"),
        ("../other/x.txt", "demo/file.txt", "demo/file.txt @ 0"),
        ("other/x.txt", "LICENSE", "LICENSE @ 0"),
        ("other", "unused", "native"),
    ] {
        let project = Project::new(&text, &[MODULE, ("other/x.txt", "x\n")]);
        symlink(target, project.path(link)).unwrap();
        assert_eq!(judge(&project), expected, "{link}");
    }
}
