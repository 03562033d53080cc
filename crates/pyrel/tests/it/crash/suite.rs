//! The runs, four at a time, and what they come to together.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use pyrel_release::journal::Step;
use tokio::runtime::Handle;

use super::case::{Case, Extent, Mode};
use super::life::{Death, journal, live, replayed};
use super::relay::Behaviour;
use super::scene::{Index, Scene};
use super::verdict::{judge_end, judge_meanwhile};

/// How many runs are under way at once.
const WORKERS: usize = 4;
/// How many runs there are, unless a variable says otherwise.
const RUNS: usize = 500;

#[expect(
    clippy::disallowed_methods,
    reason = "how a person asks for more runs, another seed, or one run alone"
)]
fn number(name: &str) -> Option<usize> {
    std::env::var(name).ok()?.parse().ok()
}

/// Counts of what happened.
#[derive(Debug, Default)]
struct Tally {
    next: AtomicUsize,
    lives: AtomicUsize,
    kills: AtomicUsize,
    killed_runs: AtomicUsize,
}

/// What all workers share.
struct Suite<'a> {
    runtime: &'a Handle,
    staging: &'a Index,
    tally: &'a Tally,
    seed: u64,
    total: usize,
}

/// `PYREL_CRASH_RUNS` sets the number of runs, `PYREL_CRASH_SEED` the seed, and `PYREL_CRASH_CASE` repeats one run.
#[test]
fn wherever_it_is_killed_the_index_ends_up_with_the_plan() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let begun = Instant::now();
    let staging = Index::start(runtime.handle());
    let tally = Tally::default();
    let suite = Suite {
        runtime: runtime.handle(),
        staging: &staging,
        tally: &tally,
        seed: number("PYREL_CRASH_SEED").unwrap_or(1) as u64,
        total: number("PYREL_CRASH_RUNS").unwrap_or(RUNS),
    };
    let first = Scene::new(&staging.url());
    first.configure(None);
    stage_first(&suite, &first);
    let staged = staging.files();
    assert_eq!(staged, first.plan);
    first.configure(Some(&staging.url()));
    let failures = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        let mut scenes = vec![first];
        scenes.extend((1..WORKERS).map(|_| Scene::new(&staging.url())));
        for scene in scenes {
            scope.spawn(|| suite.work(scene, &failures));
        }
    });
    let failures = failures.into_inner().unwrap();
    assert!(failures.is_empty(), "{} runs failed:\n{}", failures.len(), failures.join("\n\n"));
    assert_eq!(staging.files(), staged, "a publication wrote to the staging index");
    let count = |number: &AtomicUsize| number.load(Ordering::Relaxed);
    let (killed, lives, kills) = (count(&tally.killed_runs), count(&tally.lives), count(&tally.kills));
    println!(
        "{} runs, {killed} of them killed, {kills} kills, {lives} lives: {:?}",
        suite.total,
        begun.elapsed()
    );
    if number("PYREL_CRASH_CASE").is_none() {
        assert!(killed * 10 >= suite.total * 9, "only {killed} of {} runs were killed", suite.total);
    }
}

/// Fills the staging index, which every publication asks for proof.
fn stage_first(suite: &Suite<'_>, scene: &Scene) {
    scene.relay.script(|script| script.index = Some(suite.staging.server.addr()));
    let ended = live(scene, &scene.relay, &["upload-test"], (0, Death::Natural));
    assert_eq!(ended.code, Some(0), "{}", ended.said);
    scene.restore();
}

impl Suite<'_> {
    fn work(&self, mut scene: Scene, failures: &Mutex<Vec<String>>) {
        let index = Index::start(self.runtime);
        scene.relay.script(|script| script.index = Some(index.server.addr()));
        scene.ask_digest();
        let extents = [self.measure(&scene, Mode::Stage), self.measure(&scene, Mode::Publish)];
        loop {
            let number = self.tally.next.fetch_add(1, Ordering::Relaxed);
            if number >= self.total {
                return;
            }
            if self::number("PYREL_CRASH_CASE").is_some_and(|only| only != number) {
                continue;
            }
            let case = Case::draw(self.seed, (number, self.total), extents);
            let run = catch_unwind(AssertUnwindSafe(|| Run { suite: self, scene: &scene, case: &case }.go()));
            if let Err(panic) = run {
                let why = panic.downcast_ref::<String>().cloned();
                let why = why.or_else(|| panic.downcast_ref::<&str>().map(|&text| text.to_owned()));
                let lines = journal(scene.root()).map(|text| String::from_utf8_lossy(&text).into_owned());
                let text = format!(
                    "run {number}: {}\n{case:?}\n{}",
                    why.unwrap_or_default(),
                    lines.unwrap_or_default()
                );
                failures.lock().unwrap().push(text);
            }
        }
    }

    /// Lets a run go undisturbed, and measures it.
    fn measure(&self, scene: &Scene, mode: Mode) -> Extent {
        let index = Index::start(self.runtime);
        let staging = self.staging.url();
        scene.restore();
        scene.configure((mode == Mode::Publish).then_some(&*staging));
        scene.relay.script(|script| script.index = Some(index.server.addr()));
        let ended = live(scene, &scene.relay, &command(mode, &scene.digest), (0, Death::Natural));
        assert_eq!(ended.code, Some(0), "{}", ended.said);
        let text = journal(scene.root()).unwrap();
        Extent {
            lines: replayed(scene.root()).unwrap().records.try_into().unwrap(),
            journal_bytes: text.len() as u64,
            request_bytes: scene.relay.script(|script| script.bytes),
        }
    }
}

/// Returns the command of an upload, confirmed.
fn command(mode: Mode, digest: &str) -> Vec<&str> {
    match mode {
        Mode::Stage => vec!["upload-test"],
        Mode::Publish => vec!["upload", "--yes", "--confirm", &digest[..12]],
    }
}

/// One run with all its lives.
struct Run<'a> {
    suite: &'a Suite<'a>,
    scene: &'a Scene,
    case: &'a Case,
}

impl Run<'_> {
    fn go(&self) {
        let (scene, case) = (self.scene, self.case);
        let index = Index::start(self.suite.runtime);
        let staging = self.suite.staging.url();
        scene.restore();
        scene.configure((case.mode == Mode::Publish).then_some(&*staging));
        let refused = scene.plan.keys().nth(case.refused).filter(|_| case.behaviour == Behaviour::Refused);
        scene.relay.script(|script| {
            script.index = Some(index.server.addr());
            script.behaviour = Some(case.behaviour);
            script.refused = refused.cloned();
            (script.seed, script.flows) = (case.seed, case.flows);
            script.arrivals.clear();
        });
        let mut was_killed = false;
        for (life, death) in case.deaths.iter().chain([&Death::Natural]).enumerate() {
            self.try_unconfirmed(life);
            let ended = self.live(life, *death);
            if ended.is_none() {
                was_killed = true;
                self.suite.tally.kills.fetch_add(1, Ordering::Relaxed);
            } else {
                self.expect_end(ended, refused.is_some());
            }
            self.judge(&index);
            if self.is_complete() {
                break;
            }
            if life == 0 && case.spoils && self.has_done(Step::Collect) {
                scene.spoil();
            }
        }
        self.suite.tally.killed_runs.fetch_add(usize::from(was_killed), Ordering::Relaxed);
        judge_end(scene, &index, (case.mode, refused.map(String::as_str)));
        if refused.is_some() {
            scene.relay.script(|script| script.refused = None);
            let ended = self.live(99, Death::Natural);
            self.expect_end(ended, false);
            self.judge(&index);
            judge_end(scene, &index, (case.mode, None));
        }
        scene.relay.script(|script| script.behaviour = None);
    }

    fn judge(&self, index: &Index) {
        self.scene.relay.settle();
        judge_meanwhile(self.scene, index, self.case.mode);
    }

    /// Lives one life with both confirmations; returns its exit code unless it was killed.
    fn live(&self, life: usize, death: Death) -> Option<i32> {
        let ended = self.start(command(self.case.mode, &self.scene.digest), (life, death));
        let code = ended.code?;
        assert!(matches!(code, 0 | 4 | 5), "life {life} ended with {code}:\n{}", ended.said);
        Some(code)
    }

    fn start(&self, mut words: Vec<&str>, (life, death): (usize, Death)) -> super::life::Ended {
        self.suite.tally.lives.fetch_add(1, Ordering::Relaxed);
        let state = replayed(self.scene.root()).map(|replay| replay.state);
        if state.is_some_and(|state| state.is_resumable()) {
            words.push("--resume");
        }
        live(self.scene, &self.scene.relay, &words, (life, death))
    }

    fn expect_end(&self, code: Option<i32>, refuses: bool) {
        let fits = if refuses { matches!(code, Some(4 | 5)) } else { code == Some(0) };
        assert!(
            fits,
            "ended with {code:?} although the index {}",
            if refuses { "refuses" } else { "takes all" }
        );
    }

    /// Tries without the confirmations, or with those of another plan: not a byte of an upload, and refused unless
    /// all had been published already (whoever kills a process at a line may come too late on a busy machine).
    fn try_unconfirmed(&self, life: usize) {
        let Some((_, digest)) = self.case.unconfirmed.filter(|(before, _)| *before == life) else { return };
        let mut words = vec!["upload"];
        words.extend(digest.map(|digest| ["--yes", "--confirm", digest]).into_iter().flatten());
        let code = if self.has_done(Step::Publish) { 0 } else { 3 };
        let before = self.scene.relay.script(|script| script.arrivals.len());
        let ended = self.start(words, (50 + life, Death::Natural));
        assert_eq!(ended.code, Some(code), "life {life}, without confirmations:\n{}", ended.said);
        let after = self.scene.relay.script(|script| script.arrivals.len());
        assert_eq!(before, after, "an upload was sent without its confirmations");
    }

    fn is_complete(&self) -> bool {
        replayed(self.scene.root()).is_some_and(|replay| replay.state.finished == Some(0))
    }

    fn has_done(&self, step: Step) -> bool {
        let state = replayed(self.scene.root()).map(|replay| replay.state);
        state.is_some_and(|state| state.done.contains(&step))
    }
}
