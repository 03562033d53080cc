//! The pipeline as commands use it: what stops it, what it leaves out, and what it never does.

use std::path::PathBuf;
use std::sync::Arc;

use fs_err as fs;
use pyrel_index::{IndexClient, RunningServer};
use pyrel_model::PackageName;
use pyrel_project::Package;
use pyrel_release::events::Event;
use pyrel_release::gate::{AdvanceConfirm, Refusal};
use pyrel_release::journal::{Fault, Step};
use pyrel_release::plan::{AccountKind, Remote, Staged};
use pyrel_release::release::{
    PackageTest, Preview, Previewed, ReleaseError, ReleaseReport, ReleaseRequest, preview, run_release,
};

use crate::world::{Recorder, World, client_options, index, request, target};

async fn run(request: &ReleaseRequest<'_>, yes: bool, digest: Option<&str>) -> ReleaseReport {
    let mut confirm = AdvanceConfirm { yes, digest: digest.map(str::to_owned) };
    run_release(request, &mut confirm, Arc::new(Recorder::default())).await
}

struct Indexes {
    _dir: tempfile::TempDir,
    staging: RunningServer,
    production: RunningServer,
}

async fn indexes() -> Indexes {
    let dir = tempfile::tempdir().unwrap();
    let (staging, production) = (index(&dir.path().join("s")).await, index(&dir.path().join("p")).await);
    Indexes { _dir: dir, staging, production }
}

/// Returns how many files an index holds of a package.
async fn held(server: &RunningServer, package: &str) -> usize {
    let client = IndexClient::new(target("x", server, false).spec, client_options()).unwrap();
    let listing = client.project(&package.parse().unwrap()).await.unwrap();
    listing.map_or(0, |listing| listing.files.len())
}

/// `pyrel build`, `upload-test`, `plan`, `upload`, one after another.
#[tokio::test(flavor = "multi_thread")]
async fn build_stage_plan_and_upload_agree_on_one_digest() {
    let world = World::new().package("base", &[]);
    let workspace = world.workspace();
    let indexes = indexes().await;
    let built = run(&request(&world, &workspace, "build"), false, None).await;
    assert_eq!(built.exit_code(), 0, "{:?}", built.failure);

    let mut upload = request(&world, &workspace, "upload-1");
    upload.build = None;
    upload.proof = Some(target("testpypi", &indexes.staging, false).readable());
    upload.publish = Some(target("pypi", &indexes.production, true));
    let refused = run(&upload, true, Some("0123456789ab")).await;
    assert_eq!(refused.exit_code(), 3);
    assert!(matches!(refused.failure, Some(ReleaseError::Refused(Refusal::Unstaged { .. }))));
    assert_eq!(held(&indexes.production, "base").await, 0);

    let mut stage = request(&world, &workspace, "stage");
    stage.build = None;
    stage.stage = Some(target("testpypi", &indexes.staging, false));
    assert_eq!(run(&stage, false, None).await.exit_code(), 0);
    assert_eq!(held(&indexes.staging, "base").await, 2);

    let publish = target("pypi", &indexes.production, true);
    let Previewed { plan, report, unknown_names, unproven } = preview(&Preview {
        packages: &upload.packages,
        directories: &upload.directories,
        index: &publish.readable(),
        account: AccountKind::of(&publish.account),
        attesting: publish.attestations.attesting(),
        proof: upload.proof.as_ref(),
        check: &upload.check,
        client: &upload.client,
        now: 0,
    })
    .await
    .unwrap();
    assert!(report.ok(false) && unknown_names.is_none() && unproven.is_none());
    assert!(plan.files().all(|file| file.staged == Staged::Yes && file.remote == Remote::Absent));

    for (id, yes, digest) in [("upload-2", false, Some(plan.digest().short())), ("upload-3", true, None)] {
        upload.run.id = id.to_owned();
        let refused = run(&upload, yes, digest.as_deref()).await;
        assert_eq!(refused.exit_code(), 3);
        let hint = refused.failure.unwrap().hint().unwrap();
        assert!(hint.contains(&format!("--yes --confirm {}", plan.digest().short())), "{hint}");
        assert_eq!(held(&indexes.production, "base").await, 0);
    }
    upload.run.id = "upload-4".to_owned();
    let done = run(&upload, true, Some(&plan.digest().short())).await;
    assert_eq!(done.exit_code(), 0, "{:?}", done.failure);
    assert_eq!(done.done, [Step::Collect, Step::Check, Step::Gate, Step::Publish]);
    assert_eq!(held(&indexes.production, "base").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_older_than_its_sources_is_not_sent() {
    let world = World::new().package("base", &[]);
    let workspace = world.workspace();
    let indexes = indexes().await;
    assert_eq!(run(&request(&world, &workspace, "build"), false, None).await.exit_code(), 0);
    let late = world.root().join("packages/base/src/base/late.py");
    fs::write(&late, "").unwrap();
    let time = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(4_000_000_000);
    fs::OpenOptions::new().write(true).open(&late).unwrap().file().set_modified(time).unwrap();
    let mut upload = request(&world, &workspace, "upload");
    upload.build = None;
    upload.stage = Some(target("testpypi", &indexes.staging, false));
    let report = run(&upload, false, None).await;
    assert_eq!(report.exit_code(), 3);
    let failure = report.failure.unwrap();
    assert!(failure.to_string().contains("late.py"), "{failure}");
    assert_eq!(failure.hint().unwrap(), "run `pyrel build base` first");
    assert_eq!(held(&indexes.staging, "base").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn private_packages_are_never_uploaded() {
    let world = World::new().package("base", &[]).package_with(
        "hidden",
        &[],
        "classifiers = [\"Private :: Do Not Upload\"]",
    );
    let workspace = world.workspace();
    let indexes = indexes().await;
    let mut request = request(&world, &workspace, "r1");
    request.stage = Some(target("testpypi", &indexes.staging, false));
    let recorder = Arc::new(Recorder::default());
    let listener = recorder.clone();
    let report = run_release(&request, &mut AdvanceConfirm::default(), listener).await;
    assert_eq!(report.exit_code(), 0, "{:?}", report.failure);
    assert_eq!((held(&indexes.staging, "base").await, held(&indexes.staging, "hidden").await), (2, 0));
    assert_eq!(report.private, ["hidden".parse().unwrap()]);
    assert!(recorder.events().iter().any(|event| matches!(event, Event::PrivateSkipped { .. })));

    request.packages.retain(|package| package.private);
    request.run.id = "r2".to_owned();
    let report = run(&request, false, None).await;
    assert_eq!(report.exit_code(), 2);
    assert!(report.failure.unwrap().to_string().contains("`hidden`"));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_bad_file_anywhere_and_nothing_is_sent() {
    let world = World::new().package("base", &[]).package("top", &["base"]);
    let workspace = world.workspace();
    let indexes = indexes().await;
    assert_eq!(run(&request(&world, &workspace, "build"), false, None).await.exit_code(), 0);
    let wheel = world.dist("top").join("top-1.0-py3-none-any.whl");
    let bytes = fs::read(&wheel).unwrap();
    fs::write(&wheel, &bytes[..bytes.len() / 2]).unwrap();
    let mut upload = request(&world, &workspace, "upload");
    upload.build = None;
    upload.stage = Some(target("testpypi", &indexes.staging, false));
    let report = run(&upload, false, None).await;
    assert_eq!(report.exit_code(), 1, "{:?}", report.failure);
    assert_eq!((held(&indexes.staging, "base").await, held(&indexes.staging, "top").await), (0, 0));
}

/// Fails for one package.
struct Picky;

impl PackageTest for Picky {
    fn test(&self, packages: &[(Package, PathBuf)]) -> Vec<(PackageName, String)> {
        assert!(packages.iter().all(|(_, wheel)| wheel.is_file()));
        let top = packages.iter().filter(|(package, _)| package.name.normalized() == "top");
        top.map(|(package, _)| (package.name.clone(), "1 failed".to_owned())).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_test_stops_the_run_before_anything_is_sent() {
    let world = World::new().package("base", &[]).package("top", &["base"]);
    let workspace = world.workspace();
    let indexes = indexes().await;
    let mut request = request(&world, &workspace, "r1");
    request.test = Some(Arc::new(Picky));
    request.stage = Some(target("testpypi", &indexes.staging, false));
    let report = run(&request, false, None).await;
    assert_eq!(report.exit_code(), 1);
    assert_eq!(report.failure.as_ref().unwrap().to_string(), "the tests of `top` failed: 1 failed");
    assert_eq!(report.done, [Step::Build]);
    assert_eq!(held(&indexes.staging, "base").await, 0);
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!((json["schema"].as_u64(), json["exit_code"].as_u64()), (Some(1), Some(1)));
    assert_eq!(json["done"][0], "build");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_can_be_moved_to_another_thread() {
    fn movable<T: Send>(value: T) -> T {
        value
    }
    let world = World::new().package("base", &[]);
    let workspace = world.workspace();
    let request = request(&world, &workspace, "r1");
    let mut confirm = AdvanceConfirm::default();
    let report = movable(run_release(&request, &mut confirm, Arc::new(Recorder::default()))).await;
    assert_eq!(report.exit_code(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resumed_run_must_be_asked_for_the_same() {
    let world = World::new().package("base", &[]).package("top", &["base"]);
    let workspace = world.workspace();
    let indexes = indexes().await;
    let mut first = request(&world, &workspace, "r1");
    first.stage = Some(target("testpypi", &indexes.staging, false));
    first.run.fault = Some(Fault::After(4));
    assert_ne!(run(&first, false, None).await.exit_code(), 0);
    let mut other = request(&world, &workspace, "r1");
    other.stage = Some(target("testpypi", &indexes.staging, false));
    other.run.resume = true;
    other.packages.pop();
    let report = run(&other, false, None).await;
    assert_eq!(report.exit_code(), 2);
    let text = report.failure.unwrap().to_string();
    assert!(text.contains("base 1.0, top 1.0, now base 1.0"), "{text}");
    let mut elsewhere = request(&world, &workspace, "r1");
    elsewhere.stage = Some(target("testpypi", &indexes.production, false));
    elsewhere.run.resume = true;
    assert_eq!(run(&elsewhere, false, None).await.exit_code(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resumed_run_notices_changed_bytes() {
    let world = World::new().package("base", &[]);
    let workspace = world.workspace();
    let indexes = indexes().await;
    let mut first = request(&world, &workspace, "r1");
    first.stage = Some(target("testpypi", &indexes.staging, false));
    first.run.fault = Some(Fault::After(5));
    assert_ne!(run(&first, false, None).await.exit_code(), 0);
    let kept = world.root().join(".pyrel/runs/r1/files");
    // Both are valid wheels of the same name, and only one is this run's.
    let init = world.root().join("packages/base/src/base/__init__.py");
    fs::write(&init, "def main():\n    print('changed')\n").unwrap();
    assert_eq!(run(&request(&world, &workspace, "build"), false, None).await.exit_code(), 0);
    let name = "base-1.0-py3-none-any.whl";
    fs::copy(world.dist("base").join(name), kept.join(name)).unwrap();
    first.run.resume = true;
    first.run.fault = None;
    let report = run(&first, false, None).await;
    let text = report.failure.unwrap().to_string();
    assert!(text.contains("expected the SHA-256"), "{text}");
    assert_eq!(held(&indexes.staging, "base").await, 0);
}
