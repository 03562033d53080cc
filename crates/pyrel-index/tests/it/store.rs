//! The embedded index as a store: what was acknowledged stays, what was not is nowhere.

use std::path::Path;
use std::time::Duration;

use pyrel_index::{ServerError, StoreError, UploadError, UploadFile, UploadOutcome, serve};
use tempfile::tempdir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::sleep;

use crate::package::{client, index, open, options, sdist, token, wheel};

fn stored(dir: &Path) -> Vec<String> {
    let mut names = Vec::new();
    for project in fs_err::read_dir(dir.join("projects")).unwrap() {
        for file in fs_err::read_dir(project.unwrap().path()).unwrap() {
            names.push(file.unwrap().file_name().into_string().unwrap());
        }
    }
    names.sort();
    names
}

#[tokio::test]
async fn a_restart_knows_everything_and_clears_what_was_half_done() {
    let (store, files) = (tempdir().unwrap(), tempdir().unwrap());
    let server = index(store.path()).await;
    let file = open(&wheel(files.path(), "demo", "1.0", "x = 1\n"));
    client(&server.base_url()).upload(&file, &token(), &|_| {}).await.unwrap();
    server.shutdown().await;
    let half = store.path().join("incoming/7");
    fs_err::create_dir_all(&half).unwrap();
    fs_err::write(half.join("content-1"), "half").unwrap();

    let server = index(store.path()).await;
    assert_eq!(fs_err::read_dir(store.path().join("incoming")).unwrap().count(), 0);
    let listing = client(&server.base_url()).project(&"demo".parse().unwrap()).await.unwrap().unwrap();
    assert_eq!(listing.files[0].sha256, Some(*file.sha256()));
    assert_eq!(stored(store.path()), ["demo-1.0-py3-none-any.whl"]);
    server.shutdown().await;
}

#[tokio::test]
async fn one_server_at_a_time_has_a_directory() {
    let store = tempdir().unwrap();
    let server = index(store.path()).await;
    let error = serve(options(store.path())).await.unwrap_err();
    assert!(matches!(error, ServerError::Store(StoreError::Taken(_))), "{error:?}");
    assert_eq!(error.to_string(), format!("another server uses the directory: `{}`", store.path().display()));
    assert!(error.hint().is_some());
    server.shutdown().await;
    index(store.path()).await.shutdown().await;
}

#[tokio::test]
async fn a_shutdown_lets_a_running_upload_end() {
    let (store, files) = (tempdir().unwrap(), tempdir().unwrap());
    let server = index(store.path()).await;
    let path = wheel(files.path(), "demo", "1.0", "x = 1\n");
    let request = raw_upload(&open(&path));
    let (first, rest) = request.split_at(request.len() / 2);
    let mut stream = TcpStream::connect(server.addr()).await.unwrap();
    stream.write_all(first).await.unwrap();
    while fs_err::read_dir(store.path().join("incoming")).unwrap().count() == 0 {
        sleep(Duration::from_millis(5)).await;
    }
    let address = server.addr();
    let shutdown = tokio::spawn(server.shutdown());
    while TcpStream::connect(address).await.is_ok() {
        sleep(Duration::from_millis(5)).await;
    }
    stream.write_all(rest).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    shutdown.await.unwrap();
    assert_eq!(stored(store.path()), ["demo-1.0-py3-none-any.whl"]);
}

/// Returns an upload as it goes over the wire.
fn raw_upload(file: &UploadFile) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, value) in file.fields() {
        let part = format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        body.extend_from_slice(part.as_bytes());
    }
    let name = file.filename();
    let part =
        format!("--b\r\nContent-Disposition: form-data; name=\"content\"; filename=\"{name}\"\r\n\r\n");
    body.extend_from_slice(part.as_bytes());
    body.extend_from_slice(&fs_err::read(file.path()).unwrap());
    body.extend_from_slice(b"\r\n--b--\r\n");
    let mut request = format!(
        "POST /legacy/ HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer not-a-real-token\r\n\
         Content-Type: multipart/form-data; boundary=b\r\nContent-Length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    request.append(&mut body);
    request
}

#[tokio::test]
async fn a_port_that_is_taken_is_named() {
    let store = tempdir().unwrap();
    let other = tempdir().unwrap();
    let server = index(store.path()).await;
    let error =
        serve(pyrel_index::ServerOptions { bind: server.addr(), ..options(other.path()) }).await.unwrap_err();
    assert_eq!(error.to_string(), format!("cannot listen on `{}`", server.addr()));
    assert!(error.hint().unwrap().contains("port 0"));
    server.shutdown().await;
}

#[tokio::test]
async fn damage_is_found_at_the_start() {
    let (store, files) = (tempdir().unwrap(), tempdir().unwrap());
    let server = index(store.path()).await;
    let file = open(&wheel(files.path(), "demo", "1.0", "x = 1\n"));
    client(&server.base_url()).upload(&file, &token(), &|_| {}).await.unwrap();
    server.shutdown().await;
    let kept = store.path().join("projects/demo").join(file.filename());
    let record = kept.join("record.json");
    let good = fs_err::read(&record).unwrap();

    fs_err::write(&record, "{").unwrap();
    let error = serve(options(store.path())).await.unwrap_err();
    assert!(error.to_string().starts_with(&format!("`{}` is no record of an index", record.display())));
    assert_eq!(error.hint().unwrap(), format!("move `{}` away and start again", kept.display()));

    fs_err::write(&record, good).unwrap();
    fs_err::write(kept.join(file.filename()), "short").unwrap();
    let error = serve(options(store.path())).await.unwrap_err();
    assert!(error.to_string().ends_with(&format!("has 5 bytes, its record says {}", file.size())), "{error}");
}

#[tokio::test]
async fn a_deleted_file_keeps_its_name_taken() {
    let (store, files) = (tempdir().unwrap(), tempdir().unwrap());
    let server = index(store.path()).await;
    let file = open(&wheel(files.path(), "demo", "1.0", "x = 1\n"));
    client(&server.base_url()).upload(&file, &token(), &|_| {}).await.unwrap();
    server.shutdown().await;
    let kept = store.path().join("projects/demo").join(file.filename());
    fs_err::remove_file(kept.join(file.filename())).unwrap();

    let server = index(store.path()).await;
    let client = client(&server.base_url());
    assert_eq!(client.project(&"demo".parse().unwrap()).await.unwrap(), None);
    let error = client.upload(&file, &token(), &|_| {}).await.unwrap_err();
    assert!(error.to_string().contains("This filename was previously used"), "{error}");
    assert!(error.hint().unwrap().contains("bump the version"));
    server.shutdown().await;
}

#[tokio::test]
async fn a_release_is_closed_after_fourteen_days() {
    let (store, files) = (tempdir().unwrap(), tempdir().unwrap());
    let server = index(store.path()).await;
    let file = open(&wheel(files.path(), "demo", "1.0", "x = 1\n"));
    client(&server.base_url()).upload(&file, &token(), &|_| {}).await.unwrap();
    server.shutdown().await;
    let record = store.path().join("projects/demo").join(file.filename()).join("record.json");
    let mut text: serde_json::Value = serde_json::from_slice(&fs_err::read(&record).unwrap()).unwrap();
    text["uploaded"] = "2020-01-01T00:00:00Z".into();
    fs_err::write(&record, text.to_string()).unwrap();

    let server = index(store.path()).await;
    let client = client(&server.base_url());
    let late = open(&sdist(files.path(), "demo", "1.0"));
    let error = client.upload(&late, &token(), &|_| {}).await.unwrap_err();
    assert!(
        error.to_string().ends_with("Uploading new files to releases older than 14 days is not allowed.")
    );
    // The identical file is still a success, and so is another release.
    client.upload(&file, &token(), &|_| {}).await.unwrap();
    let next = open(&sdist(files.path(), "demo", "1.1"));
    client.upload(&next, &token(), &|_| {}).await.unwrap();
    server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_uploads_of_one_name_one_is_stored() {
    let store = tempdir().unwrap();
    let server = index(store.path()).await;
    let base = server.base_url();
    let tasks: Vec<_> = (0..8)
        .map(|number| {
            let base = base.clone();
            tokio::spawn(async move {
                let files = tempdir().unwrap();
                // Two uploads each of four different contents.
                let file = open(&wheel(files.path(), "demo", "1.0", &format!("x = {}\n", number / 2)));
                (*file.sha256(), client(&base).upload(&file, &token(), &|_| {}).await)
            })
        })
        .collect();
    let mut winners = Vec::new();
    for task in tasks {
        match task.await.unwrap() {
            (hash, Ok(UploadOutcome::Uploaded | UploadOutcome::AlreadyThere)) => winners.push(hash),
            (_, Err(UploadError::Conflict { .. })) => {}
            (_, Err(error)) => panic!("{error:?}"),
        }
    }
    assert_eq!(winners.len(), 2, "the two with the bytes that came first");
    assert_eq!(winners[0], winners[1]);
    let listing = client(&base).project(&"demo".parse().unwrap()).await.unwrap().unwrap();
    assert_eq!(listing.files.len(), 1);
    assert_eq!(listing.files[0].sha256, Some(winners[0]));
    assert_eq!(fs_err::read_dir(store.path().join("incoming")).unwrap().count(), 0);
    server.shutdown().await;
}
