//! Waiting for files to be listed.

use std::time::Duration;

use pyrel_index::ClientError;
use pyrel_model::Sha256;

use crate::faulty_server::{FaultyServer, answer};
use crate::package::client;

fn page(hash: Sha256) -> String {
    format!(
        r#"{{"meta":{{"api-version":"1.1"}},"name":"demo","files":[
        {{"filename":"demo-1.0.tar.gz","url":"/f","hashes":{{"sha256":"{hash}"}}}}]}}"#
    )
}

async fn wait(server: &FaultyServer, patience: u64) -> Result<(), ClientError> {
    let files = [("demo-1.0.tar.gz".to_owned(), Sha256::new([1; 32]))];
    client(server.base())
        .wait_visible(&"demo".parse().unwrap(), &files, Duration::from_millis(patience))
        .await
}

#[tokio::test]
async fn ends_when_the_file_is_listed() {
    let listed = page(Sha256::new([1; 32]));
    let gets = vec![answer("404 Not Found", ""), answer("503 Busy", ""), answer("200 OK", &listed)];
    let server = FaultyServer::start(vec![], gets).await;
    wait(&server, 5000).await.unwrap();
    assert_eq!(server.counts(), (0, 3));
}

#[tokio::test]
async fn says_what_is_missing_when_patience_ends() {
    let server = FaultyServer::start(vec![], vec![]).await;
    let error = wait(&server, 300).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "`{}simple/demo/` does not list every file after 0 s, missing: `demo-1.0.tar.gz`",
            server.base()
        )
    );
    assert!(server.counts().1 >= 2);
}

#[tokio::test]
async fn other_bytes_end_the_wait_at_once() {
    let server = FaultyServer::start(vec![], vec![answer("200 OK", &page(Sha256::new([2; 32])))]).await;
    let error = wait(&server, 5000).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("`{}simple/demo/` lists other bytes under the name `demo-1.0.tar.gz`", server.base())
    );
    assert_eq!(server.counts(), (0, 1));
}
