//! Verification finds what is broken, with real Python.

use std::sync::Arc;

use pyrel_release::gate::AdvanceConfirm;
use pyrel_release::release::{ReleaseError, run_release};
use pyrel_release::verify::TrialState;

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
