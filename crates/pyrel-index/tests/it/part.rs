//! Parts of files: what the embedded index sends of them, and how many members a wheel has by its last bytes.

use pyrel_index::{IndexClient, ListedFile};
use reqwest::header::{CONTENT_LENGTH, CONTENT_RANGE, ETAG, IF_RANGE, RANGE};
use reqwest::{Client, Response};
use tempfile::tempdir;

use crate::faulty_server::{Act, FaultyServer, answer, header};
use crate::package::{client, demo, impatient_client, index, token};

fn listed(url: String, size: Option<u64>) -> ListedFile {
    ListedFile {
        filename: "demo-1.0-py3-none-any.whl".to_owned(),
        sha256: None,
        url,
        size,
        requires_python: None,
        upload_time: None,
        yanked: false,
    }
}

async fn count(client: &IndexClient, server: &FaultyServer, size: Option<u64>) -> Option<u64> {
    client.member_count(&listed(format!("{}files/demo.whl", server.base()), size)).await
}

#[tokio::test]
async fn the_embedded_index_sends_parts_and_so_the_members_are_counted() {
    let (store, (_files, file)) = (tempdir().unwrap(), demo());
    let server = index(store.path()).await;
    let client = client(&server.base_url());
    client.upload(&file, &token(), &|_| {}).await.unwrap();
    let listing = client.project(&"demo".parse().unwrap()).await.unwrap().unwrap();
    let own = &listing.files[0];
    assert_eq!(client.member_count(own).await, Some(4));
    assert_eq!(client.member_count(&ListedFile { size: None, ..own.clone() }).await, Some(4));

    let bytes = fs_err::read(file.path()).unwrap();
    let ask = |headers: Vec<(reqwest::header::HeaderName, String)>| {
        let request = headers
            .into_iter()
            .fold(Client::new().get(&own.url), |request, (name, value)| request.header(name, value));
        async move { request.send().await.unwrap() }
    };
    let of = |response: &Response, name| response.headers().get(name).unwrap().to_str().unwrap().to_owned();
    let part = ask(vec![(RANGE, "bytes=2-5".to_owned())]).await;
    assert_eq!((part.status().as_u16(), of(&part, CONTENT_LENGTH)), (206, "4".to_owned()));
    assert_eq!(of(&part, CONTENT_RANGE), format!("bytes 2-5/{}", bytes.len()));
    let tag = of(&part, ETAG);
    assert_eq!(part.bytes().await.unwrap(), bytes[2..6]);
    let same = ask(vec![(RANGE, "bytes=-3".to_owned()), (IF_RANGE, tag)]).await;
    assert_eq!(same.bytes().await.unwrap(), bytes[bytes.len() - 3..]);
    let other = ask(vec![(RANGE, "bytes=-3".to_owned()), (IF_RANGE, "\"other\"".to_owned())]).await;
    assert_eq!((other.status().as_u16(), other.bytes().await.unwrap()), (200, bytes.clone().into()));
    let nothing = ask(vec![(RANGE, format!("bytes={}-", bytes.len()))]).await;
    assert_eq!(nothing.status(), 416);
    assert_eq!(of(&nothing, CONTENT_RANGE), format!("bytes */{}", bytes.len()));
    assert!(nothing.bytes().await.unwrap().is_empty());
    server.shutdown().await;
}

#[tokio::test]
async fn a_server_without_parts_is_not_read() {
    // A whole file without end, a file that is not there, a refusal, a fault: one request each, and nothing is known.
    let acts = [
        Act::Endless,
        answer("404 Not Found", ""),
        answer("403 Forbidden", "no"),
        answer("501 Not Implemented", "Unsupported client Range"),
        answer("416 Range Not Satisfiable", ""),
        answer("206 Partial Content", "no end of a zip"),
        answer("206 Partial Content", &"PK\u{5}\u{6}".repeat(1000)),
        Act::Reset,
        Act::Truncate,
    ];
    for act in acts {
        let server = FaultyServer::start(vec![], vec![act.clone()]).await;
        assert_eq!(count(&client(server.base()), &server, Some(90_000_000)).await, None, "{act:?}");
        assert_eq!(server.counts(), (0, 1), "{act:?}");
        let head = server.asked()[0].head.clone();
        assert_eq!(header(&head, "range"), Some("bytes=89998976-89999999"));
        assert_eq!(header(&head, "accept-encoding"), Some("identity"));
    }
    let silent = FaultyServer::start(vec![], vec![Act::Hang]).await;
    assert_eq!(count(&impatient_client(silent.base()), &silent, None).await, None);
    assert_eq!(header(&silent.asked()[0].head, "range"), Some("bytes=-1024"));
}
