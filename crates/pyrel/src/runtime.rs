//! The one asynchronous runtime, started only by commands that talk to an index.

use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};

use pyrel_project::Cancel;

use crate::exit::{CommandError, Failure};

/// Runs a future to its end on a runtime of its own.
pub(crate) fn block_on<T>(future: impl Future<Output = Result<T, CommandError>>) -> Result<T, CommandError> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| CommandError::new(Failure::Internal, error))?;
    runtime.block_on(future)
}

/// Whether a person is being asked, so that nothing is running that could be stopped.
static AT_QUESTION: AtomicBool = AtomicBool::new(false);

/// Asks a person something; Ctrl-C then ends the process at once.
pub(crate) fn at_question<T>(ask: impl FnOnce() -> T) -> T {
    AT_QUESTION.store(true, Ordering::Relaxed);
    let answer = ask();
    AT_QUESTION.store(false, Ordering::Relaxed);
    answer
}

#[expect(clippy::exit, reason = "a person asked twice, or while nothing was going on")]
fn leave() -> ! {
    std::process::exit(Failure::Findings.code().into())
}

/// Returns a wish to stop that comes true with Ctrl-C, or SIGTERM where there is one: what was started is then ended,
/// and what was made is removed. A second one ends the process at once.
pub(crate) fn cancel_when_stopped() -> Cancel {
    let cancel = Cancel::default();
    let shared = cancel.clone();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        // Without a runtime the signal ends the process at once, as it does everywhere else.
        if let Ok(runtime) = runtime {
            loop {
                runtime.block_on(stopped());
                if shared.is_cancelled() || AT_QUESTION.load(Ordering::Relaxed) {
                    leave();
                }
                shared.cancel();
            }
        }
    });
    cancel
}

/// Waits until the process is asked to stop: Ctrl-C, or SIGTERM where there is one.
pub(crate) async fn stopped() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let Ok(mut terminate) = signal(SignalKind::terminate()) else {
            let _interrupted = tokio::signal::ctrl_c().await;
            return;
        };
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        }
    }
    #[cfg(not(unix))]
    {
        let _interrupted = tokio::signal::ctrl_c().await;
    }
}
