//! Pages for people: well formed, without script, and with every foreign text harmless.

use pyrel_index::{RunningServer, YankChange, yank};
use reqwest::Client;
use reqwest::multipart::{Form, Part};
use tempfile::tempdir;

use crate::package::{client, index, open, wheel};
use crate::page::{filled, get};

/// Elements that have no end tag.
const VOID: [&str; 4] = ["meta", "link", "br", "hr"];
/// All elements that the pages are made of; nothing that runs or loads is among them.
const KNOWN: [&str; 34] = [
    "html", "head", "meta", "title", "link", "body", "main", "nav", "h1", "h2", "p", "a", "span", "strong",
    "pre", "code", "div", "aside", "table", "thead", "tbody", "tr", "th", "td", "dl", "dt", "dd", "ol", "li",
    "details", "summary", "footer", "section", "br",
];
const ATTRIBUTES: [&str; 9] =
    ["lang", "charset", "name", "content", "rel", "href", "class", "id", "aria-current"];

/// Reads a page strictly: every element known and closed in its turn, every attribute known and quoted, every `&` a
/// reference.
fn assert_well_formed(page: &str) {
    let mut rest = page.strip_prefix("<!DOCTYPE html>\n").expect("a page begins with its type");
    let mut open: Vec<&str> = Vec::new();
    while let Some(at) = rest.find('<') {
        assert_text(&rest[..at]);
        let end = at + rest[at..].find('>').expect("a tag ends");
        let tag = &rest[at + 1..end];
        rest = &rest[end + 1..];
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "before {:.60}", rest);
            continue;
        }
        let (name, attributes) = tag.split_once(' ').unwrap_or((tag, ""));
        assert!(KNOWN.contains(&name), "<{tag}>");
        assert_attributes(attributes);
        if !VOID.contains(&name) {
            open.push(name);
        }
    }
    assert_text(rest);
    assert!(open.is_empty(), "never closed: {open:?}");
}

fn assert_text(text: &str) {
    assert!(!text.contains('>'), "{text}");
    for (at, _) in text.match_indices('&') {
        let reference = text[at..].split_once(';').map(|(reference, _)| reference);
        assert!(matches!(reference, Some("&amp" | "&lt" | "&gt" | "&quot" | "&#x27")), "{:.30}", &text[at..]);
    }
}

fn assert_attributes(mut text: &str) {
    while let Some((name, rest)) = text.trim_start().split_once("=\"") {
        assert!(ATTRIBUTES.contains(&name), "attribute {name}");
        let (value, after) = rest.split_once('"').expect("a value ends");
        assert_text(value);
        assert!(!value.to_ascii_lowercase().contains("javascript:"), "{value}");
        text = after;
    }
    assert_eq!(text.trim(), "", "no attribute is without a value");
}

async fn page(server: &RunningServer, path: &str) -> String {
    let response = get(server, path, "text/html").await;
    let policy = response.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.starts_with("default-src 'none'; style-src 'self'; img-src 'self'"), "{policy}");
    let page = response.text().await.unwrap();
    assert_well_formed(&page);
    page
}

#[tokio::test]
async fn pages_show_what_there_is() {
    let (store, _files, server) = filled().await;
    let front = page(&server, "").await;
    assert!(front.contains("A &lt;small&gt; thing &amp; more") && front.contains("1 project and 3 files"));
    let latest = page(&server, "project/de-mo/").await;
    for text in [
        "<h1>De.mo <span class=\"version\">1.0</span></h1>",
        "Long &lt;script&gt;alert(1)&lt;/script&gt; text",
        "<a href=\"/files/de-mo/de_mo-1.0.tar.gz\">de_mo-1.0.tar.gz</a> <span class=\"tag\">source</span>",
        "<dt>Requires Python</dt><dd>&gt;=3.9</dd>",
        "href=\"/project/de-mo/2.0rc1/\">2.0rc1</a> <span class=\"tag\">pre-release</span>",
        "de-mo==1.0</pre>",
    ] {
        assert!(latest.contains(text), "{text}: {latest}");
    }
    assert!(!latest.contains("notice"), "{latest}");
    let release = page(&server, "project/de-mo/2.0rc1/").await;
    assert!(release.contains("The latest release is <a href=\"/project/de-mo/\">1.0</a>"), "{release}");
    let reason = YankChange::Yank("<img src=x>".to_owned());
    yank(store.path(), &"de-mo".parse().unwrap(), &"1.0".parse().unwrap(), &reason).unwrap();
    let yanked = page(&server, "project/de-mo/1.0/").await;
    assert!(yanked.contains("The reason: &lt;img src=x&gt;</p>"), "{yanked}");
    assert!(page(&server, "project/de-mo/").await.contains("<span class=\"version\">2.0rc1</span></h1>"));
    server.shutdown().await;
}

#[tokio::test]
async fn other_spellings_lead_to_one_address_and_nothing_is_a_page_too() {
    let (_store, _files, server) = filled().await;
    for (path, target) in
        [("project/De.mo/1.0.0/", "/project/de-mo/1.0/"), ("project/de-mo/v2.0RC1", "/project/de-mo/2.0rc1/")]
    {
        let response = get(&server, path, "text/html").await;
        let target_of = response.headers()["location"].to_str().unwrap().to_owned();
        assert_eq!((response.status().as_u16(), target_of.as_str()), (301, target));
    }
    for path in ["project/nothing/", "project/de-mo/9/", "project/de-mo/%3Cb%3E/", "project/nothing/1/"] {
        let response = get(&server, path, "text/html").await;
        assert_eq!(response.status().as_u16(), 404, "{path}");
        assert_well_formed(&response.text().await.unwrap());
    }
    assert_eq!(get(&server, "style.css", "*/*").await.headers()["content-type"], "text/css; charset=utf-8");
    server.shutdown().await;
}

/// Uploads a wheel of `demo` with fields replaced.
async fn upload(server: &RunningServer, version: &str, fields: &[(&str, &str)]) {
    let files = tempdir().unwrap();
    let file = open(&wheel(files.path(), "demo", version, "x = 1\n"));
    client(&server.base_url()).project(&"nothing".parse().unwrap()).await.unwrap();
    let mut form = Form::new();
    for (name, value) in file.fields() {
        if fields.iter().all(|(replaced, _)| *replaced != *name) {
            form = form.text(name.to_string(), value.to_string());
        }
    }
    for (name, value) in fields {
        form = form.text((*name).to_owned(), (*value).to_owned());
    }
    let part = Part::bytes(fs_err::read(file.path()).unwrap()).file_name(file.filename().to_owned());
    let request = Client::builder().tls_certs_only([]).build().unwrap();
    let request = request.post(server.upload_url()).multipart(form.part("content", part));
    let response =
        request.bearer_auth("not-a-real-token").header("Accept", "text/plain").send().await.unwrap();
    assert_eq!(response.status().as_u16(), 200, "{}", response.text().await.unwrap());
}

#[tokio::test]
async fn descriptions_are_shown_as_pypi_shows_them() {
    let store = tempdir().unwrap();
    let server = index(store.path()).await;
    let hostile = "# Title\n\n*word* <script>alert(1)</script><b onclick=alert(1)>bold</b> [x](javascript:alert(1))\n\n\
        <iframe src=x></iframe></div></main><style>*{}</style>\n";
    upload(&server, "1.0", &[("description", hostile), ("description_content_type", "text/markdown")]).await;
    let rst = "Title\n=====\n\n*word*\n\n- item\n";
    upload(&server, "1.1", &[("description", rst), ("description_content_type", "text/x-rst")]).await;
    let long = "*word* <b>\n".repeat(110_000);
    upload(&server, "1.2", &[("description", &long), ("description_content_type", "text/markdown")]).await;
    for (version, expected) in
        [("1.0", "<em>word</em>"), ("1.1", "<em>word</em>"), ("1.2", "*word* &lt;b&gt;\n*word*")]
    {
        let path = format!("project/demo/{version}/");
        let text = get(&server, &path, "text/html").await.text().await.unwrap();
        let (before, rest) = text.split_once("<h2>Description</h2>").unwrap();
        let (shown, after) = rest.split_once("<h2 id=\"files\">").unwrap();
        assert!(shown.contains(expected), "{shown:.200}");
        for bad in ["<script", "onclick", "javascript:", "<iframe", "<style", "</main>"] {
            assert!(!shown.contains(bad), "{bad}: {shown}");
        }
        assert_eq!(shown.matches("<div").count(), shown.matches("</div>").count(), "{shown}");
        assert_well_formed(&format!("{before}<h2 id=\"files\">{after}"));
    }
    server.shutdown().await;
}

#[tokio::test]
async fn hostile_metadata_is_shown_and_does_nothing() {
    let store = tempdir().unwrap();
    let server = index(store.path()).await;
    let nasty = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>&lt; \u{202e}\u{1b}[31m";
    let home = format!("Home{nasty}, https://example.org/{nasty}");
    let evil = format!("Evil, javascript:alert(1)//{nasty}");
    let names = [
        "author",
        "author_email",
        "description",
        "keywords",
        "license",
        "maintainer",
        "summary",
        "pyversion",
        "description_content_type",
        "classifiers",
        "platform",
    ];
    let mut fields: Vec<(&str, &str)> = names.iter().map(|name| (*name, nasty)).collect();
    fields.extend([("project_urls", home.as_str()), ("project_urls", evil.as_str())]);
    upload(&server, "1.0", &fields).await;
    for path in ["", "project/demo/", "project/demo/1.0/"] {
        let page = page(&server, path).await;
        assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"), "{page}");
    }
    let simple = get(&server, "simple/demo/", "text/html").await.text().await.unwrap();
    assert!(!simple.contains("<script"), "{simple}");
    server.shutdown().await;
}
