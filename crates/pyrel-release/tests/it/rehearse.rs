//! The whole release on this machine, with real Python.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use pyrel_build::Interpreter;
use pyrel_project::Process;
use pyrel_release::events::Event;
use pyrel_release::gate::Confirm;
use pyrel_release::journal::Step;
use pyrel_release::plan::Plan;
use pyrel_release::rehearse::rehearse;
use pyrel_release::verify::{TrialState, VerifySettings};

use crate::world::{Recorder, World, request};

/// Verification with the machine's own Python and nothing from elsewhere.
pub(crate) fn settings() -> VerifySettings {
    let asked =
        Process::new("python3").args(["-c", "import sys; print(sys.executable)"]).run_checked().unwrap();
    let python = PathBuf::from(asked.stdout_text().trim());
    VerifySettings {
        interpreters: vec![Interpreter::probe(&python).unwrap()],
        uv: None,
        third_party_index: None,
        offline: true,
        siblings: BTreeMap::new(),
        no_proxy: None,
        cache_dir: None,
        commands: BTreeMap::new(),
        path: Some("/usr/bin:/bin".into()),
        jobs: 2,
        timeout: Duration::from_secs(30),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn builds_stages_installs_confirms_publishes_and_installs_again() {
    let world = World::new().package("base", &[]).package_with(
        "top",
        &["base"],
        "[project.scripts]\ntop-tool = \"top:main\"",
    );
    let init = world.root().join("packages/top/src/top/__init__.py");
    fs_err::write(init, "import base\n\ndef main():\n    base.main()\n").unwrap();
    let workspace = world.workspace();
    let mut request = request(&world, &workspace, "r1");
    request.verify = Some(settings());
    let recorder = Arc::new(Recorder::default());
    let listener = recorder.clone();
    let report = rehearse(request, None, listener).await;
    assert_eq!(report.exit_code(), 0, "{:?}\n{:#?}", report.failure, report.verified_staged);
    assert_eq!(
        report.done,
        [
            Step::Build,
            Step::Check,
            Step::Stage,
            Step::VerifyStaged,
            Step::Gate,
            Step::Publish,
            Step::VerifyPublished,
        ]
    );
    assert_eq!(report.files.len(), 4);
    let plan = report.plan.unwrap();
    let answered = recorder.events().into_iter().find_map(|event| match event {
        Event::GateAnswered { digest, .. } => Some(digest),
        _ => None,
    });
    assert_eq!(answered, Some(plan.digest().short()), "answered with the digest that was shown, and said so");
    assert!(plan.index().production);
    for verified in [report.verified_staged.unwrap(), report.verified_published.unwrap()] {
        assert_eq!(verified.packages.len(), 2);
        let trials: Vec<&str> =
            verified.packages[1].trials.iter().map(|trial| trial.command.as_str()).collect();
        assert!(trials.contains(&"python -c 'import top'"), "{trials:?}");
        assert!(trials.contains(&"top-tool --version"), "{trials:?}");
        let all_passed = |trials: &[pyrel_release::verify::Trial]| {
            trials.iter().all(|trial| trial.state == TrialState::Passed)
        };
        assert!(verified.packages.iter().all(|package| all_passed(&package.trials)));
    }
    assert!(world.root().join(".pyrel/runs/r1/index/production").is_dir());
}

/// A person who says no.
struct No;

impl Confirm for No {
    fn show_and_ask(&mut self, _plan: &Plan) -> bool {
        false
    }

    fn ask_digest(&mut self, _plan: &Plan) -> Option<String> {
        None
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn at_a_terminal_it_asks_as_production_would() {
    let world = World::new().package("base", &[]);
    let workspace = world.workspace();
    let request = request(&world, &workspace, "r1");
    let report = rehearse(request, Some(&mut No), Arc::new(Recorder::default())).await;
    assert_eq!(report.exit_code(), 3, "{:?}", report.failure);
    assert!(report.published.is_none() && report.staged.unwrap().ok());
    assert!(report.resume_command.is_some(), "a rehearsal is taken up again like any run");
}
