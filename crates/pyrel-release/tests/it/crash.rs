//! Cut a release off after, before, and in the middle of every record; take it up again; end in the same world.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use fs_err as fs;
use pyrel_index::RunningServer;
use pyrel_release::gate::AdvanceConfirm;
use pyrel_release::journal::{Fault, RunState, Step};
use pyrel_release::release::{ReleaseReport, run_release};
use pyrel_release::run_dir::RunDir;
use pyrel_release::verify::VerifySettings;

use crate::world::{Recorder, World, index, request, target};

/// Both indexes' files with their bytes, and what the journal came to.
#[derive(Debug, PartialEq)]
struct Ending {
    indexes: [BTreeMap<String, Vec<u8>>; 2],
    state: RunState,
}

struct Indexes {
    staging: RunningServer,
    production: RunningServer,
}

async fn indexes(dir: &Path) -> Indexes {
    Indexes { staging: index(&dir.join("staging")).await, production: index(&dir.join("production")).await }
}

/// One process's life of the run `r1`, with the indexes in `dir`.
struct Life<'a> {
    world: &'a World,
    dir: &'a Path,
    digest: Option<String>,
}

impl Life<'_> {
    /// Lives until the end or until the fault.
    async fn live(&self, fault: Option<Fault>, resume: bool, indexes: &Indexes) -> ReleaseReport {
        let workspace = self.world.workspace();
        let mut request = request(self.world, &workspace, "r1");
        request.stage = Some(target("staging", &indexes.staging, false));
        request.publish = Some(target("production", &indexes.production, true));
        // The steps are there, and with no interpreter they take no time.
        request.verify = Some(VerifySettings {
            interpreters: vec![],
            uv: None,
            third_party_index: None,
            offline: true,
            cache_dir: None,
            commands: BTreeMap::new(),
            path: None,
            jobs: 1,
            timeout: std::time::Duration::from_secs(30),
        });
        request.run.fault = fault;
        request.run.resume = resume;
        let mut confirm = AdvanceConfirm { yes: true, digest: self.digest.clone() };
        run_release(&request, &mut confirm, Arc::new(Recorder::default())).await
    }

    /// Learns the digest from the refusal, as a person does, and forgets that run.
    async fn learn_digest(&mut self, indexes: &Indexes) {
        let refused = self.live(None, false, indexes).await;
        assert_eq!(refused.exit_code(), 3, "{:?}", refused.failure);
        assert_eq!(files(&self.dir.join("staging")).len(), 0, "refused before anything is staged");
        let hint = refused.failure.unwrap().hint().unwrap();
        self.digest = Some(hint.split("--confirm ").nth(1).unwrap().trim_end_matches('`').to_owned());
        fs::remove_dir_all(self.world.root().join(".pyrel")).unwrap();
    }

    fn ending(&self) -> Ending {
        let state = RunDir::open(self.world.root(), "r1").unwrap().read_state().unwrap();
        Ending { indexes: [files(&self.dir.join("staging")), files(&self.dir.join("production"))], state }
    }
}

/// Returns all distribution files under a folder by name.
fn files(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut out = BTreeMap::new();
    let mut open = vec![dir.to_path_buf()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            if path.is_dir() {
                open.push(path);
            } else if name.ends_with(".whl") || name.ends_with(".tar.gz") {
                out.insert(name, fs::read(path).unwrap());
            }
        }
    }
    out
}

#[tokio::test(flavor = "multi_thread")]
async fn wherever_it_is_cut_off_it_ends_in_the_same_world() {
    let world = World::new().package("base", &[]).package("top", &["base"]);
    let dir = tempfile::tempdir().unwrap();
    let (reference, records) = undisturbed(&world, dir.path()).await;
    assert_eq!(reference.indexes[0].len(), 4);
    assert_eq!(reference.indexes[0], reference.indexes[1]);
    assert!(records > 25, "{records}");
    for at in 1..=records {
        for fault in [Fault::Before(at), Fault::Torn(at), Fault::After(at)] {
            let dir = tempfile::tempdir().unwrap();
            fs::remove_dir_all(world.root().join(".pyrel")).unwrap();
            cut_and_resume(&world, dir.path(), fault, &reference).await;
        }
    }
}

/// Runs without a fault; returns the ending and how many records the journal has.
async fn undisturbed(world: &World, dir: &Path) -> (Ending, u64) {
    let indexes = indexes(dir).await;
    let mut life = Life { world, dir, digest: None };
    life.learn_digest(&indexes).await;
    let report = life.live(None, false, &indexes).await;
    assert_eq!(report.exit_code(), 0, "{:?}", report.failure);
    let journal = RunDir::open(world.root(), "r1").unwrap().journal_path();
    let records = fs::read_to_string(journal).unwrap().lines().count() as u64 - 1;
    (life.ending(), records)
}

async fn cut_and_resume(world: &World, dir: &Path, fault: Fault, reference: &Ending) {
    let indexes = indexes(dir).await;
    let mut life = Life { world, dir, digest: None };
    // The digest covers the upload URL, and every world has its own ports.
    life.learn_digest(&indexes).await;
    let cut = life.live(Some(fault), false, &indexes).await.exit_code();
    // What lies in `dist` by then must not matter: the run keeps its own bytes.
    let state = RunDir::open(world.root(), "r1").unwrap().read_state().unwrap();
    if state.done.contains(&Step::Build) {
        for package in ["base", "top"] {
            fs::remove_dir_all(world.dist(package)).unwrap();
        }
    }
    let resumed = life.live(None, true, &indexes).await;
    assert_eq!(resumed.exit_code(), 0, "{fault:?}, cut with {cut}: {:?}", resumed.failure);
    let ending = life.ending();
    assert_eq!(ending.indexes, reference.indexes, "{fault:?}");
    assert_eq!(comparable(&ending.state), comparable(&reference.state), "{fault:?}");
}

/// Everything of a state but what the ports of its indexes are in.
fn comparable(state: &RunState) -> RunState {
    let mut state = state.clone();
    state.confirmed = None;
    for phase in state.phases.values_mut() {
        phase.digest = None;
    }
    if let Some(requested) = &mut state.requested {
        requested.stage_url = None;
        requested.publish_url = None;
    }
    state
}
