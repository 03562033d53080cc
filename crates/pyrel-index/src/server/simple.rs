//! The simple API: HTML (PEP 503) and JSON (PEP 691, 700) of what the store has.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header::{ACCEPT, CONTENT_TYPE, LOCATION, VARY};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, Uri};
use pyrel_model::name::normalize;
use serde_json::{Value, json};

use super::accept::preferred;
use super::record::Record;
use super::router::App;
use super::store::Project;
use crate::wire::{HTML_V1, JSON_V1, escape};

/// The version of the simple API that is spoken.
const VERSION: &str = "1.4";
const JSON_LATEST: &str = "application/vnd.pypi.simple.latest+json";
const HTML_LATEST: &str = "application/vnd.pypi.simple.latest+html";
const OFFERS: [&str; 5] = ["text/html", JSON_V1, HTML_V1, JSON_LATEST, HTML_LATEST];

/// All projects.
pub(super) async fn root(State(app): State<Arc<App>>, headers: HeaderMap) -> Response<Body> {
    let projects = app.store.projects();
    let shown = |normal: &str| app.store.listed(normal).is_some_and(|project| !project.files.is_empty());
    let listed = || projects.iter().filter(|(normal, _)| shown(normal));
    let media = media(&headers);
    let body = if media.ends_with("json") {
        let names: Vec<Value> = listed().map(|(_, project)| json!({ "name": project.name })).collect();
        json!({ "meta": { "api-version": VERSION }, "projects": names }).to_string()
    } else {
        let link = |(normal, project): (&String, &Arc<Project>)| {
            format!("    <a href=\"{}/\">{}</a>\n", escape(normal), escape(&project.name))
        };
        html("Simple index", &listed().map(link).collect::<String>())
    };
    answer(media, body)
}

/// One project of the store.
pub(super) async fn project(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Response<Body> {
    let normal = normalize(&name);
    if normal != name {
        let path = uri.path().trim_end_matches('/').trim_end_matches(|c| c != '/');
        return moved(StatusCode::MOVED_PERMANENTLY, &format!("{path}{}/", encoded(&normal)));
    }
    match app.store.listed(&name).filter(|project| !project.files.is_empty()) {
        Some(project) => page(&normal, &project, media(&headers)),
        None => not_found(),
    }
}

/// One project of the store, or the page of the overlay.
pub(super) async fn project_or_overlay(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Response<Body> {
    let normal = normalize(&name);
    match &app.overlay {
        Some(overlay) if normal == name && app.store.project(&name).is_none() => {
            let mut response = moved(StatusCode::TEMPORARY_REDIRECT, overlay.page_of(&normal).as_str());
            response.headers_mut().insert(VARY, HeaderValue::from_static("Accept"));
            response
        }
        _ => project(State(app), Path(name), uri, headers).await,
    }
}

/// Sends readers that forgot the slash to the right page.
pub(super) async fn project_without_slash(Path(name): Path<String>, uri: Uri) -> Response<Body> {
    let path = uri.path().trim_end_matches(|c| c != '/');
    moved(StatusCode::MOVED_PERMANENTLY, &format!("{path}{}/", encoded(&normalize(&name))))
}

/// Sends readers that forgot the slash to the right page.
pub(super) async fn root_without_slash() -> Response<Body> {
    moved(StatusCode::MOVED_PERMANENTLY, "/simple/")
}

/// Returns the path of a stored file.
pub(super) fn file_path(normal: &str, filename: &str) -> String {
    format!("/files/{}/{}", encoded(normal), encoded(filename))
}

/// Percent-encodes a text for use as one part of a path.
fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'!');
    text.bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

fn page(normal: &str, project: &Project, media: &'static str) -> Response<Body> {
    let files = project.sorted();
    if media.ends_with("json") {
        let versions: Vec<String> = project.versions().iter().map(ToString::to_string).collect();
        let files: Vec<Value> = files.iter().map(|record| json_file(normal, record)).collect();
        let body = json!({
            "meta": { "api-version": VERSION },
            "name": normal,
            "project-status": { "status": "active" },
            "versions": versions,
            "files": files,
        });
        return answer(media, body.to_string());
    }
    let links: String = files.iter().map(|record| html_file(normal, record)).collect();
    answer(media, html(&format!("Links for {}", project.name), &links))
}

fn json_file(normal: &str, record: &Record) -> Value {
    let metadata = match record.metadata_sha256 {
        Some(sha256) => json!({ "sha256": sha256 }),
        None => json!(false),
    };
    json!({
        "filename": record.filename,
        "url": file_path(normal, &record.filename),
        "hashes": { "sha256": record.sha256 },
        "requires-python": record.field("requires_python"),
        "size": record.size,
        "upload-time": record.upload_time(),
        "yanked": false,
        "core-metadata": metadata,
        "data-dist-info-metadata": metadata,
        "provenance": null,
    })
}

fn html_file(normal: &str, record: &Record) -> String {
    let mut link =
        format!("    <a href=\"{}#sha256={}\"", escape(&file_path(normal, &record.filename)), record.sha256);
    if let Some(python) = record.field("requires_python") {
        link.push_str(&format!(" data-requires-python=\"{}\"", escape(python)));
    }
    if let Some(sha256) = record.metadata_sha256 {
        link.push_str(&format!(
            " data-dist-info-metadata=\"sha256={sha256}\" data-core-metadata=\"sha256={sha256}\""
        ));
    }
    link.push_str(&format!(">{}</a><br>\n", escape(&record.filename)));
    link
}

fn html(title: &str, links: &str) -> String {
    let title = escape(title);
    format!(
        "<!DOCTYPE html>\n<html>\n  <head>\n    <meta name=\"pypi:repository-version\" content=\"{VERSION}\">\n    \
         <title>{title}</title>\n  </head>\n  <body>\n    <h1>{title}</h1>\n{links}  </body>\n</html>\n"
    )
}

fn media(headers: &HeaderMap) -> &'static str {
    let accept = headers.get(ACCEPT).and_then(|value| value.to_str().ok());
    match preferred(accept, &OFFERS).map_or(OFFERS[0], |index| OFFERS[index]) {
        JSON_LATEST => JSON_V1,
        HTML_LATEST => HTML_V1,
        media => media,
    }
}

fn answer(media: &'static str, body: String) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    let content_type = if media == "text/html" { "text/html; charset=utf-8" } else { media };
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response.headers_mut().insert(VARY, HeaderValue::from_static("Accept"));
    response
}

fn moved(status: StatusCode, target: &str) -> Response<Body> {
    let Ok(location) = HeaderValue::try_from(target) else { return not_found() };
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response.headers_mut().insert(LOCATION, location);
    response
}

/// The answer for what is not there, as PyPI gives it.
pub(super) fn not_found() -> Response<Body> {
    let mut response = Response::new(Body::from("404 Not Found\n"));
    *response.status_mut() = StatusCode::NOT_FOUND;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}
