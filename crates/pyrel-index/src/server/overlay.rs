//! Another index behind this one, for projects that the store does not have. Without a cache readers are redirected, so
//! that nothing of that index passes through here and its links stay its own; with one, its pages and files come
//! through this server and stay on its disk.

use std::path::PathBuf;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, ETAG};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode};
use pyrel_model::name::normalize;
use pyrel_model::{PackageName, Sha256};
use reqwest::Client;
use serde_json::Value;
use url::Url;

use super::conditional::tag_of;
use super::file::send;
use super::overlay_cache::OverlayCache;
use super::overlay_fetch::{self, FetchError};
use super::router::App;
use super::simple::not_found;

/// Where and how much of the other index is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheOptions {
    /// The directory; made when absent.
    pub dir: PathBuf,
    /// The most that all files may have together, in bytes. Pages are not counted.
    pub limit: u64,
}

/// The simple API of the other index.
#[derive(Debug)]
pub(super) struct Overlay {
    base: Url,
    cached: Option<Cached>,
}

/// What passes through here.
#[derive(Debug)]
pub(super) struct Cached {
    client: Client,
    cache: Arc<OverlayCache>,
}

impl Overlay {
    /// Takes the URL of a simple API. `None` when it is not HTTP or carries credentials, which every reader
    /// would get to see.
    pub(super) fn new(mut base: Url) -> Option<Self> {
        let usable = matches!(base.scheme(), "http" | "https")
            && base.has_host()
            && base.username().is_empty()
            && base.password().is_none();
        base.set_query(None);
        base.set_fragment(None);
        usable.then_some(Self { base, cached: None })
    }

    /// Lets everything pass through a cache. Slow: reads the directory.
    pub(super) fn cached(mut self, options: &CacheOptions) -> std::io::Result<Self> {
        let client = overlay_fetch::client().map_err(std::io::Error::other)?;
        let cache = Arc::new(OverlayCache::open(&options.dir, options.limit)?);
        self.cached = Some(Cached { client, cache });
        Ok(self)
    }

    /// Tells whether pages and files pass through here.
    pub(super) fn is_cached(&self) -> bool {
        self.cached.is_some()
    }

    /// Returns the page of a project, by its normal form.
    pub(super) fn page_of(&self, normal: &str) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().push(normal).push("");
        }
        url
    }

    /// Returns the page of a project with links that lead here: as it is now, or as it was last seen when the other
    /// index does not answer. `None` when it has no such project.
    pub(super) async fn page(&self, normal: &str) -> Result<Option<Value>, FetchError> {
        let Some(cached) = &self.cached else { return Ok(None) };
        let page = cached.fetch_page(self.page_of(normal), normal).await;
        let page = match page {
            Err(error) => {
                let Some(page) = cached.cache.page(normal) else { return Err(error) };
                tracing::warn!(%error, "the page of `{normal}` is served as it was last seen");
                Some(page)
            }
            Ok(page) => page,
        };
        Ok(page.map(|page| overlay_fetch::relinked(page, normal)))
    }
}

impl Cached {
    async fn fetch_page(&self, url: Url, normal: &str) -> Result<Option<Value>, FetchError> {
        let Ok(name) = normal.parse::<PackageName>() else { return Ok(None) };
        let page = overlay_fetch::page(&self.client, url, &name).await?;
        if let Some(page) = &page {
            self.cache.keep_page(normal, page)?;
        }
        Ok(page)
    }

    async fn file(&self, page: Url, normal: &str, filename: &str) -> Result<Option<Found>, FetchError> {
        let known = self.cache.page(normal).and_then(|page| overlay_fetch::target(&page, filename));
        let target = match known {
            Some(target) => Some(target),
            None => {
                let page = self.fetch_page(page, normal).await?;
                page.and_then(|page| overlay_fetch::target(&page, filename))
            }
        };
        let Some((url, sha256)) = target else { return Ok(None) };
        if let Some(path) = self.cache.file(&sha256) {
            return Ok(Some(Found::Here(path, sha256)));
        }
        let (size, body) = overlay_fetch::file(&self.client, Arc::clone(&self.cache), url, sha256).await?;
        Ok(Some(Found::Coming(size, body, sha256)))
    }
}

enum Found {
    Here(PathBuf, Sha256),
    Coming(Option<u64>, Body, Sha256),
}

/// A file of the other index, or with `.metadata` behind its name the metadata of a wheel.
pub(super) async fn file(
    State(app): State<Arc<App>>,
    Path((project, filename)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response<Body> {
    let Some((overlay, cached)) =
        app.overlay.as_ref().and_then(|overlay| Some((overlay, overlay.cached.as_ref()?)))
    else {
        return not_found();
    };
    let normal = normalize(&project);
    // What the store has, the other index does not get to answer for.
    if normal != project || normal.parse::<PackageName>().is_err() || app.store.project(&normal).is_some() {
        return not_found();
    }
    let text = filename.ends_with(".metadata");
    let media = if text { "text/plain; charset=utf-8" } else { "application/octet-stream" };
    match cached.file(overlay.page_of(&normal), &normal, &filename).await {
        Ok(Some(Found::Here(path, sha256))) => send(path, sha256, media, &headers).await,
        Ok(Some(Found::Coming(size, body, sha256))) => {
            let mut response = Response::new(body);
            let headers = response.headers_mut();
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(media));
            headers.insert(ETAG, tag_of(&sha256));
            headers.extend(size.map(|size| (CONTENT_LENGTH, size.into())));
            response
        }
        Ok(None) => not_found(),
        Err(error) => bad_gateway(&error),
    }
}

/// The answer when the other index gives none.
pub(super) fn bad_gateway(error: &FetchError) -> Response<Body> {
    tracing::warn!(%error, "the other index gave nothing");
    let mut response = Response::new(Body::from(format!("502 Bad Gateway: {error}\n")));
    *response.status_mut() = StatusCode::BAD_GATEWAY;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_lie_below_the_base_with_or_without_slash() {
        for base in ["https://index.example/simple", "https://index.example/simple/?x#y"] {
            let overlay = Overlay::new(base.parse().unwrap()).unwrap();
            assert_eq!(overlay.page_of("a-b").as_str(), "https://index.example/simple/a-b/");
        }
        assert!(Overlay::new("https://u:p@index.example/".parse().unwrap()).is_none());
        assert!(Overlay::new("file:///x".parse().unwrap()).is_none());
    }
}
