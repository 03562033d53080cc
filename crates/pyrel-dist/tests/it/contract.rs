//! What other crates rely on: the shape of findings, the order and levels of the driver, the facts of a `Dist`.

use std::path::PathBuf;

use fs_err as fs;
use pyrel_dist::{CheckOptions, Dist, Limits, OpenError, Source, check_files};
use pyrel_model::{ArtifactKind, Level};
use tempfile::TempDir;

use crate::fixture::Fixture;

fn write(fixture: &Fixture) -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(&fixture.filename);
    fs::write(&path, fixture.bytes()).unwrap();
    (directory, path)
}

#[test]
fn a_finding_serialises_under_the_names_of_the_contract() {
    let (_directory, path) = write(&Fixture::wheel().header("Requires-Python: 3"));
    let report = check_files(&[path], &CheckOptions::default());
    let json = serde_json::to_value(&report.files[0].findings[0]).unwrap();
    assert_eq!(
        json,
        serde_json::json!({
            "rule": "requires-python",
            "level": "error",
            "message": "'3' is invalid for 'requires-python'. See \
                https://packaging.python.org/specifications/core-metadata for more information.",
            "hint": "write comparisons such as `>=3.9,<4`",
            "source": "pypi",
            "location": "Requires-Python",
        })
    );
}

#[test]
fn levels_change_findings_and_errors_come_first() {
    let fixture = Fixture::wheel().body("").header("Version: v1.0").also("Classifier: Nonsense");
    let (_directory, path) = write(&fixture);
    let mut options = CheckOptions::default();
    let rules = |options: &CheckOptions| -> Vec<(&'static str, Level)> {
        let report = check_files(std::slice::from_ref(&path), options);
        report.files[0].findings.iter().map(|finding| (finding.rule, finding.level)).collect()
    };
    assert_eq!(
        rules(&options),
        [
            ("classifier-unknown", Level::Error),
            ("description-missing", Level::Warning),
            ("version-normal-form", Level::Warning)
        ]
    );
    options.levels.insert("classifier-unknown".to_owned(), None);
    options.levels.insert("version-normal-form".to_owned(), Some(Level::Error));
    assert_eq!(
        rules(&options),
        [("version-normal-form", Level::Error), ("description-missing", Level::Warning)]
    );
}

#[test]
fn strict_fails_on_warnings() {
    let (_directory, path) = write(&Fixture::sdist().body(""));
    let report = check_files(&[path], &CheckOptions::default());
    assert!(report.ok(false) && !report.ok(true));
    assert_eq!(report.files[0].findings[0].source, Source::Twine);
}

#[test]
fn reports_keep_the_order_of_the_paths() {
    let (_first, wheel) = write(&Fixture::wheel());
    let (_second, sdist) = write(&Fixture::sdist());
    let gone = PathBuf::from("gone-1.0.tar.gz");
    let paths = [sdist, gone, wheel];
    let report = check_files(&paths, &CheckOptions::default());
    let order: Vec<&PathBuf> = report.files.iter().map(|file| &file.path).collect();
    assert_eq!(order, paths.iter().collect::<Vec<_>>());
    assert_eq!(report.files[1].findings[0].rule, "unreadable-file");
    assert!(report.files[1].sha256.is_none() && report.files[0].sha256.is_some());
}

#[test]
fn a_wheel_tells_what_an_upload_and_a_verification_need() {
    let fixture = Fixture::wheel()
        .file(
            "demo-1.0.dist-info/entry_points.txt",
            "[console_scripts]\nzeta = demo:z\nalpha = demo.cli:main\n",
        )
        .file("extra.py", "");
    let (_directory, path) = write(&fixture);
    let dist = Dist::open(&path, &Limits::default()).unwrap();
    let bytes = fixture.bytes();
    assert_eq!((dist.kind(), dist.size()), (ArtifactKind::Wheel, bytes.len() as u64));
    assert_eq!(dist.python_tag(), "py3");
    assert_eq!(dist.console_scripts(), ["alpha", "zeta"]);
    assert_eq!(dist.console_script_targets()[0].target, "demo.cli:main");
    assert_eq!(dist.top_level_modules(), ["demo", "extra"]);
    assert_eq!(dist.metadata().get("Summary"), Some("A demonstration"));
    assert_eq!(dist.filename().unwrap().to_string(), dist.file_name());
    let form = dist.upload_form().unwrap();
    let names: Vec<&str> = form.iter().map(|(name, _)| *name).take(6).collect();
    let digests = ["sha256_digest", "blake2_256_digest"];
    assert_eq!((names[3], &names[4..]), ("pyversion", &digests[..]));
    assert_eq!((&form[4].1, form[5].1.len()), (&dist.sha256().to_hex(), 64));
    let member = dist.members().iter().find(|member| member.name == "demo/__init__.py").unwrap();
    assert_eq!(member.size, 10);
    assert!(member.sha256.is_some());
}

#[test]
fn an_sdist_has_the_python_tag_source() {
    let (_directory, path) = write(&Fixture::sdist());
    let dist = Dist::open(&path, &Limits::default()).unwrap();
    assert_eq!((dist.python_tag().as_str(), dist.kind()), ("source", ArtifactKind::Sdist));
    assert_eq!(dist.metadata().name().unwrap().as_written(), "demo");
    assert!(dist.console_scripts().is_empty() && dist.top_level_modules().is_empty());
}

#[test]
fn what_cannot_be_opened_says_why_and_what_to_do() {
    let (_directory, path) = write(&Fixture::sdist().metadata(b""));
    let error = Dist::open(&path, &Limits::default()).unwrap_err();
    assert!(error.to_string().ends_with("has no usable metadata: `demo-1.0/PKG-INFO` is missing"), "{error}");
    assert!(error.hint().is_some());
    let error = Dist::open(&PathBuf::from("gone.whl"), &Limits::default()).unwrap_err();
    assert!(matches!(error, OpenError::Io { .. }), "{error:?}");
}

#[test]
fn a_file_that_changed_after_it_was_judged_has_no_form() {
    let (_directory, path) = write(&Fixture::wheel());
    let dist = Dist::open(&path, &Limits::default()).unwrap();
    let kept = dist.upload_form().unwrap();
    fs::write(&path, Fixture::wheel().file("more.py", "").bytes()).unwrap();
    assert_eq!(dist.upload_form().unwrap(), kept, "what was made once is kept");
    let judged = check_files(std::slice::from_ref(&path), &CheckOptions::default()).files.remove(0);
    fs::write(&path, Fixture::wheel().bytes()).unwrap();
    let error = judged.dist.unwrap().upload_form().unwrap_err();
    assert!(matches!(error, OpenError::Changed { .. }), "{error:?}");
    assert!(error.hint().is_some());
}
