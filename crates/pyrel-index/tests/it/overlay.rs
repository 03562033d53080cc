//! Another index behind this one: redirected to, or passed through and kept.

use std::path::Path;

use pyrel_index::{CacheOptions, RunningServer, ServerOptions, serve};
use serde_json::Value;
use tempfile::tempdir;

use crate::package::{client, open, options, token, wheel};
use crate::page::{filled, get};

const JSON: &str = "application/vnd.pypi.simple.v1+json";

#[tokio::test]
async fn an_overlay_answers_for_what_the_store_does_not_have() {
    let (_store, _files, upstream) = filled().await;
    let store = tempdir().unwrap();
    let options = ServerOptions { overlay: Some(upstream.simple_url()), ..options(store.path()) };
    let server = serve(options).await.unwrap();
    let response = get(&server, "simple/de-mo/", "*/*").await;
    assert_eq!(response.status().as_u16(), 307);
    assert_eq!(response.headers()["location"], upstream.simple_url().join("de-mo/").unwrap().as_str());
    let listing = client(&server.base_url()).project(&"de-mo".parse().unwrap()).await.unwrap().unwrap();
    assert!(listing.files[0].url.starts_with(upstream.base_url().as_str()), "{:?}", listing.files[0]);
    assert_eq!(get(&server, "local/simple/de-mo/", "*/*").await.status().as_u16(), 404);
    // Once the store has the project, its own files alone count.
    let files = tempdir().unwrap();
    let file = open(&wheel(files.path(), "De.mo", "3.0", "x = 3\n"));
    client(&server.base_url()).upload(&file, &token(), &|_| {}).await.unwrap();
    let listing = client(&server.base_url()).project(&"de-mo".parse().unwrap()).await.unwrap().unwrap();
    assert_eq!(listing.files.len(), 1);
    server.shutdown().await;
    upstream.shutdown().await;
}

/// An index with a cache of `limit` bytes in front of another.
async fn in_front(upstream: &RunningServer, dir: &Path, limit: u64) -> RunningServer {
    let cache = CacheOptions { dir: dir.join("cache"), limit };
    let own = ServerOptions {
        overlay: Some(upstream.simple_url()),
        overlay_cache: Some(cache),
        ..options(&dir.join("store"))
    };
    serve(own).await.unwrap()
}

fn kept(dir: &Path) -> usize {
    assert_eq!(fs_err::read_dir(dir.join("cache/incoming")).unwrap().count(), 0, "nothing is half done");
    fs_err::read_dir(dir.join("cache/files")).unwrap().count()
}

#[tokio::test]
async fn what_passes_through_the_cache_is_there_when_the_other_index_is_not() {
    let (_store, files, upstream) = filled().await;
    let dir = tempdir().unwrap();
    let server = in_front(&upstream, dir.path(), 1_000_000).await;
    let page: Value = get(&server, "simple/de-mo/", JSON).await.json().await.unwrap();
    let first = &page["files"][0];
    assert_eq!(first["url"], "/overlay/de-mo/de_mo-1.0-py3-none-any.whl");
    assert_eq!(first["requires-python"], ">=3.9");
    let expected = fs_err::read(files.path().join("de_mo-1.0-py3-none-any.whl")).unwrap();
    for _ in 0..2 {
        let response = get(&server, "overlay/de-mo/de_mo-1.0-py3-none-any.whl", "*/*").await;
        assert_eq!(response.headers()["content-length"], expected.len().to_string().as_str());
        assert_eq!(response.bytes().await.unwrap(), expected);
    }
    let text = get(&server, "overlay/de-mo/de_mo-1.0-py3-none-any.whl.metadata", "*/*").await;
    assert!(text.text().await.unwrap().starts_with("Metadata-Version: 2.1"));
    assert_eq!(kept(dir.path()), 2);
    let html = get(&server, "simple/de-mo/", "text/html").await.text().await.unwrap();
    assert!(html.contains("href=\"/overlay/de-mo/de_mo-1.0.tar.gz#sha256="), "{html}");
    assert!(html.contains("data-requires-python=\"&gt;=3.9\""), "{html}");
    assert_eq!(get(&server, "simple/nothing/", JSON).await.status().as_u16(), 404);
    assert_eq!(get(&server, "overlay/de-mo/other.whl", "*/*").await.status().as_u16(), 404);
    upstream.shutdown().await;

    let page: Value = get(&server, "simple/de-mo/", JSON).await.json().await.unwrap();
    assert_eq!(page["files"].as_array().unwrap().len(), 3);
    let file = get(&server, "overlay/de-mo/de_mo-1.0-py3-none-any.whl", "*/*").await;
    assert_eq!(file.bytes().await.unwrap(), expected);
    let missing = get(&server, "overlay/de-mo/de_mo-1.0.tar.gz", "*/*").await;
    assert_eq!(missing.status().as_u16(), 502);
    assert_eq!(get(&server, "simple/nothing/", JSON).await.status().as_u16(), 502);
    server.shutdown().await;
}

#[tokio::test]
async fn a_cache_that_is_too_small_keeps_nothing_and_still_serves() {
    let (_store, files, upstream) = filled().await;
    let dir = tempdir().unwrap();
    let server = in_front(&upstream, dir.path(), 10).await;
    let path = "overlay/de-mo/de_mo-1.0.tar.gz";
    let expected = fs_err::read(files.path().join("de_mo-1.0.tar.gz")).unwrap();
    assert_eq!(get(&server, path, "*/*").await.bytes().await.unwrap(), expected);
    assert_eq!(kept(dir.path()), 0);
    server.shutdown().await;
    upstream.shutdown().await;
}

#[tokio::test]
async fn bytes_that_are_not_what_their_page_tells_never_arrive_whole() {
    let (store, _files, upstream) = filled().await;
    let dir = tempdir().unwrap();
    let server = in_front(&upstream, dir.path(), 1_000_000).await;
    let stored = store.path().join("projects/de-mo/de_mo-1.0.tar.gz/de_mo-1.0.tar.gz");
    let mut bytes = fs_err::read(&stored).unwrap();
    bytes[20] ^= 1;
    fs_err::write(&stored, bytes).unwrap();
    let response = get(&server, "overlay/de-mo/de_mo-1.0.tar.gz", "*/*").await;
    assert!(response.bytes().await.is_err(), "the reader must notice");
    assert_eq!(kept(dir.path()), 0);
    server.shutdown().await;
    upstream.shutdown().await;
}

#[tokio::test]
async fn what_the_store_has_the_other_index_does_not_answer_for() {
    let (_store, _files, upstream) = filled().await;
    let (dir, files) = (tempdir().unwrap(), tempdir().unwrap());
    let server = in_front(&upstream, dir.path(), 1_000_000).await;
    let own = open(&wheel(files.path(), "De.mo", "3.0", "x = 3\n"));
    client(&server.base_url()).upload(&own, &token(), &|_| {}).await.unwrap();
    let page: Value = get(&server, "simple/de-mo/", JSON).await.json().await.unwrap();
    assert_eq!(page["files"].as_array().unwrap().len(), 1);
    assert_eq!(get(&server, "overlay/de-mo/de_mo-1.0.tar.gz", "*/*").await.status().as_u16(), 404);
    server.shutdown().await;
    upstream.shutdown().await;
}
