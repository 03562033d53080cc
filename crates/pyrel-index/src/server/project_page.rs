//! What a person sees of one project and of each of its releases: what it says of itself, its files, and the other
//! releases. The description is shown as PyPI would; what has no page there is shown as it was written.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header::LOCATION;
use axum::http::{HeaderValue, Response, StatusCode};
use pyrel_dist::render_description;
use pyrel_model::Version;
use pyrel_model::name::normalize;

use super::integrity::provenance_url;
use super::page::{count, html};
use super::record::Record;
use super::router::App;
use super::simple::{encoded, file_path, not_found};
use super::store::Project;
use crate::wire::escape;

/// The longest description that is rendered, in bytes.
const LONGEST_RENDERED: usize = 1024 * 1024;

/// One project: its latest release.
pub(super) async fn project(State(app): State<Arc<App>>, Path(name): Path<String>) -> Response<Body> {
    let Some(project) = app.store.project(&name) else { return missing("project of that name") };
    let normal = normalize(&name);
    if normal != name {
        return moved(&format!("/project/{}/", encoded(&normal)));
    }
    match project.latest() {
        Some(latest) => show(&app, &project, &normal, &latest).await,
        None => missing("release of that project"),
    }
}

/// One release.
pub(super) async fn release(
    State(app): State<Arc<App>>,
    Path((name, text)): Path<(String, String)>,
) -> Response<Body> {
    let Some(project) = app.store.project(&name) else { return missing("project of that name") };
    let versions = project.versions();
    let wanted = text.parse::<Version>().ok();
    let Some(version) = wanted.and_then(|wanted| versions.into_iter().find(|version| *version == wanted))
    else {
        return missing("release of that version");
    };
    let normal = normalize(&name);
    if normal != name || version.to_string() != text {
        return moved(&release_path(&normal, &version));
    }
    show(&app, &project, &normal, &version).await
}

fn release_path(normal: &str, version: &Version) -> String {
    format!("/project/{}/{}/", encoded(normal), encoded(&version.to_string()))
}

fn missing(what: &str) -> Response<Body> {
    let main = format!(
        "<h1>Not here</h1>\n<p class=\"lead\">This index has no {what}.</p>\n<p><a href=\"/\">All projects</a></p>\n"
    );
    html(StatusCode::NOT_FOUND, "Not here", &main)
}

fn moved(target: &str) -> Response<Body> {
    let Ok(location) = HeaderValue::try_from(target) else { return not_found() };
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::MOVED_PERMANENTLY;
    response.headers_mut().insert(LOCATION, location);
    response
}

async fn show(app: &Arc<App>, project: &Project, normal: &str, version: &Version) -> Response<Body> {
    let Some(first) = project.first_file(version) else { return not_found() };
    let (full, description) = read(app, first).await;
    let files = project.release(version);
    let rows: String = files.iter().map(|record| file_row(app, normal, record)).collect();
    let main = format!(
        "{}{}<div class=\"columns\">\n<div>\n{}<h2 id=\"files\">Files</h2>\n<table class=\"files\">\n<thead><tr>\
         <th>File</th><th class=\"number\">Size</th><th class=\"date\">Uploaded</th></tr></thead>\n\
         <tbody>\n{rows}</tbody>\n</table>\n</div>\n<aside>\n{}{}</aside>\n</div>\n",
        heading(app, project, normal, version, &full),
        notices(project, normal, version),
        description,
        facts(&full),
        releases(project, normal, version),
    );
    html(StatusCode::OK, &format!("{} {version}", project.name), &main)
}

/// Reads the whole record and renders its description, which takes a while when it is long.
async fn read(app: &Arc<App>, record: &Arc<Record>) -> (Record, String) {
    let (reader, wanted) = (Arc::clone(app), Arc::clone(record));
    let work = tokio::task::spawn_blocking(move || {
        let full = reader.store.full_record(&wanted)?;
        let shown = description(&full);
        Ok::<_, std::io::Error>((full, shown))
    });
    match work.await.map_err(std::io::Error::other).flatten() {
        Ok(read) => read,
        Err(error) => {
            tracing::error!(%error, "a record cannot be read");
            let shown = "<h2>Description</h2>\n<p class=\"quiet\">The description cannot be read.</p>\n";
            (Record::clone(record), shown.to_owned())
        }
    }
}

fn heading(app: &App, project: &Project, normal: &str, version: &Version, record: &Record) -> String {
    let yanked =
        if project.yanked(version).is_some() { " <span class=\"tag warn\">yanked</span>" } else { "" };
    let uploaded = record.uploaded.strftime("%Y-%m-%d");
    format!(
        "<nav><a href=\"/\">All projects</a></nav>\n<h1>{} <span class=\"version\">{}</span>{yanked}</h1>\n\
         <p class=\"lead\">{}</p>\n<pre class=\"install\">pip install --index-url {}simple/ {}=={}</pre>\n\
         <p class=\"quiet\">Released {uploaded} · <a href=\"#files\">{}</a></p>\n",
        escape(&project.name),
        escape(&version.to_string()),
        escape(record.field("summary").unwrap_or_default()),
        escape(app.base_url.as_str()),
        escape(normal),
        escape(&version.to_string()),
        count(project.release(version).len(), "file"),
    )
}

/// What a reader must know before anything else.
fn notices(project: &Project, normal: &str, version: &Version) -> String {
    let mut out = String::new();
    if let Some(reason) = project.yanked(version) {
        let reason = if reason.is_empty() { "none was given".to_owned() } else { escape(reason) };
        out.push_str(&format!(
            "<p class=\"notice warn\"><strong>This release is yanked.</strong> Installers pass it over unless it is \
             asked for exactly. The reason: {reason}</p>\n"
        ));
    }
    if let Some(latest) = project.latest().filter(|latest| latest != version) {
        out.push_str(&format!(
            "<p class=\"notice\">The latest release is <a href=\"/project/{}/\">{}</a>.</p>\n",
            escape(&encoded(normal)),
            escape(&latest.to_string())
        ));
    }
    out
}

fn description(record: &Record) -> String {
    let Some(text) = record.field("description").filter(|text| !text.trim().is_empty()) else {
        return "<h2>Description</h2>\n<p class=\"quiet\">This release has no description.</p>\n".to_owned();
    };
    let kind = record.field("description_content_type");
    if let Some(page) = (text.len() <= LONGEST_RENDERED).then(|| render_description(kind, text)).flatten() {
        return format!("<h2>Description</h2>\n<div class=\"readme\">{}</div>\n", page.as_str());
    }
    format!(
        "<h2>Description</h2>\n<p class=\"quiet\">Shown as it was written: it is too long to render, or of no type \
         that this index renders.</p>\n<div class=\"description\">{}</div>\n",
        escape(text.trim())
    )
}

fn file_row(app: &App, normal: &str, record: &Record) -> String {
    let kind = match record.filetype.as_str() {
        "sdist" => "source".to_owned(),
        _ => format!("wheel for {}", escape(&record.pyversion)),
    };
    let provenance = provenance_url(app, normal, record).map(|url| {
        format!(
            "<dt>Provenance</dt><dd><a href=\"{}\">attestations</a>, which nobody has verified here</dd>",
            escape(&url)
        )
    });
    format!(
        "<tr><td><a href=\"{}\">{}</a> <span class=\"tag\">{kind}</span>{}\
         <details><summary>Hashes</summary><dl class=\"hashes\"><dt>SHA-256</dt><dd><code>{}</code></dd>\
         <dt>BLAKE2b-256</dt><dd><code>{}</code></dd><dt>MD5</dt><dd><code>{}</code></dd>{}</dl></details></td>\
         <td class=\"number\">{}</td><td class=\"date\">{}</td></tr>\n",
        escape(&file_path(normal, &record.filename)),
        escape(&record.filename),
        if record.attested { " <span class=\"tag\">attested</span>" } else { "" },
        record.sha256,
        record.blake2b.to_hex(),
        escape(&record.md5),
        provenance.unwrap_or_default(),
        size(record.size),
        record.uploaded.strftime("%Y-%m-%d %H:%M UTC"),
    )
}

fn releases(project: &Project, normal: &str, shown: &Version) -> String {
    let mut rows = String::new();
    for version in project.versions().iter().rev() {
        let Some(first) = project.first_file(version) else { continue };
        let here = if version == shown { " aria-current=\"page\"" } else { "" };
        let mut tags = String::new();
        if version.is_pre_release() {
            tags.push_str(" <span class=\"tag\">pre-release</span>");
        }
        if project.yanked(version).is_some() {
            tags.push_str(" <span class=\"tag warn\">yanked</span>");
        }
        rows.push_str(&format!(
            "<li><span><a href=\"{}\"{here}>{}</a>{tags}</span><span class=\"date\">{}</span></li>\n",
            escape(&release_path(normal, version)),
            escape(&version.to_string()),
            first.uploaded.strftime("%Y-%m-%d")
        ));
    }
    format!("<h2>Releases</h2>\n<ol class=\"releases\">\n{rows}</ol>\n")
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
    let all = |names: &[&str]| -> Vec<String> {
        names.iter().flat_map(|name| record.fields(name)).map(escape).collect()
    };
    fact("Links", record.fields("project_urls").filter_map(link).collect());
    let license = all(&["license_expression", "license"]);
    fact("License", license.into_iter().take(1).map(|text| shortened(&text)).collect());
    fact("Author", all(&["author", "author_email"]));
    fact("Maintainer", all(&["maintainer", "maintainer_email"]));
    fact("Requires Python", all(&["requires_python"]));
    fact("Requires", all(&["requires_dist"]));
    fact("Extras", all(&["provides_extra"]));
    fact("Keywords", all(&["keywords"]));
    fact("Classifiers", all(&["classifiers"]));
    if out.is_empty() { out } else { format!("<h2>About</h2>\n<dl>\n{out}</dl>\n") }
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

fn size(bytes: u64) -> String {
    let (whole, tenth, unit) = match bytes {
        0..1_000 => return format!("{bytes} B"),
        1_000..1_000_000 => (bytes / 1_000, bytes / 100 % 10, "kB"),
        _ => (bytes / 1_000_000, bytes / 100_000 % 10, "MB"),
    };
    format!("{whole}.{tenth} {unit}")
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
