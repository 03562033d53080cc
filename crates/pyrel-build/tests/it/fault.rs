//! Broken projects and broken machines: the error says where and what to do, and nothing is left behind.

use fs_err as fs;
use pyrel_build::{BuildError, BuildEvent, BuildObserver, PythonSettings, Silent};

use crate::project::{DEMO, HATCHLING, Project, SETUPTOOLS, build_dir, chain};

/// Builds a project that must fail; returns the error and its hint, and checks that nothing is left.
fn fault(project: &Project) -> (String, String) {
    let error = project.build().unwrap_err();
    assert_eq!(project.built(), None, "an output folder appeared");
    (chain(&error), error.hint().unwrap_or_default())
}

#[test]
fn a_missing_readme_or_licence_is_named_with_its_line() {
    for system in [HATCHLING, SETUPTOOLS] {
        for (line, path, key) in [
            ("readme = \"README.md\"", "README.md", "project.readme"),
            (
                "readme = {file = \"docs/x.rst\", content-type = \"text/x-rst\"}",
                "docs/x.rst",
                "project.readme",
            ),
            ("license = {file = \"TERMS\"}", "TERMS", "project.license"),
            ("license-files = [\"LICENSE\"]", "LICENSE", "project.license-files"),
        ] {
            let (error, hint) = fault(&Project::demo(system, line));
            assert!(error.contains("pyproject.toml:7:"), "{error}");
            assert!(
                error.contains(&format!("`{key}` lists a file that does not exist: `{path}`")),
                "{error}"
            );
            assert!(hint.starts_with(&format!("create `{path}`")), "{hint}");
        }
    }
}

#[test]
fn what_the_backend_refuses_is_refused() {
    for (system, lines, message, remedy) in [
        (
            HATCHLING,
            "classifiers = [\"Topic :: Utilities\",\n \"Topic :: Utilitys\"]",
            "pyproject.toml:8:2: unknown classifier in `project.classifiers`: `Topic :: Utilitys`",
            "did you mean `Topic :: Utilities`?",
        ),
        (HATCHLING, "license = \"Use-it\"", "unknown licence (SPDX): `Use-it`", ""),
        (
            HATCHLING,
            "dependencies = [\"a @ https://example.org/a.whl\"]",
            "`project.dependencies` holds a direct reference",
            "set `allow-direct-references = true`",
        ),
        (
            HATCHLING,
            "[project.optional-dependencies]\na = [\"demo[b]\"]\nb = [\"demo[a]\"]",
            "extras that name each other in a circle: `a` → `b`",
            "",
        ),
        (
            SETUPTOOLS,
            "license = \"MIT\"\nclassifiers = [\"License :: OSI Approved :: MIT License\"]",
            "`project.license` stands beside a licence classifier",
            "delete the classifier",
        ),
        (
            SETUPTOOLS,
            "[tool.setuptools]\npackages = [\"none\"]",
            "the folder of package `none` does not exist: `none`",
            "correct `packages`",
        ),
    ] {
        let (error, hint) = fault(&Project::demo(system, &format!("{lines}\n")));
        assert!(error.contains(message), "{error}");
        assert!(hint.starts_with(remedy), "{hint}");
    }
}

#[test]
fn a_project_without_files_is_refused() {
    let project = Project::new(&format!("{HATCHLING}{DEMO}"), &[("other/x.py", "")]);
    let (error, hint) = fault(&project);
    assert!(error.contains("pyproject.toml:5:8: no files for the wheel"), "{error}");
    assert!(hint.contains("packages ="));
    let project = Project::new(&format!("{SETUPTOOLS}{DEMO}"), &[("a/x.py", ""), ("b/y.py", "")]);
    let (error, hint) = fault(&project);
    assert!(error.contains("several top-level packages, and none is named"), "{error}");
    assert!(hint.contains("`src/`"));
}

#[test]
fn two_files_at_one_place_are_refused() {
    let tool = "[tool.hatch.build.targets.wheel.force-include]\n\"x.py\" = \"demo/__init__.py\"\n";
    let project = Project::demo(HATCHLING, tool);
    project.write("x.py", "");
    let (error, _) = fault(&project);
    assert!(error.contains("two files would be `demo/__init__.py` in `"), "{error}");
}

#[test]
fn text_that_is_not_utf_8_is_named_with_its_line() {
    let project = Project::demo(HATCHLING, "readme = \"README.md\"\n");
    fs::write(project.path("README.md"), b"# Title\n\n caf\xe9\n").unwrap();
    let (error, hint) = fault(&project);
    assert!(error.contains("README.md:3: `README.md` is not UTF-8"), "{error}");
    assert_eq!(hint, "save the file as UTF-8");
}

#[cfg(unix)]
#[test]
fn links_that_lead_nowhere_or_out_are_named() {
    use std::os::unix::fs::symlink;
    for system in [HATCHLING, SETUPTOOLS] {
        let project = Project::demo(system, "");
        symlink("nothing.py", project.path("demo/broken.py")).unwrap();
        let (error, hint) = fault(&project);
        assert!(error.contains("demo/broken.py: symbolic link points nowhere: `nothing.py`"), "{error}");
        assert!(hint.contains("delete the link"));
    }
    let outside = tempfile::NamedTempFile::new().unwrap();
    let project = Project::demo(HATCHLING, "");
    symlink(outside.path(), project.path("demo/secret.py")).unwrap();
    let (error, hint) = fault(&project);
    assert!(error.contains("demo/secret.py: symbolic link leads out of the project"), "{error}");
    assert!(hint.contains("copy the file into the project"));
}

#[cfg(unix)]
#[test]
fn a_link_inside_is_for_hatchling_and_a_file_for_setuptools() {
    use std::os::unix::fs::symlink;
    let project = Project::demo(HATCHLING, "");
    symlink("__init__.py", project.path("demo/again.py")).unwrap();
    let planned = project.plan().unwrap();
    assert!(matches!(planned, pyrel_build::Planned::Fallback(why) if why.option == "demo/again.py"));
    let project = Project::demo(SETUPTOOLS, "");
    symlink("__init__.py", project.path("demo/again.py")).unwrap();
    let artifacts = project.build().unwrap();
    let members = crate::archive::wheel(&artifacts[1].path);
    assert_eq!(crate::archive::text(&members, "demo/again.py"), "x = 1\n");
}

#[cfg(target_os = "linux")]
#[test]
fn names_that_are_not_utf_8_are_refused_where_they_would_ship() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;
    for system in [HATCHLING, SETUPTOOLS] {
        let project = Project::demo(system, "");
        fs::write(project.path("demo").join(OsStr::from_bytes(b"caf\xe9.py")), "").unwrap();
        let (error, hint) = fault(&project);
        assert!(error.contains("file name is not UTF-8"), "{error}");
        assert!(hint.starts_with("rename the file"));
    }
}

#[cfg(unix)]
#[test]
fn a_pipe_is_no_file() {
    let project = Project::demo(HATCHLING, "");
    let path = project.path("demo/pipe");
    pyrel_project::process::Process::new("mkfifo").arg(&path).run_checked().unwrap();
    let (error, _) = fault(&project);
    assert!(error.contains("demo/pipe: no regular file"), "{error}");
}

/// Does something to the project when the first bytes are written.
struct Meddler<F: Fn() + Sync>(F);

impl<F: Fn() + Sync> BuildObserver for Meddler<F> {
    fn event(&self, event: BuildEvent<'_>) {
        if matches!(event, BuildEvent::Bytes { .. }) {
            (self.0)();
        }
    }
}

#[test]
fn a_file_that_goes_away_meanwhile_stops_everything() {
    let project = Project::demo(HATCHLING, "");
    project.write("demo/late.py", "late = 1\n");
    let late = project.path("demo/late.py");
    let error = project.build_watched(&Meddler(|| drop(fs::remove_file(&late)))).unwrap_err();
    assert!(matches!(&error, BuildError::Read { path, .. } if path.ends_with("demo/late.py")), "{error}");
    assert_eq!(project.built(), None);
}

#[test]
fn a_file_that_grows_meanwhile_stops_everything() {
    let project = Project::demo(HATCHLING, "");
    project.write("demo/late.py", "late = 1\n");
    let late = project.path("demo/late.py");
    let error = project.build_watched(&Meddler(|| fs::write(&late, "late = 1234\n").unwrap())).unwrap_err();
    assert!(matches!(error, BuildError::Changed { listed: 9, found: 12, .. }), "{error}");
    assert!(error.hint().unwrap().contains("build again"));
    assert_eq!(project.built(), None);
}

#[test]
fn an_old_file_survives_a_failed_build() {
    let project = Project::demo(HATCHLING, "readme = \"README.md\"\n");
    project.write("out/demo-1.0.tar.gz", "old");
    assert!(project.build().is_err());
    assert_eq!(project.built().unwrap(), ["demo-1.0.tar.gz"]);
    assert_eq!(fs::read_to_string(project.path("out/demo-1.0.tar.gz")).unwrap(), "old");
}

#[test]
fn an_output_folder_that_is_a_file_is_named() {
    let project = Project::demo(HATCHLING, "");
    project.write("out", "in the way");
    let error = project.build().unwrap_err();
    assert!(matches!(&error, BuildError::Write { path, .. } if path.ends_with("out")), "{error}");
}

/// Builds in the current folder and expects the disk to fail; started by the test below.
#[test]
#[ignore = "a child of another test"]
fn child_without_space() {
    let here = std::env::current_dir().unwrap();
    let error = build_dir(&here, &PythonSettings::default(), &Silent).unwrap_err();
    assert!(matches!(error, BuildError::Write { .. }), "{error}");
}

/// A limit on the size of files stands in for a full disk: writes fail halfway in the same place.
#[cfg(unix)]
#[test]
fn nothing_is_left_when_the_disk_is_full() {
    let project = Project::demo(HATCHLING, "");
    let mut noise = String::new();
    let mut state = 1u64;
    while noise.len() < 3 << 20 {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        noise.push_str(&format!("{:x}", state >> 20));
    }
    project.write("demo/noise.txt", &noise);
    pyrel_project::process::Process::new("sh")
        .args([
            "-c",
            "trap '' XFSZ; ulimit -f 1000; exec \"$0\" --ignored --exact fault::child_without_space",
        ])
        .arg(std::env::current_exe().unwrap())
        .current_dir(project.path("."))
        .run_checked()
        .unwrap();
    assert_eq!(project.built(), None);
}
