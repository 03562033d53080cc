//! `POST /legacy/`: one upload from the wire to the store. Answers 200 only when the file would survive a crash.

use std::io;
use std::path::Path;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{FromRequest as _, Multipart, Request, State};
use axum::http::header::{ALLOW, LOCATION};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, Uri};
use fs_err as fs;
use futures_util::StreamExt as _;
use jiff::Timestamp;
use pyrel_model::Sha256;
use serde_json::Value;
use sha2::Digest as _;
use zip::result::ZipError;

use super::attestation;
use super::auth::{Grant, authorize};
use super::form::Form;
use super::intake::{Content, IntakeError, Received, receive};
use super::judge::{
    Presence, judge_archive, judge_description_of, judge_file, judge_naming, judge_presence, judge_project,
};
use super::metadata::read_metadata;
use super::record::{Record, SCHEMA};
use super::refusal::Refusal;
use super::router::App;
use super::store::Incoming;

/// Bytes of a refused body that are read so that the client hears the answer.
const DRAIN_LIMIT: usize = 1024 * 1024 * 1024;

/// Why an upload ends without success.
enum Stop {
    Refused(Refusal),
    Broken(io::Error),
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Broken(error)
    }
}

/// Sends clients that forgot the slash to the right address, as PyPI does.
pub(super) async fn missing_slash() -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::PERMANENT_REDIRECT;
    response.headers_mut().insert(LOCATION, HeaderValue::from_static("/legacy/"));
    response
}

/// Takes an upload.
pub(super) async fn upload(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    let headers = request.headers().clone();
    let refusal = match take(&app, &headers, request).await {
        Ok(()) => return Response::new(Body::from("200 OK\n")),
        Err(Stop::Refused(refusal)) => refusal,
        Err(Stop::Broken(error)) => {
            tracing::error!(%error, "an upload could not be stored");
            let message = format!("The upload could not be stored: {error}");
            Refusal { status: StatusCode::INTERNAL_SERVER_ERROR, message }
        }
    };
    let mut response = refusal.respond(&headers);
    if refusal.status == StatusCode::METHOD_NOT_ALLOWED {
        response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD, OPTIONS"));
    }
    response
}

async fn take(app: &Arc<App>, headers: &HeaderMap, request: Request) -> Result<(), Stop> {
    let grant = match authorize(headers, &app.accounts) {
        Ok(grant) => grant,
        Err(refusal) => {
            drain(request.into_body()).await;
            return Err(refusal.into());
        }
    };
    let uri = request.uri().clone();
    let form = Multipart::from_request(request, &())
        .await
        .map_err(|error| Refusal::bad(format!("The upload is no multipart form: {error}")))?;
    let incoming = app.store.incoming()?;
    let received = receive(form, incoming.path()).await.map_err(|error| match error {
        IntakeError::Io(error) => Stop::Broken(error),
        IntakeError::Form(error) => Refusal::bad(format!("The upload broke off: {error}")).into(),
        IntakeError::TooLarge => {
            Refusal { status: StatusCode::PAYLOAD_TOO_LARGE, message: "The upload is too large.".to_owned() }
                .into()
        }
    })?;
    judge_action(&uri, &received)?;
    judge_and_store(app, grant, incoming, received).await
}

/// Reads the rest of a body so that a client that is still sending gets to read the answer.
pub(super) async fn drain(body: Body) {
    let mut stream = body.into_data_stream();
    let mut read = 0;
    while let Some(Ok(chunk)) = stream.next().await {
        read += chunk.len();
        if read > DRAIN_LIMIT {
            return;
        }
    }
}

fn judge_action(uri: &Uri, received: &Received) -> Result<(), Refusal> {
    let query = url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    let in_query = query.into_iter().find(|(name, _)| name == ":action").map(|(_, value)| value.into_owned());
    let in_form = received.fields.iter().find(|(name, _)| name == ":action").map(|(_, value)| value.clone());
    let (status, message) = match in_form.or(in_query).as_deref() {
        Some("file_upload") => return Ok(()),
        Some("submit" | "submit_pkg_info" | "doc_upload") => {
            (StatusCode::GONE, "This action is no longer supported.")
        }
        _ => (StatusCode::METHOD_NOT_ALLOWED, "The form has no `:action` of `file_upload`."),
    };
    Err(Refusal { status, message: message.to_owned() })
}

async fn judge_and_store(
    app: &Arc<App>,
    grant: Grant<'_>,
    incoming: Incoming,
    received: Received,
) -> Result<(), Stop> {
    let form = Form::judge(&received)?;
    let content = received.content.ok_or_else(|| Refusal::bad("Upload payload does not have a file."))?;
    judge_project(&app.store, &form)?;
    grant.admits(&form.name)?;
    let form = blocking(move || Ok(judge_description_of(&form).map(|()| form))).await??;
    judge_file(&form, &content)?;
    // The file system's own time stamps the upload: it was written a moment ago.
    let now = Timestamp::try_from(fs::metadata(&content.path)?.modified()?).map_err(io::Error::other)?;
    if judge_presence(&app.store, &form, &content, now)? == Presence::Identical {
        return Ok(());
    }
    judge_naming(&form, &content.filename)?;
    let path = incoming.path().join(&content.filename);
    fs::rename(&content.path, &path)?;
    let (metadata, attestations) = examine(app, &path, attestation::read(form.get("attestations"))).await?;
    let mut record = record(&form, &content, now, metadata.as_deref());
    record.attested = !attestations.is_empty();
    let turn = app.store.turn(form.name.normalized());
    let turn = turn.lock_owned().await;
    // Somebody may have come first while the archive was judged.
    if judge_presence(&app.store, &form, &content, now)? == Presence::Identical {
        return Ok(());
    }
    let app = Arc::clone(app);
    blocking(move || {
        // The turn lasts as long as the work, even when the client goes away and this request is given up.
        let _turn = turn;
        app.store.commit(&incoming, &record, metadata.as_deref(), &attestations)
    })
    .await?;
    Ok(())
}

/// What an upload turned out to hold: the metadata of a wheel, and attestations.
type Examined = (Option<Vec<u8>>, Vec<Value>);

/// Judges the archive beside the other work of the server, as many at a time as there are processors. What is wrong
/// with the set of attestations is said only when nothing is wrong with the archive.
async fn examine(
    app: &App,
    path: &Path,
    attestations: Result<Vec<Value>, Refusal>,
) -> Result<Examined, Stop> {
    let _permit = app.judges.acquire().await.map_err(io::Error::other)?;
    let path = path.to_path_buf();
    let judged = blocking(move || Ok(examine_now(&path, attestations)));
    judged.await?
}

fn examine_now(path: &Path, attestations: Result<Vec<Value>, Refusal>) -> Result<Examined, Stop> {
    let beside = attestation::write_beside(path, attestations.as_deref().unwrap_or_default())?;
    judge_archive(path, &beside)?;
    for path in beside {
        fs::remove_file(path)?;
    }
    let attestations = attestations?;
    let metadata = read_metadata(path).map_err(|error| match error {
        ZipError::Io(error) => Stop::Broken(error),
        _ => Refusal::bad("Invalid distribution file. File is not a zipfile").into(),
    })?;
    Ok((metadata, attestations))
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}

fn record(form: &Form, content: &Content, now: Timestamp, metadata: Option<&[u8]>) -> Record {
    Record {
        schema: SCHEMA,
        name: form.name.as_written().to_owned(),
        version: form.version.to_string(),
        filename: content.filename.clone(),
        filetype: form.filetype.clone(),
        pyversion: form.get("pyversion").unwrap_or("source").to_owned(),
        size: content.size,
        sha256: content.sha256,
        blake2b: content.blake2b,
        md5: content.md5.clone(),
        uploaded: now,
        attested: false,
        metadata_sha256: metadata.map(|text| Sha256::new(sha2::Sha256::digest(text).into())),
        fields: form.metadata(),
    }
}
