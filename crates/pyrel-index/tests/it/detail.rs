//! What the simple API tells besides names and hashes: yanked releases, provenance, forms by request, and tags that
//! spare a reader the second fetch.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pyrel_index::{ServerOptions, StoreError, UploadFile, YankChange, serve, yank};
use reqwest::Client;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use tempfile::tempdir;
use url::Url;

use crate::package::{client, index, open, options, token, wheel};
use crate::page::{filled, get};

const JSON: &str = "application/vnd.pypi.simple.v1+json";
const PUBLISH: &str = "https://docs.pypi.org/attestations/publish/v1";

#[tokio::test]
async fn a_yanked_release_is_shown_as_such_at_once_and_after_a_restart() {
    let (store, _files, server) = filled().await;
    let (name, version) = ("De.mo".parse().unwrap(), "1.0.0".parse().unwrap());
    let change = YankChange::Yank("broken <b>".to_owned());
    assert!(yank(store.path(), &name, &version, &change).unwrap());
    assert!(!yank(store.path(), &name, &version, &change).unwrap(), "a second time changes nothing");
    let page: Value = get(&server, "simple/de-mo/", JSON).await.json().await.unwrap();
    let yanked: Vec<&Value> = page["files"].as_array().unwrap().iter().map(|file| &file["yanked"]).collect();
    assert_eq!(yanked, [&json!("broken <b>"), &json!("broken <b>"), &json!(false)]);
    let html = get(&server, "simple/de-mo/", "text/html").await.text().await.unwrap();
    assert_eq!(html.matches("data-yanked=\"broken &lt;b&gt;\"").count(), 2, "{html}");
    // The pre-release is not yanked, so it goes first.
    let latest: Value = get(&server, "pypi/de-mo/json", "*/*").await.json().await.unwrap();
    assert_eq!((&latest["info"]["version"], &latest["info"]["yanked"]), (&json!("2.0rc1"), &json!(false)));
    let release: Value = get(&server, "pypi/de-mo/1.0/json", "*/*").await.json().await.unwrap();
    assert_eq!(release["info"]["yanked_reason"], "broken <b>");
    assert_eq!(
        (&release["urls"][0]["yanked"], &release["urls"][0]["yanked_reason"]),
        (&json!(true), &json!("broken <b>"))
    );
    server.shutdown().await;

    let server = index(store.path()).await;
    let page: Value = get(&server, "simple/de-mo/", JSON).await.json().await.unwrap();
    assert_eq!(page["files"][0]["yanked"], "broken <b>");
    assert!(yank(store.path(), &name, &version, &YankChange::Yank(String::new())).unwrap());
    let page: Value = get(&server, "simple/de-mo/", JSON).await.json().await.unwrap();
    assert_eq!(page["files"][0]["yanked"], true);
    assert!(yank(store.path(), &name, &version, &YankChange::Undo).unwrap());
    let page: Value = get(&server, "simple/de-mo/", JSON).await.json().await.unwrap();
    assert_eq!(page["files"][0]["yanked"], false);
    server.shutdown().await;
}

#[tokio::test]
async fn what_cannot_be_yanked_is_named() {
    let (store, _files, server) = filled().await;
    server.shutdown().await;
    let name = "de-mo".parse().unwrap();
    let error = yank(store.path(), &name, &"9".parse().unwrap(), &YankChange::Undo).unwrap_err();
    assert_eq!(error.hint().unwrap(), "it has 1.0, 2.0rc1");
    let error =
        yank(&store.path().join("no"), &name, &"1.0".parse().unwrap(), &YankChange::Undo).unwrap_err();
    assert!(matches!(error, StoreError::NoStore(_)), "{error:?}");
    let list = store.path().join("projects/de-mo/yanked.json");
    fs_err::write(&list, "{").unwrap();
    let error = serve(options(store.path())).await.unwrap_err();
    assert!(error.to_string().starts_with(&format!("`{}` is no list of yanked", list.display())), "{error}");
}

#[tokio::test]
async fn the_form_of_a_page_can_be_asked_for_in_the_address() {
    let (_store, _files, server) = filled().await;
    for (format, media) in [
        ("application/vnd.pypi.simple.v1%2Bjson", JSON),
        ("application/vnd.pypi.simple.latest%2Bjson", JSON),
        ("application/vnd.pypi.simple.v1%2Bhtml", "application/vnd.pypi.simple.v1+html"),
        ("text/html", "text/html; charset=utf-8"),
    ] {
        for path in ["simple/", "simple/de-mo/"] {
            let response = get(&server, &format!("{path}?format={format}"), "text/html").await;
            assert_eq!(response.headers()["content-type"], media, "{path} {format}");
        }
    }
    let response = get(&server, "simple/?format=application/json", JSON).await;
    assert_eq!(response.status().as_u16(), 406);
    assert!(response.text().await.unwrap().contains(JSON));
    server.shutdown().await;
}

#[tokio::test]
async fn what_a_reader_has_is_not_sent_again_until_it_changes() {
    let (store, files, server) = filled().await;
    server.shutdown().await;
    let own = ServerOptions { max_age: std::time::Duration::from_secs(600), ..options(store.path()) };
    let server = serve(own).await.unwrap();
    let http = Client::builder().tls_certs_only([]).build().unwrap();
    let again = async |path: &str, tag: &str| {
        let url = server.base_url().join(path).unwrap();
        let list = format!("\"other\", {tag}");
        http.get(url).header("If-None-Match", list).header("Accept", JSON).send().await.unwrap()
    };
    let mut tags = Vec::new();
    for path in ["simple/", "simple/de-mo/", "pypi/de-mo/json", "files/de-mo/de_mo-1.0.tar.gz"] {
        let first = get(&server, path, JSON).await;
        assert_eq!(first.headers()["cache-control"], "public, max-age=600", "{path}");
        let tag = first.headers()["etag"].to_str().unwrap().to_owned();
        let second = again(path, &tag).await;
        assert_eq!(second.status().as_u16(), 304, "{path}");
        assert_eq!(second.headers()["etag"].to_str().unwrap(), tag, "{path}");
        assert_eq!(second.text().await.unwrap(), "", "{path}");
        tags.push(tag);
    }
    let html = get(&server, "simple/de-mo/", "text/html").await;
    assert_ne!(html.headers()["etag"].to_str().unwrap(), tags[1]);
    let file = open(&wheel(files.path(), "De.mo", "3.0", "x = 3\n"));
    client(&server.base_url()).upload(&file, &token(), &|_| {}).await.unwrap();
    assert_eq!(again("simple/de-mo/", &tags[1]).await.status().as_u16(), 200);
    for missing in ["simple/nothing/", "pypi/nothing/json", ""] {
        assert_eq!(get(&server, missing, "*/*").await.headers()["cache-control"], "no-cache", "{missing}");
    }
    server.shutdown().await;
}

/// Returns an attestation of the right shape about a file.
fn attestation(file: &UploadFile, predicate: &str) -> Value {
    let statement = json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": file.filename(), "digest": {"sha256": file.sha256()}}],
        "predicateType": predicate,
        "predicate": null,
    });
    json!({
        "version": 1,
        "verification_material": {"certificate": "MAA=", "transparency_entries": [{"logIndex": "1"}]},
        "envelope": {"statement": STANDARD.encode(statement.to_string()), "signature": "MAA="},
    })
}

/// Uploads a file with the field `attestations`; returns the status and the body.
async fn attested(base: &Url, file: &UploadFile, attestations: &str) -> (u16, String) {
    client(base).project(&"nothing".parse().unwrap()).await.unwrap();
    let mut form = Form::new();
    for (name, value) in file.fields() {
        form = form.text(name.to_string(), value.to_string());
    }
    let part = Part::bytes(fs_err::read(file.path()).unwrap()).file_name(file.filename().to_owned());
    form = form.text("attestations", attestations.to_owned()).part("content", part);
    let request = Client::builder().tls_certs_only([]).build().unwrap().post(base.join("legacy/").unwrap());
    let request = request.multipart(form).bearer_auth("not-a-real-token").header("Accept", "text/plain");
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.text().await.unwrap())
}

#[tokio::test]
async fn attestations_of_the_wrong_shape_are_refused_in_pypis_words() {
    let (store, files) = (tempdir().unwrap(), tempdir().unwrap());
    let server = index(store.path()).await;
    let base = server.base_url();
    let file = open(&wheel(files.path(), "demo", "1.0", "x = 1\n"));
    let other = open(&wheel(files.path(), "demo", "1.1", "x = 1\n"));
    let good = attestation(&file, PUBLISH);
    for (given, expected) in [
        (json!([]), "Malformed attestations: an empty attestation set is not permitted"),
        (json!({}), "Malformed attestations: it is no JSON array"),
        (json!([{"version": 2}]), "Malformed attestations: `version` is not 1"),
        (json!([good, good, good]), "A maximum of 2 attestations per file are supported"),
        (json!([good, good]), "Multiple attestations for the same file with the same predicate type"),
        (
            json!([attestation(&file, "https://example.org/own/v1")]),
            "unknown attestation type: https://example.org",
        ),
        (json!([attestation(&other, PUBLISH)]), "subject does not match distribution"),
    ] {
        let (status, said) = attested(&base, &file, &given.to_string()).await;
        assert_eq!(status, 400, "{said}");
        assert!(said.starts_with("400 Invalid attestations supplied during upload: "), "{said}");
        assert!(said.contains(expected), "{expected}: {said}");
    }
    assert_eq!(fs_err::read_dir(store.path().join("projects")).unwrap().count(), 0);
    server.shutdown().await;
}

#[tokio::test]
async fn attestations_that_are_taken_are_served_as_provenance() {
    let (store, files) = (tempdir().unwrap(), tempdir().unwrap());
    let server = index(store.path()).await;
    let base = server.base_url();
    let file = open(&wheel(files.path(), "demo", "1.0", "x = 1\n"));
    let given = json!([attestation(&file, PUBLISH), attestation(&file, "https://slsa.dev/provenance/v1")]);
    assert_eq!(attested(&base, &file, &given.to_string()).await.0, 200);
    let plain = open(&wheel(files.path(), "demo", "1.1", "x = 1\n"));
    client(&base).upload(&plain, &token(), &|_| {}).await.unwrap();
    server.shutdown().await;

    let server = index(store.path()).await;
    let page: Value = get(&server, "simple/demo/", JSON).await.json().await.unwrap();
    assert_eq!(page["files"][1]["provenance"], Value::Null);
    let url: Url = page["files"][0]["provenance"].as_str().unwrap().parse().unwrap();
    assert_eq!(url.path(), "/integrity/demo/1.0/demo-1.0-py3-none-any.whl/provenance");
    let html = get(&server, "simple/demo/", "text/html").await.text().await.unwrap();
    assert!(html.contains(&format!("data-provenance=\"{url}\"")), "{html}");
    let response = get(&server, url.path(), "application/vnd.pypi.integrity.v1+json").await;
    assert_eq!(response.headers()["content-type"], "application/vnd.pypi.integrity.v1+json");
    let document: Value = response.json().await.unwrap();
    assert_eq!(document["version"], 1);
    assert_eq!(document["attestation_bundles"][0]["attestations"], given);
    assert_eq!(document["attestation_bundles"][0]["publisher"]["kind"], "Unverified");
    assert_eq!(get(&server, url.path(), "text/html").await.status().as_u16(), 406);
    for missing in [
        "integrity/demo/1.1/demo-1.1-py3-none-any.whl/provenance",
        "integrity/demo/2.0/demo-1.0-py3-none-any.whl/provenance",
        "integrity/x/1.0/x-1.0-py3-none-any.whl/provenance",
    ] {
        assert_eq!(get(&server, missing, "application/json").await.status().as_u16(), 404, "{missing}");
    }
    let kept = store.path().join("projects/demo").join(file.filename());
    let mut names: Vec<_> = fs_err::read_dir(kept)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["METADATA", file.filename(), "provenance.json", "record.json"]);
    server.shutdown().await;
}
