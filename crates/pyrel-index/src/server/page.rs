//! What a person sees in a browser: the frame of every page, and the list of all projects. Every foreign text is
//! escaped; there is no script and nothing from elsewhere.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, Response, StatusCode};
use pyrel_model::name::normalize;

use super::router::App;
use super::store::Project;
use crate::wire::escape;

/// All projects.
pub(super) async fn front(State(app): State<Arc<App>>) -> Response<Body> {
    // Asked for one by one, since what is yanked may have changed.
    let names = app.store.projects();
    let listed: Vec<Arc<Project>> = names.keys().filter_map(|normal| app.store.project(normal)).collect();
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
    let newest = latest.as_ref().and_then(|latest| project.first_file(latest));
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
        "<p>For projects that are not listed here, another index answers.</p>\n"
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

/// Returns a number of things in words.
pub(super) fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

/// Puts a page into the frame of all pages.
pub(super) fn html(status: StatusCode, title: &str, main: &str) -> Response<Body> {
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
