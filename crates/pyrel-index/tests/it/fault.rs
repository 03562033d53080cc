//! Faults on purpose: failures that repeat themselves, answers that take their time, files that show late.

use std::time::{Duration, Instant};

use pyrel_index::{Account, Credentials, Faults, ServerOptions, UploadError, UploadOutcome, serve};
use pyrel_model::Secret;
use tempfile::tempdir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use url::Url;

use crate::package::{client, open, options, token, wheel};

fn faults(failures: &[&str], latency: &str, lag: &str, seed: u64) -> Faults {
    let failures = failures.iter().map(|text| text.parse().unwrap()).collect();
    Faults::new(failures, Faults::delay(latency).unwrap(), Faults::delay(lag).unwrap(), seed).unwrap()
}

async fn status(url: &Url) -> u16 {
    let mut stream = TcpStream::connect((url.host_str().unwrap(), url.port().unwrap())).await.unwrap();
    let request = format!("GET {} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", url.path());
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer.split(' ').nth(1).unwrap().parse().unwrap()
}

/// The statuses of forty requests of a fresh server.
async fn statuses(seed: u64) -> Vec<u16> {
    let store = tempdir().unwrap();
    let faults = faults(&["503:0.25", "429:0.25"], "0ms", "0s", seed);
    let server = serve(ServerOptions { faults, ..options(store.path()) }).await.unwrap();
    let mut statuses = Vec::new();
    for _ in 0..40 {
        statuses.push(status(&server.simple_url()).await);
    }
    server.shutdown().await;
    statuses
}

#[tokio::test]
async fn the_same_seed_fails_the_same_requests() {
    let first = statuses(1).await;
    assert_eq!(first, statuses(1).await);
    assert_ne!(first, statuses(2).await);
    for status in [200, 429, 503] {
        assert!(first.contains(&status), "{first:?}");
    }
}

#[tokio::test]
async fn an_upload_that_fails_on_purpose_stores_nothing_and_trying_again_does() {
    let (store, files) = (tempdir().unwrap(), tempdir().unwrap());
    let file = open(&wheel(files.path(), "demo", "1.0", "x = 1\n"));
    let all = ServerOptions { faults: faults(&["503:1"], "0ms", "0s", 0), ..options(store.path()) };
    let server = serve(all).await.unwrap();
    let error = client(&server.base_url()).upload(&file, &token(), &|_| {}).await.unwrap_err();
    assert!(matches!(&error, UploadError::Unreachable { .. }), "{error:?}");
    server.shutdown().await;
    assert_eq!(fs_err::read_dir(store.path().join("projects")).unwrap().count(), 0);

    let half = ServerOptions { faults: faults(&["503:0.5"], "0ms", "0s", 5), ..options(store.path()) };
    let server = serve(half).await.unwrap();
    let mut uploaded = 0;
    for number in 0..10 {
        let file = open(&wheel(files.path(), "demo", &format!("1.{number}"), "x = 1\n"));
        let client = client(&server.base_url());
        uploaded += usize::from(client.upload(&file, &token(), &|_| {}).await.is_ok());
    }
    server.shutdown().await;
    assert!(uploaded >= 6, "with three attempts at even odds most get through: {uploaded}");
}

#[tokio::test]
async fn answers_take_their_time() {
    let store = tempdir().unwrap();
    let slow = ServerOptions { faults: faults(&[], "120ms", "0s", 0), ..options(store.path()) };
    let server = serve(slow).await.unwrap();
    let begin = Instant::now();
    assert_eq!(status(&server.simple_url()).await, 200);
    assert!(begin.elapsed() >= Duration::from_millis(120), "{:?}", begin.elapsed());
    server.shutdown().await;
}

#[tokio::test]
async fn an_accepted_file_shows_late_in_the_simple_api_and_is_there_before() {
    let (store, files) = (tempdir().unwrap(), tempdir().unwrap());
    let late = ServerOptions { faults: faults(&[], "0ms", "1500ms", 0), ..options(store.path()) };
    let server = serve(late).await.unwrap();
    let client = client(&server.base_url());
    let file = open(&wheel(files.path(), "demo", "1.0", "x = 1\n"));
    let begin = Instant::now();
    client.upload(&file, &token(), &|_| {}).await.unwrap();
    let name = "demo".parse().unwrap();
    if begin.elapsed() < Duration::from_secs(1) {
        assert_eq!(client.project(&name).await.unwrap(), None);
        assert_eq!(status(&server.base_url().join("pypi/demo/json").unwrap()).await, 200);
    }
    assert_eq!(client.upload(&file, &token(), &|_| {}).await.unwrap(), UploadOutcome::Uploaded);
    while client.project(&name).await.unwrap().is_none() {
        assert!(begin.elapsed() < Duration::from_secs(20), "it never showed");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(begin.elapsed() >= Duration::from_millis(1500), "{:?}", begin.elapsed());
    server.shutdown().await;
}

#[tokio::test]
async fn a_token_is_for_its_projects_only() {
    let (store, files) = (tempdir().unwrap(), tempdir().unwrap());
    let accounts = ["all-of-it", "one-of-it=Demo"].map(|text| Account::parse(text).unwrap()).to_vec();
    let server = serve(ServerOptions { accounts, ..options(store.path()) }).await.unwrap();
    let client = client(&server.base_url());
    let other = open(&wheel(files.path(), "other", "1.0", "x = 1\n"));
    let demo = open(&wheel(files.path(), "demo", "1.0", "x = 1\n"));
    let one = Credentials::token(&Secret::new("one-of-it"));
    client.upload(&demo, &one, &|_| {}).await.unwrap();
    let error = client.upload(&other, &one, &|_| {}).await.unwrap_err();
    assert!(
        matches!(&error, UploadError::Credentials { status: 403, message, .. }
            if message == "Invalid API Token: project-scoped token is not valid for project: 'other'"),
        "{error:?}"
    );
    client.upload(&other, &Credentials::token(&Secret::new("all-of-it")), &|_| {}).await.unwrap();
    server.shutdown().await;
}
