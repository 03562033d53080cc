//! Cut a release off at every record, and kill it at any moment; take it up again; end in the same world.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use fs_err as fs;
use pyrel_index::{Credentials, IndexSpec, RunningServer};
use pyrel_model::Secret;
use pyrel_project::{Process, ProcessError};
use pyrel_release::attest::Attestations;
use pyrel_release::gate::AdvanceConfirm;
use pyrel_release::journal::{Fault, RunState, Step};
use pyrel_release::release::{ReleaseReport, ReleaseTarget, run_release};
use pyrel_release::run_dir::RunDir;
use pyrel_release::verify::VerifySettings;

use crate::world::{Recorder, World, index_at, keys, request};

/// Both indexes' files with their bytes, and what the journal came to.
#[derive(Debug, PartialEq)]
struct Ending {
    indexes: [BTreeMap<String, Vec<u8>>; 2],
    state: RunState,
}

/// The two indexes of a world, on the same addresses in every world, because the digest covers them.
struct Indexes {
    dir: tempfile::TempDir,
    staging: RunningServer,
    production: RunningServer,
}

impl Indexes {
    async fn start(at: Option<[SocketAddr; 2]>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let free = "127.0.0.1:0".parse().unwrap();
        let [first, second] = at.unwrap_or([free, free]);
        let staging = index_at(&dir.path().join("staging"), first).await;
        let production = index_at(&dir.path().join("production"), second).await;
        Self { dir, staging, production }
    }

    fn addresses(&self) -> [SocketAddr; 2] {
        [self.staging.addr(), self.production.addr()]
    }

    fn files(&self) -> [BTreeMap<String, Vec<u8>>; 2] {
        ["staging", "production"].map(|name| files(&self.dir.path().join(name)))
    }

    async fn stop(self) {
        self.staging.shutdown().await;
        self.production.shutdown().await;
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

fn target(name: &str, address: SocketAddr, production: bool) -> ReleaseTarget {
    ReleaseTarget {
        spec: IndexSpec {
            name: name.to_owned(),
            upload_url: format!("http://{address}/legacy/").parse().unwrap(),
            simple_url: format!("http://{address}/local/simple/").parse().unwrap(),
            production,
        },
        account: Credentials::token(&Secret::new("not-a-real-token")).into(),
        keys: keys(),
        install_url: None,
        attestations: Attestations::Found,
    }
}

/// One life of a run: it goes on to the end, to the fault, or until somebody kills it.
struct Life<'a> {
    world: &'a World,
    id: &'a str,
    addresses: [SocketAddr; 2],
    digest: Option<String>,
    fault: Option<Fault>,
    resume: bool,
}

impl Life<'_> {
    async fn live(&self) -> ReleaseReport {
        let workspace = self.world.workspace();
        let mut request = request(self.world, &workspace, self.id);
        request.stage = Some(target("staging", self.addresses[0], false));
        request.publish = Some(target("production", self.addresses[1], true));
        // The steps are there, and with no interpreter they take no time.
        request.verify = Some(VerifySettings {
            interpreters: vec![],
            uv: None,
            third_party_index: None,
            offline: true,
            siblings: BTreeMap::new(),
            no_proxy: None,
            cache_dir: None,
            commands: BTreeMap::new(),
            path: None,
            jobs: 1,
            timeout: Duration::from_secs(30),
        });
        request.run.fault = self.fault;
        request.run.resume = self.resume;
        let mut confirm = AdvanceConfirm { yes: true, digest: self.digest.clone() };
        run_release(&request, &mut confirm, Arc::new(Recorder::default())).await
    }

    fn state(&self) -> RunState {
        RunDir::open(self.world.root(), self.id).unwrap().read_state().unwrap()
    }
}

/// A world that was never disturbed, to compare with.
struct Reference {
    addresses: [SocketAddr; 2],
    digest: String,
    ending: Ending,
    records: u64,
}

impl Reference {
    async fn make(world: &World) -> Self {
        let indexes = Indexes::start(None).await;
        let addresses = indexes.addresses();
        let mut life = Life { world, id: "asked", addresses, digest: None, fault: None, resume: false };
        let refused = life.live().await;
        assert_eq!(refused.exit_code(), 3, "{:?}", refused.failure);
        assert!(indexes.files()[0].is_empty(), "refused before anything is staged");
        let hint = refused.failure.unwrap().hint().unwrap();
        let digest = hint.split("--confirm ").nth(1).unwrap().trim_end_matches('`').to_owned();
        life.digest = Some(digest.clone());
        life.id = "whole";
        let report = life.live().await;
        assert_eq!(report.exit_code(), 0, "{:?}", report.failure);
        let journal = RunDir::open(world.root(), "whole").unwrap().journal_path();
        let records = fs::read_to_string(journal).unwrap().lines().count() as u64 - 1;
        let ending = Ending { indexes: indexes.files(), state: life.state() };
        indexes.stop().await;
        Self { addresses, digest, ending, records }
    }

    fn life<'a>(&self, world: &'a World, id: &'a str) -> Life<'a> {
        let digest = Some(self.digest.clone());
        Life { world, id, addresses: self.addresses, digest, fault: None, resume: false }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn wherever_it_is_cut_off_it_ends_in_the_same_world() {
    let world = World::new().package("base", &[]).package("top", &["base"]);
    let reference = Reference::make(&world).await;
    assert_eq!(reference.ending.indexes[0].len(), 4);
    assert_eq!(reference.ending.indexes[0], reference.ending.indexes[1]);
    assert!(reference.records > 25, "{}", reference.records);
    for at in 1..=reference.records {
        for (kind, fault) in [("torn", Fault::Torn(at)), ("after", Fault::After(at))] {
            cut_and_resume(&world, &reference, (&format!("{kind}-{at}"), fault)).await;
        }
    }
}

async fn cut_and_resume(world: &World, reference: &Reference, (id, fault): (&str, Fault)) {
    let indexes = Indexes::start(Some(reference.addresses)).await;
    let mut life = reference.life(world, id);
    life.fault = Some(fault);
    let cut = life.live().await;
    // What lies in `dist` by then must not matter: the run keeps its own bytes.
    if life.state().done.contains(&Step::Build) {
        for package in ["base", "top"] {
            fs::remove_dir_all(world.dist(package)).unwrap();
        }
    }
    life.fault = None;
    life.resume = true;
    let resumed = life.live().await;
    assert_eq!(resumed.exit_code(), 0, "{fault:?} after {:?}: {:?}", cut.failure, resumed.failure);
    assert_eq!(indexes.files(), reference.ending.indexes, "{fault:?}");
    assert_eq!(life.state(), reference.ending.state, "{fault:?}");
    indexes.stop().await;
}

const ROOT: &str = "PYREL_TEST_CRASH_ROOT";
const ADDRESSES: &str = "PYREL_TEST_CRASH_ADDRESSES";
const DIGEST: &str = "PYREL_TEST_CRASH_DIGEST";

#[expect(clippy::disallowed_methods, reason = "this is how the parent test tells its child what to do")]
fn told(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// The process that the next test kills. Run alone it does nothing.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "started by the test below"]
async fn child_that_is_killed() {
    let (Some(root), Some(addresses), Some(digest)) = (told(ROOT), told(ADDRESSES), told(DIGEST)) else {
        return;
    };
    let world = World::at(PathBuf::from(root));
    let addresses: Vec<SocketAddr> = addresses.split(' ').map(|text| text.parse().unwrap()).collect();
    let life = Life {
        world: &world,
        id: "killed",
        addresses: [addresses[0], addresses[1]],
        digest: Some(digest),
        fault: None,
        resume: false,
    };
    assert_eq!(life.live().await.exit_code(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_moment_it_ends_in_the_same_world() {
    let mut killed = 0;
    for delay in (1_u64..).map(|round| round * 13) {
        let world = World::new().package("base", &[]).package("top", &["base"]);
        let reference = Reference::make(&world).await;
        let indexes = Indexes::start(Some(reference.addresses)).await;
        let [first, second] = reference.addresses;
        let child = Process::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "crash::child_that_is_killed"])
            .env(ROOT, world.root())
            .env(ADDRESSES, format!("{first} {second}"))
            .env(DIGEST, &reference.digest);
        let ended = tokio::task::spawn_blocking(move || child.run_with_timeout(Duration::from_millis(delay)));
        let ended = match ended.await.unwrap() {
            Err(ProcessError::TimedOut { .. }) => false,
            Ok(output) if output.success() => true,
            other => panic!("{other:?}"),
        };
        let mut life = reference.life(&world, "killed");
        // Killed before its header was complete, the run did nothing, and a new one begins.
        let begun = RunDir::open(world.root(), "killed")
            .is_ok_and(|run| run.read_state().is_ok_and(|state| state.requested.is_some()));
        if begun {
            life.resume = true;
        } else {
            life.id = "anew";
        }
        let resumed = life.live().await;
        assert_eq!(resumed.exit_code(), 0, "killed after {delay} ms: {:?}", resumed.failure);
        assert_eq!(indexes.files(), reference.ending.indexes, "killed after {delay} ms");
        assert_eq!(life.state(), reference.ending.state, "killed after {delay} ms");
        indexes.stop().await;
        killed += u32::from(!ended);
        if ended || delay > 600 {
            break;
        }
    }
    assert!(killed >= 1);
}
