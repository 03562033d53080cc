//! Stored files and the metadata beside them, streamed from disk, whole or a part.

use std::io::SeekFrom;
use std::path::PathBuf;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header::{ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode};
use fs_err::tokio as fs;
use pyrel_model::Sha256;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};
use tokio_util::io::ReaderStream;

use super::conditional::{is_known, not_modified, tag_of};
use super::range::{Wanted, wanted};
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
        let mut file = fs::File::open(&path).await?;
        let size = file.metadata().await?.len();
        let wanted = wanted(request, &tag, size);
        if let Wanted::Part(part) = &wanted {
            file.seek(SeekFrom::Start(part.start)).await?;
        }
        Ok::<_, std::io::Error>((file, size, wanted))
    };
    match opened.await {
        Ok((file, size, wanted)) => {
            let mut response = body_of(file, size, &wanted);
            response.headers_mut().insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
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

/// Makes the answer of an opened file, which stands at the first byte that is wanted.
fn body_of(file: fs::File, size: u64, wanted: &Wanted) -> Response<Body> {
    let (length, status, range) = match wanted {
        Wanted::Whole => (size, StatusCode::OK, None),
        Wanted::Part(part) => {
            let range = format!("bytes {}-{}/{size}", part.start, part.end - 1);
            (part.end - part.start, StatusCode::PARTIAL_CONTENT, Some(range))
        }
        Wanted::Nothing => (0, StatusCode::RANGE_NOT_SATISFIABLE, Some(format!("bytes */{size}"))),
    };
    let stream = ReaderStream::with_capacity(file.take(length), 65536);
    let mut response = Response::new(Body::from_stream(stream));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_LENGTH, length.into());
    if let Some(range) = range {
        let range = HeaderValue::try_from(range).expect("numbers are a header value");
        response.headers_mut().insert(CONTENT_RANGE, range);
    }
    response
}
