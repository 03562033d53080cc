//! A run that sends nothing: what it asks, what it tells, and that no request of it writes.

use std::sync::Arc;

use fs_err as fs;
use pyrel_index::Credentials;
use pyrel_model::Secret;
use pyrel_release::attest::Attestations;
use pyrel_release::credentials::ReadableIndex;
use pyrel_release::gate::{AdvanceConfirm, Refusal};
use pyrel_release::journal::Step;
use pyrel_release::plan::{Remote, Standing};
use pyrel_release::release::{DryRun, ReleaseError, ReleaseRequest, ReleaseTarget, dry_run, run_release};

use crate::mock_index::{MockIndex, Mood};
use crate::world::{Recorder, World, keys, request};

fn target(index: &MockIndex, production: bool) -> ReleaseTarget {
    ReleaseTarget {
        spec: index.spec(production),
        account: Credentials::token(&Secret::new("not-a-real-token")).into(),
        keys: keys(),
        install_url: None,
        attestations: Attestations::Found,
    }
}

async fn dry(request: &ReleaseRequest<'_>) -> DryRun {
    dry_run(request, &mut AdvanceConfirm::default(), Arc::new(Recorder::default())).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_finds_the_plan_of_the_run_and_sends_nothing() {
    let world = World::new().package("base", &[]).package("top", &["base"]);
    let workspace = world.workspace();
    let index = MockIndex::start(Mood::default()).await;
    let mut release = request(&world, &workspace, "r1");
    release.stage = Some(target(&index, false));
    let run = dry(&release).await;
    assert_eq!(run.exit_code(), 0, "{:?}", run.failures);
    assert_eq!(run.steps, [Step::Build, Step::Check, Step::Stage]);
    assert!(!index.log().is_empty() && index.posts().is_empty(), "{:?}", index.log());
    assert!(!world.root().join(".pyrel").exists() && !world.dist("base").exists(), "nothing is kept");
    let plan = &run.targets[0].plan;
    assert_eq!(plan.files().count(), 4);
    assert!(plan.items().iter().all(|item| item.standing == Standing::New));
    assert!(run.check.as_ref().unwrap().ok(false));
    let json = serde_json::to_value(&run).unwrap();
    assert_eq!((json["schema"].as_u64(), json["dry_run"].as_bool()), (Some(1), Some(true)));
    assert_eq!(json["digest"], plan.digest().to_string());
    assert_eq!(json["targets"][0]["plan"]["items"][0]["package"], "base");

    let confirm = &mut AdvanceConfirm::default();
    let done = run_release(&release, confirm, Arc::new(Recorder::default())).await;
    assert_eq!(done.exit_code(), 0, "{:?}", done.failure);
    let text = fs::read_to_string(world.root().join(".pyrel/runs/r1/journal.jsonl")).unwrap();
    assert!(text.contains(&plan.digest().to_string()), "the run came to the plan of the dry run");
    let again = dry(&release).await;
    assert!(again.targets[0].plan.files().all(|file| file.remote == Remote::Same));
    assert!(again.targets[0].plan.items().iter().all(|item| item.standing == Standing::Update));
    assert_eq!(index.posts().len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_that_would_stop_the_run_is_told_at_once() {
    let world = World::new().package("base", &[]);
    let workspace = world.workspace();
    let (staging, production) =
        (MockIndex::start(Mood::default()).await, MockIndex::start(Mood::default()).await);
    let mut release = request(&world, &workspace, "r1");
    assert_eq!(
        run_release(&release, &mut AdvanceConfirm::default(), Arc::new(Recorder::default()))
            .await
            .exit_code(),
        0
    );
    release.build = None;
    release.publish = Some(target(&production, true));
    release.proof = Some(ReadableIndex { spec: staging.spec(false), keys: keys() });
    production.hold("base-1.0.tar.gz", &"00".repeat(32));
    let wheel = world.dist("base").join("base-1.0-py3-none-any.whl");
    fs::write(&wheel, "no wheel").unwrap();
    let run = dry(&release).await;
    assert_eq!(run.exit_code(), 1, "the findings came first");
    let kinds: Vec<&str> = run
        .failures
        .iter()
        .map(|failure| match failure {
            ReleaseError::Findings { .. } => "findings",
            ReleaseError::Conflict { .. } => "conflict",
            ReleaseError::Refused(Refusal::Unstaged { .. }) => "unstaged",
            other => panic!("{other}"),
        })
        .collect();
    assert_eq!(kinds, ["findings", "conflict", "unstaged"]);
    assert!(staging.posts().is_empty() && production.posts().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn confirmations_count_only_when_they_were_given() {
    let world = World::new().package("base", &[]);
    let workspace = world.workspace();
    let index = MockIndex::start(Mood::default()).await;
    let mut release = request(&world, &workspace, "r1");
    release.publish = Some(target(&index, true));
    release.policy.allow_unstaged = true;
    let run = dry(&release).await;
    assert_eq!(run.exit_code(), 0, "{:?}", run.failures);
    let digest = run.targets[0].plan.digest().short();
    for (given, code) in [(digest.as_str(), 0), ("0123456789ab", 3)] {
        let mut confirm = AdvanceConfirm { yes: true, digest: Some(given.to_owned()) };
        let run = dry_run(&release, &mut confirm, Arc::new(Recorder::default())).await;
        assert_eq!(run.exit_code(), code, "{given}");
    }
    assert!(index.posts().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_that_cannot_be_asked_ends_a_dry_run_with_4_and_nothing_to_do_with_2() {
    let world = World::new().package_with("base", &[], "classifiers = [\"Private :: Do Not Upload\"]");
    let workspace = world.workspace();
    let index = MockIndex::start(Mood { blind: true, ..Mood::default() }).await;
    let mut release = request(&world, &workspace, "r1");
    release.stage = Some(target(&index, false));
    assert_eq!(dry(&release).await.exit_code(), 2);
    let world = World::new().package("base", &[]);
    let workspace = world.workspace();
    let mut release = request(&world, &workspace, "r1");
    release.stage = Some(target(&index, false));
    let run = dry(&release).await;
    assert_eq!(run.exit_code(), 4);
    assert!(run.check.is_some(), "the check is told all the same");
}
