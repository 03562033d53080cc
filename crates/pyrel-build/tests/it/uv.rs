//! What makes the dialect of uv_build step back: each rule, and where it points.

use pyrel_build::Planned;

use crate::project::{DEMO, Project, UV};

const MODULE: (&str, &str) = ("src/demo/__init__.py", "x = 1\n");

/// Plans a project and returns `option @ line` of the reason, or `native`.
fn verdict(pyproject: &str, files: &[(&str, &str)]) -> String {
    judge(&Project::new(pyproject, files))
}

fn judge(project: &Project) -> String {
    project.verdict(Some("uv"))
}

#[test]
fn the_build_system_has_to_admit_a_reproduced_version() {
    for (requires, expected) in [
        ("\"uv-build\"", "native"),
        ("\"uv_build>=0.13.2,<0.14\"", "native"),
        ("\"uv_build>=0.9.18,<0.10.0\"", "native"),
        ("\"uv_build>=0.8.3,<0.9\"", "build-system.requires @ 2"),
        ("\"uv_build==0.12.1\"", "build-system.requires @ 2"),
        ("\"uv_build\", \"uv_build<0.10\"", "build-system.requires @ 2"),
        ("\"uv_build\", \"other\"", "build-system.requires @ 2"),
        ("\"uv\"", "build-system.requires @ 2"),
    ] {
        let system = UV.replace("\"uv_build\"]", &format!("{requires}]"));
        assert_eq!(verdict(&format!("{system}{DEMO}"), &[MODULE]), expected, "{requires}");
    }
}

#[test]
fn wheels_name_the_version_that_is_reproduced() {
    for (requires, expected) in
        [("uv_build", "0.13.6"), ("uv_build<0.13", "0.12.24"), ("uv_build>=0.9,<0.10", "0.9.30")]
    {
        let system = UV.replace("\"uv_build\"]", &format!("\"{requires}\"]"));
        let project = Project::new(&format!("{system}{DEMO}"), &[MODULE]);
        let Planned::Native(set) = project.plan().unwrap() else { panic!("{requires} is not native") };
        let wheel = set.wheel.iter().find(|entry| entry.path.ends_with("/WHEEL")).unwrap();
        let pyrel_build::Source::Bytes(bytes) = &wheel.source else { panic!("WHEEL is generated") };
        let text = std::str::from_utf8(bytes).unwrap();
        assert!(text.contains(&format!("(uv-build {expected})\n")), "{text}");
        let rewritten = set.sdist.iter().any(|entry| entry.path.ends_with("/pyproject.toml.orig"));
        assert_eq!(rewritten, expected != "0.9.30", "{requires}");
    }
}

#[test]
fn every_unknown_option_of_uv_build_steps_back() {
    for (tool, expected) in [
        ("[tool.uv.build-backend]\nunknown = 1", "tool.uv.build-backend.unknown @ 8"),
        ("[tool.uv.build-backend.data]\nother = \"x\"", "tool.uv.build-backend.data.other @ 8"),
        ("[tool.uv.build-backend]\ndata = {data = \"../x\"}", "tool.uv.build-backend.data.data @ 8"),
        ("[tool.uv.build-backend]\ndata = {data = \"none\"}", "tool.uv.build-backend.data @ 0"),
        ("[tool.uv.build-backend]\nmodule-root = \"../x\"", "tool.uv.build-backend.module-root @ 8"),
        ("[tool.uv.build-backend]\nmodule-root = \".\"", "tool.uv.build-backend.module-root @ 8"),
        ("[tool.uv.build-backend]\nmodule-name = \"de-mo\"", "tool.uv.build-backend.module-name @ 8"),
        ("[tool.uv.build-backend]\nmodule-name = []", "tool.uv.build-backend.module-name @ 8"),
        ("[tool.uv.build-backend]\nmodule-name = \"none\"", "tool.uv.build-backend.module-name @ 0"),
        (
            "[tool.uv.build-backend]\nnamespace = true\nmodule-name = \"no.ne\"",
            "tool.uv.build-backend.module-name @ 0",
        ),
        ("[tool.uv.build-backend]\nmodule-name = \"demo.sub\"", "tool.uv.build-backend.module-name @ 0"),
        ("[tool.uv.build-backend]\nsource-include = [\"../x\"]", "tool.uv.build-backend.source-include @ 8"),
        ("[tool.uv.build-backend]\nsource-include = [\"a b\"]", "tool.uv.build-backend.source-include @ 8"),
        (
            "[tool.uv.build-backend]\nsource-include = [\"*a*b*c*d*e\", \"*f*g*h*i*j\"]",
            "tool.uv.build-backend.source-include @ 8",
        ),
        ("[tool.uv.build-backend]\nsource-exclude = [\"{a,b}\"]", "tool.uv.build-backend.source-exclude @ 8"),
        (
            "[tool.uv.build-backend]\nsource-exclude = [\"*.toml\"]",
            "tool.uv.build-backend.source-exclude @ 0",
        ),
        (
            "[tool.uv.build-backend]\nsource-exclude = [\"__init__.py\"]",
            "tool.uv.build-backend.module-name @ 0",
        ),
        ("[tool.uv.build-backend]\nwheel-exclude = [\"***\"]", "tool.uv.build-backend.wheel-exclude @ 8"),
        ("[tool.uv.build-backend]\nwheel-exclude = [\"demo\"]", "tool.uv.build-backend.wheel-exclude @ 0"),
        (
            "[tool.uv]\nbuild-constraint-dependencies = [\"uv-build<1\"]",
            "tool.uv.build-constraint-dependencies @ 8",
        ),
        ("[tool.uv]\nbuild-constraint-dependencies = [\"other<1\"]\ndev-dependencies = []", "native"),
    ] {
        let files = [MODULE, ("src/demo/sub/__init__.py", "")];
        assert_eq!(verdict(&format!("{UV}{DEMO}{tool}\n"), &files), expected, "{tool}");
    }
}

#[test]
fn metadata_that_is_not_reproduced_steps_back() {
    for (lines, expected) in [
        ("dynamic = [\"readme\"]", "project.dynamic @ 7"),
        ("description = \"a\\nb\"", "project.description @ 7"),
        ("classifiers = [\"one\"]", "project.classifiers @ 7"),
        ("license = \"MIT AND nothing\"", "project.license @ 7"),
        ("license = {file = \"missing\"}", "project.license @ 7"),
        ("license = {file = \"a b\"}", "project.license @ 7"),
        ("license-files = [\"missing*\"]", "project.license-files @ 7"),
        ("license-files = [\"a\\\\b\"]", "project.license-files @ 7"),
        ("readme = \"README\"", "project.readme @ 7"),
        ("readme = \"missing.md\"", "project.readme @ 7"),
        ("readme = \"../README.md\"", "project.readme @ 7"),
        ("readme = {text = \"x\", content-type = \"text/html\"}", "project.readme @ 7"),
        ("requires-python = \">=3.9,\"", "project.requires-python @ 7"),
        ("dependencies = [\"a===one\"]", "project.dependencies @ 7"),
        ("dependencies = [\"a; os_name ~= 'x'\"]", "project.dependencies @ 7"),
        ("optional-dependencies = {a = [\"a; 'x' in extras\"]}", "project.optional-dependencies @ 7"),
        ("dependencies = [\"a @ file:../x\"]", "project.dependencies @ 7"),
        ("optional-dependencies = {A = [], a = []}", "project.optional-dependencies @ 7"),
        ("scripts = {\"a b\" = \"x:y\"}", "project.scripts @ 7"),
        ("entry-points = {\"a-b\" = {}}", "project.entry-points @ 7"),
        ("import-names = [\"a; private\"]", "project.import-names @ 7"),
        ("import-names = [\"a\"]\nimport-namespaces = [\"a\"]", "project.import-names @ 7"),
        ("keywords = [\"a\\nb\"]", "project.keywords @ 7"),
    ] {
        let files = [MODULE, ("README", "x\n")];
        assert_eq!(verdict(&format!("{UV}{DEMO}{lines}\n"), &files), expected, "{lines}");
    }
    let earlier = UV.replace("uv_build\"]", "uv_build<0.11\"]");
    assert_eq!(
        verdict(&format!("{earlier}{DEMO}import-names = [\"demo\"]\n"), &[MODULE]),
        "project.import-names @ 7"
    );
    let times = format!("{UV}{DEMO}[tool.x]\nt = 07:32\n");
    assert_eq!(verdict(&times, &[MODULE]), "pyproject.toml @ 0");
}

#[test]
fn files_that_uv_build_refuses_step_back() {
    let text = format!("{UV}{DEMO}");
    assert_eq!(verdict(&text, &[("demo/__init__.py", "")]), "tool.uv.build-backend.module-name @ 0");
    assert_eq!(verdict(&text, &[MODULE, ("src/demo/env/pyvenv.cfg", "")]), "src/demo/env/pyvenv.cfg @ 0");
    assert_eq!(verdict(&text, &[MODULE, ("env/pyvenv.cfg", "")]), "native");
    let all = format!("{text}[tool.uv.build-backend]\nsource-include = [\"*\"]\n");
    assert_eq!(verdict(&all, &[MODULE, ("PKG-INFO", "x\n")]), "PKG-INFO @ 0");
    let readme =
        format!("{text}readme = \"README.md\"\n[tool.uv.build-backend]\nsource-exclude = [\"*.md\"]\n");
    assert_eq!(verdict(&readme, &[MODULE, ("README.md", "x\n")]), "tool.uv.build-backend.source-exclude @ 0");
    let named = format!("{text}[tool.uv.build-backend]\nmodule-name = \"demo\"\n");
    assert_eq!(verdict(&named, &[MODULE, ("src/__init__.py", "")]), "tool.uv.build-backend.module-name @ 0");
}

#[cfg(unix)]
#[test]
fn links_to_folders_step_back() {
    use std::os::unix::fs::symlink;
    let text = format!("{UV}{DEMO}");
    for (target, link, expected) in [
        ("../../other", "src/demo/folder", "src/demo/folder @ 0"),
        ("../../other/x.txt", "src/demo/file.txt", "native"),
        ("other", "unused", "native"),
    ] {
        let project = Project::new(&text, &[MODULE, ("other/x.txt", "x\n")]);
        symlink(target, project.path(link)).unwrap();
        assert_eq!(judge(&project), expected, "{link}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn names_that_are_not_utf_8_step_back() {
    use std::os::unix::ffi::OsStrExt as _;
    let project = Project::new(&format!("{UV}{DEMO}"), &[MODULE]);
    let folder = project.path("src/demo");
    fs_err::write(folder.join(std::ffi::OsStr::from_bytes(b"\xff.txt")), "").unwrap();
    assert_eq!(judge(&project), "src/demo/\u{fffd}.txt @ 0");
}
