//! Attestations beside built files: sent with them, judged before anything is sent, part of the plan, and the same
//! after an interruption.

use std::path::PathBuf;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fs_err as fs;
use pyrel_index::RunningServer;
use pyrel_release::attest::Attestations;
use pyrel_release::events::Event;
use pyrel_release::gate::AdvanceConfirm;
use pyrel_release::journal::Fault;
use pyrel_release::plan::{AccountKind, Attesting, Plan};
use pyrel_release::release::{Preview, ReleaseError, ReleaseReport, ReleaseRequest, preview, run_release};
use serde_json::{Value, json};
use sha2::Digest as _;

use crate::world::{Recorder, World, index, request, target};

const WHEEL: &str = "base-1.0-py3-none-any.whl";
const SDIST: &str = "base-1.0.tar.gz";

/// A built package, and an index to stage on.
struct Scene {
    world: World,
    index: RunningServer,
    _store: tempfile::TempDir,
}

impl Scene {
    async fn new() -> Self {
        let store = tempfile::tempdir().unwrap();
        let scene = Self {
            world: World::new().package("base", &[]),
            index: index(store.path()).await,
            _store: store,
        };
        let workspace = scene.world.workspace();
        assert_eq!(run(&request(&scene.world, &workspace, "build")).await.exit_code(), 0);
        scene
    }

    fn beside(&self, filename: &str) -> PathBuf {
        self.world.dist("base").join(format!("{filename}.publish.attestation"))
    }

    /// Writes an attestation of a built file, as another program would have signed it; `mark` tells two apart.
    fn attest(&self, filename: &str, mark: &str) -> String {
        let bytes = fs::read(self.world.dist("base").join(filename)).unwrap();
        let sha256: String = sha2::Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        let statement = json!({
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [{"name": filename, "digest": {"sha256": sha256}}],
            "predicateType": "https://docs.pypi.org/attestations/publish/v1",
            "predicate": null,
        });
        // White space and the order of keys are the signer's.
        let text = format!(
            "{{ \"envelope\": {{\"signature\": \"{}\", \"statement\": \"{}\"}}, \"version\": 1,\n \
             \"verification_material\": {{\"certificate\": \"MAA=\", \"transparency_entries\": [{{}}]}} }}\n",
            STANDARD.encode(mark),
            STANDARD.encode(statement.to_string())
        );
        fs::write(self.beside(filename), &text).unwrap();
        text
    }

    async fn upload(&self, id: &str, change: impl Fn(&mut ReleaseRequest<'_>)) -> ReleaseReport {
        let workspace = self.world.workspace();
        let mut upload = request(&self.world, &workspace, id);
        upload.build = None;
        upload.stage = Some(target("testpypi", &self.index, false));
        change(&mut upload);
        run(&upload).await
    }

    /// Returns what the index serves about a file: its attestations, or nothing.
    fn served(&self, filename: &str) -> Option<Value> {
        let path = self._store.path().join("projects/base").join(filename).join("provenance.json");
        let document: Value = serde_json::from_slice(&fs::read(path).ok()?).unwrap();
        Some(document["attestation_bundles"][0]["attestations"].clone())
    }

    fn is_empty(&self) -> bool {
        !self._store.path().join("projects/base").exists()
    }

    async fn plan(&self, attesting: Attesting) -> Plan {
        let workspace = self.world.workspace();
        let (upload, stage) = (request(&self.world, &workspace, "p"), target("testpypi", &self.index, false));
        let asked = Preview {
            packages: &upload.packages,
            directories: &upload.directories,
            index: &stage.readable(),
            account: AccountKind::of(&stage.account),
            attesting,
            proof: None,
            check: &upload.check,
            client: &upload.client,
            now: 1_700_000_000,
        };
        preview(&asked).await.unwrap().plan
    }
}

async fn run(request: &ReleaseRequest<'_>) -> ReleaseReport {
    run_release(request, &mut AdvanceConfirm::default(), Arc::new(Recorder::default())).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_lies_beside_a_file_goes_with_it() {
    let scene = Scene::new().await;
    let text = scene.attest(WHEEL, "one");
    let report = scene.upload("r1", |_| {}).await;
    assert_eq!(report.exit_code(), 0, "{:?}", report.failure);
    let sent: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(scene.served(WHEEL), Some(json!([sent])));
    assert_eq!(scene.served(SDIST), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attestation_of_other_bytes_stops_the_run_before_anything_is_sent() {
    let scene = Scene::new().await;
    scene.attest(SDIST, "one");
    fs::rename(scene.beside(SDIST), scene.beside(WHEEL)).unwrap();
    let report = scene.upload("r1", |_| {}).await;
    assert_eq!(report.exit_code(), 1);
    assert!(matches!(report.failure, Some(ReleaseError::Findings { errors: 1, files: 2 })));
    let found = &report.check.unwrap().files[0];
    assert_eq!((found.filename.as_str(), found.findings[0].rule), (WHEEL, "attestation-subject"));
    fs::write(scene.beside(WHEEL), "{").unwrap();
    assert_eq!(scene.upload("r2", |_| {}).await.exit_code(), 1);
    assert!(scene.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_that_takes_none_gets_none_and_that_is_told() {
    let scene = Scene::new().await;
    scene.attest(WHEEL, "one");
    let workspace = scene.world.workspace();
    let mut upload = request(&scene.world, &workspace, "r1");
    upload.build = None;
    upload.stage = Some(target("testpypi", &scene.index, false));
    if let Some(stage) = &mut upload.stage {
        stage.attestations = Attestations::Withheld;
    }
    let recorder = Arc::new(Recorder::default());
    let listener = recorder.clone();
    let report = run_release(&upload, &mut AdvanceConfirm::default(), listener).await;
    assert_eq!(report.exit_code(), 0, "{:?}", report.failure);
    assert_eq!(scene.served(WHEEL), None);
    let told =
        |event: &Event| matches!(event, Event::Note { message } if message.contains("publish.attestation"));
    assert!(recorder.events().iter().any(told));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resumed_run_sends_the_attestations_it_began_with() {
    let scene = Scene::new().await;
    let first: Value = serde_json::from_str(&scene.attest(WHEEL, "one")).unwrap();
    // The request, two files, an attestation, and two steps.
    let cut = scene.upload("r1", |request| request.run.fault = Some(Fault::After(6))).await;
    assert_ne!(cut.exit_code(), 0);
    assert!(scene.is_empty());
    scene.attest(WHEEL, "another");
    scene.attest(SDIST, "late");
    let resumed = scene.upload("r1", |request| request.run.resume = true).await;
    assert_eq!(resumed.exit_code(), 0, "{:?}", resumed.failure);
    assert_eq!(scene.served(WHEEL), Some(json!([first])));
    assert_eq!(scene.served(SDIST), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kept_attestation_that_was_changed_is_not_sent() {
    let scene = Scene::new().await;
    scene.attest(WHEEL, "one");
    let cut = scene.upload("r1", |request| request.run.fault = Some(Fault::After(6))).await;
    assert_ne!(cut.exit_code(), 0);
    scene.attest(WHEEL, "another");
    let kept = scene.world.root().join(".pyrel/runs/r1/files").join(format!("{WHEEL}.publish.attestation"));
    fs::copy(scene.beside(WHEEL), kept).unwrap();
    let resumed = scene.upload("r1", |request| request.run.resume = true).await;
    assert!(resumed.failure.unwrap().to_string().contains("expected the SHA-256"));
    assert!(scene.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_speaks_of_attestations_as_the_upload_does() {
    let scene = Scene::new().await;
    let bare = scene.plan(Attesting::Found).await;
    scene.attest(WHEEL, "one");
    let plan = scene.plan(Attesting::Found).await;
    assert_eq!(plan.files().map(|file| file.attestations.len()).collect::<Vec<_>>(), [1, 0]);
    assert_eq!(scene.plan(Attesting::Withheld).await.digest(), bare.digest());
    assert_ne!(plan.digest(), bare.digest());
    let signed = scene.plan(Attesting::Signed).await;
    let wanted: Vec<bool> =
        signed.files().flat_map(|file| &file.attestations).map(|one| one.sha256.is_none()).collect();
    assert_eq!(wanted, [false, true], "what is attested is not signed again");
    let text = fs::read_to_string(scene.world.root().join(".pyrel/runs/build/journal.jsonl")).unwrap();
    assert!(!text.contains("attested"));
    assert_eq!(scene.upload("r1", |_| {}).await.exit_code(), 0);
    let text = fs::read_to_string(scene.world.root().join(".pyrel/runs/r1/journal.jsonl")).unwrap();
    assert!(text.contains(&plan.digest().to_string()), "{text}");
}
