//! The one asynchronous runtime, started only by commands that talk to an index.

use std::future::Future;

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

/// Returns a wish to stop that comes true with Ctrl-C, or SIGTERM where there is one: what was started is then ended,
/// and what was made is removed.
pub(crate) fn cancel_when_stopped() -> Cancel {
    let cancel = Cancel::default();
    let shared = cancel.clone();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        // Without a runtime the signal ends the process at once, as it does everywhere else.
        if let Ok(runtime) = runtime {
            runtime.block_on(stopped());
            shared.cancel();
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
