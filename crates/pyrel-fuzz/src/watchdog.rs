//! Watches over time and memory from a thread of its own, because who hangs cannot tell.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long one input may take. Unoptimised builds on a busy machine are slow; a hang is not.
const PATIENCE: Duration = Duration::from_secs(if cfg!(debug_assertions) { 20 } else { 5 });
/// How much memory the process may have, in kibibytes.
const MEMORY: u64 = 256 * 1024;
const LOOK: Duration = Duration::from_millis(50);

/// The watchdog of a session.
#[derive(Debug, Clone, Default)]
pub(crate) struct Watchdog {
    started: Arc<Mutex<Option<Instant>>>,
}

impl Watchdog {
    /// Starts watching; `bark` is called once, with what is wrong, and must end the process.
    pub(crate) fn start(bark: impl Fn(&str) + Send + 'static) -> Self {
        let watchdog = Self::default();
        let started = Arc::clone(&watchdog.started);
        std::thread::spawn(move || {
            while Arc::strong_count(&started) > 1 {
                std::thread::sleep(LOOK);
                let running = *started.lock().unwrap_or_else(PoisonError::into_inner);
                if running.is_some_and(|start| start.elapsed() > PATIENCE) {
                    bark(&format!("it takes longer than {} seconds", PATIENCE.as_secs()));
                    return;
                }
                if running.is_some() && resident().is_some_and(|size| size > MEMORY) {
                    bark(&format!("it needs more than {} MiB", MEMORY / 1024));
                    return;
                }
            }
        });
        watchdog
    }

    /// Says that an input begins, or ends.
    pub(crate) fn running(&self, running: bool) {
        *self.started.lock().unwrap_or_else(PoisonError::into_inner) = running.then(Instant::now);
    }
}

/// Returns how much memory the process has, in kibibytes, where the system tells.
pub(crate) fn resident() -> Option<u64> {
    #[cfg(target_os = "linux")]
    {
        let status = fs_err::read_to_string("/proc/self/status").ok()?;
        let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
        line.split_whitespace().nth(1)?.parse().ok()
    }
    #[cfg(not(target_os = "linux"))]
    {
        None
    }
}
