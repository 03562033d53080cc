//! Reading from an index: a project's page, and the bytes of a listed file when the page does not tell their
//! hash. Retries what may pass; follows redirects of pages; never writes.

use std::time::Duration;

use pyrel_model::{PackageName, Sha256};
use reqwest::header::{ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, LOCATION, RANGE};
use reqwest::{Method, Response, StatusCode};
use sha2::Digest as _;
use tokio::time::{Instant, timeout};
use url::Url;

use super::credentials::Credentials;
use super::error::{Busy, Cause, ClientError, Silence, Unreadable, is_certificate_error};
use super::index_client::{IndexClient, may_carry};
use super::retry::{RetryPolicy, is_transient, retry_after};
use crate::wire::{self, ListedFile, ProjectListing, message_of, read_project, shown};

/// The largest project page that is read, in bytes. The largest of PyPI has a quarter of it.
pub(super) const LARGEST_PAGE: usize = 128 * 1024 * 1024;
/// How much of an error page is read, in bytes.
pub(super) const LARGEST_ERROR: usize = 64 * 1024;
/// How many redirects a page may take.
const REDIRECTS: usize = 5;

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ask<'a> {
    /// The media types.
    pub(super) accept: &'a str,
    /// The bytes, where not all are wanted.
    pub(super) range: Option<&'a str>,
    /// How far redirects are followed.
    pub(super) reach: Reach,
}

impl<'a> Ask<'a> {
    pub(super) fn whole(accept: &'a str) -> Self {
        Self { accept, range: None, reach: Reach::Anywhere }
    }
}

/// What became of one attempt to read.
pub(super) enum Attempt {
    Page(Response, Url),
    Absent,
    Failed(ClientError),
    /// Worth another try, after the pause that the index asks for.
    Again(Cause, Option<Duration>),
}

/// How far redirects of a page are followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// To any host, as installers do.
    Anywhere,
    /// Not to other hosts: an index that sends readers there does not have the project itself.
    Home,
}

impl IndexClient {
    /// Looks a project up. `None` when the index does not have it.
    ///
    /// JSON is asked for, HTML is understood too. A redirect is followed, also to another host: see
    /// [`ProjectListing::url`].
    ///
    /// # Errors
    /// When the index cannot be reached, refuses, or answers with something else than a project page.
    pub async fn project(&self, name: &PackageName) -> Result<Option<ProjectListing>, ClientError> {
        self.project_in(name, self.options().retries.attempts.max(1), Reach::Anywhere).await
    }

    /// Looks up what this very index has of a project. `None` when it does not have it, or sends readers on to another
    /// host, which is not asked.
    ///
    /// # Errors
    /// As [`project`](Self::project).
    pub async fn own_project(&self, name: &PackageName) -> Result<Option<ProjectListing>, ClientError> {
        self.project_in(name, self.options().retries.attempts.max(1), Reach::Home).await
    }

    /// Reads the names of all projects of the index, and returns the first that `wanted` accepts. PyPI's list has tens
    /// of megabytes.
    ///
    /// # Errors
    /// When the list cannot be had, or is none in JSON; there is one attempt.
    pub async fn find_project(
        &self,
        wanted: &(dyn Fn(&str) -> bool + Sync),
    ) -> Result<Option<String>, ClientError> {
        let url = self.spec().simple_url.clone();
        let protocol = |detail: String| ClientError::Protocol { url: shown(&url), detail };
        let unreachable = |source| ClientError::Unreachable { url: shown(&url), attempts: 1, source };
        let response = match self.get(&url, Ask::whole(wire::JSON_V1)).await {
            Attempt::Page(response, _) => response,
            Attempt::Absent => return Err(protocol("there is no list of projects".to_owned())),
            Attempt::Failed(error) => return Err(error),
            Attempt::Again(cause, _) => return Err(unreachable(cause)),
        };
        match read_body(response, LARGEST_PAGE, self.options().read_timeout).await {
            Ok(Body::Whole(body)) => wire::find_name(&body, &wanted)
                .map_err(|error| protocol(format!("the list of projects is none in JSON: {error}"))),
            Ok(Body::Cut(_)) => {
                Err(protocol(format!("the list is larger than {} MiB", LARGEST_PAGE / 1024 / 1024)))
            }
            Err(cause) => Err(unreachable(cause)),
        }
    }

    /// Looks a project up with at most that many attempts.
    pub(super) async fn project_in(
        &self,
        name: &PackageName,
        attempts: u32,
        reach: Reach,
    ) -> Result<Option<ProjectListing>, ClientError> {
        let url = self.page_of(name);
        let (mut failures, began) = (0, Instant::now());
        let policy = RetryPolicy { attempts, ..self.options().retries };
        loop {
            let (cause, wanted) = match self.read_page(name, &url, reach).await {
                Ok(outcome) => return outcome,
                Err(again) => again,
            };
            failures += 1;
            let pause = wanted.unwrap_or_default().max(policy.pause(failures));
            if !policy.goes_on(failures, pause, began.elapsed()) {
                return Err(ClientError::Unreachable { url: shown(&url), attempts: failures, source: cause });
            }
            tracing::debug!(url = %shown(&url), error = %cause, ?pause, "reading again");
            tokio::time::sleep(pause).await;
        }
    }

    pub(super) fn page_of(&self, name: &PackageName) -> Url {
        let mut url = self.spec().simple_url.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().push(name.normalized()).push("");
        }
        url
    }

    /// Reads and parses a project page once; the outer error is worth another try.
    async fn read_page(
        &self,
        name: &PackageName,
        url: &Url,
        reach: Reach,
    ) -> Result<Result<Option<ProjectListing>, ClientError>, (Cause, Option<Duration>)> {
        let (response, url) = match self.get(url, Ask { reach, ..Ask::whole(wire::ACCEPT) }).await {
            Attempt::Page(response, url) => (response, url),
            Attempt::Absent => return Ok(Ok(None)),
            Attempt::Failed(error) => return Ok(Err(error)),
            Attempt::Again(cause, wanted) => return Err((cause, wanted)),
        };
        let media = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let media = media.unwrap_or_default().to_owned();
        let protocol = |detail| ClientError::Protocol { url: shown(&url), detail };
        let body = match read_body(response, LARGEST_PAGE, self.options().read_timeout).await {
            Ok(Body::Whole(body)) => body,
            Ok(Body::Cut(_)) => {
                let detail = format!("the page is larger than {} MiB", LARGEST_PAGE / 1024 / 1024);
                return Ok(Err(protocol(detail)));
            }
            Err(cause) => return Err((cause, None)),
        };
        Ok(read_project(name, &url, &media, &body).map(Some).map_err(|error| protocol(error.0)))
    }

    /// Gets a URL once, redirects followed. Where a part is asked for, all of it may be the answer nevertheless.
    pub(super) async fn get(&self, url: &Url, ask: Ask<'_>) -> Attempt {
        let mut url = url.clone();
        for _ in 0..=REDIRECTS {
            let response = match self.get_proved(&url, ask).await {
                Ok(response) => response,
                Err(attempt) => return attempt,
            };
            let status = response.status();
            let is_part = status == StatusCode::PARTIAL_CONTENT && ask.range.is_some();
            if status == StatusCode::OK || is_part {
                return Attempt::Page(response, url);
            }
            if status.is_redirection() {
                match target(&response, &url) {
                    Ok(next) if ask.reach == Reach::Home && !self.is_home(&next) => return Attempt::Absent,
                    Ok(next) => url = next,
                    Err(detail) => {
                        return Attempt::Failed(ClientError::Protocol { url: shown(&url), detail });
                    }
                }
                continue;
            }
            return self.refused(response, &url).await;
        }
        let detail = format!("more than {REDIRECTS} redirects");
        Attempt::Failed(ClientError::Protocol { url: shown(&url), detail })
    }

    /// Gets a URL once with the credentials at hand. Where there are none, or the index does not let them read, once
    /// without, and once more with those that are found when it refuses a stranger, or hides from one what it has.
    async fn get_proved(&self, url: &Url, ask: Ask<'_>) -> Result<Response, Attempt> {
        // Only to learn what the index has. What installers see is asked as they ask.
        if ask.reach == Reach::Home
            && self.is_own(url)
            && !self.is_public()
            && let Some(at_hand) = self.access().at_hand(self.spec())
        {
            let response = self.get_once(url, ask, at_hand).await?;
            if !is_refusal(response.status()) {
                return Ok(response);
            }
            self.access().refuse_those_at_hand();
        }
        let current = self.access().current();
        let response = self.get_once(url, ask, current).await?;
        let refuses = is_refusal(response.status());
        let may_hide = response.status() == StatusCode::NOT_FOUND && !self.is_public();
        if !(refuses || may_hide) || !self.is_own(url) {
            return Ok(response);
        }
        let Some(reserve) = self.access().reserve(self.spec(), current).await else { return Ok(response) };
        let second = self.get_once(url, ask, reserve).await?;
        // What is not there is not there for anybody, and then credentials are no matter of further readings.
        let shows = second.status().is_success() || second.status().is_redirection();
        if !refuses && !shows {
            return Ok(response);
        }
        self.access().take_into_use();
        Ok(second)
    }

    async fn get_once(
        &self,
        url: &Url,
        ask: Ask<'_>,
        credentials: &Credentials,
    ) -> Result<Response, Attempt> {
        let request = self
            .transport()
            .request(self.options(), Method::GET, url)
            .map_err(|error| Attempt::Failed(ClientError::of_setup(error)))?
            .header(ACCEPT, ask.accept)
            .header(CACHE_CONTROL, "max-age=0");
        let request = match ask.range {
            Some(range) => request.header(RANGE, range).header(ACCEPT_ENCODING, "identity"),
            None => request,
        };
        // Credentials for reading go to the index's own origin only, wherever it redirects.
        let request = match credentials.header() {
            Some(header) if self.is_own(url) && may_carry(url, credentials) => {
                request.header(AUTHORIZATION, header)
            }
            _ => request,
        };
        let silence = self.options().read_timeout + self.options().connect_timeout;
        match timeout(silence, request.send()).await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(error)) if error.is_builder() => Err(Attempt::Failed(ClientError::Setup(error.into()))),
            Ok(Err(error)) if is_certificate_error(&error) => {
                Err(Attempt::Failed(ClientError::Unreachable {
                    url: shown(url),
                    attempts: 1,
                    source: plain(error),
                }))
            }
            Ok(Err(error)) => Err(Attempt::Again(plain(error), None)),
            Err(_) => Err(Attempt::Again(Box::new(Silence(silence)), None)),
        }
    }

    fn is_own(&self, url: &Url) -> bool {
        url.origin() == self.spec().simple_url.origin()
    }

    /// Tells whether a URL is at the index's own host: at its origin, or encrypted where that is not.
    fn is_home(&self, url: &Url) -> bool {
        let own = &self.spec().simple_url;
        self.is_own(url) || (own.scheme(), url.scheme()) == ("http", "https") && own.host() == url.host()
    }

    async fn refused(&self, response: Response, url: &Url) -> Attempt {
        let status = response.status();
        if status == StatusCode::NOT_FOUND {
            return Attempt::Absent;
        }
        let wanted = retry_after(response.headers());
        let message = error_message(response, self.options().read_timeout).await;
        if is_transient(status) {
            let too_long = wanted.filter(|wanted| *wanted > self.options().retries.max);
            return Attempt::Again(Box::new(Busy { status: status.as_u16(), message, too_long }), wanted);
        }
        if status.is_success() {
            let detail = format!("expected status 200, got {}", status.as_u16());
            return Attempt::Failed(ClientError::Protocol { url: shown(url), detail });
        }
        let (page, code) = (shown(url), status.as_u16());
        if !is_refusal(status) || !self.is_own(url) {
            return Attempt::Failed(ClientError::Refused { url: page, status: code, message });
        }
        let (tried, remedy) = self.access().account(self.spec()).await;
        let index = self.spec().name.clone();
        let refusal = Unreadable { index, url: page, status: code, message, tried, remedy };
        Attempt::Failed(ClientError::Private(Box::new(refusal)))
    }

    /// Returns the hash of a listed file: as listed, or of its bytes, which are read for that, when the index lists
    /// none. Once, without retry; `None` when the bytes cannot be had.
    pub async fn hash_of(&self, file: &ListedFile) -> Option<Sha256> {
        if file.sha256.is_some() {
            return file.sha256;
        }
        let url = file.url.parse().ok()?;
        let Attempt::Page(mut response, _) = self.get(&url, Ask::whole("*/*")).await else { return None };
        let mut hasher = sha2::Sha256::new();
        loop {
            match timeout(self.options().read_timeout, response.chunk()).await {
                Ok(Ok(Some(chunk))) => hasher.update(&chunk),
                Ok(Ok(None)) => return Some(Sha256::new(hasher.finalize().into())),
                Ok(Err(_)) | Err(_) => return None,
            }
        }
    }
}

/// Tells whether an answer says that this reader may not read.
fn is_refusal(status: StatusCode) -> bool {
    matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN)
}

/// Returns where a redirect points, which must not be less private than where it came from.
pub(super) fn target(response: &Response, url: &Url) -> Result<Url, String> {
    let location = response.headers().get(LOCATION).ok_or("a redirect without `Location`")?;
    let location = location.to_str().map_err(|_| "a redirect to a text that is no URL")?;
    let next = url.join(location).map_err(|error| format!("a redirect to a text that is no URL: {error}"))?;
    match (url.scheme(), next.scheme()) {
        (_, "https") | ("http", "http") => Ok(next),
        _ => Err(format!("a redirect to an unencrypted address: {}", shown(&next))),
    }
}

/// The content of an answer.
pub(super) enum Body {
    /// All of it.
    Whole(Vec<u8>),
    /// What fitted into the limit.
    Cut(Vec<u8>),
}

/// Reads at most `limit` bytes of an answer, with at most `patience` between two pieces.
pub(super) async fn read_body(
    mut response: Response,
    limit: usize,
    patience: Duration,
) -> Result<Body, Cause> {
    let mut body = Vec::new();
    loop {
        let chunk = match timeout(patience, response.chunk()).await {
            Ok(Ok(Some(chunk))) => chunk,
            Ok(Ok(None)) => return Ok(Body::Whole(body)),
            Ok(Err(error)) => return Err(plain(error)),
            Err(_) => return Err(Box::new(Silence(patience))),
        };
        let room = limit - body.len();
        if chunk.len() > room {
            body.extend_from_slice(&chunk[..room]);
            return Ok(Body::Cut(body));
        }
        body.extend_from_slice(&chunk);
    }
}

/// Returns what an error answer says; an answer that breaks off says what its head says.
pub(super) async fn error_message(response: Response, patience: Duration) -> String {
    let status = response.status();
    let reason = response
        .extensions()
        .get::<hyper::ext::ReasonPhrase>()
        .map(|reason| String::from_utf8_lossy(reason.as_bytes()).into_owned());
    let body = match read_body(response, LARGEST_ERROR, patience).await {
        Ok(Body::Whole(body) | Body::Cut(body)) => body,
        Err(_) => Vec::new(),
    };
    message_of(status, reason.as_deref(), &body)
}

/// Boxes a transport error without its URL, which could show what must not be shown.
pub(super) fn plain(error: reqwest::Error) -> Cause {
    Box::new(error.without_url())
}
