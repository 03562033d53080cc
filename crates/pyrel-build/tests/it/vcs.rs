//! Versions from git: what is native beside setuptools and pdm-backend, what makes them step back, and where it points.

use std::collections::BTreeMap;

use fs_err as fs;
use pyrel_build::{EntrySet, Planned, Source};

use crate::project::{PDM, Project, SETUPTOOLS};

const DYNAMIC: &str = "[project]\nname = \"demo\"\ndynamic = [\"version\"]\n";
const MODULE: (&str, &str) = ("demo/__init__.py", "x = 1\n");

/// A build system with setuptools-scm, in three lines.
fn scm() -> String {
    SETUPTOOLS.replace("\"setuptools\"", "\"setuptools\", \"setuptools-scm>=8\"")
}

fn project(tool: &str) -> Project {
    Project::new(&format!("{}{DYNAMIC}{tool}\n", scm()), &[MODULE])
}

fn planned(project: &Project, variables: &[(&str, &str)]) -> EntrySet {
    match project.plan_with(&variables_of(variables)).unwrap() {
        Planned::Native(set) => set,
        Planned::Fallback(unsupported) => panic!("{unsupported}"),
    }
}

fn variables_of(variables: &[(&str, &str)]) -> BTreeMap<String, String> {
    variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn version(project: &Project, variables: &[(&str, &str)]) -> String {
    planned(project, variables).version.to_string()
}

#[test]
fn the_plug_in_has_to_be_the_reproduced_one() {
    for (requirement, expected) in [
        ("setuptools-scm>=8", "native"),
        ("setuptools_scm[toml]>=6.2", "native"),
        ("setuptools-scm[simple]", "native"),
        ("setuptools-scm<10", "build-system.requires @ 2"),
        ("setuptools-scm==10.3.3", "build-system.requires @ 2"),
        ("setuptools-scm[other]", "build-system.requires @ 2"),
        ("setuptools-scm; python_version > '3'", "build-system.requires @ 2"),
        ("setuptools-scm\", \"vcs-versioning", "native"),
        ("setuptools-scm\", \"vcs-versioning<2", "build-system.requires @ 2"),
        ("setuptools-scm\", \"setuptools-scm-git-archive", "build-system.requires @ 2"),
    ] {
        let system = SETUPTOOLS.replace("\"setuptools\"", &format!("\"setuptools\", \"{requirement}\""));
        let project = Project::new(&format!("{system}{DYNAMIC}[tool.setuptools_scm]\n"), &[MODULE]);
        assert_eq!(project.tagged("v1.0").verdict(Some("setuptools")), expected, "{requirement}");
    }
}

#[test]
fn it_tells_the_version_when_it_is_asked_to() {
    let simple = SETUPTOOLS.replace("\"setuptools\"", "\"setuptools\", \"setuptools-scm[simple]\"");
    let fixed = DYNAMIC.replace("dynamic = [\"version\"]", "version = \"7.0\"");
    for (text, expected) in [
        (format!("{}{DYNAMIC}[tool.setuptools_scm]\n", scm()), "1.5"),
        (format!("{}{DYNAMIC}[tool.vcs-versioning]\n", scm()), "1.5"),
        (format!("{simple}{DYNAMIC}"), "1.5"),
        (format!("{}{fixed}[tool.setuptools_scm]\n", scm()), "7.0"),
        (format!("{}{fixed}", scm()), "7.0"),
    ] {
        let project = Project::new(&text, &[MODULE, ("data.bin", "")]).tagged("v1.5");
        let set = planned(&project, &[]);
        assert_eq!(set.version.to_string(), expected, "{text}");
        assert!(set.sdist.iter().any(|entry| entry.path.ends_with("/data.bin")), "{text}");
    }
    for text in [format!("{}{DYNAMIC}", scm()), format!("{SETUPTOOLS}{DYNAMIC}[tool.setuptools_scm]\n")] {
        let verdict = Project::new(&text, &[MODULE]).tagged("v1.5").verdict(None);
        assert_eq!(verdict, "tool.setuptools.dynamic.version @ 0", "{text}");
    }
}

#[test]
fn every_unknown_option_steps_back() {
    let scm = "tool.setuptools_scm";
    for (line, expected) in [
        ("version_scheme = \"post-release\"", "native"),
        ("version_scheme = \"towncrier-fragments\"", "version_scheme"),
        ("version_scheme = \"demo.versions:scheme\"", "version_scheme"),
        ("local_scheme = [\"dirty-tag\", \"demo:local\"]", "local_scheme"),
        ("local_scheme = []", "local_scheme"),
        ("parse = \"demo:parse\"", "parse"),
        ("version_cls = \"demo:Version\"", "version_cls"),
        ("normalize = false", "normalize"),
        ("normalize = true", "native"),
        ("unknown = 1", "unknown"),
        ("relative_to = \"x\"", "relative_to"),
        ("root = \"/elsewhere\"", "root"),
        ("root = \"\"", "root"),
        ("root = \"demo\"", ""),
        ("fallback_root = \"..\"", "native"),
        ("dist_name = \"demo\"", "native"),
        ("dist_name = \"other\"", ""),
        ("tag_regex = '^v(?P<version>.*)$'", "native"),
        ("tag_regex = '^v(?P<version>.*?)(?=x|$)'", "tag_regex"),
        ("tag_regex = '^v(.*)(.*)$'", "tag_regex"),
        ("tag_regex = '^v.*$'", "tag_regex"),
        ("tag_regex = '^(x)$'", ""),
        ("tag = {prefix = \"v\"}", "native"),
        ("tag = {regex = '^v(.*)$'}\ntag_regex = '^v(.*)$'", "tag.regex"),
        ("tag = {unknown = 1}", "tag.unknown"),
        ("scm = {hg = {}}", "scm.hg"),
        ("scm.git = {distance_scope = true}", "scm.git.distance_scope"),
        ("scm.git = {pre_parse = \"warn_on_shallow\"}", "native"),
        ("scm.git = {pre_parse = \"other\"}", "scm.git.pre_parse"),
        ("scm.git = {describe_command = [\"git\", \"describe\", \"--tags\", \"--long\"]}", "native"),
        (
            "scm.git = {describe_command = \"x\"}\ngit_describe_command = \"git describe\"",
            "scm.git.describe_command",
        ),
        ("git_describe_command = \"python describe.py\"", "git_describe_command"),
        ("version_file = \"../v.py\"", "version_file"),
        ("version_file = \"./demo/v.py\"", "version_file"),
        ("version_file = \"demo/v.h\"", ""),
        ("version_file = \"demo/v.h\"\nversion_file_template = \"#define V {version!r}\"", "native"),
        ("version_file = \"demo/v.py\"\nversion_file_template = \"{scm_version.branch}\"", ""),
        ("version_file = \"none/v.py\"", "native"),
        ("write_to = \"demo/v.py\"", "native"),
    ] {
        let expected = match expected {
            "native" => "native".to_owned(),
            "" => format!("{scm} @ 8"),
            key => format!("{scm}.{key} @ 8"),
        };
        let project = project(&format!("[tool.setuptools_scm]\n{line}")).tagged("v1.0");
        assert_eq!(project.verdict(Some("setuptools")), expected, "{line}");
    }
    let both = "[tool.setuptools_scm]\n[tool.setuptools.dynamic]\nversion = {attr = \"demo.x\"}\n";
    assert_eq!(project(both).tagged("v1").verdict(None), "tool.setuptools.dynamic.version @ 9");
}

#[test]
fn checkouts_of_doubtful_meaning_step_back() {
    let tool = "[tool.setuptools_scm]\nlocal_scheme = \"no-local-version-strict\"\n";
    let tagged = || project(tool).tagged("v1.0");
    assert_eq!(tagged().verdict(None), "native");
    let dirty = tagged();
    dirty.write("demo/__init__.py", "x = 2\n");
    assert_eq!(dirty.verdict(None), "tool.setuptools_scm @ 8");
    for (tag, expected) in [
        ("release/3.1", "tool.setuptools_scm @ 8"),
        ("v1.0.dev4", "native"),
        ("näive-1", "tool.setuptools_scm @ 8"),
    ] {
        assert_eq!(project(tool).tagged(tag).verdict(None), expected, "{tag}");
    }
    let counted = project(tool).tagged("v1.0.dev4");
    counted.git(&["commit -q --allow-empty -m more"]);
    assert_eq!(counted.verdict(None), "tool.setuptools_scm @ 8");
    for folder in [".hg/x", ".jj/x"] {
        let other = tagged();
        other.write(folder, "");
        assert_eq!(other.verdict(None), format!("{} @ 0", &folder[..3]));
    }
    let shifted = tagged();
    shifted.write(".config/python-vcs-versioning.toml", "");
    assert_eq!(shifted.verdict(None), ".config/python-vcs-versioning.toml @ 0");
    let fresh = project(tool);
    fresh.git(&["add -A"]);
    assert_eq!(fresh.verdict(None), ".git @ 0");
    let broken = project(tool);
    broken.write(".git/HEAD", "nonsense\n");
    assert_eq!(broken.verdict(None), ".git @ 0");
    let shallow = project("[tool.setuptools_scm.scm.git]\npre_parse = \"fail_on_shallow\"\n").tagged("v1.0");
    assert_eq!(shallow.verdict(None), "native");
    shallow.write(".git/shallow", "");
    assert_eq!(shallow.verdict(None), "tool.setuptools_scm @ 7");
    let modules = project("[tool.setuptools_scm.scm.git]\npre_parse = \"fail_on_missing_submodules\"\n");
    modules.write(".gitmodules", "");
    assert_eq!(modules.tagged("v1.0").verdict(None), "tool.setuptools_scm @ 7");
}

#[cfg(unix)]
#[test]
fn tracked_links_step_back() {
    use std::os::unix::fs::symlink;
    let plain = project("[tool.setuptools_scm]\n");
    plain.write("loose.txt", "");
    plain.write(".gitignore", "loose.txt\n");
    for (target, link) in
        [("demo/__init__.py", "link.py"), ("loose.txt", "loose.py"), ("nowhere", "broken.py")]
    {
        symlink(target, plain.path(link)).unwrap();
    }
    assert_eq!(plain.verdict(None), "tool.setuptools_scm @ 0");
    let plain = plain.tagged("v1.0");
    let set = planned(&plain, &[]);
    let names: Vec<&str> = set.sdist.iter().map(|entry| entry.path.rsplit('/').next().unwrap()).collect();
    assert!(
        names.contains(&"link.py") && !names.contains(&"loose.py") && !names.contains(&"broken.py"),
        "{names:?}"
    );
    symlink("demo", plain.path("a-folder")).unwrap();
    assert_eq!(plain.verdict(None), "native");
    assert_eq!(plain.tagged("v1.1").verdict(None), "a-folder @ 0");
    let replaced = project("[tool.setuptools_scm]\n").tagged("v1.0");
    replaced.write("elsewhere.py", "");
    fs::remove_file(replaced.path("demo/__init__.py")).unwrap();
    symlink("../elsewhere.py", replaced.path("demo/__init__.py")).unwrap();
    assert_eq!(replaced.verdict(None), "demo/__init__.py @ 0");
    let tool = "[tool.setuptools_scm]\nversion_file = \"demo/v.py\"\n";
    let written = project(tool).tagged("v1.0");
    symlink("__init__.py", written.path("demo/v.py")).unwrap();
    assert_eq!(written.verdict(None), "tool.setuptools_scm @ 8");
}

#[test]
fn a_module_of_another_repository_steps_back() {
    let outer = project("[tool.setuptools_scm]\n").tagged("v1.0");
    assert_eq!(outer.verdict(None), "native");
    let id = "0123456789012345678901234567890123456789";
    outer.git(&[&format!("update-index --add --cacheinfo 160000,{id},inner"), "commit -q -m inner"]);
    assert_eq!(outer.verdict(None), "inner @ 0");
}

#[test]
fn variables_come_first() {
    let table = "[tool.setuptools_scm]\nfallback_version = \"0.5\"\n";
    let project = project(table).tagged("v1.0");
    let own = "SETUPTOOLS_SCM_PRETEND_VERSION_FOR_DEMO";
    for (variables, expected) in [
        (&[("SETUPTOOLS_SCM_PRETEND_VERSION", "2.0")][..], "2.0"),
        (&[("VCS_VERSIONING_PRETEND_VERSION", "2.1"), ("SETUPTOOLS_SCM_DEBUG", "1")], "2.1"),
        (&[("SETUPTOOLS_SCM_PRETEND_VERSION", "2.0"), (own, "3.0")], "3.0"),
        (&[("SETUPTOOLS_SCM_PRETEND_VERSION", "2.0"), (own, "")], "1.0"),
        (&[("SETUPTOOLS_SCM_PRETEND_VERSION_FOR_OTHER", "2.0")], "1.0"),
        (&[("PDM_BUILD_SCM_VERSION", "4")], "1.0"),
    ] {
        assert_eq!(version(&project, variables), expected, "{variables:?}");
    }
    for variable in [
        ("SETUPTOOLS_SCM_PRETEND_VERSION", "no version"),
        ("SETUPTOOLS_SCM_PRETEND_VERSION", " 1.0"),
        ("SETUPTOOLS_SCM_PRETEND_VERSION_FOR_demo", "2.0"),
        ("SETUPTOOLS_SCM_PRETEND_METADATA", "{distance = 3}"),
        ("SETUPTOOLS_SCM_OVERRIDES_FOR_DEMO", "{root = \"..\"}"),
        ("VCS_VERSIONING_WRITE_TO_SOURCE", "0"),
        ("SETUPTOOLS_SCM_IGNORE_VCS_ROOTS", "/"),
    ] {
        let verdict = project.verdict_with(None, &variables_of(&[variable]));
        assert_eq!(verdict, "tool.setuptools_scm @ 8", "{variable:?}");
    }
}

#[test]
fn what_is_left_of_a_checkout_tells_the_version_too() {
    let record = "{\"tag\": \"3.0\", \"distance\": 2, \"node\": \"gabcdef0123456789\", \"dirty\": false}";
    let list = "{\"files\": [\"demo/__init__.py\", \"pyproject.toml\"]}";
    let (json, files) = ("demo.egg-info/scm_version.json", "demo.egg-info/scm_file_list.json");
    let with = |extra: &[(&str, &str)]| {
        let project = project("[tool.setuptools_scm]\nfallback_version = \"0.5\"\n");
        extra.iter().for_each(|(path, text)| project.write(path, text));
        project
    };
    assert_eq!(version(&with(&[]), &[]), "0.5");
    assert_eq!(version(&with(&[(json, record)]), &[]), "3.1.dev2+gabcdef012");
    assert_eq!(version(&with(&[(json, record), (files, list)]), &[]), "3.1.dev2+gabcdef012");
    for (extra, expected) in [
        (&[(json, "{}")][..], format!("{json} @ 0")),
        (&[(json, record), (files, "[]")], format!("{files} @ 0")),
        (&[(json, record), ("x.egg-info/scm_version.json", record)], format!("{json} @ 0")),
        (&[(".git_archival.txt", "node: ab\nref-names: tag: v2.0\n")], ".git_archival.txt @ 0".to_owned()),
        (&[(".git_archival.txt", "no header\n")], ".git_archival.txt @ 0".to_owned()),
        (&[(".git_archival.txt", "node: $Format:%H$\n")], "native".to_owned()),
        (&[(".hg_archival.txt", "node: ab\n")], ".hg_archival.txt @ 0".to_owned()),
        (&[("PKG-INFO", "Version: 1\n")], "PKG-INFO @ 0".to_owned()),
    ] {
        assert_eq!(with(extra).verdict(None), expected, "{extra:?}");
    }
    let nothing = project("[tool.setuptools_scm]\nlocal_scheme = \"dirty-tag\"\n");
    assert_eq!(nothing.verdict(None), "tool.setuptools_scm @ 8");
    let files_only =
        Project::new(&format!("{}[project]\nname = \"demo\"\nversion = \"1\"\n", scm()), &[MODULE]);
    assert_eq!(files_only.verdict(None), "native");
    let ignoring = variables_of(&[("SETUPTOOLS_SCM_IGNORE_VCS_ROOTS", "/")]);
    assert_eq!(files_only.verdict_with(None, &ignoring), "SETUPTOOLS_SCM_IGNORE_VCS_ROOTS @ 0");
    files_only.write(".git_archival.txt", "node: ab\n");
    assert_eq!(files_only.verdict(None), ".git_archival.txt @ 0");
    files_only.write(".hg/x", "");
    assert_eq!(files_only.verdict(None), ".hg @ 0");
}

#[test]
fn a_tracked_version_file_steps_back() {
    let tool = "[tool.setuptools_scm]\nversion_file = \"demo/_version.py\"\n";
    let tracked = |tool: &str| {
        let project = project(tool);
        project.write("demo/_version.py", "version = 'old'\n");
        project.tagged("v1.0")
    };
    assert_eq!(tracked(tool).verdict(None), "demo/_version.py @ 0");
    assert_eq!(tracked(&format!("{tool}write_to_source = false\n")).verdict(None), "native");
    let exported = project(tool);
    exported.write("demo/_version.py", "");
    exported.write(".gitattributes", "_version.py export-ignore\n");
    assert_eq!(exported.tagged("v1.0").verdict(None), "demo/_version.py @ 0");
    let by_product = project("[tool.setuptools_scm]\n");
    by_product.write("demo.egg-info/requires.txt", "");
    assert_eq!(by_product.tagged("v1.0").verdict(None), "demo.egg-info/requires.txt @ 0");
}

#[test]
fn the_sources_stay_as_they_are() {
    let tool =
        "[tool.setuptools_scm]\nversion_file = \"demo/_version.py\"\nwrite_to = \"demo/version.txt\"\n";
    let project = project(tool).tagged("v1.0");
    project.write("demo/_version.py", "version = 'old'\n");
    let set = planned(&project, &[]);
    let artifacts = project.build().unwrap();
    assert!(artifacts.iter().all(|artifact| artifact.version.to_string() == "1.0"));
    assert_eq!(project.built().unwrap(), ["demo-1.0-py3-none-any.whl", "demo-1.0.tar.gz"]);
    assert_eq!(fs::read_to_string(project.path("demo/_version.py")).unwrap(), "version = 'old'\n");
    assert!(!project.path("demo/version.txt").exists());
    let text = |path: &str| {
        let entry = set.sdist.iter().chain(&set.wheel).find(|entry| entry.path == path)?;
        match &entry.source {
            Source::Bytes(bytes) => Some(String::from_utf8(bytes.to_vec()).unwrap()),
            Source::File { .. } => None,
        }
    };
    assert_eq!(text("demo/version.txt").as_deref(), Some("1.0"));
    for path in ["demo/_version.py", "demo-1.0/demo/_version.py"] {
        assert!(text(path).unwrap().contains("\n__version__ = version = '1.0'\n"), "{path}");
    }
}

#[test]
fn pdm_asks_git_in_its_own_way() {
    let text = |tool: &str| format!("{PDM}{DYNAMIC}[tool.pdm.version]\nsource = \"scm\"\n{tool}\n");
    let source = "tool.pdm.version.source @ 8";
    let other = |key: &str| format!("tool.pdm.version.{key} @ 9");
    for (tool, tag, expected) in [
        ("", "v1.4", "native".to_owned()),
        ("", "demo-1.4.0+x", "native".to_owned()),
        ("", "v1.x", source.to_owned()),
        ("", "v1.ä", source.to_owned()),
        ("tag_regex = '^v(1).*$'", "v1.4", "native".to_owned()),
        ("tag_regex = '^v(?i)(1).*$'", "v1.4", other("tag_regex")),
        ("tag_regex = '^v(1)(.*)$'", "v1.4", other("tag_regex")),
        ("tag_filter = \"w*\"", "v1.4", "native".to_owned()),
        ("version_format = \"demo:format\"", "v1.4", other("version_format")),
        ("unknown = 1", "v1.4", other("unknown")),
        ("write_to = \"../x\"", "v1.4", other("write_to")),
        (
            "write_to = \"x.txt\"\nwrite_template = \"{version}\"",
            "v1.4",
            "tool.pdm.version.write_template @ 10".to_owned(),
        ),
        ("write_to = \"README.md\"", "v1.4", "native".to_owned()),
        ("write_to = \"LICENSE\"", "v1.4", "tool.pdm.version.write_to @ 0".to_owned()),
        (
            "write_to = \"demo/x\"\n[tool.pdm.build]\nexcludes = [\"demo/*\"]",
            "v1.4",
            "tool.pdm.version.write_to @ 0".to_owned(),
        ),
    ] {
        let project = Project::new(&text(tool), &[MODULE, ("LICENSE", "x\n")]).tagged(tag);
        assert_eq!(project.verdict(Some("pdm")), expected, "{tool} {tag}");
    }
    let scratch = Project::new(&text(""), &[MODULE, (".pdm-build/x", "")]).tagged("v1.0");
    assert_eq!(scratch.verdict(None), ".pdm-build @ 0");
    let licenses = text("write_to = \"demo/x\"").replace("dynamic", "license-files = [\"**/L\"]\ndynamic");
    let project = Project::new(&licenses, &[MODULE, ("a/L", "x\n")]).tagged("v1.0");
    assert_eq!(project.verdict(None), "tool.pdm.version.write_to @ 0");
}

#[test]
fn pdm_has_the_day_in_versions_of_changed_checkouts() {
    let text = format!("{PDM}{DYNAMIC}[tool.pdm.version]\nsource = \"scm\"\nfallback_version = \"0.5\"\n");
    let project = Project::new(&text, &[MODULE]);
    assert_eq!(version(&project, &[]), "0.5");
    assert_eq!(version(&project, &[("PDM_BUILD_SCM_VERSION", "4.0")]), "4.0");
    assert_eq!(version(&project, &[("PDM_BUILD_SCM_VERSION", "none")]), "0.5");
    assert_eq!(
        project.verdict_with(None, &variables_of(&[("PDM_BUILD_SCM_VERSION", " 4")])),
        "tool.pdm.version.source @ 8"
    );
    project.write(".hg/x", "");
    assert_eq!(project.verdict(None), ".hg @ 0");
    project.git(&[]);
    assert_eq!(version(&project, &[]), "0.1.dev0");
    project.git(&["add -A"]);
    assert_eq!(project.verdict(None), "tool.pdm.version.source @ 8");
    let project = project.tagged("1.9");
    assert_eq!(version(&project, &[]), "1.9");
    project.write("demo/__init__.py", "x = 2\n");
    assert_eq!(project.verdict(None), "tool.pdm.version.source @ 8");
}
