//! What must hold after each death, and at the end.

use std::collections::{BTreeMap, BTreeSet};

use pyrel_release::journal::{FileState, Phase, RunState};

use super::case::Mode;
use super::life::replayed;
use super::scene::{Files, Index, PACKAGES, Scene};

/// What the journals and the index say of each other at a moment at which nothing is under way.
pub(super) fn judge_meanwhile(scene: &Scene, index: &Index, mode: Mode) {
    let replay = replayed(scene.root());
    let nothing = RunState::default();
    let state = replay.as_ref().map_or(&nothing, |replay| &replay.state);
    let told = told(state, mode);
    for (name, bytes) in index.files() {
        assert_eq!(scene.plan.get(&name), Some(&bytes), "the index holds other bytes than the plan: {name}");
        assert!(
            told.contains_key(&name),
            "the index holds a file that the journal does not speak of: {name}"
        );
    }
    for (name, state) in &told {
        let there = index.files().contains_key(name);
        assert!(there || !state.is_there(), "the journal says that the index has {name}: {state:?}");
    }
    scene.relay.script(|script| {
        for name in script.arrivals.iter().filter_map(|arrival| arrival.filename.as_ref()) {
            assert!(told.contains_key(name), "a request was sent before its intent was written: {name}");
        }
        if mode == Mode::Publish && !script.arrivals.is_empty() {
            assert_eq!(state.confirmed.as_deref(), Some(&*scene.digest), "sent without a confirmation");
        }
    });
}

/// What must be there at the end. `refused` is a file that the index took in no life.
pub(super) fn judge_end(scene: &Scene, index: &Index, (mode, refused): (Mode, Option<&str>)) {
    let blocked = refused.map(blocked_by).unwrap_or_default();
    let expected: Files = scene
        .plan
        .iter()
        .filter(|(name, _)| !blocked.contains(*name))
        .map(|(n, b)| (n.clone(), b.clone()))
        .collect();
    let found = index.files();
    assert_eq!(
        found.keys().collect::<Vec<_>>(),
        expected.keys().collect::<Vec<_>>(),
        "the files of the index"
    );
    assert_eq!(found, expected, "their bytes");
    let state = replayed(scene.root()).expect("a run that ended has a journal").state;
    let told = told(&state, mode);
    for name in expected.keys() {
        let state = told.get(name);
        assert!(state.is_some_and(FileState::is_there), "the journal says of {name}: {state:?}");
    }
    for name in &blocked {
        let state = told.get(name);
        let is_refused = refused == Some(&**name);
        let fits = if is_refused { matches!(state, Some(FileState::Failed { .. })) } else { state.is_none() };
        assert!(fits, "the journal says of {name}, of which the index has nothing: {state:?}");
    }
    match state.finished {
        Some(0) => assert!(refused.is_none()),
        Some(code) => {
            assert!(refused.is_some() && code == if found.is_empty() { 4 } else { 5 }, "code {code}")
        }
        None => panic!("the journal has no end"),
    }
}

/// Returns what a journal tells of the files of an upload.
fn told(state: &RunState, mode: Mode) -> BTreeMap<String, FileState> {
    let phase = match mode {
        Mode::Stage => Phase::Stage,
        Mode::Publish => Phase::Publish,
    };
    state.phases.get(&phase).map(|phase| phase.files.clone()).unwrap_or_default()
}

/// Returns the files that cannot be there when one is refused: itself, those after it in its package, and those of
/// packages that need it.
fn blocked_by(refused: &str) -> BTreeSet<String> {
    let files =
        |package: &str| [format!("{package}-1.0.0-py3-none-any.whl"), format!("{package}-1.0.0.tar.gz")];
    let mut blocked = BTreeSet::new();
    for (package, _) in PACKAGES {
        let own = files(package);
        let Some(at) = own.iter().position(|name| name == refused) else { continue };
        blocked.extend(own[at..].iter().cloned());
        let dependents = PACKAGES.iter().filter(|(_, needs)| needs.contains(&package));
        blocked.extend(dependents.flat_map(|(name, _)| files(name)));
    }
    blocked
}
