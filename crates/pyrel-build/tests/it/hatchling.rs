//! What makes the dialect of hatchling step back: each rule, and where it points; and what only tests can see.

use std::collections::BTreeMap;

use fs_err as fs;
use pyrel_build::{
    BuildEvent, BuildMemory, BuildObserver, BuildRequest, Planned, PythonSettings, build_changed,
};

use crate::archive::{sdist, text, wheel};
use crate::project::{DEMO, HATCHLING, Project, request};

const MODULE: (&str, &str) = ("demo/__init__.py", "__version__ = '1.0'\n");

/// Plans a project and returns `option @ line` of the reason, or `native`.
fn verdict(pyproject: &str, files: &[(&str, &str)]) -> String {
    let mut all = vec![MODULE];
    all.extend(files);
    Project::new(pyproject, &all).verdict(Some("hatchling"))
}

/// Returns the members of an sdist without their modes.
fn members(path: &std::path::Path) -> Vec<(String, Vec<u8>)> {
    sdist(path).into_iter().map(|(name, _, data)| (name, data)).collect()
}

fn with_tool(tool: &str) -> String {
    verdict(&format!("{HATCHLING}{DEMO}{tool}\n"), &[("LICENSE", "x\n"), ("odd/x", "x\n")])
}

#[test]
fn every_unknown_option_of_hatch_steps_back() {
    for (tool, expected) in [
        ("[tool.hatch]\nunknown = 1", "tool.hatch.unknown @ 8"),
        ("[tool.hatch.envs.default]\nx = 1\n[tool.other]\ny = 2", "native"),
        ("[tool.hatch.build]\nno-such-option = 1", "tool.hatch.build.no-such-option @ 8"),
        ("[tool.hatch.build]\nreproducible = false", "tool.hatch.build.reproducible @ 8"),
        ("[tool.hatch.build]\nreproducible = true\ndirectory = \"x\"", "native"),
        ("[tool.hatch.build]\nexclude = [\"a\\\\\"]", "tool.hatch.build.exclude @ 8"),
        ("[tool.hatch.build]\nforce-include = {\"../x\" = \"y\"}", "tool.hatch.build.force-include @ 8"),
        ("[tool.hatch.build]\nforce-include = {\"LICENSE\" = \".\"}", "tool.hatch.build.force-include @ 8"),
        ("[tool.hatch.build]\nonly-include = [\".\"]", "tool.hatch.build.only-include @ 8"),
        ("[tool.hatch.build]\nsources = {\"\" = \"x\"}", "tool.hatch.build.sources @ 0"),
        ("[tool.hatch.build]\ndependencies = [\"x\"]", "tool.hatch.build.dependencies @ 8"),
        ("[tool.hatch.build]\ndependencies = []\nrequire-runtime-dependencies = false", "native"),
        (
            "[tool.hatch.build]\nrequire-runtime-dependencies = true",
            "tool.hatch.build.require-runtime-dependencies @ 8",
        ),
        (
            "[tool.hatch.build.targets.wheel]\nrequire-runtime-features = [\"x\"]",
            "tool.hatch.build.targets.wheel.require-runtime-features @ 8",
        ),
        ("[tool.hatch.build.targets.custom]", "tool.hatch.build.targets.custom @ 7"),
        ("[tool.hatch.build.targets.binary]", "tool.hatch.build.targets.binary @ 7"),
        (
            "[tool.hatch.build.targets.wheel]\nversions = [\"standard\"]",
            "tool.hatch.build.targets.wheel.versions @ 8",
        ),
        (
            "[tool.hatch.build.targets.sdist]\nbypass-selection = true",
            "tool.hatch.build.targets.sdist.bypass-selection @ 8",
        ),
        ("[tool.hatch.build.targets.wheel]\nmacos-max-compat = true\nbypass-selection = true", "native"),
        ("[tool.hatch.build]\nstrict-naming = false", "native"),
    ] {
        assert_eq!(with_tool(tool), expected, "{tool}");
    }
}

#[test]
fn what_wheels_hold_beside_modules_is_judged() {
    for (options, expected) in [
        ("shared-data = {\"odd\" = \"etc\"}", "native"),
        ("shared-data = {\"../odd\" = \"etc\"}", "shared-data @ 8"),
        ("shared-data = {\"~/odd\" = \"etc\"}", "shared-data @ 8"),
        ("shared-scripts = {\"/bin/sh\" = \"sh\"}", "shared-scripts @ 8"),
        ("extra-metadata = {\"odd\" = \"..\"}", "extra-metadata @ 8"),
        ("sbom-files = [\"odd/x\"]", "native"),
        ("sbom-files = [\"./odd/x\"]", "sbom-files @ 8"),
        ("core-metadata-version = \"2.1\"", "native"),
    ] {
        let found = with_tool(&format!("[tool.hatch.build.targets.wheel]\n{options}"));
        assert_eq!(found.replace("tool.hatch.build.targets.wheel.", ""), expected, "{options}");
    }
    for (options, expected) in [
        ("support-legacy = true", "native"),
        ("support-legacy = 1", "support-legacy @ 8"),
        ("core-metadata-version = \"2.4\"", "native"),
    ] {
        let found = with_tool(&format!("[tool.hatch.build.targets.sdist]\n{options}"));
        assert_eq!(found.replace("tool.hatch.build.targets.sdist.", ""), expected, "{options}");
    }
    let legacy = "description = \"\u{1fae8}\"\n[tool.hatch.build.targets.sdist]\nsupport-legacy = true";
    assert_eq!(with_tool(legacy), "tool.hatch.build.targets.sdist.support-legacy @ 0");
}

#[test]
fn every_hook_but_the_known_ones_steps_back() {
    for (tool, expected) in [
        ("[tool.hatch.build.hooks.custom]", "tool.hatch.build.hooks.custom @ 7"),
        ("[tool.hatch.build.hooks.mypyc]\nenable-by-default = true", "tool.hatch.build.hooks.mypyc @ 7"),
        ("[tool.hatch.build.hooks.mypyc]\nenable-by-default = false", "native"),
        ("[tool.hatch.build.hooks.mypyc]\nenable-by-default = 0", "tool.hatch.build.hooks.mypyc @ 7"),
        (
            "[tool.hatch.build.targets.wheel.hooks.jupyter-builder]",
            "tool.hatch.build.targets.wheel.hooks.jupyter-builder @ 7",
        ),
        (
            "[tool.hatch.build.hooks.custom]\n[tool.hatch.build.targets.wheel.hooks.custom]\n\
             enable-by-default = false",
            "tool.hatch.build.hooks.custom @ 7",
        ),
        (
            "[tool.hatch.build.hooks.custom]\n[tool.hatch.build.targets.wheel.hooks.custom]\n\
             enable-by-default = false\n[tool.hatch.build.targets.sdist.hooks.custom]\n\
             enable-by-default = false",
            "native",
        ),
        ("[tool.hatch.metadata.hooks.custom]", "tool.hatch.metadata.hooks.custom @ 7"),
        ("[tool.hatch.metadata.hooks]", "native"),
    ] {
        assert_eq!(with_tool(tool), expected, "{tool}");
    }
    for (options, expected) in [
        ("path = \"demo/v.py\"", "native"),
        ("path = \"demo/__init__.py\"\npattern = true", "native"),
        ("path = \"demo/v.py\"\nother = 1", "other @ 9"),
        ("path = \"demo/v.py\"\ndependencies = [\"x\"]", "dependencies @ 9"),
        ("path = \"demo/v.py\"\ntemplate = \"{version:>9}\"", "template @ 9"),
        ("path = \"demo/__init__.py\"\npattern = \"(?P<version>x++)\"", "pattern @ 9"),
        ("path = \"./demo/v.py\"", "path @ 8"),
        ("path = \"../v.py\"", "path @ 8"),
        ("path = \"/v.py\"", "path @ 8"),
        ("path = \"demo/v*.py\"", "path @ 8"),
        ("path = \"pyproject.toml\"", "path @ 8"),
        ("path = \"LICENSE\"", "path @ 8"),
        ("path = \"demo\"", "path @ 8"),
    ] {
        let found = with_tool(&format!("[tool.hatch.build.hooks.version]\n{options}"));
        assert_eq!(found.replace("tool.hatch.build.hooks.version.", ""), expected, "{options}");
    }
}

#[test]
fn a_hook_leaves_the_tree_as_it_is() {
    let tool = "[tool.hatch.build.hooks.version]\npath = \"demo/made/v.py\"\n";
    let project = Project::demo(HATCHLING, tool);
    let artifacts = project.build().unwrap();
    let expected = "__version__ = VERSION = '1.0'\n";
    assert!(text(&members(&artifacts[0].path), "demo-1.0/demo/made/v.py").ends_with(expected));
    assert!(text(&wheel(&artifacts[1].path), "demo/made/v.py").ends_with(expected));
    assert!(!project.path("demo/made").exists());
}

#[test]
fn versions_that_are_not_read_step_back() {
    let dynamic = "[project]\nname = \"demo\"\ndynamic = [\"version\"]\n";
    for (tool, expected) in [
        ("", "tool.hatch.version @ 0"),
        ("[tool.hatch.version]\npattern = \"x\"", "tool.hatch.version.path @ 0"),
        ("[tool.hatch.version]\npath = \"demo/__init__.py\"", "native"),
        ("[tool.hatch.version]\npath = \"demo/__init__.py\"\nscheme = \"standard\"", "native"),
        ("[tool.hatch.version]\npath = \"demo/__init__.py\"\nother = 1", "tool.hatch.version.other @ 9"),
        ("[tool.hatch.version]\npath = \"../x.py\"", "tool.hatch.version.path @ 8"),
        ("[tool.hatch.version]\nsource = \"code\"\npath = \"x\"", "tool.hatch.version.source @ 8"),
        ("[tool.hatch.version]\nsource = \"uv-dynamic-versioning\"", "tool.hatch.version.source @ 8"),
        ("[tool.hatch.version]\nsource = \"nodejs\"", "tool.hatch.version.source @ 8"),
        ("[tool.hatch.version]\npath = \"demo/__init__.py\"\npattern = \"'(?P<version>.*)'\"", "native"),
        (
            "[tool.hatch.version]\npath = \"demo/__init__.py\"\npattern = \"(?<=')(?P<version>.)\"",
            "tool.hatch.version.pattern @ 9",
        ),
        (
            "[tool.hatch.version]\npath = \"demo/umlaut.py\"\npattern = \"(?i)v'(?P<version>.)\"",
            "tool.hatch.version.pattern @ 9",
        ),
    ] {
        let text = format!("{HATCHLING}{dynamic}{tool}\n");
        assert_eq!(verdict(&text, &[("demo/umlaut.py", "v'1' # \u{17f}\n")]), expected, "{tool}");
    }
}

#[test]
fn versions_from_git_are_told_by_known_settings_only() {
    let system = HATCHLING.replace("\"hatchling\"", "\"hatchling\", \"hatch-vcs\"");
    let project = "[project]\nname = \"demo\"\ndynamic = [\"version\"]\n";
    let source = "[tool.hatch.version]\nsource = \"vcs\"\nfallback-version = \"1.0\"\n";
    for (tool, expected) in [
        ("", "native"),
        ("other = 1", "tool.hatch.version.other @ 10"),
        ("tag-pattern = \"^v(?P<version>.*)$\"", "native"),
        ("tag-pattern = \"(?=v)(.*)\"", "tool.hatch.version.tag-pattern @ 10"),
        ("raw-options = {local_scheme = \"no-local-version\", write_to = \"../x\"}", "native"),
        ("raw-options = {parse = \"x:y\"}", "tool.hatch.version.raw-options.parse @ 10"),
        ("raw-options = {version_cls = \"x\"}", "tool.hatch.version.raw-options.version_cls @ 10"),
        ("raw-options = {version_scheme = \"x:y\"}", "tool.hatch.version.raw-options.version_scheme @ 10"),
        ("raw-options = {version_file = \"x.py\"}", "tool.hatch.version.raw-options.version_file @ 10"),
        ("[tool.hatch.build.hooks.vcs]\nversion-file = \"demo/v.py\"", "native"),
        ("[tool.hatch.build.hooks.vcs]\nversion-file = \"demo/v\"", "tool.hatch.build.hooks.vcs @ 11"),
        (
            "[tool.hatch.build.hooks.vcs]\nversion-file = \"no/v.py\"",
            "tool.hatch.build.hooks.vcs.version-file @ 11",
        ),
        (
            "[tool.hatch.build.hooks.vcs]\nversion-file = \"demo/v.py\"\ntemplate = \"{x}\"",
            "tool.hatch.build.hooks.vcs @ 11",
        ),
        (
            "[tool.hatch.build.hooks.vcs]\nversion-file = \"demo/v.py\"\nother = 1",
            "tool.hatch.build.hooks.vcs.other @ 12",
        ),
        (
            "[tool.hatch.build.hooks.vcs]\nversion-file = \"demo/v.py\"\n[tool.hatch.build.hooks.version]\n\
             path = \"demo/v.py\"",
            "tool.hatch.build.hooks.version.path @ 13",
        ),
        ("[tool.hatch.metadata.hooks.vcs.urls]\na = \"b\"", "tool.hatch.metadata.hooks.vcs @ 10"),
    ] {
        let text = format!("{system}{project}{source}{tool}\n");
        assert_eq!(verdict(&text, &[]), expected, "{tool}");
    }
    let text = format!("{HATCHLING}{project}{source}");
    assert_eq!(verdict(&text, &[]), "tool.hatch.version.source @ 8");
    let constant = source.replace("fallback-version = \"1.0\"\n", "");
    assert_eq!(verdict(&format!("{system}{project}{constant}"), &[]), "tool.hatch.version @ 8");
    assert_eq!(
        verdict(&format!("{system}{project}{constant}"), &[("PKG-INFO", "Name: demo\nVersion: 1\n")]),
        "native"
    );
    assert_eq!(
        with_tool("[tool.hatch.build.hooks.vcs]\nversion-file = \"x.py\""),
        "tool.hatch.build.hooks.vcs @ 7"
    );
}

#[test]
fn addresses_with_the_commit_are_filled_in() {
    let system = HATCHLING.replace("\"hatchling\"", "\"hatchling\", \"hatch-vcs\"");
    let urls = "[tool.hatch.metadata.hooks.vcs.urls]\n";
    for (fields, tool, expected) in [
        ("\"urls\"", "Home = \"https://example.org\"", "native"),
        ("\"urls\"", "Home = \"https://example.org/{commit_hash}\"", ".git @ 0"),
        ("\"urls\"", "Home = \"https://example.org/{other}\"", "tool.hatch.metadata.hooks.vcs.urls @ 8"),
        ("\"urls\"", "\"a,b\" = \"x\"", "tool.hatch.metadata.hooks.vcs.urls @ 8"),
        ("\"urls\"", "", "tool.hatch.metadata.hooks.vcs.urls @ 8"),
        ("\"urls\", \"license\"", "Home = \"x\"", "tool.hatch.metadata.hooks.vcs @ 8"),
        ("\"license\"", "Home = \"x\"", "tool.hatch.metadata.hooks.vcs @ 8"),
        ("", "Home = \"x\"", "native"),
    ] {
        let text = format!("{system}{DEMO}dynamic = [{fields}]\n{urls}{tool}\n");
        assert_eq!(verdict(&text, &[]), expected, "{fields}: {tool}");
    }
}

#[test]
fn descriptions_of_several_pieces_are_put_together() {
    let system = HATCHLING.replace("\"hatchling\"", "\"hatchling\", \"hatch-fancy-pypi-readme\"");
    let hook = "[tool.hatch.metadata.hooks.fancy-pypi-readme]\n";
    let plan = |system: &str, tool: &str| {
        let text = format!("{system}{DEMO}dynamic = [\"readme\"]\n{hook}{tool}\n");
        verdict(&text, &[("README.md", "a\n<!-- b -->\nc #1\n")])
            .replace("tool.hatch.metadata.hooks.fancy-pypi-readme", "@")
    };
    let markdown = "content-type = \"text/markdown\"\n";
    for (tool, expected) in [
        ("fragments = [{text = \"x\"}]", "native"),
        ("fragments = [{path = \"README.md\", start-after = \"-->\", end-before = \"#\"}]", "native"),
        ("fragments = []", "@.fragments @ 10"),
        ("fragments = [{text = \"\"}]", "@.fragments.text @ 10"),
        ("fragments = [{text = \"x\", other = 1}]", "@.fragments.other @ 10"),
        ("fragments = [{path = \"none.md\"}]", "@.fragments.path @ 10"),
        ("fragments = [{path = \"../x.md\"}]", "@.fragments.path @ 10"),
        ("fragments = [{path = \"README.md\", start-after = \"no\"}]", "@.fragments.start-after @ 10"),
        ("fragments = [{path = \"README.md\", start-at = \"\"}]", "@.fragments.start-at @ 10"),
        ("fragments = [{path = \"README.md\", end-before = \"no\"}]", "@.fragments.end-before @ 10"),
        (
            "fragments = [{path = \"README.md\", start-after = \"a\", start-at = \"a\"}]",
            "@.fragments.start-at @ 10",
        ),
        ("fragments = [{path = \"README.md\", pattern = \"a(.)\"}]", "native"),
        ("fragments = [{path = \"README.md\", pattern = \"a$\"}]", "@.fragments.pattern @ 10"),
        ("other = 1", "@.other @ 10"),
        (
            "fragments = [{text = \"x\"}]\nsubstitutions = [{pattern = \"x++\", replacement = \"\"}]",
            "@.substitutions.pattern @ 11",
        ),
        ("fragments = [{text = \"x\"}]\nsubstitutions = [{pattern = \"x\"}]", "@.substitutions.pattern @ 11"),
        (
            "fragments = [{text = \"x\"}]\n[tool.hatch.build.targets.sdist]\ncore-metadata-version = \"1.2\"",
            "@ @ 8",
        ),
    ] {
        assert_eq!(plan(&system, &format!("{markdown}{tool}")), expected, "{tool}");
    }
    assert_eq!(plan(&system, "content-type = \"text/plain\""), "@.content-type @ 9");
    assert_eq!(plan(HATCHLING, &format!("{markdown}fragments = [{{text = \"x\"}}]")), "@ @ 8");
    let without = format!("{system}{DEMO}dynamic = [\"license\"]\n{hook}{markdown}");
    assert_eq!(verdict(&without, &[]), "tool.hatch.metadata.hooks.fancy-pypi-readme @ 8");
}

#[test]
fn a_version_from_the_environment_is_looked_up_every_time() {
    let version = "[project]\nname = \"demo\"\ndynamic = [\"version\"]\n[tool.hatch.version]\n";
    let source = "source = \"env\"\nvariable = \"DEMO_VERSION\"\n";
    let project = Project::new(&format!("{HATCHLING}{version}{source}"), &[MODULE]);
    let error = project.plan().unwrap_err().to_string();
    assert!(error.contains("`tool.hatch.version.variable` names a variable that is not set"), "{error}");
    let room = tempfile::tempdir().unwrap();
    for value in ["1.0", "1.0", "2.0"] {
        assert!(!is_unchanged(&project, room.path(), &[("DEMO_VERSION", value)]), "{value}");
        assert!(room.path().join(format!("demo-{value}.tar.gz")).is_file(), "{value}");
    }
    assert_eq!(
        verdict(&format!("{HATCHLING}{version}{source}path = \"x\"\n"), &[]),
        "tool.hatch.version.path @ 10"
    );
}

#[test]
fn metadata_that_is_not_reproduced_steps_back() {
    for (lines, expected) in [
        ("dynamic = [\"readme\", \"urls\", \"scripts\"]", "native"),
        ("dynamic = [\"license-files\"]", "project.dynamic @ 7"),
        ("dynamic = [\"dependencies\"]", "native"),
        ("dynamic = [\"dependencies\"]\noptional-dependencies = {a = [\"b\"]}", "project.dynamic @ 7"),
        (
            "dynamic = [\"optional-dependencies\"]\ndependencies = [\"a; extra == 'x'\"]",
            "project.dynamic @ 7",
        ),
        ("dependencies = [\"a===1,>0\"]", "project.dependencies @ 7"),
        ("requires-python = \"===3.9,>1\"", "project.requires-python @ 7"),
        ("requires-python = \"==4.0\"", "project.requires-python @ 0"),
        ("authors = [{email = \"a b@example.org\"}]", "project.authors @ 7"),
        ("readme = \"../README.md\"", "project.readme @ 7"),
        ("license-files = [\"demo/*\", \"demo/__init__.py\"]", "project.license-files @ 7"),
        ("license = {file = \"../LICENSE\"}", "project.license @ 7"),
        ("import-names = []", "project.import-names @ 7"),
        ("import-names = [\"ä\"]", "project.import-names @ 7"),
        ("import-names = [\"a; public\"]", "project.import-names @ 7"),
        ("import-names = [\"demo ; private\", \"_x.y\"]", "native"),
        (
            "optional-dependencies = {A_b = []}\n[tool.hatch.metadata]\nallow-ambiguous-features = true",
            "project.optional-dependencies @ 7",
        ),
    ] {
        assert_eq!(with_tool(lines), expected, "{lines}");
    }
}

#[cfg(unix)]
#[test]
fn fields_that_are_not_filled_in_step_back() {
    let text = |lines: &str| {
        format!("{HATCHLING}{DEMO}{lines}\n[tool.hatch.metadata]\nallow-direct-references = true\n")
    };
    let variables = |all: &[(&str, &str)]| -> BTreeMap<String, String> {
        all.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    };
    let known = variables(&[("A", "https://example.org/a"), ("LINES", "a\nb"), ("HOME", "/srv/demo")]);
    let back = "project.dependencies @ 7";
    let deep = |depth: usize| format!("{}x{}", "{env:NONE:".repeat(depth), "}".repeat(depth));
    for (url, expected) in [
        ("{env:A}", "native"),
        ("{env:NONE:b}{/}{;:x}{{c}}", "native"),
        ("{home:uri}/{home}/{home:parent}", "native"),
        (deep(10).as_str(), "native"),
        (deep(11).as_str(), back),
        ("{root}", back),
        ("{root:parent:uri}/x", back),
        ("{env:NONE:{root:real}}", back),
        ("{env:DEMO_TOKEN:b}", back),
        ("{env:PATH}", back),
        ("{env:PYTHONPATH:b}", back),
        ("{env:SOURCE_DATE_EPOCH:b}", back),
        ("{env:LINES}", back),
        ("{env}", back),
        ("{env:}", back),
        ("{env!s:A}", back),
        ("{home:url}", back),
        ("{home:uri:parent}", back),
        ("{home:parent:}", back),
        ("{home:real}", back),
        ("{other}", back),
        ("{}", back),
        ("{0}", back),
        ("{env:A", back),
        ("a}b", back),
    ] {
        let lines = format!("dependencies = [\"a @ {url}\"]");
        assert_eq!(Project::new(&text(&lines), &[MODULE]).verdict_with(None, &known), expected, "{url}");
    }
    let home = Project::new(&text("optional-dependencies = {x = [\"a @ {home:uri}\"]}"), &[MODULE]);
    for (value, expected) in [("/", "native"), ("", "@"), ("srv", "@"), ("//srv", "@")] {
        let found = home.verdict_with(None, &variables(&[("HOME", value)]));
        assert_eq!(found.replace("project.optional-dependencies @ 7", "@"), expected, "{value}");
    }
    assert_eq!(home.verdict(None), "project.optional-dependencies @ 7");
    let unset = verdict(&text("dependencies = [\"a @ {env:NONE}\"]"), &[]);
    assert!(unset.contains("`project.dependencies` asks for a variable that is not set: `NONE`"), "{unset}");
}

#[cfg(unix)]
#[test]
fn a_requirement_with_a_variable_is_printed_anew_every_time() {
    let lines = "dependencies = [\"a; platform_version == '{env:DEMO_BUILD:none}'\"]\n";
    let project = Project::demo(HATCHLING, lines);
    let room = tempfile::tempdir().unwrap();
    let unpacked = |name: &str| members(&room.path().join(name));
    for value in ["1", "1", "2"] {
        assert!(!is_unchanged(&project, room.path(), &[("DEMO_BUILD", value)]), "{value}");
        let expected = format!("Requires-Dist: a; platform_version == '{value}'\n");
        assert!(text(&unpacked("demo-1.0.tar.gz"), "demo-1.0/PKG-INFO").contains(&expected), "{value}");
    }
}

#[test]
fn files_beside_the_project_file_are_read() {
    let text = |tool: &str| format!("{HATCHLING}{DEMO}{tool}\n");
    for (file, content, expected) in [
        ("hatch.toml", "", "native"),
        ("hatch.toml", "unknown = 1\n", "unknown @ 1"),
        ("hatch.toml", "[build]\nunknown = 1\n", "build.unknown @ 2"),
        ("hatch.toml", "[build.targets.wheel]\nexclude = [\"a\\\\\"]\n", "build.targets.wheel.exclude @ 2"),
        ("hatch.toml", "[build.hooks.custom]\n", "build.hooks.custom @ 1"),
        ("hatch.toml", "\u{feff}[build]\n", "hatch.toml @ 0"),
        ("hatch_build.py", "raise SystemExit\n", "native"),
        (".hgignore", "syntax: glob\n*.x\n", "native"),
        (".hgignore", "syntax: glob\na\\\n", ".hgignore @ 0"),
        (".hgignore", "a\\\n", "native"),
        (".gitignore", "[z-a]\n", ".gitignore @ 0"),
    ] {
        assert_eq!(verdict(&text(""), &[(file, content)]), expected, "{file}: {content}");
    }
    let hidden = text("[tool.hatch.build]\nunknown = 1");
    assert_eq!(verdict(&hidden, &[("hatch.toml", "[build]\n")]), "native");
    assert_eq!(verdict(&hidden, &[("hatch.toml", "[version]\n")]), "tool.hatch.build.unknown @ 8");
}

#[test]
fn what_an_sdist_tells_counts_for_dynamic_fields() {
    let project = |fields: &str| format!("{HATCHLING}[project]\nname = \"demo\"\ndynamic = [{fields}]\n");
    let head = "Metadata-Version: 2.5\nName: demo\nVersion: 1.0\n";
    for (fields, rest, expected) in [
        ("\"version\"", "", "native"),
        ("\"version\", \"readme\"", "\nText\n", "native"),
        ("\"version\", \"urls\"", "", "native"),
        ("\"version\", \"urls\"", "Project-URL: a, b\n", "native"),
        ("\"version\", \"license\"", "License: MIT\n", "project.dynamic @ 6"),
        ("\"version\", \"optional-dependencies\"", "Provides-Extra: a\n", "project.dynamic @ 6"),
        ("\"version\"", "Project-URL: a\n", "PKG-INFO @ 0"),
        ("\"version\"", "Requires-Dist: ==\n", "PKG-INFO @ 0"),
        ("\"version\"", "Content-Type: text/plain\n", "PKG-INFO @ 0"),
        ("\"version\"", "Import-Name: a\nImport-Namespace: a\n", "PKG-INFO @ 0"),
        ("\"version\"", "no header\n", "PKG-INFO @ 0"),
    ] {
        let info = format!("{head}{rest}");
        assert_eq!(verdict(&project(fields), &[("PKG-INFO", &info)]), expected, "{fields}: {rest}");
    }
    let text = project("\"version\"");
    for bad in ["Name: demo\n", "Name: demo\nVersion: one\n", "Version: 1.0\n"] {
        assert_eq!(verdict(&text, &[("PKG-INFO", bad)]), "PKG-INFO @ 0", "{bad}");
    }
}

#[test]
fn an_sdist_of_an_unpacked_sdist_has_its_metadata_once() {
    let pyproject = format!("{HATCHLING}[project]\nname = \"demo\"\ndynamic = [\"version\"]\n");
    let project = Project::new(&pyproject, &[MODULE]);
    project.write("PKG-INFO", "Metadata-Version: 2.5\nName: demo\nVersion: v2.0\n");
    let artifacts = project.build().unwrap();
    let members = members(&artifacts[0].path);
    let infos = members.iter().filter(|(name, _)| name == "demo-2.0/PKG-INFO").count();
    assert_eq!(infos, 1);
    assert!(text(&members, "demo-2.0/PKG-INFO").contains("\nVersion: v2.0\n"));
}

#[test]
fn variables_that_switch_hooks_step_back() {
    let project = Project::demo(HATCHLING, "");
    for (name, is_native) in [
        ("HATCH_BUILD_NO_HOOKS", false),
        ("HATCH_BUILD_HOOK_ENABLE_CUSTOM", false),
        ("HATCH_METADATA_CLASSIFIERS_NO_VERIFY", false),
        ("HATCH_ENV", true),
    ] {
        let variables = BTreeMap::from([(name.to_owned(), "true".to_owned())]);
        match project.plan_with(&variables).unwrap() {
            Planned::Native(_) => assert!(is_native, "{name}"),
            Planned::Fallback(unsupported) => {
                assert!(!is_native, "{name}");
                assert_eq!(unsupported.option, name);
            }
        }
    }
}

#[derive(Default)]
struct Unchanged(std::sync::atomic::AtomicBool);

impl BuildObserver for Unchanged {
    fn event(&self, event: BuildEvent<'_>) {
        if matches!(event, BuildEvent::Unchanged { .. }) {
            self.0.store(true, std::sync::atomic::Ordering::Relaxed);
        }
    }
}

/// Builds what changed, and tells whether nothing had.
fn is_unchanged(project: &Project, out_dir: &std::path::Path, variables: &[(&str, &str)]) -> bool {
    std::thread::sleep(std::time::Duration::from_millis(80));
    let variables: BTreeMap<String, String> =
        variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let (package, python) = (project.package(), PythonSettings::default());
    let memory = BuildMemory::open(&project.path(""), "this test").unwrap();
    let seen = Unchanged::default();
    let request = BuildRequest { out_dir: out_dir.to_path_buf(), ..request(&package, &python, &variables) };
    let results = build_changed(&[request], &memory, &seen);
    results.into_iter().for_each(|result| drop(result.unwrap()));
    seen.0.into_inner()
}

#[cfg(unix)]
#[test]
fn a_remembered_build_knows_all_that_it_depends_on() {
    let version = "[project]\nname = \"demo\"\ndynamic = [\"version\"]\n";
    let hook = "[tool.hatch.build.hooks.version]\npath = \"demo/made.py\"\n";
    let pattern = "[tool.hatch.version]\npath = \"demo/__init__.py\"\n";
    let project = Project::new(&format!("{HATCHLING}{version}{hook}{pattern}"), &[MODULE]);
    let room = tempfile::tempdir().unwrap();
    let is_unchanged = |variables: &[(&str, &str)]| is_unchanged(&project, room.path(), variables);
    assert!(!is_unchanged(&[]) && is_unchanged(&[]));
    for change in [
        ("demo/__init__.py", "__version__ = '2.0'\n"),
        ("hatch.toml", ""),
        ("PKG-INFO", "Name: demo\nVersion: 3\n"),
    ] {
        project.write(change.0, change.1);
        assert!(!is_unchanged(&[]) && is_unchanged(&[]), "{}", change.0);
    }
    let switch = [("HATCH_ENV", "1")];
    assert!(!is_unchanged(&switch) && is_unchanged(&switch));
}

#[test]
fn what_hatchling_refuses_is_refused() {
    for (tool, expected) in [
        ("[tool]\nhatch = 1", "`tool.hatch` must be a table"),
        ("[tool.hatch]\nbuild = 1", "`tool.hatch.build` must be a table"),
        ("[tool.hatch.build]\nhooks = 1", "`tool.hatch.build.hooks` must be a table"),
        ("[tool.hatch.build.targets]\nwheel = 1", "`tool.hatch.build.targets.wheel` must be a table"),
        ("[tool.hatch.build.hooks.version]", "`tool.hatch.build.hooks.version.path` is missing"),
        (
            "[tool.hatch.build.targets.wheel]\ncore-metadata-version = \"2.0\"",
            "core-metadata-version` is unknown: `2.0`",
        ),
        ("[tool.hatch.build.targets.wheel]\nsbom-files = [\"no\"]", "does not exist: `no`"),
        ("[tool.hatch.build.targets.wheel]\nshared-data = {\"odd\" = \"\"}", "may not hold an empty path"),
        ("readme = {file = \"LICENSE\"}", "`project.readme` is a table without `content-type`"),
        ("import-names = [\"a\"]\nimport-namespaces = [\"a\"]", "holds a name of `project.import-names`"),
    ] {
        let found = with_tool(tool);
        assert!(found.starts_with("error: ") && found.contains(expected), "{tool}: {found}");
    }
    let version = "[project]\nname = \"demo\"\ndynamic = [\"version\"]\n[tool.hatch.version]\n";
    for (tool, expected) in [
        ("path = \"none.py\"", "names a file that does not exist: `none.py`"),
        ("path = \"demo/empty.py\"", "names a file without a version: `demo/empty.py`"),
        ("path = \"demo/__init__.py\"\npattern = \"'(.*)'\"", "has no group `version`"),
        ("path = \"demo/__init__.py\"\npattern = \"(?P<version>no)\"", "a file without a version"),
        ("path = \"demo/__init__.py\"\npattern = \"(?P<version>.*)\"", "a bad version"),
    ] {
        let found = verdict(&format!("{HATCHLING}{version}{tool}\n"), &[("demo/empty.py", "")]);
        assert!(found.starts_with("error: ") && found.contains(expected), "{tool}: {found}");
    }
}

#[test]
fn names_can_keep_their_spelling() {
    let pyproject = format!(
        "{HATCHLING}[project]\nname = \"My.Demo\"\nversion = \"1.0\"\n[tool.hatch.build.targets.wheel]\n\
         packages = [\"demo\"]\nstrict-naming = false\n"
    );
    let project = Project::new(&pyproject, &[MODULE]);
    let Planned::Native(set) = project.plan().unwrap() else { panic!("not native") };
    assert_eq!(set.sdist_file_name(), "my_demo-1.0.tar.gz");
    assert_eq!(set.wheel_file_name(), "My.Demo-1.0-py2.py3-none-any.whl");
    assert_eq!(set.dist_info(), "My.Demo-1.0.dist-info");
    fs::write(project.path("hatch.toml"), "[build]\nstrict-naming = false\nonly-include = [\"demo\"]\n")
        .unwrap();
    let Planned::Native(set) = project.plan().unwrap() else { panic!("not native") };
    assert_eq!(set.sdist_file_name(), "My.Demo-1.0.tar.gz");
    assert_eq!(set.dist_info(), "My.Demo-1.0.dist-info");
}
