//! One upload: sends the form, judges the answer, tries again where that can help, and asks the index what it
//! has where an answer leaves that open.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE};
use reqwest::{Body, Method, RequestBuilder, Response, StatusCode};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};

use super::advice::{Subject, subject};
use super::body::{Fault, FaultSlot, stream};
use super::credentials::Credentials;
use super::error::{Busy, Cause, Silence, UploadError, is_certificate_error};
use super::index_client::{IndexClient, may_carry};
use super::lookup::{Reach, error_message, plain, target};
use super::retry::{is_transient, retry_after};
use super::upload_file::UploadFile;
use crate::wire::{Framing, shown};

/// How an upload ended well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UploadOutcome {
    /// The index took the file.
    Uploaded,
    /// The index has the same bytes already.
    AlreadyThere,
}

/// What became of one attempt.
enum Attempt {
    Accepted,
    /// Refused for good.
    Failed(UploadError),
    /// Refused, perhaps because the file is there.
    Exists(UploadError),
    /// Worth another try.
    Again {
        cause: Cause,
        wanted: Option<Duration>,
        ambiguous: bool,
    },
}

/// What the index has under a file's name.
enum Holding {
    Same,
    Other,
    Nothing,
    Unknown,
}

impl IndexClient {
    /// Uploads one file. The bytes are hashed again while they are sent; when they are not the ones that were
    /// checked, the upload is broken off. `progress` hears how many bytes of the file were sent, from zero again
    /// with every attempt.
    ///
    /// Transport errors, 429, and 5xx are tried again. When it is open whether the index took the file, the
    /// index is asked. Redirects are not followed.
    ///
    /// # Errors
    /// See [`UploadError`]. After [`UploadError::Unreachable`] the index may still have the file if it could
    /// not be asked.
    pub async fn upload(
        &self,
        file: &UploadFile,
        credentials: &Credentials,
        progress: &(dyn Fn(u64) + Send + Sync),
    ) -> Result<UploadOutcome, UploadError> {
        let credentials = self.upload_credentials(credentials);
        if !may_carry(&self.spec().upload_url, credentials) {
            return Err(UploadError::Insecure { url: shown(&self.spec().upload_url) });
        }
        let framing = Framing::new(file.fields(), file.filename(), file.sha256());
        let (mut failures, began) = (0, Instant::now());
        loop {
            let (cause, wanted, ambiguous) = match self.attempt(file, &framing, credentials, progress).await {
                Attempt::Accepted => return Ok(UploadOutcome::Uploaded),
                Attempt::Failed(error) => return Err(error),
                Attempt::Exists(error) => return self.settle(file, error).await,
                Attempt::Again { cause, wanted, ambiguous } => (cause, wanted, ambiguous),
            };
            failures += 1;
            if ambiguous {
                match self.holding(file).await {
                    Holding::Same => return Ok(UploadOutcome::AlreadyThere),
                    Holding::Other => {
                        return Err(UploadError::Conflict { filename: file.filename().to_owned() });
                    }
                    Holding::Nothing | Holding::Unknown => {}
                }
            }
            let policy = &self.options().retries;
            let pause = wanted.unwrap_or_default().max(policy.pause(failures));
            let goes_on = policy.goes_on(failures, pause, began.elapsed());
            if !goes_on || is_certificate_error(cause.as_ref()) {
                return Err(self.unreachable(file, failures, cause));
            }
            tracing::debug!(file = file.filename(), error = %cause, ?pause, "uploading again");
            sleep(pause).await;
        }
    }

    fn unreachable(&self, file: &UploadFile, attempts: u32, source: Cause) -> UploadError {
        UploadError::Unreachable {
            filename: file.filename().to_owned(),
            url: shown(&self.spec().upload_url),
            attempts,
            source,
        }
    }

    /// Decides what a refusal of an existing file means.
    async fn settle(&self, file: &UploadFile, refusal: UploadError) -> Result<UploadOutcome, UploadError> {
        match self.holding(file).await {
            Holding::Same => Ok(UploadOutcome::AlreadyThere),
            Holding::Other => Err(UploadError::Conflict { filename: file.filename().to_owned() }),
            Holding::Nothing | Holding::Unknown => Err(refusal),
        }
    }

    /// Asks the index what it has under the file's name. Another host to which it sends readers tells nothing of that.
    async fn holding(&self, file: &UploadFile) -> Holding {
        let Ok(name) = file.project() else { return Holding::Unknown };
        let listing = match self.project_in(name, 1, Reach::Home).await {
            Ok(Some(listing)) => listing,
            Ok(None) => return Holding::Nothing,
            Err(error) => {
                tracing::debug!(file = file.filename(), error = %error, "the index could not be asked");
                return Holding::Unknown;
            }
        };
        let Some(listed) = listing.file(file.filename()) else { return Holding::Nothing };
        match self.hash_of(listed).await {
            Some(found) if found == *file.sha256() => Holding::Same,
            Some(_) => Holding::Other,
            None => Holding::Unknown,
        }
    }

    /// Sends the file once.
    async fn attempt(
        &self,
        file: &UploadFile,
        framing: &Framing,
        credentials: &Credentials,
        progress: &(dyn Fn(u64) + Send + Sync),
    ) -> Attempt {
        let fault = FaultSlot::default();
        let (sender, receiver) = watch::channel(0);
        let body = Body::wrap_stream(stream(file, framing, sender, Arc::clone(&fault)));
        let request = match self.transport().request(self.options(), Method::POST, &self.spec().upload_url) {
            Ok(request) => request,
            Err(error) => return Attempt::Failed(UploadError::Setup(error)),
        };
        let mut request = request
            .header(ACCEPT, "application/json, text/html;q=0.5, text/plain;q=0.4")
            .header(CONTENT_TYPE, framing.content_type())
            .header(CONTENT_LENGTH, framing.length(file.size()))
            .body(body);
        if let Some(header) = credentials.header() {
            request = request.header(AUTHORIZATION, header);
        }
        let sent = self.send(request, receiver, progress).await;
        let fault = fault.lock().unwrap_or_else(PoisonError::into_inner).take();
        match (fault, sent) {
            (Some(fault), _) => Attempt::Failed(of_fault(file, fault)),
            (None, Ok(response)) => self.judge(file, response).await,
            (None, Err(again)) => again,
        }
    }

    /// Sends a request and reports its progress; gives up when nothing moves for too long.
    async fn send(
        &self,
        request: RequestBuilder,
        mut moved: watch::Receiver<u64>,
        progress: &(dyn Fn(u64) + Send + Sync),
    ) -> Result<Response, Attempt> {
        let patience = self.options().read_timeout + self.options().connect_timeout;
        let mut deadline = Instant::now() + patience;
        let mut response = Box::pin(request.send());
        progress(0);
        let result = loop {
            tokio::select! {
                biased;
                Ok(()) = moved.changed() => {
                    progress(*moved.borrow_and_update());
                    deadline = Instant::now() + self.options().read_timeout;
                }
                result = &mut response => break result,
                () = sleep_until(deadline) => {
                    let cause = Box::new(Silence(self.options().read_timeout));
                    return Err(Attempt::Again { cause, wanted: None, ambiguous: true });
                }
            }
        };
        drop(response);
        result.map_err(|error| {
            if error.is_builder() {
                return Attempt::Failed(UploadError::Setup(error.without_url().into()));
            }
            let ambiguous = !error.is_connect();
            Attempt::Again { cause: plain(error), wanted: None, ambiguous }
        })
    }

    /// Judges an answer.
    async fn judge(&self, file: &UploadFile, response: Response) -> Attempt {
        let status = response.status();
        if status.is_success() {
            return Attempt::Accepted;
        }
        let url = &self.spec().upload_url;
        if status.is_redirection() {
            return Attempt::Failed(match target(&response, url) {
                Ok(target) => UploadError::Redirected { url: shown(url), target: shown(&target) },
                Err(detail) => UploadError::Protocol { url: shown(url), detail },
            });
        }
        let wanted = retry_after(response.headers());
        let message = error_message(response, self.options().read_timeout).await;
        let filename = file.filename().to_owned();
        let code = status.as_u16();
        if is_transient(status) {
            let too_long = wanted.filter(|wanted| *wanted > self.options().retries.max);
            let cause = Box::new(Busy { status: code, message, too_long });
            return Attempt::Again { cause, wanted, ambiguous: status.is_server_error() };
        }
        if !status.is_client_error() {
            let detail = format!("unexpected status {code}: {message}");
            return Attempt::Failed(UploadError::Protocol { url: shown(url), detail });
        }
        let existing = status == StatusCode::CONFLICT || says_existing(status, &message);
        let error = match subject(code, &message) {
            Subject::Maintenance => UploadError::Maintenance { message },
            Subject::Credentials => UploadError::Credentials { filename, status: code, message },
            Subject::Upload => UploadError::Refused { filename, status: code, message },
        };
        if existing { Attempt::Exists(error) } else { Attempt::Failed(error) }
    }
}

fn of_fault(file: &UploadFile, fault: Fault) -> UploadError {
    match fault {
        Fault::Changed(detail) => UploadError::Changed { path: file.path().display().to_string(), detail },
        Fault::Io(error) => UploadError::Io(error),
    }
}

/// Tells whether a refusal is one of those by which known indexes say that a file is there: PyPI, pypiserver,
/// devpi, GitLab, Artifactory, Nexus, Azure's, and Google's. Artifactory says "not found" of a file that the account may
/// not replace when it is told to hide what is forbidden.
fn says_existing(status: StatusCode, message: &str) -> bool {
    const TEXTS: [&str; 7] = [
        "already exist",
        "already been taken",
        "already contains file",
        "overwrite artifact",
        "overwrite all artifacts",
        "does not allow updating",
        "cannot be updated",
    ];
    let lower = message.to_lowercase();
    TEXTS.iter().any(|text| lower.contains(text))
        || status == StatusCode::NOT_FOUND && lower.contains("could not locate artifact")
}
