//! The upload itself, against an index of every mood.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use pyrel_index::{Credentials, IndexClient};
use pyrel_model::{ArtifactKind, Secret, Sha256};
use pyrel_release::attest::Attestations;
use pyrel_release::credentials::Account;
use pyrel_release::events::{Event, Quiet};
use pyrel_release::execute::{Execution, FileResult, Outcome, execute};
use pyrel_release::gate::{AdvanceConfirm, Gate, GatePolicy, Refusal};
use pyrel_release::journal::{Journal, KeptFile, Phase};
use pyrel_release::plan::{AccountKind, Attesting, Plan, PlanSource};
use pyrel_release::release::{ReleaseError, ReleaseReport, ReleaseTarget, run_release};
use pyrel_release::remote::IndexView;
use pyrel_release::run_dir::RunDir;

use crate::mock_index::{MockIndex, Mood};
use crate::world::{Recorder, World, client_options, keys, request};

fn target(index: &MockIndex, production: bool) -> ReleaseTarget {
    ReleaseTarget {
        spec: index.spec(production),
        account: Credentials::token(&Secret::new("not-a-real-token")).into(),
        keys: keys(),
        install_url: None,
        attestations: Attestations::Found,
    }
}

/// `base` is needed by `middle`, which is needed by `top`; `other` stands alone.
fn chain() -> World {
    World::new()
        .package("base", &[])
        .package("middle", &["base"])
        .package("top", &["middle"])
        .package("other", &[])
}

async fn stage(world: &World, index: &MockIndex, id: &str, resume: bool) -> (ReleaseReport, Vec<Event>) {
    let workspace = world.workspace();
    let mut request = request(world, &workspace, id);
    request.run.resume = resume;
    request.stage = Some(target(index, false));
    let recorder = Arc::new(Recorder::default());
    let listener = recorder.clone();
    let report = run_release(&request, &mut AdvanceConfirm::default(), listener).await;
    let events = recorder.events();
    (report, events)
}

fn result<'o>(outcome: &'o Outcome, filename: &str) -> &'o FileResult {
    &outcome.files().find(|file| file.filename == filename).unwrap().result
}

fn wheel(name: &str) -> String {
    format!("{name}-1.0-py3-none-any.whl")
}

fn sdist(name: &str) -> String {
    format!("{name}-1.0.tar.gz")
}

#[tokio::test(flavor = "multi_thread")]
async fn wheels_go_before_sdists_and_dependents_wait_until_an_installer_sees() {
    let world = chain();
    let hide = [(sdist("base"), 2), (wheel("middle"), 1)].into();
    let index = MockIndex::start(Mood { hide, ..Mood::default() }).await;
    let (report, _) = stage(&world, &index, "r1", false).await;
    assert!(report.ok(), "{:?}", report.failure);
    assert_eq!(report.exit_code(), 0);
    let log = index.log();
    let at = |line: String| log.iter().position(|entry| *entry == line).unwrap();
    for name in ["base", "middle", "top", "other"] {
        assert!(at(format!("POST {}", wheel(name))) < at(format!("POST {}", sdist(name))));
    }
    // Base was looked at until it was seen, and only then did middle begin.
    let looks = |name: &str| log.iter().filter(|entry| **entry == format!("GET {name}")).count();
    assert!(looks("base") >= 4, "{log:?}");
    let last_base = log.iter().rposition(|entry| entry == "GET base").unwrap();
    assert!(last_base < at(format!("POST {}", wheel("middle"))));
    let last_middle = log.iter().rposition(|entry| entry == "GET middle").unwrap();
    assert!(last_middle < at(format!("POST {}", wheel("top"))));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_package_blocks_its_dependents_only() {
    let world = chain();
    let refuse = [sdist("base")].into();
    let index = MockIndex::start(Mood { refuse, ..Mood::default() }).await;
    let (report, events) = stage(&world, &index, "r1", false).await;
    assert_eq!(report.exit_code(), 5);
    assert_eq!(report.resume_command.as_deref(), Some("pyrel release --resume"));
    let outcome = report.staged.as_ref().unwrap();
    assert_eq!(outcome.packages.len(), 4, "the outcome is complete");
    assert_eq!(*result(outcome, &wheel("base")), FileResult::Uploaded);
    let failed = result(outcome, &sdist("base"));
    assert!(matches!(failed, FileResult::Failed { reason, .. } if reason.contains("the mood is bad")));
    for name in ["middle", "top"] {
        for file in [wheel(name), sdist(name)] {
            assert_eq!(*result(outcome, &file), FileResult::Blocked { by: "base".parse().unwrap() });
        }
    }
    assert_eq!(*result(outcome, &sdist("other")), FileResult::Uploaded);
    assert!(!index.posts().iter().any(|file| file.starts_with("middle") || file.starts_with("top")));
    let blocked = events.iter().filter(|event| matches!(event, Event::Blocked { .. })).count();
    assert_eq!(blocked, 2);

    index.set(Mood::default());
    let (report, _) = stage(&world, &index, "r1", true).await;
    assert_eq!(report.exit_code(), 0, "{:?}", report.failure);
    assert_eq!(index.files().len(), 8);
    let posts = index.posts();
    for name in ["base", "middle", "top", "other"] {
        assert_eq!(posts.iter().filter(|file| **file == wheel(name)).count(), 1, "sent once: {posts:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_taken_means_code_four() {
    let world = World::new().package("base", &[]);
    let refuse = [wheel("base")].into();
    let index = MockIndex::start(Mood { refuse, ..Mood::default() }).await;
    let (report, _) = stage(&world, &index, "r1", false).await;
    assert_eq!(report.exit_code(), 4);
    let outcome = report.staged.as_ref().unwrap();
    assert!(matches!(result(outcome, &sdist("base")), FileResult::NotSent { .. }), "the sdist was not tried");
    assert_eq!(index.posts(), [wheel("base")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_that_cannot_be_read_first_gets_nothing() {
    let world = World::new().package("base", &[]);
    let index = MockIndex::start(Mood { blind: true, ..Mood::default() }).await;
    let (report, _) = stage(&world, &index, "r1", false).await;
    assert_eq!(report.exit_code(), 4);
    assert!(matches!(report.failure, Some(ReleaseError::Index { .. })), "{:?}", report.failure);
    assert!(index.posts().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn other_bytes_under_one_name_stop_the_whole_run_before_the_first_write() {
    let world = chain();
    let index = MockIndex::start(Mood::default()).await;
    index.hold(&sdist("top"), &"0".repeat(64));
    let (report, _) = stage(&world, &index, "r1", false).await;
    assert_eq!(report.exit_code(), 4);
    let failure = report.failure.unwrap();
    assert!(failure.to_string().contains(&sdist("top")), "{failure}");
    assert!(failure.hint().unwrap().contains("a new version"));
    assert!(index.posts().is_empty(), "not one write");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_bytes_are_skipped() {
    let world = World::new().package("base", &[]);
    let index = MockIndex::start(Mood::default()).await;
    assert_eq!(stage(&world, &index, "r1", false).await.0.exit_code(), 0);
    let before = index.posts().len();
    let (report, _) = stage(&world, &index, "r2", false).await;
    assert_eq!(report.exit_code(), 0);
    assert_eq!(index.posts().len(), before);
    assert!(report.staged.unwrap().files().all(|file| file.result == FileResult::AlreadyThere));
    assert!(!report.has_sent);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_cleared_up_by_asking() {
    let world = World::new().package("base", &[]);
    let break_after = [wheel("base")].into();
    let index = MockIndex::start(Mood { break_after, ..Mood::default() }).await;
    let (report, _) = stage(&world, &index, "r1", false).await;
    assert_eq!(report.exit_code(), 0, "{:?}", report.failure);
    assert_eq!(index.posts(), [wheel("base"), sdist("base")], "the file was not sent twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_sees_in_time_is_resumable() {
    let world = World::new().package("base", &[]).package("middle", &["base"]);
    let hide = [(wheel("base"), 1000)].into();
    let index = MockIndex::start(Mood { hide, ..Mood::default() }).await;
    let workspace = world.workspace();
    let mut request = request(&world, &workspace, "r1");
    request.patience = Duration::from_millis(300);
    request.stage = Some(target(&index, false));
    let report = run_release(&request, &mut AdvanceConfirm::default(), Arc::new(Recorder::default())).await;
    assert_eq!(report.exit_code(), 5);
    let outcome = report.staged.unwrap();
    assert!(outcome.packages[0].waiting.as_ref().unwrap().contains(&wheel("base")));
    assert_eq!(outcome.packages[1].files[0].result, FileResult::Blocked { by: "base".parse().unwrap() });
}

fn plan_of(client: &IndexClient, account: AccountKind, byte: u8) -> Plan {
    let kept = KeptFile {
        package: "base".parse().unwrap(),
        version: "1.0".parse().unwrap(),
        filename: sdist("base"),
        kind: ArtifactKind::Sdist,
        size: 1,
        sha256: Sha256::new([byte; 32]),
    };
    Plan::of(&PlanSource {
        index: client.spec(),
        account,
        files: &[(kept, "/nowhere".into())],
        attestations: &BTreeMap::new(),
        attesting: Attesting::Withheld,
        order: &BTreeMap::new(),
        view: &IndexView::default(),
        staging: None,
        proof: None,
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_production_index_takes_nothing_without_the_permit_for_this_very_plan() {
    let world = World::new();
    let index = MockIndex::start(Mood::default()).await;
    let client = IndexClient::new(index.spec(true), client_options()).unwrap();
    let account = Account::from(Credentials::token(&Secret::new("not-a-real-token")));
    let kind = AccountKind::of(&account);
    let (wanted, other) = (plan_of(&client, kind, 1), plan_of(&client, kind, 2));
    let policy = GatePolicy {
        allow_unstaged: true,
        command: String::new(),
        takes_answers: true,
        stage_command: String::new(),
    };
    let mut yes = AdvanceConfirm { yes: true, digest: Some(other.digest().to_string()) };
    let permit = Gate::open(&other, &mut yes, &policy).unwrap();
    let run = RunDir::create(world.root(), "r1").unwrap();
    let mut journal = Journal::create(&run, "t", Arc::new(|| 1)).unwrap();
    let execution = Execution {
        phase: Phase::Publish,
        client: &client,
        view: None,
        account: &account,
        uploads: &BTreeMap::new(),
        reporter: &Quiet,
        concurrency: 1,
        patience: Duration::from_secs(1),
    };
    for permit in [None, Some(&permit)] {
        let refusal = execute(&wanted, permit, &mut journal, &execution).await.unwrap_err();
        assert!(matches!(refusal, Refusal::NoPermit { .. }));
    }
    assert!(index.log().is_empty(), "not one request");
}
