//! What a person sees in a browser: all projects, and one project. Every foreign text is escaped; there is no
//! script and nothing from elsewhere.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header::{CONTENT_TYPE, LOCATION};
use axum::http::{HeaderValue, Response, StatusCode};
use pyrel_model::Version;
use pyrel_model::name::normalize;

use super::record::Record;
use super::router::App;
use super::simple::{file_path, not_found};
use super::store::Project;
use crate::wire::escape;

/// All projects.
pub(super) async fn front(State(app): State<Arc<App>>) -> Response<Body> {
    let projects = app.store.projects();
    let listed: Vec<&Arc<Project>> = projects.values().filter(|project| !project.files.is_empty()).collect();
    let files: usize = listed.iter().map(|project| project.files.len()).sum();
    let mut main = String::from("<h1>Package index</h1>\n");
    if listed.is_empty() {
        main.push_str("<p class=\"lead\">Nothing has been uploaded yet.</p>\n");
    } else {
        main.push_str(&format!(
            "<p class=\"lead\">{} and {}.</p>\n",
            count(listed.len(), "project"),
            count(files, "file")
        ));
        main.push_str(
            "<table>\n<thead><tr><th>Project</th><th class=\"version\">Latest</th><th class=\"number\">Files</th>\
             <th>Summary</th></tr></thead>\n<tbody>\n",
        );
        main.extend(listed.iter().map(|project| row(project)));
        main.push_str("</tbody>\n</table>\n");
    }
    main.push_str(&usage(&app));
    html(StatusCode::OK, "Package index", &main)
}

fn row(project: &Project) -> String {
    let latest = project.latest();
    let newest = latest.as_ref().and_then(|latest| first_file(project, latest));
    let summary = newest.and_then(|record| record.field("summary")).unwrap_or_default();
    format!(
        "<tr><td><a href=\"/project/{}/\">{}</a></td><td class=\"version\">{}</td>\
         <td class=\"number\">{}</td><td class=\"summary\">{}</td></tr>\n",
        escape(&normalize(&project.name)),
        escape(&project.name),
        escape(&latest.map(|version| version.to_string()).unwrap_or_default()),
        project.files.len(),
        escape(summary)
    )
}

fn usage(app: &App) -> String {
    let base = escape(app.base_url.as_str());
    let overlay = if app.overlay.is_some() {
        "<p>For projects that are not listed here, installers are sent on to another index.</p>\n"
    } else {
        ""
    };
    let token = if app.accounts.is_empty() { "with any token" } else { "with a token of its own" };
    format!(
        "<section class=\"usage\">\n<h2>Using this index</h2>\n<p>Install from it:</p>\n\
         <pre>pip install --index-url {base}simple/ PROJECT</pre>\n<p>Upload to it, {token}:</p>\n\
         <pre>twine upload --repository-url {base}legacy/ -u __token__ -p TOKEN dist/*</pre>\n{overlay}</section>\n"
    )
}

/// One project: its latest release, and every file.
pub(super) async fn project(State(app): State<Arc<App>>, Path(name): Path<String>) -> Response<Body> {
    let normal = normalize(&name);
    let Some(project) = app.store.project(&name) else {
        let main = "<h1>Not here</h1>\n<p class=\"lead\">This index has no project of that name.</p>\n\
            <p><a href=\"/\">All projects</a></p>\n";
        return html(StatusCode::NOT_FOUND, "Not here", main);
    };
    if normal != name {
        return to_project(&normal);
    }
    let Some((latest, first)) = project
        .latest()
        .and_then(|latest| first_file(&project, &latest).map(|record| (latest.clone(), Arc::clone(record))))
    else {
        return not_found();
    };
    let full = app.store.full_record(&first).unwrap_or_else(|error| {
        tracing::error!(%error, "a record cannot be read");
        Record::clone(&first)
    });
    let mut main = heading(&project, &latest, &full);
    main.push_str(&format!(
        "<pre>pip install --index-url {}simple/ {}=={}</pre>\n",
        escape(app.base_url.as_str()),
        escape(&normal),
        escape(&latest.to_string())
    ));
    main.push_str(&facts(&full));
    for version in project.versions().iter().rev() {
        main.push_str(&release(&normal, version, &project.release(version)));
    }
    if let Some(description) = full.field("description").filter(|text| !text.trim().is_empty()) {
        main.push_str(&format!(
            "<h2>Description</h2>\n<div class=\"description\">{}</div>\n",
            escape(description.trim())
        ));
    }
    html(StatusCode::OK, &project.name, &main)
}

fn to_project(normal: &str) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::MOVED_PERMANENTLY;
    match HeaderValue::try_from(format!("/project/{normal}/")) {
        Ok(location) => {
            response.headers_mut().insert(LOCATION, location);
            response
        }
        Err(_) => not_found(),
    }
}

fn first_file<'p>(project: &'p Project, version: &Version) -> Option<&'p Arc<Record>> {
    project.release(version).into_iter().min_by_key(|record| record.uploaded)
}

fn heading(project: &Project, latest: &Version, record: &Record) -> String {
    let summary = record.field("summary").unwrap_or_default();
    format!(
        "<nav><a href=\"/\">All projects</a></nav>\n<h1>{} <span class=\"version\">{}</span></h1>\n\
         <p class=\"lead\">{}</p>\n",
        escape(&project.name),
        escape(&latest.to_string()),
        escape(summary)
    )
}

/// The metadata that a reader looks for, as a list of terms.
fn facts(record: &Record) -> String {
    let mut out = String::new();
    let mut fact = |term: &str, values: Vec<String>| {
        if !values.is_empty() {
            out.push_str(&format!("<dt>{term}</dt>"));
            out.extend(values.iter().map(|value| format!("<dd>{value}</dd>")));
            out.push('\n');
        }
    };
    let all = |name: &str| record.fields(name).map(escape).collect::<Vec<String>>();
    fact("Requires Python", all("requires_python"));
    fact("Requires", all("requires_dist"));
    let author: Vec<String> = ["author", "author_email"].iter().flat_map(|name| all(name)).collect();
    fact("Author", author);
    let license: Vec<String> = ["license_expression", "license"].iter().flat_map(|name| all(name)).collect();
    fact("License", license.into_iter().take(1).map(|text| shortened(&text)).collect());
    fact("Links", record.fields("project_urls").filter_map(link).collect());
    if out.is_empty() { out } else { format!("<dl>\n{out}</dl>\n") }
}

/// A project URL as a link, but only to the web.
fn link(item: &str) -> Option<String> {
    let (label, url) = item.split_once(',')?;
    let (label, url) = (escape(label.trim()), url.trim());
    let web = ["https://", "http://"].iter().any(|scheme| url.to_ascii_lowercase().starts_with(scheme));
    Some(if web {
        format!("<a rel=\"noopener noreferrer nofollow\" href=\"{}\">{label}</a>", escape(url))
    } else {
        format!("{label}: {}", escape(url))
    })
}

fn shortened(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    if line.len() < text.len() { format!("{line} …") } else { line.to_owned() }
}

fn release(normal: &str, version: &Version, files: &[&Arc<Record>]) -> String {
    let rows: String = files.iter().map(|record| file_row(normal, record)).collect();
    format!(
        "<h2>{}</h2>\n<table>\n<thead><tr><th>File</th><th class=\"number\">Size</th>\
         <th class=\"date\">Uploaded</th><th class=\"hash\">SHA-256</th></tr></thead>\n<tbody>\n{rows}</tbody>\n</table>\n",
        escape(&version.to_string())
    )
}

fn file_row(normal: &str, record: &Record) -> String {
    let sha256 = record.sha256.to_hex();
    format!(
        "<tr><td><a href=\"{}\">{}</a></td><td class=\"number\">{}</td><td class=\"date\">{}</td>\
         <td class=\"hash\"><code title=\"{sha256}\">{}…</code></td></tr>\n",
        escape(&file_path(normal, &record.filename)),
        escape(&record.filename),
        size(record.size),
        record.uploaded.strftime("%Y-%m-%d %H:%M UTC"),
        &sha256[..12]
    )
}

fn size(bytes: u64) -> String {
    let (whole, tenth, unit) = match bytes {
        0..1_000 => return format!("{bytes} B"),
        1_000..1_000_000 => (bytes / 1_000, bytes / 100 % 10, "kB"),
        _ => (bytes / 1_000_000, bytes / 100_000 % 10, "MB"),
    };
    format!("{whole}.{tenth} {unit}")
}

fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

fn html(status: StatusCode, title: &str, main: &str) -> Response<Body> {
    let page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>{}</title>\n\
         <link rel=\"stylesheet\" href=\"/style.css\">\n<link rel=\"icon\" href=\"/icon.svg\">\n</head>\n\
         <body>\n<main>\n{main}</main>\n<footer>Served by pyrel {}</footer>\n</body>\n</html>\n",
        escape(title),
        env!("CARGO_PKG_VERSION")
    );
    let mut response = Response::new(Body::from(page));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    response
}

/// The one style sheet.
pub(super) async fn style() -> Response<Body> {
    asset("text/css; charset=utf-8", include_str!("style.css"))
}

/// The icon of the tab.
pub(super) async fn icon() -> Response<Body> {
    asset("image/svg+xml", include_str!("icon.svg"))
}

fn asset(media: &'static str, text: &'static str) -> Response<Body> {
    let mut response = Response::new(Body::from(text));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_as_people_read_them() {
        assert_eq!([size(999), size(1_249), size(104_857_600)], ["999 B", "1.2 kB", "104.8 MB"]);
    }

    #[test]
    fn only_web_addresses_become_links() {
        assert_eq!(link("Evil, javascript:alert(1)").unwrap(), "Evil: javascript:alert(1)");
        assert!(
            link("Home<, https://a.example/\"x")
                .unwrap()
                .contains("href=\"https://a.example/&quot;x\">Home&lt;")
        );
        assert_eq!(link("none"), None);
    }
}
