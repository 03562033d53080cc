//! Blocking work of asynchronous code: done on a thread of its own, so that everything else goes on.

/// Runs blocking work on a thread of its own; a panic there goes on here.
pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(value) => value,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // Blocking work is cancelled only with the whole runtime, and this future with it.
            Err(_) => std::future::pending().await,
        },
    }
}
