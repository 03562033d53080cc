//! Uploads: to the embedded index, and through every fault that the wire has.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use pyrel_index::{Credentials, UploadError, UploadOutcome};
use tempfile::tempdir;

use crate::faulty_server::{Act, FaultyServer, answer, header};
use crate::package::{client, demo, impatient_client, index, open, sdist, token, wheel};

async fn upload_to(server: &FaultyServer) -> Result<UploadOutcome, UploadError> {
    let (_dir, file) = demo();
    client(server.base()).upload(&file, &token(), &|_| {}).await
}

#[tokio::test]
async fn wheel_and_sdist_go_up_and_are_listed() {
    let (store, files) = (tempdir().unwrap(), tempdir().unwrap());
    let server = index(store.path()).await;
    let client = client(&server.base_url());
    for path in [wheel(files.path(), "De.mo", "1.0", "x = 1\n"), sdist(files.path(), "De.mo", "1.0")] {
        let file = open(&path);
        let seen = Mutex::new(Vec::new());
        let progress = |sent| seen.lock().unwrap().push(sent);
        assert_eq!(client.upload(&file, &token(), &progress).await.unwrap(), UploadOutcome::Uploaded);
        assert_eq!(seen.lock().unwrap().first(), Some(&0));
        assert_eq!(seen.lock().unwrap().last(), Some(&file.size()));
        let listing = client.project(&"de_mo".parse().unwrap()).await.unwrap().unwrap();
        let listed = listing.file(file.filename()).unwrap();
        assert_eq!((listed.sha256, listed.size), (Some(*file.sha256()), Some(file.size())));
        assert_eq!(listed.requires_python.as_deref(), Some(">=3.9"));
        // The same bytes again are a success, as on PyPI.
        assert_eq!(client.upload(&file, &token(), &|_| {}).await.unwrap(), UploadOutcome::Uploaded);
    }
    server.shutdown().await;
}

#[tokio::test]
async fn the_request_has_every_field_and_its_exact_length() {
    let server = FaultyServer::start(vec![answer("200 OK", "")], vec![]).await;
    assert_eq!(upload_to(&server).await.unwrap(), UploadOutcome::Uploaded);
    let asked = server.asked().remove(0);
    assert_eq!(asked.line, "POST /legacy/ HTTP/1.1");
    assert_eq!(header(&asked.head, "content-length").unwrap(), asked.body.len().to_string());
    assert!(header(&asked.head, "transfer-encoding").is_none());
    assert!(header(&asked.head, "user-agent").unwrap().starts_with("pyrel/"));
    assert!(header(&asked.head, "accept").unwrap().starts_with("application/json"));
    assert!(header(&asked.head, "authorization").unwrap().starts_with("Basic "));
    let body = String::from_utf8_lossy(&asked.body);
    for field in [
        ":action\"\r\n\r\nfile_upload\r\n",
        "protocol_version\"\r\n\r\n1\r\n",
        "filetype\"\r\n\r\nbdist_wheel\r\n",
        "pyversion\"\r\n\r\npy3\r\n",
        "metadata_version\"\r\n\r\n2.1\r\n",
        "name\"\r\n\r\ndemo\r\n",
        "summary\"\r\n\r\nA <small> thing & more\r\n",
        "name=\"sha256_digest\"",
        "name=\"blake2_256_digest\"",
        "name=\"content\"; filename=\"demo-1.0-py3-none-any.whl\"\r\nContent-Type: application/octet-stream\r\n",
    ] {
        assert!(body.contains(field), "{field} is missing in {body}");
    }
    assert!(!body.contains("md5_digest"), "servers do without, and in FIPS mode some refuse it");
}

#[tokio::test]
async fn a_server_that_is_down_is_unreachable() {
    let server = FaultyServer::start(vec![], vec![]).await;
    let base = server.base().clone();
    drop(server);
    tokio::time::sleep(Duration::from_millis(20)).await;
    let (_dir, file) = demo();
    let error = client(&base).upload(&file, &token(), &|_| {}).await.unwrap_err();
    assert!(matches!(error, UploadError::Unreachable { attempts: 3, .. }), "{error:?}");
    assert_eq!(
        error.to_string(),
        format!("cannot upload `demo-1.0-py3-none-any.whl` to `{base}legacy/` (3 attempts)")
    );
    assert_eq!(error.hint().unwrap(), "check the network, the proxy variables, and the index's URL");
}

#[tokio::test]
async fn a_silent_server_is_asked_what_it_has_and_tried_again() {
    let server = FaultyServer::start(vec![Act::Hang, answer("200 OK", "")], vec![]).await;
    let (_dir, file) = demo();
    let outcome = impatient_client(server.base()).upload(&file, &token(), &|_| {}).await;
    assert_eq!(outcome.unwrap(), UploadOutcome::Uploaded);
    assert_eq!(server.counts(), (2, 1));
}

#[tokio::test]
async fn a_refusal_is_final_and_its_sentence_is_shown() {
    let body = r#"{"code": "400 The name 'demo' is\u001b[31m bad.\nSo.", "title": "Bad Request"}"#;
    let server = FaultyServer::start(vec![answer("400 Bad Request", body)], vec![]).await;
    let error = upload_to(&server).await.unwrap_err();
    assert!(matches!(error, UploadError::Refused { status: 400, .. }), "{error:?}");
    assert_eq!(
        error.to_string(),
        "the index refuses `demo-1.0-py3-none-any.whl` with 400: The name 'demo' is [31m bad. So."
    );
    assert!(error.hint().is_some());
    assert_eq!(server.counts(), (1, 0));
}

#[tokio::test]
async fn the_reason_phrase_is_read_when_the_body_is_empty() {
    let server = FaultyServer::start(vec![answer("400 No such classifier", "")], vec![]).await;
    assert!(upload_to(&server).await.unwrap_err().to_string().ends_with("with 400: No such classifier"));
}

#[tokio::test]
async fn refused_credentials_are_their_own_kind() {
    for (status, code) in [("401 Unauthorized", 401), ("403 Forbidden", 403)] {
        let page = "<html><head><title>403 Invalid &#x27;token&#x27;</title></head></html>";
        let server = FaultyServer::start(vec![answer(status, page)], vec![]).await;
        let error = upload_to(&server).await.unwrap_err();
        let UploadError::Credentials { status, ref message, .. } = error else { panic!("{error:?}") };
        assert_eq!(status, code);
        assert!(message.ends_with("Invalid 'token'"), "{message}");
        assert!(!format!("{error} {error:?}").contains("not-a-real-token"));
        assert!(error.hint().unwrap().contains("TestPyPI"));
        assert_eq!(server.counts(), (1, 0));
    }
}

#[tokio::test]
async fn maintenance_is_told_apart_from_refused_credentials() {
    let page = r#"{"code": "403 Read-only mode: Uploads are temporarily disabled.", "title": "Forbidden"}"#;
    let server = FaultyServer::start(vec![answer("403 Forbidden", page)], vec![]).await;
    let error = upload_to(&server).await.unwrap_err();
    assert!(matches!(error, UploadError::Maintenance { .. }), "{error:?}");
    assert!(error.hint().unwrap().contains("resume the run later"));
    assert_eq!(server.counts(), (1, 0));
}

#[tokio::test]
async fn retry_after_is_obeyed() {
    let wait = Act::Answer("429 Too Many Requests", vec![("Retry-After", "1".to_owned())], String::new());
    let server = FaultyServer::start(vec![wait, answer("200 OK", "")], vec![]).await;
    let begin = Instant::now();
    assert_eq!(upload_to(&server).await.unwrap(), UploadOutcome::Uploaded);
    assert!(begin.elapsed() >= Duration::from_secs(1));
    assert_eq!(server.counts(), (2, 0), "a 429 stored nothing, so the index need not be asked");
}

#[tokio::test]
async fn an_index_that_wants_a_long_pause_is_left_alone() {
    let date = vec![
        ("Date", "Wed, 21 Oct 2015 07:28:00 GMT".to_owned()),
        ("Retry-After", "Wed, 21 Oct 2015 08:28:00 GMT".to_owned()),
    ];
    let server = FaultyServer::start(vec![Act::Answer("429 Slow Down", date, String::new())], vec![]).await;
    let error = upload_to(&server).await.unwrap_err();
    assert!(matches!(error, UploadError::Unreachable { attempts: 1, .. }), "{error:?}");
    assert_eq!(std::error::Error::source(&error).unwrap().to_string(), "the index answers 429: Slow Down");
    assert_eq!(error.hint().unwrap(), "the index asks to come back in 3600 s; resume the run then");
    assert_eq!(server.counts(), (1, 0));
}

#[tokio::test]
async fn trouble_that_passes_is_waited_out() {
    let busy = || answer("503 Service Unavailable", "");
    let server = FaultyServer::start(vec![busy(), busy(), answer("200 OK", "")], vec![]).await;
    assert_eq!(upload_to(&server).await.unwrap(), UploadOutcome::Uploaded);
    assert_eq!(server.counts(), (3, 2), "after each 5xx the index is asked what it has");
}

#[tokio::test]
async fn trouble_that_stays_is_reported_with_the_last_answer() {
    let server = FaultyServer::start(vec![], vec![]).await;
    let error = upload_to(&server).await.unwrap_err();
    assert!(matches!(error, UploadError::Unreachable { attempts: 3, .. }), "{error:?}");
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert_eq!(cause, "the index answers 500: Internal Server Error");
    assert_eq!(server.counts(), (3, 3));
}

#[tokio::test]
async fn a_connection_that_breaks_within_the_body_is_tried_again() {
    let server = FaultyServer::start(vec![Act::Reset, answer("200 OK", "")], vec![]).await;
    assert_eq!(upload_to(&server).await.unwrap(), UploadOutcome::Uploaded);
    assert_eq!(server.counts(), (2, 1));
}

#[tokio::test]
async fn a_lost_answer_is_found_out_by_asking() {
    let store = tempdir().unwrap();
    let real = index(store.path()).await;
    let server =
        FaultyServer::start(vec![Act::ForwardAndLose(real.base_url())], vec![Act::Forward(real.base_url())])
            .await;
    assert_eq!(upload_to(&server).await.unwrap(), UploadOutcome::AlreadyThere);
    assert_eq!(server.counts(), (1, 1));
    real.shutdown().await;
}

#[tokio::test]
async fn a_lost_answer_with_other_bytes_there_is_a_conflict() {
    let (store, files) = (tempdir().unwrap(), tempdir().unwrap());
    let real = index(store.path()).await;
    let other = open(&wheel(files.path(), "demo", "1.0", "other = 1\n"));
    client(&real.base_url()).upload(&other, &token(), &|_| {}).await.unwrap();
    let server = FaultyServer::start(vec![Act::Reset], vec![Act::Forward(real.base_url())]).await;
    let error = upload_to(&server).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the index already has other bytes under the name `demo-1.0-py3-none-any.whl`"
    );
    assert_eq!(error.hint().unwrap(), "a published file never changes; bump the version");
    assert_eq!(server.counts(), (1, 1));
    real.shutdown().await;
}

#[tokio::test]
async fn an_existing_file_is_told_apart_by_its_bytes() {
    let (_dir, file) = demo();
    let page = |hash: String| {
        let url = format!("/f/{}#sha256={hash}", file.filename());
        answer("200 OK", &format!("<html><a href='{url}'>x</a></html>"))
    };
    let taken = [
        answer("409 Conflict", "<html><title>409 Conflict</title></html>"),
        answer("400 Bad Request", r#"{"code": "400 File already exists ('x', with hash 'y')."}"#),
    ];
    for refusal in taken {
        let same = FaultyServer::start(vec![refusal.clone()], vec![page(file.sha256().to_hex())]).await;
        let outcome = client(same.base()).upload(&file, &token(), &|_| {}).await.unwrap();
        assert_eq!(outcome, UploadOutcome::AlreadyThere);
        let other = FaultyServer::start(vec![refusal.clone()], vec![page("00".repeat(32))]).await;
        let error = client(other.base()).upload(&file, &token(), &|_| {}).await.unwrap_err();
        assert!(matches!(error, UploadError::Conflict { .. }), "{error:?}");
        let absent = FaultyServer::start(vec![refusal], vec![]).await;
        let error = client(absent.base()).upload(&file, &token(), &|_| {}).await.unwrap_err();
        assert!(matches!(error, UploadError::Refused { .. }), "{error:?}");
        for server in [same, other, absent] {
            assert_eq!(server.counts(), (1, 1));
        }
    }
}

#[tokio::test]
async fn an_index_without_hashes_is_compared_by_its_bytes() {
    let (_dir, file) = demo();
    let page = format!("<html><a href='/f/{}'>x</a></html>", file.filename());
    let gets = vec![answer("200 OK", &page), answer("200 OK", "other bytes")];
    let server = FaultyServer::start(vec![answer("409 Conflict", "")], gets).await;
    let error = client(server.base()).upload(&file, &token(), &|_| {}).await.unwrap_err();
    assert!(matches!(error, UploadError::Conflict { .. }), "{error:?}");
    assert_eq!(server.counts(), (1, 2));
}

#[tokio::test]
async fn redirects_are_explained_and_not_followed() {
    let elsewhere = FaultyServer::start(vec![answer("200 OK", "")], vec![]).await;
    let target = elsewhere.base().join("legacy/").unwrap().to_string();
    let act = Act::Answer("308 Permanent Redirect", vec![("Location", target.clone())], String::new());
    let server = FaultyServer::start(vec![act], vec![]).await;
    let error = upload_to(&server).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("the index redirects the upload from `{}legacy/` to `{target}`", server.base())
    );
    assert_eq!(
        error.hint().unwrap(),
        format!("if you trust it, set `upload-url` of the index to `{target}`")
    );
    assert_eq!((server.counts(), elsewhere.counts()), ((1, 0), (0, 0)));
}

#[tokio::test]
async fn a_missing_slash_has_its_own_hint() {
    let store = tempdir().unwrap();
    let real = index(store.path()).await;
    let (_dir, file) = demo();
    let base = client(&real.base_url());
    let mut spec = base.spec().clone();
    spec.upload_url = real.base_url().join("legacy").unwrap();
    let client = pyrel_index::IndexClient::new(spec, pyrel_index::ClientOptions::default()).unwrap();
    let error = client.upload(&file, &token(), &|_| {}).await.unwrap_err();
    assert_eq!(error.hint().unwrap(), "add the missing slash at the end of `upload-url`");
    real.shutdown().await;
}

#[tokio::test]
async fn a_file_that_changed_since_the_check_is_not_sent() {
    type Change = (&'static str, fn(&mut Vec<u8>));
    let changes: [Change; 3] = [
        ("expected sha256", |bytes| bytes[40] ^= 1),
        ("it is longer than", |bytes| bytes.push(0)),
        ("bytes", |bytes| bytes.truncate(100)),
    ];
    let large = noise();
    for (content, (detail, change)) in
        ["x = 1\n", &large].iter().flat_map(|content| changes.map(|change| (content, change)))
    {
        let (store, files) = (tempdir().unwrap(), tempdir().unwrap());
        let server = index(store.path()).await;
        let file = open(&wheel(files.path(), "demo", "1.0", content));
        let mut bytes = fs_err::read(file.path()).unwrap();
        change(&mut bytes);
        fs_err::write(file.path(), bytes).unwrap();
        let client = client(&server.base_url());
        let error = client.upload(&file, &token(), &|_| {}).await.unwrap_err();
        assert!(matches!(&error, UploadError::Changed { .. }), "{error:?}");
        assert!(error.to_string().contains(detail), "{error}");
        assert_eq!(client.project(&"demo".parse().unwrap()).await.unwrap(), None);
        server.shutdown().await;
    }
}

/// Lines that do not pack well, so that their wheel is sent in many pieces.
fn noise() -> String {
    let line = |number: u64| format!("# {:016x}\n", number.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    (0..60_000).map(line).collect()
}

#[tokio::test]
async fn a_large_file_arrives_as_it_is() {
    let (store, files) = (tempdir().unwrap(), tempdir().unwrap());
    let server = index(store.path()).await;
    let file = open(&wheel(files.path(), "demo", "1.0", &noise()));
    assert!(file.size() > 300_000, "{}", file.size());
    let client = client(&server.base_url());
    let sent = std::sync::Mutex::new(Vec::new());
    let outcome = client.upload(&file, &token(), &|bytes| sent.lock().unwrap().push(bytes)).await;
    assert_eq!(outcome.unwrap(), UploadOutcome::Uploaded);
    let sent = sent.into_inner().unwrap();
    assert!(sent.is_sorted() && sent.first() == Some(&0) && sent.last() == Some(&file.size()), "{sent:?}");
    let listing = client.project(&"demo".parse().unwrap()).await.unwrap().unwrap();
    assert_eq!(listing.files[0].sha256, Some(*file.sha256()));
    server.shutdown().await;
}

#[tokio::test]
async fn a_file_that_is_gone_is_an_error_of_this_machine() {
    let server = FaultyServer::start(vec![answer("200 OK", "")], vec![]).await;
    let (dir, file) = demo();
    drop(dir);
    let error = client(server.base()).upload(&file, &token(), &|_| {}).await.unwrap_err();
    assert!(matches!(error, UploadError::Io(_)), "{error:?}");
}

#[tokio::test]
async fn credentials_stay_off_plain_http() {
    let (_dir, file) = demo();
    let base = "http://index.example/".parse().unwrap();
    let error = client(&base).upload(&file, &token(), &|_| {}).await.unwrap_err();
    assert_eq!(error.to_string(), "credentials would go unencrypted to `http://index.example/legacy/`");
    let server = FaultyServer::start(vec![answer("200 OK", "")], vec![]).await;
    let outcome = client(server.base()).upload(&file, &Credentials::Anonymous, &|_| {}).await;
    assert_eq!(outcome.unwrap(), UploadOutcome::Uploaded);
    assert!(header(&server.asked()[0].head, "authorization").is_none());
}
