//! A door to one private index for installers of this machine: they get pages and files without the credentials of the
//! index, which stay in this process. Nothing but project pages and the files that they list goes through.

use std::collections::{HashMap, HashSet};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Body as Content;
use axum::extract::{Request, State};
use axum::http::header::{
    ACCEPT, AUTHORIZATION, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, ETAG, LOCATION, WWW_AUTHENTICATE,
};
use axum::http::{HeaderMap, HeaderValue, Method, Response as Answer, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use pyrel_model::{PackageName, Secret};
use reqwest::Response;
use ring::rand::{SecureRandom as _, SystemRandom};
use sha2::{Digest as _, Sha256};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use url::Url;

use super::error::ClientError;
use super::index_client::IndexClient;
use super::lookup::{Ask, Attempt, Body, LARGEST_PAGE, read_body};
use crate::wire::{self, read_project};

/// The user of the door's own key.
const USER: &str = "relay";
/// What installers may ask of a listed file besides the file: its metadata (PEP 658).
const METADATA: &str = ".metadata";

/// An open door. Dropping it shuts it at once.
#[derive(Debug)]
pub struct Relay {
    url: Secret,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<io::Result<()>>,
}

impl Relay {
    /// Opens a door on the loopback address to the index of a client, whose credentials it uses. Must be called within
    /// a tokio runtime.
    ///
    /// # Errors
    /// When no port can be had, or no random bytes for the key.
    pub async fn open(client: IndexClient) -> Result<Self, ClientError> {
        Self::open_port(client).await.map_err(ClientError::Relay)
    }

    async fn open_port(client: IndexClient) -> io::Result<Self> {
        let mut bytes = [0; 32];
        SystemRandom::new().fill(&mut bytes).map_err(|_| io::Error::other("there are no random bytes"))?;
        let key = URL_SAFE_NO_PAD.encode(bytes);
        let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
        let authority = listener.local_addr()?.to_string();
        let url = format!("http://{USER}:{key}@{authority}{}", client.spec().simple_url.path());
        let door = Door {
            client,
            own: format!("http://{authority}"),
            key: Sha256::digest(format!("Basic {}", STANDARD.encode(format!("{USER}:{key}")))).into(),
            known: Mutex::default(),
        };
        let (stop, stopped) = oneshot::channel();
        let router = Router::new().fallback(answer).with_state(Arc::new(door));
        let server = axum::serve(listener, router).with_graceful_shutdown(async {
            // Ends as well when the sender is dropped.
            let _ = stopped.await;
        });
        let task = tokio::spawn(server.into_future());
        Ok(Self { url: Secret::new(url), stop: Some(stop), task })
    }

    /// Returns the simple API behind the door, with the key, which is good for this door alone.
    #[must_use]
    pub fn url(&self) -> &Secret {
        &self.url
    }

    /// Shuts the door and lets answers end.
    ///
    /// # Errors
    /// When it had broken down.
    pub async fn shut(mut self) -> Result<(), ClientError> {
        if let Some(stop) = self.stop.take() {
            // The receiver is gone when the server has ended by itself.
            let _ = stop.send(());
        }
        (&mut self.task).await.map_err(io::Error::other).flatten().map_err(ClientError::Relay)
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What the handlers share.
#[derive(Debug)]
struct Door {
    client: IndexClient,
    /// The origin of the door.
    own: String,
    /// The digest of the header that opens it.
    key: [u8; 32],
    known: Mutex<Known>,
}

/// The addresses of the index that were seen on its own pages.
#[derive(Debug, Default)]
struct Known {
    /// Pages to which the index sent on, by address.
    pages: HashMap<String, PackageName>,
    /// Files.
    files: HashSet<String>,
}

/// What an address of the index is.
enum Target {
    Page(PackageName),
    File,
}

async fn answer(State(door): State<Arc<Door>>, request: Request) -> Answer<Content> {
    let given = request.headers().get(AUTHORIZATION).map(HeaderValue::as_bytes).unwrap_or_default();
    // By digest, so that the time taken tells nothing.
    if door.key != <[u8; 32]>::from(Sha256::digest(given)) {
        let mut refusal = plain(StatusCode::UNAUTHORIZED, "this door has a key");
        refusal.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"relay\""));
        return refusal;
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return plain(StatusCode::METHOD_NOT_ALLOWED, "nothing is written here");
    }
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    let Some((url, target)) = door.target(path) else {
        return plain(StatusCode::NOT_FOUND, "neither a project page nor a listed file");
    };
    match target {
        Target::Page(name) => door.page(&name, &url, request.headers()).await,
        Target::File => door.file(&url).await,
    }
}

impl Door {
    /// Finds out what is behind a path; `None` when it is nothing that goes through.
    fn target(&self, path: &str) -> Option<(Url, Target)> {
        let simple = &self.client.spec().simple_url;
        let url = simple.join(path).ok().filter(|url| url.origin() == simple.origin())?;
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let file = url.as_str().strip_suffix(METADATA).unwrap_or(url.as_str());
        if known.files.contains(url.as_str()) || known.files.contains(file) {
            return Some((url, Target::File));
        }
        if let Some(name) = known.pages.get(url.as_str()) {
            let target = Target::Page(name.clone());
            return Some((url, target));
        }
        let name = url.as_str().strip_prefix(simple.as_str())?.trim_end_matches('/').parse().ok()?;
        (self.client.page_of(&name) == url).then_some((url, Target::Page(name)))
    }

    async fn page(&self, name: &PackageName, url: &Url, headers: &HeaderMap) -> Answer<Content> {
        let accept = headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or(wire::ACCEPT);
        let (response, found) = match self.client.get(url, Ask::whole(accept)).await {
            Attempt::Page(response, found) => (response, found),
            other => return failed(other),
        };
        if found.origin() != self.client.spec().simple_url.origin() {
            return moved(found.as_str());
        }
        if found != *url {
            // Links are relative to where the page is.
            self.remember(|known| known.pages.insert(found.to_string(), name.clone()).is_none());
            return moved(&self.translated(found.as_str(), &found));
        }
        let media = header(&response, &CONTENT_TYPE);
        let patience = self.client.options().read_timeout;
        let body = match read_body(response, LARGEST_PAGE, patience).await {
            Ok(Body::Whole(body)) => body,
            Ok(Body::Cut(_)) => return plain(StatusCode::BAD_GATEWAY, "the page is too large"),
            Err(cause) => return plain(StatusCode::BAD_GATEWAY, &cause.to_string()),
        };
        let text = media.as_ref().and_then(|media| media.to_str().ok()).unwrap_or_default();
        let listing = match read_project(name, &found, text, &body) {
            Ok(listing) => listing,
            Err(error) => return plain(StatusCode::BAD_GATEWAY, &error.0),
        };
        self.remember(|known| known.files.extend(listing.files.into_iter().map(|file| file.url)));
        let body = self.translated(&String::from_utf8_lossy(&body), &found);
        let mut answer = Answer::new(Content::from(body));
        answer.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        answer.headers_mut().extend(media.map(|media| (CONTENT_TYPE, media)));
        answer
    }

    async fn file(&self, url: &Url) -> Answer<Content> {
        let response = match self.client.get(url, Ask::whole("*/*")).await {
            Attempt::Page(response, _) => response,
            other => return failed(other),
        };
        let kept = [CONTENT_TYPE, CONTENT_LENGTH, ETAG];
        let headers: Vec<_> =
            kept.into_iter().filter_map(|name| header(&response, &name).map(|value| (name, value))).collect();
        let mut answer = Answer::new(Content::from_stream(response.bytes_stream()));
        answer.headers_mut().extend(headers);
        answer
    }

    fn remember<T>(&self, change: impl FnOnce(&mut Known) -> T) -> T {
        change(&mut self.known.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts the door in place of the index in absolute links, in those of JSON with escaped slashes too.
    fn translated(&self, text: &str, page: &Url) -> String {
        let origin = page.origin().ascii_serialization();
        let escaped = |text: &str| text.replace('/', "\\/");
        text.replace(&format!("{origin}/"), &format!("{}/", self.own))
            .replace(&escaped(&format!("{origin}/")), &escaped(&format!("{}/", self.own)))
    }
}

fn header(response: &Response, name: &axum::http::HeaderName) -> Option<HeaderValue> {
    response.headers().get(name).cloned()
}

fn moved(url: &str) -> Answer<Content> {
    let Ok(location) = HeaderValue::try_from(url) else {
        return plain(StatusCode::BAD_GATEWAY, "a redirect to a text that is no URL");
    };
    let mut answer = plain(StatusCode::FOUND, "");
    answer.headers_mut().insert(LOCATION, location);
    answer
}

fn failed(attempt: Attempt) -> Answer<Content> {
    match attempt {
        Attempt::Absent => plain(StatusCode::NOT_FOUND, "the index does not have it"),
        Attempt::Failed(error @ (ClientError::Private(_) | ClientError::Refused { .. })) => {
            plain(StatusCode::FORBIDDEN, &error.to_string())
        }
        Attempt::Failed(error) => plain(StatusCode::BAD_GATEWAY, &error.to_string()),
        Attempt::Again(cause, _) => plain(StatusCode::SERVICE_UNAVAILABLE, &cause.to_string()),
        Attempt::Page(..) => plain(StatusCode::INTERNAL_SERVER_ERROR, "a page is no failure"),
    }
}

fn plain(status: StatusCode, text: &str) -> Answer<Content> {
    let mut answer = Answer::new(Content::from(format!("{text}\n")));
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    answer
}
