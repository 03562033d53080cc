//! The simple API: HTML (PEP 503) and JSON (PEP 691, 700) of what the store has, with metadata (PEP 658, 714), yanked
//! releases (PEP 592) and provenance (PEP 740).

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header::{ACCEPT, CONTENT_TYPE, LOCATION, VARY};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, Uri};
use pyrel_model::name::normalize;
use serde_json::{Value, json};

use super::accept::preferred;
use super::conditional;
use super::integrity::provenance_url;
use super::overlay::bad_gateway;
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
pub(super) async fn root(State(app): State<Arc<App>>, uri: Uri, headers: HeaderMap) -> Response<Body> {
    let projects = app.store.projects();
    let hidden = app.store.hidden();
    let shown = |project: &Project| project.files.keys().any(|filename| !hidden.contains(filename));
    let listed = || projects.iter().filter(|(_, project)| shown(project));
    let Some(media) = media(&uri, &headers) else { return not_acceptable() };
    let body = if media.ends_with("json") {
        let names: Vec<Value> = listed().map(|(_, project)| json!({ "name": project.name })).collect();
        json!({ "meta": { "api-version": VERSION }, "projects": names }).to_string()
    } else {
        let link = |(normal, project): (&String, &Arc<Project>)| {
            format!("    <a href=\"{}/\">{}</a>\n", escape(normal), escape(&project.name))
        };
        html("Simple index", &listed().map(link).collect::<String>())
    };
    answer(&headers, media, body)
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
        Some(project) => match media(&uri, &headers) {
            Some(media) => answer(&headers, media, page(&app, &normal, &project, media)),
            None => not_acceptable(),
        },
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
        Some(overlay) if normal == name && app.store.project(&name).is_none() && overlay.is_cached() => {
            let Some(media) = media(&uri, &headers) else { return not_acceptable() };
            match overlay.page(&normal).await {
                Ok(Some(page)) if media.ends_with("json") => answer(&headers, media, page.to_string()),
                Ok(Some(page)) => answer(&headers, media, overlay_html(&normal, &page)),
                Ok(None) => not_found(),
                Err(error) => bad_gateway(&error),
            }
        }
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
pub(super) fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'!');
    text.bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

fn page(app: &App, normal: &str, project: &Project, media: &str) -> String {
    let files = project.sorted();
    if !media.ends_with("json") {
        let links: String = files.iter().map(|record| html_file(app, normal, project, record)).collect();
        return html(&format!("Links for {}", project.name), &links);
    }
    let versions: Vec<String> = project.versions().iter().map(ToString::to_string).collect();
    let files: Vec<Value> = files.iter().map(|record| json_file(app, normal, project, record)).collect();
    let body = json!({
        "meta": { "api-version": VERSION },
        "name": normal,
        "project-status": { "status": "active" },
        "versions": versions,
        "files": files,
    });
    body.to_string()
}

fn json_file(app: &App, normal: &str, project: &Project, record: &Record) -> Value {
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
        "yanked": match project.yanked_with(record) {
            None => json!(false),
            Some("") => json!(true),
            Some(reason) => json!(reason),
        },
        "core-metadata": metadata,
        "data-dist-info-metadata": metadata,
        "provenance": provenance_url(app, normal, record),
    })
}

fn html_file(app: &App, normal: &str, project: &Project, record: &Record) -> String {
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
    if let Some(reason) = project.yanked_with(record) {
        link.push_str(&format!(" data-yanked=\"{}\"", escape(reason)));
    }
    if let Some(url) = provenance_url(app, normal, record) {
        link.push_str(&format!(" data-provenance=\"{}\"", escape(&url)));
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

/// Makes a page of links of a page in JSON, for readers that want HTML.
fn overlay_html(normal: &str, page: &Value) -> String {
    let text = |value: &Value| escape(value.as_str().unwrap_or_default());
    let mut links = String::new();
    for file in page["files"].as_array().into_iter().flatten() {
        let sha256 = file["hashes"]["sha256"].as_str().map(|hash| format!("#sha256={}", escape(hash)));
        links.push_str(&format!("    <a href=\"{}{}\"", text(&file["url"]), sha256.unwrap_or_default()));
        if let Some(python) = file["requires-python"].as_str() {
            links.push_str(&format!(" data-requires-python=\"{}\"", escape(python)));
        }
        if let Some(hash) = file["core-metadata"]["sha256"].as_str() {
            links.push_str(&format!(" data-core-metadata=\"sha256={}\"", escape(hash)));
        }
        if !matches!(file["yanked"], Value::Null | Value::Bool(false)) {
            links.push_str(&format!(" data-yanked=\"{}\"", text(&file["yanked"])));
        }
        links.push_str(&format!(">{}</a><br>\n", text(&file["filename"])));
    }
    html(&format!("Links for {normal}"), &links)
}

/// Returns the form in which a page is wanted: as `?format=` says (PEP 691), else as `Accept` does. `None` when
/// `?format=` names another; an `Accept` that cannot be met gets HTML, as on PyPI.
fn media(uri: &Uri, headers: &HeaderMap) -> Option<&'static str> {
    let query = url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    let wanted = query.into_iter().find(|(name, _)| name == "format").map(|(_, value)| value.into_owned());
    let offer = if let Some(wanted) = wanted {
        OFFERS.into_iter().find(|offer| *offer == wanted)?
    } else {
        let accept = headers.get(ACCEPT).and_then(|value| value.to_str().ok());
        preferred(accept, &OFFERS).map_or(OFFERS[0], |index| OFFERS[index])
    };
    Some(match offer {
        JSON_LATEST => JSON_V1,
        HTML_LATEST => HTML_V1,
        media => media,
    })
}

fn answer(headers: &HeaderMap, media: &'static str, body: String) -> Response<Body> {
    let content_type = if media == "text/html" { "text/html; charset=utf-8" } else { media };
    let mut response = conditional::answer(headers, content_type, body);
    response.headers_mut().insert(VARY, HeaderValue::from_static("Accept"));
    response
}

fn not_acceptable() -> Response<Body> {
    let mut response =
        Response::new(Body::from(format!("406 Not Acceptable: the formats are {}\n", OFFERS.join(", "))));
    *response.status_mut() = StatusCode::NOT_ACCEPTABLE;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
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
