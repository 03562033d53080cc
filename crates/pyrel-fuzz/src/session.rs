//! One target fed for a time: mutates, writes each input to a file before it is fed, and keeps what crashes.

use std::io::{self, Write as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use fs_err as fs;

use crate::arguments::Arguments;
use crate::chance::Chance;
use crate::corpus;
use crate::target::Target;
use crate::watchdog::{Watchdog, resident};

/// Mutations on top of each other before a session starts from the corpus again.
const DEPTH: usize = 12;

/// How a session ended.
pub(crate) enum Outcome {
    /// Nothing was found; a line that says how much was tried.
    Clean(String),
    /// An input crashed the target; a line that says where it is.
    Crash(String),
}

/// A session.
pub(crate) struct Session {
    target: Target,
    seed: u64,
    time: Duration,
    folder: PathBuf,
}

impl Session {
    pub(crate) fn new(target: Target, arguments: &Arguments) -> io::Result<Self> {
        let folder = arguments.out.join(target.name().to_ascii_lowercase());
        fs::create_dir_all(&folder)?;
        Ok(Self { target, seed: arguments.seed, time: arguments.time, folder })
    }

    /// Feeds mutated inputs until the time is over or one crashes. The input that is being fed always stands in a file,
    /// so that even one that kills the process is not lost.
    pub(crate) fn run(&self) -> io::Result<Outcome> {
        let corpus = corpus::of(self.target.corpus())?;
        let mut chance = Chance::new(self.seed);
        let watchdog = self.watch();
        let (start, mut count, mut slowest, mut largest) = (Instant::now(), 0_u64, Duration::ZERO, 0);
        while start.elapsed() < self.time {
            let mut input = chance.pick(&corpus).cloned().unwrap_or_default();
            for _ in 0..=chance.below(DEPTH) {
                self.target.mutate(&mut input, &mut chance, &corpus);
            }
            let begun = Instant::now();
            if let Some(fault) = self.feed(&input, &watchdog)? {
                return Ok(Outcome::Crash(self.keep(&input, count, &fault)?));
            }
            slowest = slowest.max(begun.elapsed());
            if count % 64 == 0 {
                largest = largest.max(resident().unwrap_or_default());
            }
            count += 1;
        }
        Ok(Outcome::Clean(format!(
            "{}: {count} inputs in {} s with seed {}, slowest {} ms, memory at most {} MiB",
            self.target.name(),
            start.elapsed().as_secs(),
            self.seed,
            slowest.as_millis(),
            largest / 1024
        )))
    }

    /// Feeds one file as it is.
    pub(crate) fn replay(&self, file: &Path) -> io::Result<Outcome> {
        let input = fs::read(file)?;
        let watchdog = self.watch();
        let (name, file) = (self.target.name(), file.display());
        Ok(match self.feed(&input, &watchdog)? {
            Some(fault) => Outcome::Crash(format!("{name}: {file}: {fault}")),
            None => Outcome::Clean(format!("{name}: {file}: nothing happens")),
        })
    }

    fn current(&self) -> PathBuf {
        self.folder.join("current")
    }

    fn feed(&self, input: &[u8], watchdog: &Watchdog) -> io::Result<Option<String>> {
        fs::write(self.current(), input)?;
        let (name, bytes) = self.target.packed(input)?;
        let path = self.folder.join(name);
        fs::write(&path, bytes)?;
        watchdog.running(true);
        let fed = catch_unwind(AssertUnwindSafe(|| self.target.feed(&path, input)));
        watchdog.running(false);
        Ok(match fed {
            Ok(Ok(())) => None,
            Ok(Err(fault)) => Some(fault),
            Err(_) => Some("it panics".to_owned()),
        })
    }

    fn keep(&self, input: &[u8], count: u64, fault: &str) -> io::Result<String> {
        let path = self.folder.join(format!("crash-{}-{count}", self.seed));
        fs::write(&path, input)?;
        let (name, path) = (self.target.name(), path.display());
        Ok(format!("{name}: {fault}: {path} (`pyrel-fuzz {name} --replay {path}` feeds it again)"))
    }

    /// Who hangs or eats all memory cannot be stopped from inside, so the process ends; its input is in the file.
    fn watch(&self) -> Watchdog {
        let (name, current, kept) = (self.target.name(), self.current(), self.folder.join("crash-watchdog"));
        Watchdog::start(move |fault| {
            let copied = fs::copy(&current, &kept);
            let place = if copied.is_ok() { kept.display() } else { current.display() };
            let _unwritten = writeln!(io::stderr(), "error: {name}: {fault}: {place}");
            std::process::abort();
        })
    }
}
