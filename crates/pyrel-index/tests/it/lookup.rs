//! Looking projects up, from indexes that answer well, badly, or not at all.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use pyrel_index::{ClientError, Credentials, IndexClient, KeyFinder, NoKey, ReadKey};
use pyrel_model::Secret;

use crate::faulty_server::{Act, FaultyServer, answer, header};
use crate::package::{client, impatient_client};

async fn look(server: &FaultyServer) -> Result<Option<pyrel_index::ProjectListing>, ClientError> {
    client(server.base()).project(&"De.mo".parse().unwrap()).await
}

const EMPTY: &str = r#"{"meta":{"api-version":"1.0"},"name":"de-mo","files":[]}"#;

#[tokio::test]
async fn an_absent_project_is_none() {
    let server = FaultyServer::start(vec![], vec![]).await;
    assert_eq!(look(&server).await.unwrap(), None);
    let asked = server.asked();
    assert_eq!(asked[0].line, "GET /simple/de-mo/ HTTP/1.1");
    assert!(header(&asked[0].head, "accept").unwrap().starts_with("application/vnd.pypi.simple.v1+json"));
    assert_eq!(asked.len(), 1);
}

#[tokio::test]
async fn nonsense_names_the_page_and_what_is_wrong() {
    let json = vec![("Content-Type", "application/json".to_owned())];
    for (act, expected) in [
        (answer("200 OK", "it works!"), "the page is not HTML: `it works!`"),
        (answer("200 OK", "{\"ok\": true}"), "the JSON is no project page: missing field `meta`"),
        (Act::Answer("200 OK", json, "<html>".to_owned()), "the JSON is no project page: expected value"),
        (
            answer("200 OK", "<html><form action='/login'></form></html>"),
            "the page is a form, such as a log-in",
        ),
        (answer("204 No Content", ""), "expected status 200, got 204"),
    ] {
        let server = FaultyServer::start(vec![], vec![act]).await;
        let error = look(&server).await.unwrap_err();
        assert!(matches!(error, ClientError::Protocol { .. }), "{error:?}");
        let begin =
            format!("`{}simple/de-mo/` does not answer as a package index: {expected}", server.base());
        assert!(error.to_string().starts_with(&begin), "{error}");
        assert!(error.hint().is_some());
        assert_eq!(server.counts(), (0, 1), "nonsense is not asked for twice");
    }
}

#[tokio::test]
async fn an_endless_page_is_not_read_for_ever() {
    let server = FaultyServer::start(vec![], vec![Act::Endless]).await;
    let error = look(&server).await.unwrap_err();
    assert!(error.to_string().ends_with("the page is larger than 128 MiB"), "{error}");
    assert_eq!(server.counts(), (0, 1));
}

#[tokio::test]
async fn what_may_pass_is_tried_again() {
    let server = FaultyServer::start(
        vec![],
        vec![answer("502 Bad Gateway", ""), Act::Truncate, answer("200 OK", EMPTY)],
    )
    .await;
    assert_eq!(look(&server).await.unwrap().unwrap().files, []);
    assert_eq!(server.counts(), (0, 3));
}

#[tokio::test]
async fn silence_and_resets_are_unreachable_in_the_end() {
    let server = FaultyServer::start(vec![], vec![Act::Hang, Act::Reset, Act::Reset]).await;
    let client = impatient_client(server.base());
    let error = client.project(&"de-mo".parse().unwrap()).await.unwrap_err();
    assert!(matches!(error, ClientError::Unreachable { attempts: 3, .. }), "{error:?}");
    assert_eq!(error.to_string(), format!("cannot reach `{}simple/de-mo/` (3 attempts)", server.base()));
    assert_eq!(server.counts(), (0, 3));
}

#[tokio::test]
async fn a_refusal_is_final() {
    let server = FaultyServer::start(vec![], vec![answer("403 Forbidden", "Members only")]).await;
    let error = look(&server).await.unwrap_err();
    let tried = "403, tried without credentials: none were looked for";
    let page = format!("{}simple/de-mo/", server.base());
    let said = format!("the index `test` does not let `{page}` be read ({tried}): Members only");
    assert_eq!(error.to_string(), said);
    assert!(error.hint().unwrap().contains("at one address"));
    assert_eq!(server.counts(), (0, 1));
}

#[tokio::test]
async fn redirects_are_followed_without_credentials_and_not_for_ever() {
    let elsewhere = FaultyServer::start(vec![], vec![answer("200 OK", EMPTY)]).await;
    let to = |url: String| Act::Answer("302 Found", vec![("Location", url)], String::new());
    let target = elsewhere.base().join("other/").unwrap();
    let server = FaultyServer::start(vec![], vec![to("/simple/x/".to_owned()), to(target.to_string())]).await;
    let mut base = server.base().clone();
    base.set_username("reader").unwrap();
    base.set_password(Some("not-real")).unwrap();
    let client = client(&base);
    let listing = client.project(&"de-mo".parse().unwrap()).await.unwrap().unwrap();
    assert_eq!(listing.url, target.as_str());
    assert!(server.asked().iter().all(|asked| header(&asked.head, "authorization").is_some()));
    assert!(header(&elsewhere.asked()[0].head, "authorization").is_none());

    let round = FaultyServer::start(vec![], vec![to("/simple/de-mo/".to_owned()); 9]).await;
    let error = look(&round).await.unwrap_err();
    assert!(error.to_string().ends_with("more than 5 redirects"), "{error}");
    assert_eq!(round.counts(), (0, 6));
}

#[tokio::test]
async fn credentials_of_uploads_are_read_with_when_the_index_asks_and_stay_there() {
    let elsewhere = FaultyServer::start(vec![], vec![answer("401 Unauthorized", "Who is it?")]).await;
    let away = vec![("Location", elsewhere.base().to_string())];
    let script = vec![
        answer("401 Unauthorized", ""),
        answer("200 OK", EMPTY),
        answer("200 OK", EMPTY),
        Act::Answer("302 Found", away, String::new()),
    ];
    let server = FaultyServer::start(vec![], script).await;
    let client = client(server.base()).with_keys(Arc::new(key()));
    let name = "de-mo".parse().unwrap();
    assert!(client.project(&name).await.unwrap().is_some());
    assert!(client.project(&name).await.unwrap().is_some());
    let proven: Vec<bool> =
        server.asked().iter().map(|asked| header(&asked.head, "authorization").is_some()).collect();
    assert_eq!(proven, [false, true, true], "asked again with credentials, and then always");
    let error = client.project(&name).await.unwrap_err();
    assert!(error.to_string().contains("401"), "{error}");
    assert_eq!(elsewhere.counts(), (0, 1));
    assert!(header(&elsewhere.asked()[0].head, "authorization").is_none(), "another server never sees them");
}

fn key() -> ReadKey {
    let credentials = Credentials::token(&Secret::new("not-a-real-token"));
    ReadKey { credentials, origin: "the variable `X`".to_owned() }
}

#[tokio::test]
async fn what_is_hidden_from_strangers_is_found_and_what_is_not_there_is_not() {
    let hidden = vec![answer("404 Not Found", ""), answer("200 OK", EMPTY)];
    let missing = vec![answer("404 Not Found", ""), answer("404 Not Found", "")];
    // Credentials that the index does not know take nothing away from a stranger.
    let unknown = vec![answer("404 Not Found", ""), answer("401 Unauthorized", "")];
    for (script, there) in [(hidden, true), (missing, false), (unknown, false)] {
        let server = FaultyServer::start(vec![], script).await;
        let client = client(server.base()).with_keys(Arc::new(key()));
        let name = "de-mo".parse().unwrap();
        assert_eq!(client.project(&name).await.unwrap().is_some(), there);
        assert_eq!(server.counts(), (0, 2));
        let _ = client.project(&name).await;
        let asked = server.asked();
        let third = header(&asked[2].head, "authorization");
        assert_eq!(third.is_some(), there, "credentials go on when they helped");
    }
}

/// Counts how often it is asked.
#[derive(Debug, Default)]
struct Counting(AtomicUsize);

impl KeyFinder for Counting {
    fn find(&self) -> Result<ReadKey, NoKey> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Err(NoKey { reason: "nobody has any".to_owned(), remedy: Some("set `X`".to_owned()) })
    }
}

#[tokio::test]
async fn a_refusal_names_the_index_what_was_tried_and_the_remedy() {
    let refusals = || vec![answer("401 Unauthorized", "Who is it?"); 9];
    let server = FaultyServer::start(vec![], refusals()).await;
    let client_of = |keys: Arc<dyn KeyFinder>| client(server.base()).with_keys(keys);
    let name = "de-mo".parse().unwrap();

    let error = client_of(Arc::new(key())).project(&name).await.unwrap_err();
    let url = format!("{}simple/de-mo/", server.base());
    let expected = format!(
        "the index `test` does not let `{url}` be read (401, tried with the variable `X`): Who is it?"
    );
    assert_eq!(error.to_string(), expected);
    assert_eq!(error.hint().unwrap(), "correct the variable `X`, or let that account read the index `test`");
    assert!(!format!("{error:?}").contains("not-a-real-token"));

    let counting = Arc::new(Counting::default());
    let client = client_of(counting.clone());
    let names: Vec<_> = (0..4).map(|_| name.clone()).collect();
    let all = futures_util::future::join_all(names.iter().map(|name| client.project(name))).await;
    for error in all.into_iter().map(Result::unwrap_err) {
        assert!(error.to_string().contains("(401, tried without credentials: nobody has any)"), "{error}");
        assert_eq!(error.hint().unwrap(), "set `X`");
    }
    assert_eq!(counting.0.load(Ordering::Relaxed), 1, "asked once, however many readings are refused");
}

#[test]
fn a_client_costs_nothing_before_its_first_request() {
    let base = "https://index.example/".parse().unwrap();
    let begin = std::time::Instant::now();
    let clients: Vec<IndexClient> = (0..100).map(|_| client(&base)).collect();
    assert_eq!(clients.len(), 100);
    assert!(begin.elapsed() < std::time::Duration::from_millis(500), "TLS was set up: {:?}", begin.elapsed());
}
