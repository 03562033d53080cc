//! One request that is answered with a small document: sends it, reads the answer whole, and tells what is worth
//! another try. Judges no answer.

use std::time::Duration;

use reqwest::header::HeaderMap;
use reqwest::{RequestBuilder, Response, StatusCode};
use tokio::time::{Instant, sleep, timeout};

use super::error::{Busy, Cause, Silence};
use super::index_client::ClientOptions;
use super::lookup::{Body, LARGEST_ERROR, error_message, plain, read_body};
use super::retry::{is_transient, retry_after};

/// An answer that was read whole.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

/// What became of one exchange.
pub(super) enum Exchange {
    Answered(Answer),
    /// Worth another try.
    Again(Cause, Option<Duration>),
}

/// Why there is no answer.
pub(super) enum Failed<E> {
    /// The request could not even be made.
    Unsent(E),
    /// Nobody answered, for this reason at last.
    Silent(Cause),
}

/// Sends a request once.
pub(super) async fn once(request: RequestBuilder, options: &ClientOptions) -> Exchange {
    let patience = options.read_timeout;
    let response = match timeout(patience + options.connect_timeout, request.send()).await {
        Ok(Ok(response)) => response,
        Ok(Err(error)) => return Exchange::Again(plain(error), None),
        Err(_) => return Exchange::Again(Box::new(Silence(patience)), None),
    };
    if is_transient(response.status()) {
        return busy(response, patience).await;
    }
    let (status, headers) = (response.status(), response.headers().clone());
    match read_body(response, LARGEST_ERROR, patience).await {
        Ok(Body::Whole(body) | Body::Cut(body)) => Exchange::Answered(Answer { status, headers, body }),
        Err(cause) => Exchange::Again(cause, None),
    }
}

/// Sends until somebody answers or patience ends.
pub(super) async fn patiently<E>(
    options: &ClientOptions,
    request: impl Fn() -> Result<RequestBuilder, E>,
) -> Result<Answer, Failed<E>> {
    let policy = options.retries;
    let (mut failures, began) = (0, Instant::now());
    loop {
        let (source, wanted) = match once(request().map_err(Failed::Unsent)?, options).await {
            Exchange::Answered(answer) => return Ok(answer),
            Exchange::Again(source, wanted) => (source, wanted),
        };
        failures += 1;
        let pause = wanted.unwrap_or_default().max(policy.pause(failures));
        if !policy.goes_on(failures, pause, began.elapsed()) {
            return Err(Failed::Silent(source));
        }
        sleep(pause).await;
    }
}

async fn busy(response: Response, patience: Duration) -> Exchange {
    let wanted = retry_after(response.headers());
    let status = response.status().as_u16();
    let message = error_message(response, patience).await;
    Exchange::Again(Box::new(Busy { status, message, too_long: None }), wanted)
}
