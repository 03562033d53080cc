//! Stored files and the metadata beside them, streamed from disk.

use std::path::PathBuf;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, ETAG};
use axum::http::{HeaderMap, HeaderValue, Response};
use fs_err::tokio as fs;
use pyrel_model::Sha256;
use tokio_util::io::ReaderStream;

use super::conditional::{is_known, not_modified, tag_of};
use super::router::App;
use super::simple::not_found;

/// A file, or with `.metadata` behind its name the metadata of a wheel.
pub(super) async fn file(
    State(app): State<Arc<App>>,
    Path((project, filename)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response<Body> {
    let Some(project) = app.store.project(&project) else { return not_found() };
    if let Some(record) = project.files.get(&filename) {
        return send(app.store.path_of(record), record.sha256, "application/octet-stream", &headers).await;
    }
    let wheel = filename.strip_suffix(".metadata").and_then(|wheel| project.files.get(wheel));
    match wheel.and_then(|record| record.metadata_sha256.map(|sha256| (record, sha256))) {
        Some((record, sha256)) => {
            let path = app.store.metadata_path_of(record);
            send(path, sha256, "text/plain; charset=utf-8", &headers).await
        }
        None => not_found(),
    }
}

/// Sends a file whose hash is known, unless the reader has it.
pub(super) async fn send(
    path: PathBuf,
    sha256: Sha256,
    media: &'static str,
    request: &HeaderMap,
) -> Response<Body> {
    let tag = tag_of(&sha256);
    if is_known(request, &tag) {
        return not_modified(tag);
    }
    let opened = async {
        let file = fs::File::open(&path).await?;
        let size = file.metadata().await?.len();
        Ok::<_, std::io::Error>((file, size))
    };
    match opened.await {
        Ok((file, size)) => {
            let mut response = Response::new(Body::from_stream(ReaderStream::with_capacity(file, 65536)));
            response.headers_mut().insert(CONTENT_LENGTH, size.into());
            response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media));
            response.headers_mut().insert(ETAG, tag);
            response
        }
        Err(error) => {
            tracing::error!(%error, "a stored file cannot be read");
            not_found()
        }
    }
}
