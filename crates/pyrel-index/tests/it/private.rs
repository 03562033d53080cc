//! Private indexes: one of our own that lets members alone read, and the door by which installers read one.

use std::sync::Arc;

use pyrel_index::{
    Account, ClientOptions, IndexClient, IndexSpec, ReadKey, Relay, RunningServer, ServerOptions, serve,
};
use pyrel_model::Secret;
use reqwest::header::HeaderMap;
use reqwest::{Client, redirect};
use url::Url;

use crate::faulty_server::{Act, FaultyServer, answer, header};
use crate::package::{client, demo, options, token};

const TOKEN: &str = "not-a-real-token";

async fn private_index(dir: &std::path::Path) -> RunningServer {
    let options = ServerOptions {
        accounts: vec![Account::new(Secret::new(TOKEN), vec![])],
        is_private: true,
        ..options(dir)
    };
    serve(options).await.unwrap()
}

fn key() -> ReadKey {
    ReadKey { credentials: token(), origin: "a test".to_owned() }
}

fn client_of(server: &RunningServer) -> IndexClient {
    let spec = IndexSpec {
        name: "own".to_owned(),
        upload_url: server.upload_url(),
        simple_url: server.simple_url(),
        production: false,
    };
    IndexClient::new(spec, ClientOptions::default()).unwrap()
}

/// Asks as an installer does: user and password of the URL are shown, redirects are not followed here.
async fn ask(method: &str, url: &str) -> (u16, HeaderMap, Vec<u8>) {
    let client = Client::builder().tls_certs_only([]).redirect(redirect::Policy::none()).build().unwrap();
    let response = client.request(method.parse().unwrap(), url).send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    (status, headers, response.bytes().await.unwrap().to_vec())
}

#[tokio::test]
async fn nobody_but_members_reads_a_private_index() {
    let dir = tempfile::tempdir().unwrap();
    let server = private_index(dir.path()).await;
    assert!(client_of(&server).own_project(&"demo".parse().unwrap()).await.is_err());
    let base = server.base_url();
    for path in ["", "simple/", "simple/demo/", "pypi/demo/json", "project/demo/"] {
        let (status, headers, _) = ask("GET", base.join(path).unwrap().as_str()).await;
        assert_eq!(status, 401, "{path}");
        assert_eq!(headers["www-authenticate"], "Basic realm=\"index\"");
    }
    let mut own = base.clone();
    own.set_username("__token__").unwrap();
    own.set_password(Some(TOKEN)).unwrap();
    assert_eq!(ask("GET", own.join("simple/").unwrap().as_str()).await.0, 200);
    own.set_password(Some("another")).unwrap();
    assert_eq!(ask("GET", own.join("simple/").unwrap().as_str()).await.0, 401);
}

#[tokio::test]
async fn an_upload_is_read_back_with_the_same_credentials() {
    let dir = tempfile::tempdir().unwrap();
    let server = private_index(dir.path()).await;
    let client = client_of(&server).with_keys(Arc::new(key()));
    let (_files, file) = demo();
    client.upload(&file, &token(), &|_| {}).await.unwrap();
    assert!(!client.reads_with_credentials(), "not before they are wanted");
    let name = "demo".parse().unwrap();
    let files = [(file.filename().to_owned(), *file.sha256())];
    client.wait_visible(&name, &files, std::time::Duration::from_secs(9)).await.unwrap();
    assert!(client.reads_with_credentials());
    let listed = client.own_project(&name).await.unwrap().unwrap();
    assert_eq!(client.hash_of(&listed.files[0]).await, Some(*file.sha256()));
    let stranger = client_of(&server).own_project(&name).await.unwrap_err();
    assert!(stranger.to_string().contains("(401, tried without credentials"), "{stranger}");
}

#[tokio::test]
async fn credentials_at_hand_save_a_question_and_are_dropped_where_they_may_not_read() {
    let authorized = |server: &FaultyServer| -> Vec<bool> {
        server.asked().iter().map(|asked| header(&asked.head, "authorization").is_some()).collect()
    };
    let name = "demo".parse().unwrap();
    let page =
        || Act::Answer("200 OK", vec![("Content-Type", "text/html".to_owned())], "<html></html>".into());

    let server = FaultyServer::start(vec![], vec![answer("404 Not Found", ""), page(), page()]).await;
    let uploader = client(server.base()).with_account(token());
    assert!(uploader.own_project(&name).await.unwrap().is_none());
    assert!(uploader.own_project(&name).await.unwrap().is_some());
    assert!(uploader.project(&name).await.unwrap().is_some());
    assert_eq!(authorized(&server), [true, true, false], "installers come as strangers first");
    assert!(!uploader.reads_with_credentials());

    let server = FaultyServer::start(vec![], vec![answer("403 Forbidden", ""), page(), page()]).await;
    let uploader = client(server.base()).with_account(token());
    assert!(uploader.own_project(&name).await.unwrap().is_some());
    assert!(uploader.own_project(&name).await.unwrap().is_some());
    assert_eq!(authorized(&server), [true, false, false], "this account may upload alone");
}

#[tokio::test]
async fn the_door_lets_pages_and_their_files_through_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let server = private_index(dir.path()).await;
    let (_files, file) = demo();
    let client = client_of(&server).with_keys(Arc::new(key()));
    client.upload(&file, &token(), &|_| {}).await.unwrap();
    let relay = Relay::open(client).await.unwrap();
    assert!(!format!("{relay:?}").contains(TOKEN));
    let door: Url = relay.url().expose().parse().unwrap();
    let at = |path: &str| door.join(path).unwrap().to_string();
    let path = format!("/files/demo/{}", file.filename());

    assert_eq!(ask("GET", &at(&path)).await.0, 404, "on no page that went through");
    let (status, _, page) = ask("GET", &at("demo/")).await;
    assert_eq!(status, 200);
    assert!(String::from_utf8(page).unwrap().contains(file.filename()));
    let (status, _, bytes) = ask("GET", &at(&path)).await;
    assert_eq!((status, bytes), (200, fs_err::read(file.path()).unwrap()));
    assert_eq!(ask("GET", &at(&format!("{path}.metadata"))).await.0, 200);
    let (status, headers, body) = ask("HEAD", &at(&path)).await;
    assert_eq!((status, body.len()), (200, 0));
    assert_eq!(headers["content-length"], file.size().to_string().as_str());

    for (method, path, expected) in [
        ("GET", "other/", 404),
        ("GET", "demo", 404),
        ("GET", "/simple/", 404),
        ("GET", "/pypi/demo/json", 404),
        ("GET", "/legacy/", 404),
        ("POST", "demo/", 405),
    ] {
        assert_eq!(ask(method, &at(path)).await.0, expected, "{method} {path}");
    }
    let mut stranger = door.clone();
    stranger.set_password(Some("guess")).unwrap();
    assert_eq!(ask("GET", stranger.join("demo/").unwrap().as_str()).await.0, 401);
    stranger.set_password(None).unwrap();
    assert_eq!(ask("GET", stranger.join("demo/").unwrap().as_str()).await.0, 401);
    relay.shut().await.unwrap();
}

#[tokio::test]
async fn the_door_stands_in_for_absolute_links_and_other_hosts_get_no_credentials() {
    let elsewhere = FaultyServer::start(vec![], vec![answer("200 OK", "not ours")]).await;
    let server = FaultyServer::start(vec![], vec![]).await;
    let (own, other) = (server.base().as_str(), elsewhere.base().as_str());
    let page = format!(
        "<html><body><a href=\"{own}files/a-1.0.tar.gz\">a-1.0.tar.gz</a>\
         <a href=\"../b/a-1.1.tar.gz\">a-1.1.tar.gz</a>\
         <a href=\"{other}files/a-2.0.tar.gz\">a-2.0.tar.gz</a></body></html>"
    );
    let html = |body: String| Act::Answer("200 OK", vec![("Content-Type", "text/html".to_owned())], body);
    let to = |url: String| Act::Answer("302 Found", vec![("Location", url)], String::new());
    server.then(vec![
        html(page),
        answer("200 OK", "one"),
        answer("200 OK", "two"),
        to("/moved/here/".to_owned()),
        html("<html><a href=\"c-1.0.tar.gz\">c-1.0.tar.gz</a></html>".to_owned()),
        html("<html><a href=\"c-1.0.tar.gz\">c-1.0.tar.gz</a></html>".to_owned()),
        to(format!("{other}simple/d/")),
    ]);
    let mut base = server.base().clone();
    base.set_username("reader").unwrap();
    base.set_password(Some(TOKEN)).unwrap();
    let relay = Relay::open(client(&base)).await.unwrap();
    let door: Url = relay.url().expose().parse().unwrap();
    let at = |path: &str| door.join(path).unwrap().to_string();

    let (_, _, page) = ask("GET", &at("a/")).await;
    let page = String::from_utf8(page).unwrap();
    let authority = format!("http://127.0.0.1:{}", door.port().unwrap());
    assert!(page.contains(&format!("\"{authority}/files/a-1.0.tar.gz\"")), "{page}");
    assert!(page.contains(&format!("\"{other}files/a-2.0.tar.gz\"")), "{page}");
    assert!(!page.contains(own), "{page}");
    assert_eq!(ask("GET", &at("/files/a-1.0.tar.gz")).await.2, b"one");
    assert_eq!(ask("GET", &at("../simple/b/a-1.1.tar.gz")).await.2, b"two");

    let (status, headers, _) = ask("GET", &at("c/")).await;
    assert_eq!((status, headers["location"].to_str().unwrap()), (302, &*format!("{authority}/moved/here/")));
    assert_eq!(ask("GET", &at("/moved/here/")).await.0, 200);
    assert!(server.asked().iter().all(|asked| header(&asked.head, "authorization").is_some()));

    let (status, headers, _) = ask("GET", &at("d/")).await;
    assert_eq!((status, headers["location"].to_str().unwrap()), (302, &*format!("{other}simple/d/")));
    assert!(elsewhere.asked().iter().all(|asked| header(&asked.head, "authorization").is_none()));
}
