//! Looking projects up, from indexes that answer well, badly, or not at all.

use pyrel_index::{ClientError, Credentials, IndexClient};
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
    assert_eq!(error.to_string(), format!("`{}simple/de-mo/` answers 403: Members only", server.base()));
    assert!(error.hint().unwrap().contains("credentials for reading"));
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
    let token = Credentials::token(&Secret::new("not-a-real-token"));
    let client = client(server.base()).with_reserve(token);
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

#[test]
fn a_client_costs_nothing_before_its_first_request() {
    let base = "https://index.example/".parse().unwrap();
    let begin = std::time::Instant::now();
    let clients: Vec<IndexClient> = (0..100).map(|_| client(&base)).collect();
    assert_eq!(clients.len(), 100);
    assert!(begin.elapsed() < std::time::Duration::from_millis(500), "TLS was set up: {:?}", begin.elapsed());
}
