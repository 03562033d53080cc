//! Which address is answered by what, and the headers that every answer has.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, ETAG, HeaderName, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderValue, Response};
use axum::middleware::{from_fn_with_state, map_response_with_state};
use axum::routing::{get, post};
use tokio::sync::Semaphore;
use url::Url;

use super::account::Account;
use super::auth::guard;
use super::fault::{FaultGate, meddle};
use super::overlay::{self, Overlay};
use super::store::Store;
use super::{file, integrity, json_api, legacy, page, project_page, simple};

/// What the handlers share.
#[derive(Debug)]
pub(super) struct App {
    pub(super) store: Store,
    pub(super) overlay: Option<Overlay>,
    /// Who may upload; nobody named means everybody.
    pub(super) accounts: Vec<Account>,
    /// Whether they alone may read.
    pub(super) is_private: bool,
    pub(super) faults: FaultGate,
    /// How long readers may keep what they got without asking again.
    pub(super) max_age: Duration,
    /// The address of this server, for pages that tell how to use it.
    pub(super) base_url: Url,
    /// How many archives may be judged at the same time.
    pub(super) judges: Semaphore,
}

/// Makes the service.
pub(super) fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/", get(page::front))
        .route("/project/{name}", get(project_page::project))
        .route("/project/{name}/", get(project_page::project))
        .route("/project/{name}/{version}", get(project_page::release))
        .route("/project/{name}/{version}/", get(project_page::release))
        .route("/style.css", get(page::style))
        .route("/icon.svg", get(page::icon))
        .route("/simple", get(simple::root_without_slash))
        .route("/simple/", get(simple::root))
        .route("/simple/{name}", get(simple::project_without_slash))
        .route("/simple/{name}/", get(simple::project_or_overlay))
        .route("/local/simple/", get(simple::root))
        .route("/local/simple/{name}", get(simple::project_without_slash))
        .route("/local/simple/{name}/", get(simple::project))
        .route("/files/{project}/{filename}", get(file::file))
        .route("/pypi/{name}/json", get(json_api::project))
        .route("/pypi/{name}/json/", get(json_api::project))
        .route("/pypi/{name}/{version}/json", get(json_api::release))
        .route("/pypi/{name}/{version}/json/", get(json_api::release))
        .route("/integrity/{project}/{version}/{filename}/provenance", get(integrity::provenance))
        .route("/overlay/{project}/{filename}", get(overlay::file))
        .route("/legacy", post(legacy::missing_slash))
        .route("/legacy/", post(legacy::upload))
        .layer(DefaultBodyLimit::disable())
        .layer(from_fn_with_state(Arc::clone(&app), guard))
        .layer(from_fn_with_state(Arc::clone(&app), meddle))
        .layer(map_response_with_state(Arc::clone(&app), harden))
        .with_state(app)
}

/// Adds the headers that keep a browser from doing anything with foreign text but show it.
async fn harden<B>(State(app): State<Arc<App>>, mut response: Response<B>) -> Response<B> {
    let headers = response.headers_mut();
    let policy = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; \
        frame-ancestors 'none'";
    let fixed: [(HeaderName, &'static str); 3] = [
        (CONTENT_SECURITY_POLICY, policy),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    // What is listed may change with the next upload: readers ask again, and what has a tag they need not fetch again.
    let caching = if headers.contains_key(ETAG) {
        let whose = if app.is_private { "private" } else { "public" };
        HeaderValue::try_from(format!("{whose}, max-age={}", app.max_age.as_secs()))
            .expect("a number is fit for a header")
    } else {
        HeaderValue::from_static("no-cache")
    };
    headers.insert(CACHE_CONTROL, caching);
    response
}
