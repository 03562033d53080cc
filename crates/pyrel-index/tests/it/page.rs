//! What readers get: simple pages, files, metadata, JSON, and pages for people.

use pyrel_index::RunningServer;
use reqwest::{Client, Response, redirect};
use serde_json::Value;
use tempfile::{TempDir, tempdir};

use crate::package::{client, index, metadata, open, sdist, token, wheel};

pub(crate) async fn get(server: &RunningServer, path: &str, accept: &str) -> Response {
    let client = Client::builder().tls_certs_only([]).redirect(redirect::Policy::none()).build().unwrap();
    let url = server.base_url().join(path).unwrap();
    client.get(url).header("Accept", accept).send().await.unwrap()
}

/// An index with a wheel and an sdist of `De.mo` 1.0 and a pre-release 2.0rc1.
pub(crate) async fn filled() -> (TempDir, TempDir, RunningServer) {
    let (store, files) = (tempdir().unwrap(), tempdir().unwrap());
    let server = index(store.path()).await;
    let client = client(&server.base_url());
    for path in [
        wheel(files.path(), "De.mo", "1.0", "x = 1\n"),
        sdist(files.path(), "De.mo", "1.0"),
        wheel(files.path(), "De.mo", "2.0rc1", "x = 2\n"),
    ] {
        client.upload(&open(&path), &token(), &|_| {}).await.unwrap();
    }
    (store, files, server)
}

const JSON: &str = "application/vnd.pypi.simple.v1+json";
const PIP: &str =
    "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html; q=0.1, text/html; q=0.01";

#[tokio::test]
async fn the_simple_api_as_json() {
    let (_store, _files, server) = filled().await;
    let root: Value = get(&server, "simple/", JSON).await.json().await.unwrap();
    assert_eq!(root["projects"], serde_json::json!([{ "name": "De.mo" }]));
    let response = get(&server, "simple/de-mo/", PIP).await;
    assert_eq!(response.headers()["content-type"], JSON);
    assert_eq!(response.headers()["vary"], "Accept");
    let page: Value = response.json().await.unwrap();
    assert_eq!(page["meta"]["api-version"], "1.4");
    assert_eq!(page["name"], "de-mo");
    assert_eq!(page["versions"], serde_json::json!(["1.0", "2.0rc1"]));
    let wheel = &page["files"][0];
    assert_eq!(wheel["filename"], "de_mo-1.0-py3-none-any.whl");
    assert_eq!(wheel["requires-python"], ">=3.9");
    assert_eq!(wheel["yanked"], false);
    assert!(wheel["upload-time"].as_str().unwrap().ends_with('Z'));
    assert_eq!(page["files"][1]["core-metadata"], false);

    let text = get(&server, &format!("{}.metadata", wheel["url"].as_str().unwrap()), "*/*").await;
    let text = text.text().await.unwrap();
    assert_eq!(text, metadata("De.mo", "1.0"));
    use sha2::Digest as _;
    let hash = pyrel_model::Sha256::new(sha2::Sha256::digest(&text).into());
    assert_eq!(wheel["core-metadata"]["sha256"], hash.to_hex());
    server.shutdown().await;
}

#[tokio::test]
async fn the_simple_api_as_html() {
    let (_store, _files, server) = filled().await;
    let response = get(&server, "simple/de-mo/", "text/html").await;
    assert_eq!(response.headers()["content-type"], "text/html; charset=utf-8");
    let page = response.text().await.unwrap();
    assert!(page.contains("data-requires-python=\"&gt;=3.9\""), "{page}");
    assert!(page.contains("data-core-metadata=\"sha256="), "{page}");
    assert!(page.contains("href=\"/files/de-mo/de_mo-1.0.tar.gz#sha256="), "{page}");
    assert!(
        get(&server, "simple/", "*/*").await.text().await.unwrap().contains("<a href=\"de-mo/\">De.mo</a>")
    );
    server.shutdown().await;
}

#[tokio::test]
async fn other_spellings_are_sent_to_the_right_page() {
    let (_store, _files, server) = filled().await;
    for (path, target) in [
        ("simple/De.mo/", "/simple/de-mo/"),
        ("simple/De_mo", "/simple/de-mo/"),
        ("local/simple/De.mo/", "/local/simple/de-mo/"),
        ("simple", "/simple/"),
        ("project/De.mo/", "/project/de-mo/"),
    ] {
        let response = get(&server, path, "*/*").await;
        assert_eq!(
            (response.status().as_u16(), response.headers()["location"].to_str().unwrap()),
            (301, target)
        );
    }
    let missing = get(&server, "simple/nothing/", "*/*").await;
    assert_eq!((missing.status().as_u16(), missing.text().await.unwrap().as_str()), (404, "404 Not Found\n"));
    server.shutdown().await;
}

#[tokio::test]
async fn files_come_whole_and_are_not_sent_twice() {
    let (_store, files, server) = filled().await;
    let path = "files/de-mo/de_mo-1.0.tar.gz";
    let response = get(&server, path, "*/*").await;
    let tag = response.headers()["etag"].clone();
    assert_eq!(response.headers()["x-content-type-options"], "nosniff");
    let expected = fs_err::read(files.path().join("de_mo-1.0.tar.gz")).unwrap();
    assert_eq!(response.bytes().await.unwrap(), expected);
    let client = Client::builder().tls_certs_only([]).build().unwrap();
    let url = server.base_url().join(path).unwrap();
    let again = client.get(url.clone()).header("If-None-Match", tag).send().await.unwrap();
    assert_eq!(again.status().as_u16(), 304);
    let head = client.head(url).send().await.unwrap();
    assert_eq!(head.headers()["content-length"], expected.len().to_string().as_str());
    for missing in ["files/de-mo/x", "files/de-mo/record.json", "files/x/..%2f..%2findex.lock"] {
        assert_eq!(get(&server, missing, "*/*").await.status().as_u16(), 404, "{missing}");
    }
    server.shutdown().await;
}

#[tokio::test]
async fn the_json_api_tells_the_latest_final_release() {
    let (_store, _files, server) = filled().await;
    let page: Value = get(&server, "pypi/De.mo/json", "*/*").await.json().await.unwrap();
    assert_eq!(page["info"]["version"], "1.0");
    assert_eq!(page["info"]["summary"], "A <small> thing & more");
    assert!(page["info"]["description"].as_str().unwrap().starts_with("Long "));
    assert_eq!(page["urls"].as_array().unwrap().len(), 2);
    assert_eq!(page["releases"]["2.0rc1"][0]["packagetype"], "bdist_wheel");
    let release: Value = get(&server, "pypi/de-mo/2.0rc1/json", "*/*").await.json().await.unwrap();
    assert_eq!(release["urls"][0]["filename"], "de_mo-2.0rc1-py3-none-any.whl");
    assert_eq!(get(&server, "pypi/x/json", "*/*").await.status().as_u16(), 404);
    assert_eq!(get(&server, "pypi/de-mo/9/json", "*/*").await.status().as_u16(), 404);
    server.shutdown().await;
}
