//! `/integrity/PROJECT/VERSION/FILE/provenance`: the attestations that came with a file, as PyPI's integrity API gives
//! them.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header::{ACCEPT, CONTENT_TYPE, VARY};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode};
use pyrel_model::Version;
use serde_json::json;

use super::accept::preferred;
use super::conditional;
use super::record::Record;
use super::router::App;
use super::simple::encoded;

const MEDIA: &str = "application/vnd.pypi.integrity.v1+json";

/// Returns the address of the provenance of a file, if it has any.
pub(super) fn provenance_url(app: &App, normal: &str, record: &Record) -> Option<String> {
    record.attested.then(|| {
        let (version, filename) = (encoded(&record.version), encoded(&record.filename));
        format!("{}integrity/{}/{version}/{filename}/provenance", app.base_url, encoded(normal))
    })
}

/// The provenance of a file.
pub(super) async fn provenance(
    State(app): State<Arc<App>>,
    Path((name, version, filename)): Path<(String, String, String)>,
    headers: HeaderMap,
) -> Response<Body> {
    let accept = headers.get(ACCEPT).and_then(|value| value.to_str().ok());
    let Some(offer) = preferred(accept, &[MEDIA, "application/json"]) else {
        return problem(StatusCode::NOT_ACCEPTABLE, "Request not acceptable");
    };
    let project = app.store.project(&name);
    let record = project.as_ref().and_then(|project| project.files.get(&filename));
    let of_version = |record: &&Arc<Record>| record.version.parse::<Version>() == version.parse();
    let Some(record) = record.filter(of_version).filter(|record| record.attested) else {
        return problem(StatusCode::NOT_FOUND, &format!("No provenance available for {filename}"));
    };
    match app.store.provenance(record) {
        Ok(text) => {
            let media = if offer == 0 { MEDIA } else { "application/json" };
            let mut response = conditional::answer(&headers, media, text);
            response.headers_mut().insert(VARY, HeaderValue::from_static("Accept"));
            response
        }
        Err(error) => {
            tracing::error!(%error, "a provenance cannot be read");
            problem(StatusCode::INTERNAL_SERVER_ERROR, "The provenance cannot be read")
        }
    }
}

fn problem(status: StatusCode, message: &str) -> Response<Body> {
    let mut response = Response::new(Body::from(json!({ "message": message }).to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
