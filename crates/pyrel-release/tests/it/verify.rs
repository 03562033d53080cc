//! Verification finds what is broken, with real Python.

use std::sync::Arc;

use pyrel_release::gate::AdvanceConfirm;
use pyrel_release::release::{ReleaseError, run_release};
use pyrel_release::verify::{TrialState, VerifySettings};

use crate::rehearse::settings;
use crate::world::{Recorder, World, index, request, target};

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_import_and_a_broken_script_are_found_before_the_gate() {
    let world = World::new()
        .package_with("good", &[], "[project.scripts]\ngood-tool = \"good:main\"")
        .package_with("bad", &[], "[project.scripts]\nbad-tool = \"bad:nothing\"")
        .package_with("worse", &[], "");
    let good = "import argparse\n\ndef main():\n    argparse.ArgumentParser().parse_args()\n";
    let source = |name: &str| world.root().join(format!("packages/{name}/src/{name}/__init__.py"));
    fs_err::write(source("good"), good).unwrap();
    fs_err::write(source("worse"), "raise RuntimeError('does not work')\n").unwrap();
    let dir = tempfile::tempdir().unwrap();
    let server = index(dir.path()).await;
    let workspace = world.workspace();
    let mut request = request(&world, &workspace, "r1");
    request.stage = Some(target("staging", &server, false));
    let mut settings = settings();
    let commands = vec!["good-tool --help".to_owned(), "exit 3".to_owned()];
    settings.commands = [("good".parse().unwrap(), commands)].into();
    request.verify = Some(settings);
    let report = run_release(&request, &mut AdvanceConfirm::default(), Arc::new(Recorder::default())).await;
    assert_eq!(report.exit_code(), 1);
    let Some(ReleaseError::Verification { packages, .. }) = &report.failure else {
        panic!("{:?}", report.failure)
    };
    assert_eq!(packages.len(), 3);
    let verified = report.verified_staged.unwrap();
    let trials = |at: usize| {
        let package = &verified.packages[at];
        let all = package.trials.iter().map(|trial| (trial.command.as_str(), trial.state));
        all.skip(1).collect::<Vec<_>>()
    };
    assert_eq!(
        trials(0),
        [
            ("python -c 'import bad'", TrialState::Passed),
            ("bad-tool --version, bad-tool --help", TrialState::Failed),
        ]
    );
    assert_eq!(
        trials(1),
        [
            ("python -c 'import good'", TrialState::Passed),
            ("good-tool --help", TrialState::Passed),
            ("good-tool --help", TrialState::Passed),
            ("exit 3", TrialState::Failed),
        ]
    );
    assert_eq!(trials(2), [("python -c 'import worse'", TrialState::Failed)]);
    assert!(verified.packages[2].trials[1].detail.contains("RuntimeError: does not work"));
    let environments = world.root().join(".pyrel/runs/r1/environments");
    assert_eq!(fs_err::read_dir(environments).unwrap().count(), 0, "environments are removed");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_release_comes_from_its_index_and_its_requirements_from_another() {
    let dir = tempfile::tempdir().unwrap();
    let (staging, elsewhere) = (index(&dir.path().join("s")).await, index(&dir.path().join("e")).await);
    // Elsewhere has the requirement, and a broken file under the very name of the release.
    let world = World::new().package("base", &[]).package("top", &["base"]);
    let init = world.root().join("packages/top/src/top/__init__.py");
    fs_err::write(&init, "raise RuntimeError('the wrong one')\n").unwrap();
    let workspace = world.workspace();
    let mut others = request(&world, &workspace, "others");
    others.stage = Some(target("elsewhere", &elsewhere, false));
    let quiet = || Arc::new(Recorder::default());
    let report = run_release(&others, &mut AdvanceConfirm::default(), quiet()).await;
    assert_eq!(report.exit_code(), 0, "{:?}", report.failure);

    fs_err::write(&init, "import base\n").unwrap();
    let mut own = request(&world, &workspace, "own");
    own.packages.retain(|package| package.name.normalized() == "top");
    own.stage = Some(target("staging", &staging, false));
    let third_party_index = Some(elsewhere.simple_url().to_string());
    own.verify = Some(VerifySettings { offline: false, third_party_index, ..settings() });
    let report = run_release(&own, &mut AdvanceConfirm::default(), quiet()).await;
    assert_eq!(report.exit_code(), 0, "{:?} {:#?}", report.failure, report.verified_staged);
    let verified = report.verified_staged.unwrap();
    let trials: Vec<&str> = verified.packages[0].trials.iter().map(|trial| trial.command.as_str()).collect();
    let [own, third] = [staging.simple_url(), elsewhere.simple_url()];
    assert_eq!(trials[0], format!("pip install --no-deps --index-url {own} top==1.0"));
    assert_eq!(trials[1], format!("pip install --index-url {third} top==1.0"));
    assert_eq!(trials[2..], ["pip check", "python -c 'import top'"]);
}
