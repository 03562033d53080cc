//! The asynchronous runtimes, started only by commands that talk to an index or are one.

use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};

use pyrel_project::Cancel;

use crate::exit::{CommandError, Failure};

/// Runs a client to its end, on this thread: requests wait for the network, not for a processor, and waking another
/// thread for each answer takes longer than reading it. What is long is read and hashed on threads of its own.
pub(crate) fn block_on<T>(client: impl Future<Output = Result<T, CommandError>>) -> Result<T, CommandError> {
    run(tokio::runtime::Builder::new_current_thread(), client)
}

/// Runs a server to its end, on two threads, so that one that is held up holds nobody up.
pub(crate) fn serve<T>(server: impl Future<Output = Result<T, CommandError>>) -> Result<T, CommandError> {
    let mut threads = tokio::runtime::Builder::new_multi_thread();
    threads.worker_threads(2);
    run(threads, server)
}

fn run<T>(
    mut runtime: tokio::runtime::Builder,
    future: impl Future<Output = Result<T, CommandError>>,
) -> Result<T, CommandError> {
    let runtime = runtime.enable_all().build();
    runtime.map_err(|error| CommandError::new(Failure::Internal, error))?.block_on(future)
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
