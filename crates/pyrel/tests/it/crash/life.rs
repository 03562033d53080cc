//! One life of a run: a process from its start to its end, or to its death at a chosen moment.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use fs_err as fs;
use pyrel_release::journal::{Replay, ReplayError, replay};

use super::relay::Relay;
use super::scene::Scene;

/// How long a life may take.
const LONGEST: Duration = Duration::from_secs(60);

/// When a process dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Death {
    /// When it wants to.
    Natural,
    /// By SIGKILL, as soon as the journal has this many lines more than at the start.
    Line(usize),
    /// By the kernel, when the journal would grow by more than this many bytes; the byte before is written.
    JournalByte(u64),
    /// By SIGKILL, when this many bytes of requests have arrived.
    RequestByte(u64),
}

/// How a life ended.
#[derive(Debug)]
pub(super) struct Ended {
    /// The exit code; nothing for a process that was killed.
    pub(super) code: Option<i32>,
    /// Standard error, to show when something is wrong.
    pub(super) said: String,
}

/// Lives one life.
pub(super) fn live(
    scene: &Scene,
    relay: &Relay,
    arguments: &[&str],
    (number, death): (usize, Death),
) -> Ended {
    let at_start = journal(scene.root());
    let lines = at_start.as_deref().map_or(0, line_count);
    relay.begin_life(number, if let Death::RequestByte(end) = death { Some(end) } else { None });
    let command = match death {
        Death::JournalByte(more) => {
            limited(scene, arguments, at_start.map_or(0, |text| text.len() as u64) + more)
        }
        _ => scene.command(arguments),
    };
    let child = start(command);
    relay.script(|script| script.victim = Some(Arc::clone(&child)));
    let begun = Instant::now();
    loop {
        let mut alone = child.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(status) = alone.try_wait().unwrap() {
            let mut said = String::new();
            let _lost = alone.stderr.take().unwrap().read_to_string(&mut said);
            return Ended { code: status.code(), said };
        }
        if let Death::Line(more) = death
            && journal(scene.root()).is_some_and(|text| line_count(&text) >= lines + more)
        {
            alone.kill().unwrap();
        }
        assert!(begun.elapsed() < LONGEST, "the process does not end");
        drop(alone);
        let pause = if matches!(death, Death::Line(_)) { 50 } else { 1000 };
        std::thread::sleep(Duration::from_micros(pause));
    }
}

fn start(mut command: Command) -> Arc<Mutex<Child>> {
    Arc::new(Mutex::new(command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()))
}

/// Returns the program with a limit to the size of the files that it writes: the kernel kills it at that byte.
#[cfg(target_os = "linux")]
fn limited(scene: &Scene, arguments: &[&str], bytes: u64) -> Command {
    let plain = scene.command(arguments);
    let size = format!("--fsize={bytes}");
    let mut words = vec![size.as_ref(), "--core=0".as_ref(), plain.get_program()];
    words.extend(plain.get_args());
    scene.elsewise("prlimit", &words)
}

/// Elsewhere nobody kills at a byte of a file: the journal is looked at instead.
#[cfg(not(target_os = "linux"))]
fn limited(scene: &Scene, arguments: &[&str], _bytes: u64) -> Command {
    scene.command(arguments)
}

/// Returns the bytes of the latest journal.
pub(super) fn journal(root: &Path) -> Option<Vec<u8>> {
    fs::read(journals(root).pop()?).ok()
}

/// Returns the journals of a workspace, the earliest first.
pub(super) fn journals(root: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(root.join(".pyrel/runs")) else { return Vec::new() };
    let mut found: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path().join("journal.jsonl")).collect();
    found.retain(|path| path.is_file());
    found.sort_by_key(|path| {
        let run = path.parent().and_then(Path::file_name).and_then(|name| name.to_str());
        moment(run.expect("a run has a name of our own"))
    });
    found
}

/// Returns the second in which a run began, and which one it was in that second: only further ones have a number.
fn moment(run: &str) -> (String, u32) {
    let mut parts = run.splitn(3, '-');
    let second = [parts.next(), parts.next()].map(Option::unwrap_or_default).join("-");
    (second, parts.next().map_or(1, |number| number.parse().expect("a number")))
}

#[test]
fn the_last_run_of_a_second_is_before_the_first_of_the_next() {
    let mut runs = ["20260101-000002", "20260101-000001-10", "20260101-000001", "20260101-000001-2"];
    runs.sort_by_key(|run| moment(run));
    let expected = ["20260101-000001", "20260101-000001-2", "20260101-000001-10", "20260101-000002"];
    assert_eq!(runs, expected);
}

fn line_count(text: &[u8]) -> usize {
    text.iter().filter(|byte| **byte == b'\n').count()
}

/// Replays the latest journal: nothing when there is none, or not even a header.
pub(super) fn replayed(root: &Path) -> Option<Replay> {
    match replay(&journal(root)?) {
        Ok(replay) => Some(replay),
        Err(ReplayError::NoHeader) => None,
        Err(error) => panic!("the journal cannot be replayed: {error}"),
    }
}
