//! The JSON API, `/pypi/NAME/json` and `/pypi/NAME/VERSION/json`: the part of it that tools read.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode};
use pyrel_model::Version;
use pyrel_model::name::normalize;
use serde_json::{Map, Value, json};

use super::conditional;
use super::record::Record;
use super::router::App;
use super::simple::file_path;
use super::store::Project;

/// The latest release of a project, and the files of all.
pub(super) async fn project(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Response<Body> {
    let document = app.store.project(&name).and_then(|project| {
        let latest = project.latest()?;
        document(&app, &project, &latest, true)
    });
    answer(&headers, document)
}

/// One release of a project.
pub(super) async fn release(
    State(app): State<Arc<App>>,
    Path((name, version)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response<Body> {
    let document = match (app.store.project(&name), version.parse::<Version>()) {
        (Some(project), Ok(version)) => document(&app, &project, &version, false),
        _ => None,
    };
    answer(&headers, document)
}

fn document(app: &App, project: &Project, version: &Version, with_releases: bool) -> Option<Value> {
    let files = project.release(version);
    let first = project.first_file(version)?;
    let full = match app.store.full_record(first) {
        Ok(full) => full,
        Err(error) => {
            tracing::error!(%error, "a record cannot be read");
            return None;
        }
    };
    let mut body = Map::new();
    body.insert("info".to_owned(), info(app, &full, project.yanked(version)));
    body.insert("last_serial".to_owned(), json!(project.files.len()));
    if with_releases {
        let releases = project.versions().into_iter().map(|version| {
            let files: Vec<Value> =
                project.release(&version).iter().map(|file| entry(app, project, file)).collect();
            (version.to_string(), Value::Array(files))
        });
        body.insert("releases".to_owned(), Value::Object(releases.collect()));
    }
    body.insert("urls".to_owned(), files.iter().map(|file| entry(app, project, file)).collect());
    body.insert("vulnerabilities".to_owned(), json!([]));
    Some(Value::Object(body))
}

fn info(app: &App, record: &Record, yanked: Option<&str>) -> Value {
    let single = [
        "summary",
        "description",
        "description_content_type",
        "keywords",
        "license",
        "license_expression",
        "author",
        "author_email",
        "maintainer",
        "maintainer_email",
        "requires_python",
        "home_page",
        "download_url",
    ];
    let multiple = ["license_file", "classifiers", "requires_dist", "provides_extra", "platform", "dynamic"];
    let mut info = Map::new();
    info.insert("name".to_owned(), json!(record.name));
    info.insert("version".to_owned(), json!(record.version));
    for name in single {
        info.insert(name.to_owned(), json!(record.field(name)));
    }
    for name in multiple {
        let key = if name == "license_file" { "license_files" } else { name };
        let values: Vec<&str> = record.fields(name).collect();
        let empty_is_null = values.is_empty() && name != "classifiers";
        info.insert(key.to_owned(), if empty_is_null { Value::Null } else { json!(values) });
    }
    let urls: Map<String, Value> = record
        .fields("project_urls")
        .filter_map(|item| item.split_once(','))
        .map(|(label, url)| (label.trim().to_owned(), json!(url.trim())))
        .collect();
    info.insert("project_urls".to_owned(), Value::Object(urls));
    let page = format!("{}project/{}/", app.base_url, normalize(&record.name));
    info.insert("package_url".to_owned(), json!(page));
    info.insert("project_url".to_owned(), json!(page));
    info.insert("yanked".to_owned(), json!(yanked.is_some()));
    info.insert("yanked_reason".to_owned(), json!(reason(yanked)));
    Value::Object(info)
}

/// Returns a reason that says something.
fn reason(yanked: Option<&str>) -> Option<&str> {
    yanked.filter(|reason| !reason.is_empty())
}

fn entry(app: &App, project: &Project, record: &Record) -> Value {
    let yanked = project.yanked_with(record);
    let path = file_path(&normalize(&record.name), &record.filename);
    let time = record.upload_time();
    json!({
        "filename": record.filename,
        "packagetype": record.filetype,
        "python_version": record.pyversion,
        "md5_digest": record.md5,
        "digests": { "md5": record.md5, "sha256": record.sha256, "blake2b_256": record.blake2b },
        "size": record.size,
        "upload_time": time.split('.').next(),
        "upload_time_iso_8601": time,
        "url": format!("{}{}", app.base_url.as_str().trim_end_matches('/'), path),
        "requires_python": record.field("requires_python"),
        "yanked": yanked.is_some(),
        "yanked_reason": reason(yanked),
        "has_sig": false,
        "downloads": -1,
    })
}

fn answer(headers: &HeaderMap, document: Option<Value>) -> Response<Body> {
    if let Some(document) = document {
        return conditional::answer(headers, "application/json", document.to_string());
    }
    let mut response = Response::new(Body::from(json!({ "message": "Not Found" }).to_string()));
    *response.status_mut() = StatusCode::NOT_FOUND;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
