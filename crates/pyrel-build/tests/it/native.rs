//! Native builds: content, order, digests, and that the same input gives the same bytes.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use fs_err as fs;
use pyrel_build::{
    BuildEvent, BuildObserver, BuildRequest, Kinds, Planned, PythonSettings, Silent, build_all,
};
use pyrel_model::{ArtifactKind, Builder};
use sha2::{Digest as _, Sha256};

use crate::archive::{sdist, text, wheel};
use crate::project::{DEMO, HATCHLING, Project, SETUPTOOLS, SOURCE_DATE, build_dir};

const FILES: &[(&str, &str)] = &[
    ("demo/__init__.py", "x = 1\n"),
    ("demo/sub/part.py", "y = 2\n"),
    ("demo/sub/naïve, file.txt", "z\n"),
    ("LICENSE", "Terms.\n"),
    ("README.md", "# Demo\n"),
];

fn hatchling() -> Project {
    Project::new(
        &format!("{HATCHLING}{DEMO}readme = \"README.md\"\n[project.scripts]\ndemo = \"demo:main\"\n"),
        FILES,
    )
}

#[test]
fn a_wheel_ends_with_its_dist_info_and_record() {
    let project = hatchling();
    let artifacts = project.build().unwrap();
    let kinds: Vec<ArtifactKind> = artifacts.iter().map(|artifact| artifact.kind).collect();
    assert_eq!(kinds, [ArtifactKind::Sdist, ArtifactKind::Wheel]);
    let members = wheel(&artifacts[1].path);
    let names: Vec<&str> = members.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        [
            "demo/__init__.py",
            "demo/sub/naïve, file.txt",
            "demo/sub/part.py",
            "demo-1.0.dist-info/METADATA",
            "demo-1.0.dist-info/WHEEL",
            "demo-1.0.dist-info/entry_points.txt",
            "demo-1.0.dist-info/licenses/LICENSE",
            "demo-1.0.dist-info/RECORD",
        ]
    );
    let record = text(&members, "demo-1.0.dist-info/RECORD");
    let expected: String = members[..members.len() - 1]
        .iter()
        .map(|(name, data)| {
            let name = if name.contains(',') { format!("\"{name}\"") } else { name.clone() };
            format!("{name},sha256={},{}\n", URL_SAFE_NO_PAD.encode(Sha256::digest(data)), data.len())
        })
        .collect();
    assert_eq!(record, format!("{expected}demo-1.0.dist-info/RECORD,,\n"));
}

#[test]
fn the_artifact_says_what_is_on_disk() {
    let project = hatchling();
    for artifact in project.build().unwrap() {
        let bytes = fs::read(&artifact.path).unwrap();
        assert!(artifact.path.is_absolute());
        assert_eq!(artifact.size, bytes.len() as u64);
        assert_eq!(artifact.sha256.as_bytes()[..], Sha256::digest(&bytes)[..]);
        assert_eq!(artifact.builder, Builder::Native { dialect: "hatchling" });
        assert_eq!(artifact.version.to_string(), "1.0");
    }
    assert_eq!(project.built().unwrap(), ["demo-1.0-py2.py3-none-any.whl", "demo-1.0.tar.gz"]);
}

#[test]
fn an_sdist_has_one_folder_and_its_metadata() {
    let project = hatchling();
    let artifacts = project.build().unwrap();
    let members = sdist(&artifacts[0].path);
    assert!(members.iter().all(|(name, mode, _)| name.starts_with("demo-1.0/") && *mode == 0o644));
    let (last, _, pkg_info) = members.last().unwrap();
    assert_eq!(last, "demo-1.0/PKG-INFO");
    let metadata = text(&wheel(&artifacts[1].path), "demo-1.0.dist-info/METADATA");
    assert_eq!(String::from_utf8(pkg_info.clone()).unwrap(), metadata);
}

#[test]
fn no_zip_member_streams_and_all_carry_the_source_date() {
    let artifacts = hatchling().build_and_keep();
    let bytes = fs::read(&artifacts.1).unwrap();
    let mut at = 0;
    let mut count = 0;
    while bytes[at..].starts_with(b"PK\x03\x04") {
        let field = |offset: usize| u16::from_le_bytes([bytes[at + offset], bytes[at + offset + 1]]);
        let long = |offset: usize| u32::from(field(offset)) | u32::from(field(offset + 2)) << 16;
        assert_eq!(field(6) & 8, 0, "data descriptor");
        assert_eq!((field(10), field(12)), (0, 40 << 9 | 2 << 5 | 2));
        at += 30 + usize::from(field(26)) + usize::from(field(28)) + usize::try_from(long(18)).unwrap();
        count += 1;
    }
    assert!(bytes[at..].starts_with(b"PK\x01\x02"), "the central directory follows the last member");
    assert_eq!(count, 8);
}

impl Project {
    /// Builds, and returns the project with the wheel's path.
    fn build_and_keep(self) -> (Self, std::path::PathBuf) {
        let wheel = self.build().unwrap().pop().unwrap().path;
        (self, wheel)
    }
}

/// Builds a project in the current folder; started by tests that need a process of their own.
#[test]
#[ignore = "a child of other tests"]
fn child() {
    let here = std::env::current_dir().unwrap();
    build_dir(&here, &PythonSettings::default(), &Silent).unwrap();
}

#[cfg(unix)]
#[test]
fn the_same_input_gives_the_same_bytes() {
    use std::os::unix::fs::PermissionsExt as _;
    for system in [HATCHLING, SETUPTOOLS] {
        let text = format!("{system}{DEMO}readme = \"README.md\"\n");
        let first = Project::new(&text, FILES);
        first.build().unwrap();

        let reversed: Vec<(&str, &str)> = FILES.iter().rev().copied().collect();
        let second = Project::new(&text, &reversed);
        for (path, _) in FILES {
            let file = fs::OpenOptions::new().write(true).open(second.path(path)).unwrap();
            let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000);
            file.file().set_modified(time).unwrap();
            fs::set_permissions(second.path(path), std::fs::Permissions::from_mode(0o600)).unwrap();
        }
        pyrel_project::process::Process::new("sh")
            .args(["-c", "umask 077; exec \"$0\" --ignored --exact native::child"])
            .arg(std::env::current_exe().unwrap())
            .current_dir(second.path("."))
            .run_checked()
            .unwrap();

        assert_eq!(first.built(), second.built());
        for name in first.built().unwrap() {
            let name = format!("out/{name}");
            assert_eq!(fs::read(first.path(&name)).unwrap(), fs::read(second.path(&name)).unwrap(), "{name}");
            let mode = fs::metadata(second.path(&name)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o644, "everybody may read {name}");
        }
    }
}

#[test]
fn many_packages_at_once_give_what_one_gives() {
    let projects: Vec<Project> = (0..12).map(|_| hatchling()).collect();
    let packages: Vec<_> = projects.iter().map(Project::package).collect();
    let python = PythonSettings::default();
    let requests: Vec<BuildRequest<'_>> = projects
        .iter()
        .zip(&packages)
        .map(|(project, package)| BuildRequest {
            package,
            kinds: Kinds { sdist: false, wheel: true },
            out_dir: project.path("out"),
            force_pep517: false,
            source_date: SOURCE_DATE,
            python: &python,
            variables: &pyrel_build::NO_VARIABLES,
        })
        .collect();
    let results = build_all(&requests, &Silent);
    let alone = hatchling().build().unwrap().pop().unwrap().sha256;
    assert_eq!(results.len(), projects.len());
    for (result, project) in results.into_iter().zip(&projects) {
        let artifacts = result.unwrap();
        assert_eq!(artifacts.len(), 1);
        assert_eq!(artifacts[0].sha256, alone);
        assert_eq!(project.built().unwrap().len(), 1);
    }
}

#[test]
fn a_plan_writes_nothing() {
    let project = hatchling();
    let Planned::Native(set) = project.plan().unwrap() else { panic!("expected a native plan") };
    assert_eq!(project.built(), None);
    assert_eq!(set.wheel_file_name(), "demo-1.0-py2.py3-none-any.whl");
    assert_eq!(set.sdist_file_name(), "demo-1.0.tar.gz");
    assert!(set.metadata.starts_with("Metadata-Version: 2.5\nName: demo\nVersion: 1.0\n"));
}

#[test]
fn the_wheel_has_what_the_sdist_has() {
    let tool = "[tool.hatch.build.targets.sdist]\nexclude = [\"demo/private.py\"]\n";
    let project = Project::demo(HATCHLING, tool);
    project.write("demo/private.py", "p = 1\n");
    let members = wheel(&project.build().unwrap()[1].path);
    assert!(members.iter().all(|(name, _)| name != "demo/private.py"));
}

#[test]
fn progress_reaches_the_total() {
    #[derive(Default)]
    struct Seen(std::sync::Mutex<Vec<(u64, u64)>>);
    impl BuildObserver for Seen {
        fn event(&self, event: BuildEvent<'_>) {
            if let BuildEvent::Bytes { done, total, .. } = event {
                self.0.lock().unwrap().push((done, total));
            }
        }
    }
    let project = hatchling();
    project.write("demo/large.txt", &"0123456789abcdef".repeat(400_000));
    let seen = Seen::default();
    let artifacts = project.build_watched(&seen).unwrap();
    let events = seen.0.into_inner().unwrap();
    let (done, total) = *events.last().unwrap();
    assert_eq!(done, total);
    assert!(events.windows(2).all(|pair| pair[0].0 <= pair[1].0));
    let members = wheel(&artifacts[1].path);
    assert_eq!(text(&members, "demo/large.txt").len(), 6_400_000);
    let record = text(&members, "demo-1.0.dist-info/RECORD");
    let digest = URL_SAFE_NO_PAD.encode(Sha256::digest("0123456789abcdef".repeat(400_000)));
    assert!(record.contains(&format!("demo/large.txt,sha256={digest},6400000\n")));
}

#[test]
fn setuptools_sdists_list_their_sources() {
    let project = Project::new(&format!("{SETUPTOOLS}{DEMO}"), FILES);
    let artifacts = project.build().unwrap();
    assert_eq!(artifacts[0].builder, Builder::Native { dialect: "setuptools" });
    let members: Vec<(String, Vec<u8>)> =
        sdist(&artifacts[0].path).into_iter().map(|(name, _, data)| (name, data)).collect();
    assert_eq!(
        text(&members, "demo-1.0/demo.egg-info/SOURCES.txt"),
        "LICENSE\nREADME.md\npyproject.toml\ndemo/__init__.py\ndemo.egg-info/PKG-INFO\n\
         demo.egg-info/SOURCES.txt\ndemo.egg-info/dependency_links.txt\ndemo.egg-info/top_level.txt\n\
         demo/sub/part.py"
    );
    assert_eq!(text(&members, "demo-1.0/setup.cfg"), "[egg_info]\ntag_build = \ntag_date = 0\n\n");
    let wheel = wheel(&artifacts[1].path);
    assert_eq!(text(&wheel, "demo-1.0.dist-info/top_level.txt"), "demo\n");
    assert!(text(&wheel, "demo-1.0.dist-info/METADATA").contains("\nDynamic: license-file\n"));
}
