//! What is fetched of the other index: pages, whose links lead to this server afterwards, and files, which go to the
//! reader and to the cache at the same time. The last piece of a file is held back until its hash is right.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use fs_err::tokio as fs;
use futures_util::StreamExt as _;
use pyrel_model::{PackageName, Sha256};
use reqwest::header::{ACCEPT as ACCEPT_HEADER, CONTENT_TYPE};
use reqwest::{Client, Response, StatusCode};
use serde_json::{Value, json};
use sha2::Digest as _;
use tokio::io::AsyncWriteExt as _;
use tokio::sync::mpsc;
use url::Url;

use super::overlay_cache::{OverlayCache, Pending};
use super::simple::encoded;
use crate::wire::{ACCEPT, read_project};

/// The largest page that is read, in bytes.
const PAGE_LIMIT: usize = 64 * 1024 * 1024;
/// Pieces of a file that wait for a slow reader.
const WAITING: usize = 8;

/// Why the other index gave nothing.
#[derive(Debug, thiserror::Error)]
pub(super) enum FetchError {
    /// It cannot be reached, or broke off.
    #[error("the other index cannot be read")]
    Transport(#[from] reqwest::Error),
    /// It answered with a failure.
    #[error("the other index answers {0}")]
    Status(StatusCode),
    /// It answered with something else.
    #[error("the other index has no page of the simple API there: {0}")]
    Page(String),
    /// The cache cannot be written.
    #[error("the cache cannot be written")]
    Cache(#[from] io::Error),
}

/// Makes a client; TLS is set up here.
pub(super) fn client() -> Result<Client, reqwest::Error> {
    // Fails only when a provider is installed already, and then that one is used.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder()
        .user_agent(concat!("pyrel/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(Duration::from_secs(10))
        .read_timeout(Duration::from_secs(60))
        .build()
}

/// Fetches the page of a project as JSON, every link of it absolute. `None` when the index has no such project.
pub(super) async fn page(client: &Client, url: Url, name: &PackageName) -> Result<Option<Value>, FetchError> {
    let response = client.get(url).header(ACCEPT_HEADER, ACCEPT).send().await?;
    if response.status() == StatusCode::NOT_FOUND {
        return Ok(None);
    }
    if !response.status().is_success() {
        return Err(FetchError::Status(response.status()));
    }
    let url = response.url().clone();
    let media = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let media = media.unwrap_or_default().to_owned();
    let body = limited(response).await?;
    read_page(name, &url, &media, &body).map(Some)
}

async fn limited(response: Response) -> Result<Vec<u8>, FetchError> {
    let mut body = Vec::new();
    let mut stream = response.bytes_stream();
    while let Some(chunk) = stream.next().await {
        body.extend_from_slice(&chunk?);
        if body.len() > PAGE_LIMIT {
            return Err(FetchError::Page(format!("it is larger than {PAGE_LIMIT} bytes")));
        }
    }
    Ok(body)
}

/// Makes one JSON of a page in either form. What the reader of pages does not know is kept when the page was JSON.
fn read_page(name: &PackageName, url: &Url, media: &str, body: &[u8]) -> Result<Value, FetchError> {
    let listing = read_project(name, url, media, body).map_err(|error| FetchError::Page(error.0))?;
    if let Ok(mut page) = serde_json::from_slice::<Value>(body)
        && let Some(files) = page["files"].as_array_mut()
    {
        for (file, listed) in files.iter_mut().zip(&listing.files) {
            file["url"] = json!(listed.url);
        }
        return Ok(page);
    }
    let files: Vec<Value> = listing
        .files
        .iter()
        .map(|file| {
            json!({
                "filename": file.filename,
                "url": file.url,
                "hashes": file.sha256.map_or_else(|| json!({}), |sha256| json!({ "sha256": sha256 })),
                "requires-python": file.requires_python,
                "yanked": file.yanked,
            })
        })
        .collect();
    Ok(json!({ "meta": { "api-version": "1.0" }, "name": name.normalized(), "files": files }))
}

/// Makes the links of a page lead to this server, for files of which the hash is known.
pub(super) fn relinked(mut page: Value, normal: &str) -> Value {
    for file in page["files"].as_array_mut().into_iter().flatten() {
        let filename = file["filename"].as_str().unwrap_or_default();
        if sha256_of(&file["hashes"]).is_some() && !filename.is_empty() {
            file["url"] = json!(format!("/overlay/{}/{}", encoded(normal), encoded(filename)));
        }
    }
    page
}

fn sha256_of(hashes: &Value) -> Option<Sha256> {
    hashes["sha256"].as_str()?.parse().ok()
}

/// Returns where a file of a page is and its hash; with `.metadata` behind its name, of the metadata.
pub(super) fn target(page: &Value, filename: &str) -> Option<(Url, Sha256)> {
    let find = |name: &str| page["files"].as_array()?.iter().find(|file| file["filename"] == name);
    let web = |file: &Value| {
        let url: Url = file["url"].as_str()?.parse().ok()?;
        matches!(url.scheme(), "http" | "https").then_some(url)
    };
    if let Some(file) = find(filename) {
        return Some((web(file)?, sha256_of(&file["hashes"])?));
    }
    let file = find(filename.strip_suffix(".metadata")?)?;
    let hashes = ["core-metadata", "data-dist-info-metadata", "dist-info-metadata"];
    let sha256 = hashes.iter().find_map(|key| sha256_of(&file[*key]))?;
    let mut url = web(file)?;
    let path = format!("{}.metadata", url.path());
    url.set_path(&path);
    Some((url, sha256))
}

/// Begins to fetch a file. What is returned is its size, when known, and its bytes as they come.
pub(super) async fn file(
    client: &Client,
    cache: Arc<OverlayCache>,
    url: Url,
    sha256: Sha256,
) -> Result<(Option<u64>, Body), FetchError> {
    let response = client.get(url).send().await?;
    if !response.status().is_success() {
        return Err(FetchError::Status(response.status()));
    }
    let size = response.content_length();
    let (sender, mut receiver) = mpsc::channel(WAITING);
    tokio::spawn(async move {
        if let Err(error) = pass_on(response, &cache, sha256, &sender).await {
            tracing::warn!(%error, "a file of the other index broke off");
            // Nobody listens when the reader has gone.
            let _ = sender.send(Err(error)).await;
        }
    });
    let stream = futures_util::stream::poll_fn(move |context| receiver.poll_recv(context));
    Ok((size, Body::from_stream(stream)))
}

type Sender = mpsc::Sender<io::Result<Bytes>>;

/// Writes a file to the cache and to the reader. Goes on for the cache when the reader has gone.
async fn pass_on(
    response: Response,
    cache: &OverlayCache,
    sha256: Sha256,
    reader: &Sender,
) -> io::Result<()> {
    let pending = cache.pending();
    let mut kept = Some(fs::File::create(&pending.path).await?);
    let (mut hash, mut size, mut held) = (sha2::Sha256::new(), 0_u64, None);
    let mut stream = response.bytes_stream();
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(io::Error::other)?;
        hash.update(&chunk);
        size += chunk.len() as u64;
        if size > cache.limit() {
            kept = None;
        }
        match &mut kept {
            Some(file) => file.write_all(&chunk).await?,
            None if reader.is_closed() => return Ok(()),
            None => {}
        }
        if let Some(earlier) = held.replace(chunk) {
            // A reader that has gone is no reason to stop.
            let _ = reader.send(Ok(earlier)).await;
        }
    }
    if Sha256::new(hash.finalize().into()) != sha256 {
        return Err(io::Error::other("the file has not the hash that its page tells"));
    }
    if let Some(mut file) = kept {
        file.flush().await?;
        drop(file);
        keep(cache, pending, sha256);
    }
    if let Some(last) = held {
        let _ = reader.send(Ok(last)).await;
    }
    Ok(())
}

/// Takes a file into the cache; the reader gets it even when that fails.
fn keep(cache: &OverlayCache, pending: Pending, sha256: Sha256) {
    if let Err(error) = cache.keep(&pending, &sha256) {
        tracing::warn!(%error, "a file could not be kept in the cache");
    }
    drop(pending);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_of_either_form_become_one() {
        let name: PackageName = "demo".parse().unwrap();
        let url: Url = "https://index.example/simple/demo/".parse().unwrap();
        let hash = "ab".repeat(32);
        let html =
            format!("<a href=\"../../f/demo-1.zip#sha256={hash}\" data-yanked=\"\">x</a><a href=demo-2.zip>");
        let page = read_page(&name, &url, "text/html", html.as_bytes()).unwrap();
        assert_eq!(page["files"][0]["url"], "https://index.example/f/demo-1.zip");
        assert_eq!(page["files"][0]["yanked"], true);
        assert_eq!(target(&page, "demo-1.zip").unwrap().1.to_hex(), hash);
        assert!(target(&page, "demo-2.zip").is_none(), "no hash, no cache");
        let page = relinked(page, "demo");
        assert_eq!(page["files"][0]["url"], "/overlay/demo/demo-1.zip");
        assert_eq!(page["files"][1]["url"], "https://index.example/simple/demo/demo-2.zip");

        let body = format!(
            r#"{{"meta":{{"api-version":"1.1"}},"name":"demo","x":1,"files":[{{"filename":"demo-1-py3-none-any.whl",
            "url":"f/demo-1-py3-none-any.whl","hashes":{{"sha256":"{hash}"}},"core-metadata":{{"sha256":"{}"}}}}]}}"#,
            "cd".repeat(32)
        );
        let page = read_page(&name, &url, "application/json", body.as_bytes()).unwrap();
        assert_eq!(page["x"], 1);
        let (metadata, hash) = target(&page, "demo-1-py3-none-any.whl.metadata").unwrap();
        assert_eq!(metadata.path(), "/simple/demo/f/demo-1-py3-none-any.whl.metadata");
        assert_eq!(hash.to_hex(), "cd".repeat(32));
        assert!(read_page(&name, &url, "text/html", b"it works").is_err());
    }
}
