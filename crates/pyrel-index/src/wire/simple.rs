//! A project's page of the simple API as values: JSON (PEP 691) or HTML (PEP 503). What is neither is refused
//! with the reason; nothing is fetched here.

use std::net::IpAddr;

use pyrel_model::name::normalize;
use pyrel_model::{PackageName, Sha256};
use serde::Deserialize;
use url::{Host, Url};

use super::error::clean;
use super::html;

/// Media type of simple API version 1 as JSON.
pub(crate) const JSON_V1: &str = "application/vnd.pypi.simple.v1+json";
/// Media type of simple API version 1 as HTML.
pub(crate) const HTML_V1: &str = "application/vnd.pypi.simple.v1+html";
/// What the client asks for: JSON first, HTML accepted.
pub(crate) const ACCEPT: &str = "application/vnd.pypi.simple.v1+json, \
    application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1";

/// What an index lists for one project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectListing {
    /// The name as the index spells it.
    pub name: String,
    /// The files, in the index's order.
    pub files: Vec<ListedFile>,
    /// Whether the project takes no more files (PEP 792).
    pub archived: bool,
    /// The page the listing was read from, redirects followed. Some indexes send readers on to another index
    /// for projects that they do not have.
    pub url: String,
}

impl ProjectListing {
    /// Returns the listed file of that name.
    #[must_use]
    pub fn file(&self, filename: &str) -> Option<&ListedFile> {
        self.files.iter().find(|file| file.filename == filename)
    }
}

/// One file of a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedFile {
    /// The file name.
    pub filename: String,
    /// The hash, when the index tells it.
    pub sha256: Option<Sha256>,
    /// Where the file is, absolute, without fragment.
    pub url: String,
    /// Size in bytes, when the index tells it.
    pub size: Option<u64>,
    /// `Requires-Python` of the file.
    pub requires_python: Option<String>,
    /// When the file was uploaded (PEP 700), as the index writes it.
    pub upload_time: Option<String>,
    /// Whether installers pass it over unless it is asked for exactly (PEP 592).
    pub yanked: bool,
}

impl ListedFile {
    /// Returns when the file was uploaded, in seconds since 1970, when the index tells it in a form that can be read.
    #[must_use]
    pub fn uploaded_at(&self) -> Option<i64> {
        self.upload_time.as_deref()?.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_second)
    }
}

/// Why a page is no project page of the simple API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NotAnIndex(pub(crate) String);

/// Reads a project page. `url` is the page's address after redirects, by which relative links are resolved.
pub(crate) fn read_project(
    name: &PackageName,
    url: &Url,
    content_type: &str,
    body: &[u8],
) -> Result<ProjectListing, NotAnIndex> {
    let text = std::str::from_utf8(body)
        .map_err(|error| NotAnIndex(format!("the page is not UTF-8 at byte {}", error.valid_up_to())))?
        .trim_start_matches('\u{feff}')
        .trim_start();
    let media = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let listing = if media.ends_with("json") || text.starts_with('{') {
        read_json(url, text)?
    } else if media.is_empty() || media.ends_with("html") || text.starts_with('<') {
        ProjectListing {
            name: name.normalized().to_owned(),
            files: html::read_links(url, text)?,
            archived: false,
            url: shown(url),
        }
    } else {
        return Err(NotAnIndex(format!("expected a page of the simple API, got `{}`", clean(&media))));
    };
    if normalize(&listing.name) == name.normalized() {
        Ok(listing)
    } else {
        Err(NotAnIndex(format!("the page is about another project, `{}`", clean(&listing.name))))
    }
}

#[derive(Deserialize)]
struct Page {
    meta: Meta,
    name: String,
    files: Vec<PageFile>,
    #[serde(default, rename = "project-status")]
    status: serde_json::Value,
}

#[derive(Deserialize)]
struct Meta {
    #[serde(rename = "api-version")]
    api_version: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct PageFile {
    filename: String,
    url: String,
    #[serde(default)]
    hashes: std::collections::BTreeMap<String, String>,
    requires_python: Option<String>,
    size: Option<u64>,
    upload_time: Option<String>,
    #[serde(default)]
    yanked: serde_json::Value,
}

fn read_json(base: &Url, text: &str) -> Result<ProjectListing, NotAnIndex> {
    let page: Page = serde_json::from_str(text)
        .map_err(|error| NotAnIndex(format!("the JSON is no project page: {}", clean(&error.to_string()))))?;
    if page.meta.api_version.split('.').next() != Some("1") {
        let version = clean(&page.meta.api_version);
        return Err(NotAnIndex(format!("version 1 of the simple API is wanted, got `{version}`")));
    }
    let files = page.files.into_iter().map(|file| listed(base, file)).collect::<Result<_, _>>()?;
    let archived = page.status["status"] == "archived";
    Ok(ProjectListing { name: page.name, files, archived, url: shown(base) })
}

fn listed(base: &Url, file: PageFile) -> Result<ListedFile, NotAnIndex> {
    let url = resolve(base, &file.url)?;
    let sha256 = match file.hashes.get("sha256") {
        None => None,
        Some(hex) => Some(hex.parse().map_err(|_| {
            NotAnIndex(format!("`{}` has a malformed sha256: `{}`", clean(&file.filename), clean(hex)))
        })?),
    };
    Ok(ListedFile {
        filename: file.filename,
        sha256,
        url: url.into(),
        size: file.size,
        requires_python: file.requires_python,
        upload_time: file.upload_time,
        yanked: !matches!(file.yanked, serde_json::Value::Null | serde_json::Value::Bool(false)),
    })
}

/// Resolves a link and drops its fragment.
pub(super) fn resolve(base: &Url, link: &str) -> Result<Url, NotAnIndex> {
    let mut url = base
        .join(link.trim())
        .map_err(|error| NotAnIndex(format!("a link is no URL ({error}): `{}`", clean(link))))?;
    url.set_fragment(None);
    Ok(url)
}

/// Returns a URL as it may be shown: without user, password, query, and fragment.
pub(crate) fn shown(url: &Url) -> String {
    let mut url = url.clone();
    // Both fail only for URLs that have no host and therefore no credentials.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.set_query(None);
    url.set_fragment(None);
    url.into()
}

/// Tells whether a URL points at this machine: `localhost`, 127.0.0.0/8, or `::1`.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        Some(Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(content_type: &str, body: &str) -> Result<ProjectListing, NotAnIndex> {
        let url = "https://user:pw@index.example/simple/demo/".parse().unwrap();
        read_project(&"Demo".parse().unwrap(), &url, content_type, body.as_bytes())
    }

    #[test]
    fn json_pages() {
        let hash = "ab".repeat(32);
        let body = format!(
            r#"{{"meta":{{"api-version":"1.4","x":1}},"name":"demo","versions":["1"],"files":[
            {{"filename":"demo-1.tar.gz","url":"../../f/demo-1.tar.gz#x","hashes":{{"sha256":"{hash}"}},
              "requires-python":">=3.9","size":7,"yanked":"broken"}},
            {{"filename":"demo-2.tar.gz","url":"https://files.example/demo-2.tar.gz","hashes":{{}}}}]}}"#
        );
        let listing = read(JSON_V1, &body).unwrap();
        let first = listing.file("demo-1.tar.gz").unwrap();
        assert_eq!(first.sha256, Some(hash.parse().unwrap()));
        assert!(first.url.ends_with("@index.example/f/demo-1.tar.gz"), "{}", first.url);
        assert!(first.yanked && !listing.files[1].yanked);
        assert_eq!(listing.url, "https://index.example/simple/demo/");
        assert!(!listing.archived);
        let body = body.replacen("{", r#"{"project-status":{"status":"archived"},"#, 1);
        assert!(read(JSON_V1, &body).unwrap().archived);
        assert_eq!(listing.files[1].sha256, None);
    }

    #[test]
    fn times_are_read_with_and_without_a_fraction() {
        let at = |time: &str| {
            let body = format!(
                r#"{{"meta":{{"api-version":"1.1"}},"name":"demo","files":[
                {{"filename":"a","url":"a","upload-time":"{time}"}}]}}"#
            );
            read(JSON_V1, &body).unwrap().files[0].uploaded_at()
        };
        assert_eq!(at("1970-01-02T00:00:00Z"), Some(86_400));
        assert_eq!(at("1970-01-02T00:00:00.250000Z"), Some(86_400));
        assert_eq!(at("yesterday"), None);
    }

    #[test]
    fn nonsense_is_named() {
        let said = |content_type, body| read(content_type, body).unwrap_err().0;
        assert!(said(JSON_V1, "{\"meta\":{}}").contains("api-version"));
        assert!(
            said(JSON_V1, r#"{"meta":{"api-version":"2.0"},"name":"demo","files":[]}"#).contains("`2.0`")
        );
        assert!(
            said(JSON_V1, r#"{"meta":{"api-version":"1.0"},"name":"o\u001bther","files":[]}"#)
                .ends_with("`o ther`")
        );
        assert!(said("image/png", "PNG").contains("image/png"));
        assert!(said("text/plain", "\u{0}").contains("text/plain"));
        let bad = r#"{"meta":{"api-version":"1.0"},"name":"demo","files":[{"filename":"a","url":"a","hashes":{"sha256":"12"}}]}"#;
        assert!(said(JSON_V1, bad).contains("malformed sha256"));
    }

    #[test]
    fn loopback_hosts() {
        for (url, expected) in [
            ("http://localhost:1/", true),
            ("http://127.3.2.1/", true),
            ("http://[::1]/", true),
            ("http://127.0.0.1.example/", false),
            ("http://192.168.0.1/", false),
        ] {
            assert_eq!(is_loopback(&url.parse().unwrap()), expected, "{url}");
        }
    }
}
