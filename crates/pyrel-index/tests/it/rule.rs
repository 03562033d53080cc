//! What the embedded index refuses, and how it says so.

use std::path::Path;

use pyrel_index::{Account, Credentials, ServerOptions, UploadError, serve};
use pyrel_model::Secret;
use reqwest::multipart::{Form, Part};
use reqwest::{Client, Response};
use tempfile::tempdir;
use url::Url;

use crate::package::{client, index, open, options, sdist, token, wheel};

const GOOD: [(&str, &str); 7] = [
    (":action", "file_upload"),
    ("protocol_version", "1"),
    ("metadata_version", "2.1"),
    ("name", "demo"),
    ("version", "1.0"),
    ("filetype", "bdist_wheel"),
    ("pyversion", "py3"),
];

/// A form with fields replaced and added; without a digest the right one is added.
fn form(changes: &[(&str, &str)]) -> Form {
    let mut form = Form::new();
    for (name, value) in GOOD {
        if changes.iter().all(|(changed, _)| *changed != name) {
            form = form.text(name, value);
        }
    }
    for (name, value) in changes {
        form = form.text((*name).to_owned(), (*value).to_owned());
    }
    form
}

fn content(path: &Path, filename: &str) -> Part {
    Part::bytes(fs_err::read(path).unwrap()).file_name(filename.to_owned())
}

fn sha256(path: &Path) -> String {
    use sha2::Digest as _;
    pyrel_model::Sha256::new(sha2::Sha256::digest(fs_err::read(path).unwrap()).into()).to_hex()
}

/// Sends a form, the answer as JSON wanted; returns the status and the sentence.
async fn send(base: &Url, form: Form) -> (u16, String) {
    let response = raw(base, form, Some("application/json"), Some("not-a-real-token")).await;
    let status = response.status().as_u16();
    let body = response.text().await.unwrap();
    let code = serde_json::from_str::<serde_json::Value>(&body).ok().map(|value| value["code"].to_string());
    let sentence = code.unwrap_or(body).trim_matches('"').to_owned();
    (status, sentence.strip_prefix(&format!("{status} ")).unwrap_or(&sentence).to_owned())
}

async fn raw(base: &Url, form: Form, accept: Option<&str>, token: Option<&str>) -> Response {
    // The provider of TLS is installed by the first client of the library.
    client(base).project(&"nothing".parse().unwrap()).await.unwrap();
    let mut request =
        Client::builder().tls_certs_only([]).build().unwrap().post(base.join("legacy/").unwrap());
    request = request.multipart(form);
    if let Some(accept) = accept {
        request = request.header("Accept", accept);
    }
    if let Some(token) = token {
        request = request.basic_auth("__token__", Some(token));
    }
    request.send().await.unwrap()
}

#[tokio::test]
async fn the_form_is_judged_in_pypis_order_and_words() {
    let (store, files) = (tempdir().unwrap(), tempdir().unwrap());
    let server = index(store.path()).await;
    let base = server.base_url();
    let path = wheel(files.path(), "demo", "1.0", "x = 1\n");
    let name = "demo-1.0-py3-none-any.whl";
    let hash = sha256(&path);
    let digest = ("sha256_digest", hash.as_str());
    let zero = "00".repeat(32);
    let long = format!("Filename is too long: 'demo-1.0-{}.whl'", "x".repeat(240));
    let cases: Vec<(Form, u16, &str)> = vec![
        (form(&[(":action", "submit"), digest]), 410, "This action is no longer supported."),
        (form(&[(":action", "x"), digest]), 405, "The form has no `:action` of `file_upload`."),
        (form(&[digest]).part("summary", content(&path, "s.txt")), 400, "summary: Should not be a tuple."),
        (form(&[("protocol_version", "2")]), 400, "Unknown protocol version."),
        (form(&[]), 400, "Error: Include at least one message digest."),
        (form(&[digest]), 400, "Upload payload does not have a file."),
        (
            form(&[digest]).part("content", content(&path, "a/b.whl")),
            400,
            "Cannot upload a file with '/' or '\\\\' in the name.",
        ),
        (
            form(&[digest]).part("content", content(&path, "demo-1.0.egg")),
            400,
            "Invalid file extension: Use .tar.gz, .whl or .zip extension. See \
             https://www.python.org/dev/peps/pep-0527 and https://peps.python.org/pep-0715/ for more information",
        ),
        (
            form(&[digest]).part("content", content(&path, "demo-1.0.tar.gz")),
            400,
            "Invalid file extension: Extension .tar.gz is invalid for filetype bdist_wheel. See \
             https://www.python.org/dev/peps/pep-0527 for more information.",
        ),
        (
            form(&[digest]).part("content", content(&path, name).mime_str("image/png").unwrap()),
            400,
            "Invalid distribution file.",
        ),
        (
            form(&[digest, ("blake2_256_digest", &zero)]).part("content", content(&path, name)),
            400,
            "The digest supplied does not match a digest calculated from the uploaded file.",
        ),
        (
            form(&[digest, ("name", "other")]).part("content", content(&path, name)),
            400,
            "Start filename for 'other' with 'other'.",
        ),
        (
            form(&[digest, ("version", "1.1")]).part("content", content(&path, name)),
            400,
            "Version in filename should be '1.1' not '1.0'.",
        ),
        (
            form(&[digest]).part("content", content(&path, &format!("demo-1.0-{}.whl", "x".repeat(240)))),
            400,
            &long,
        ),
        (form(&[digest]).part("content", content(&path, name)), 200, "OK\n"),
    ];
    for (form, status, sentence) in cases {
        assert_eq!(send(&base, form).await, (status, sentence.to_owned()));
    }
    server.shutdown().await;
}

#[tokio::test]
async fn what_is_there_decides() {
    let (store, files, others) = (tempdir().unwrap(), tempdir().unwrap(), tempdir().unwrap());
    let server = index(store.path()).await;
    let client = client(&server.base_url());
    let first = open(&wheel(files.path(), "lion", "1.0", "x = 1\n"));
    client.upload(&first, &token(), &|_| {}).await.unwrap();
    let other = open(&wheel(others.path(), "lion", "1.0", "x = 2\n"));
    let error = client.upload(&other, &token(), &|_| {}).await.unwrap_err();
    assert!(matches!(error, UploadError::Conflict { .. }), "{error:?}");
    let alike = open(&wheel(files.path(), "l-1-on", "1.0", "x = 1\n"));
    let error = client.upload(&alike, &token(), &|_| {}).await.unwrap_err();
    assert!(
        error.to_string().contains("The name 'l-1-on' is too similar to an existing project."),
        "{error}"
    );
    client.upload(&open(&sdist(files.path(), "lion", "1.0")), &token(), &|_| {}).await.unwrap();
    let renamed = files.path().join("lion-1.0-1-py3-none-any.whl");
    fs_err::copy(first.path(), &renamed).unwrap();
    let error = client.upload(&open(&renamed), &token(), &|_| {}).await.unwrap_err();
    assert!(error.to_string().contains("File already exists ('lion-1.0-1-py3-none-any.whl'"), "{error}");
    server.shutdown().await;
}

#[tokio::test]
async fn an_archive_that_is_none_is_refused() {
    let (store, files) = (tempdir().unwrap(), tempdir().unwrap());
    let server = index(store.path()).await;
    let path = files.path().join("x");
    fs_err::write(&path, "this is no zip").unwrap();
    let hash = sha256(&path);
    let form = form(&[("sha256_digest", &hash)]).part("content", content(&path, "demo-1.0-py3-none-any.whl"));
    let (status, sentence) = send(&server.base_url(), form).await;
    assert_eq!((status, sentence.as_str()), (400, "Invalid distribution file. File is not a zipfile"));
    assert_eq!(fs_err::read_dir(store.path().join("projects")).unwrap().count(), 0);
    server.shutdown().await;
}

#[tokio::test]
async fn of_several_faults_pypis_first_is_named() {
    let (store, files) = (tempdir().unwrap(), tempdir().unwrap());
    let server = index(store.path()).await;
    let good = wheel(files.path(), "demo", "1.0", "x = 1\n");
    let path = files.path().join("bad.whl");
    let mut archive = zip::ZipArchive::new(fs_err::File::open(&good).unwrap()).unwrap();
    let mut bad = zip::ZipWriter::new(fs_err::File::create(&path).unwrap());
    for index in 0..archive.len() {
        let member = archive.by_index_raw(index).unwrap();
        let name = member.name().unwrap().into_owned();
        if !name.ends_with("RECORD") && !name.ends_with("WHEEL") {
            bad.raw_copy_file(member).unwrap();
        }
    }
    bad.finish().unwrap();
    let hash = sha256(&path);
    let form = form(&[("sha256_digest", &hash)]).part("content", content(&path, "demo-1.0-py3-none-any.whl"));
    let (status, sentence) = send(&server.base_url(), form).await;
    let expected = "Invalid distribution file. WHEEL not found at demo-1.0.dist-info/WHEEL";
    assert_eq!((status, sentence.as_str()), (400, expected), "`record-missing` comes later");
    server.shutdown().await;
}

#[tokio::test]
async fn a_refusal_reads_in_every_client() {
    let store = tempdir().unwrap();
    let server = index(store.path()).await;
    let base = server.base_url();
    let bad = || form(&[("name", "<b>")]);
    let sentence = "'<b>' is an invalid value for Name. Error: Start and end with a letter or numeral containing \
        only ASCII numeric and '.', '_' and '-'. See https://packaging.python.org/specifications/core-metadata \
        for more information.";
    let twine = raw(&base, bad(), Some("*/*"), Some("x")).await;
    let reason = twine.extensions().get::<hyper::ext::ReasonPhrase>().unwrap();
    assert_eq!(String::from_utf8_lossy(reason.as_bytes()), sentence);
    let page = twine.text().await.unwrap();
    assert!(page.contains("<title>400 &#x27;&lt;b&gt;&#x27; is an invalid value"), "{page}");
    let plain = raw(&base, bad(), Some("text/plain"), Some("x")).await.text().await.unwrap();
    assert_eq!(plain.lines().next().unwrap(), format!("400 {sentence}"));
    server.shutdown().await;
}

#[tokio::test]
async fn tokens_are_judged_as_pypi_judges_them() {
    let (store, files) = (tempdir().unwrap(), tempdir().unwrap());
    let options =
        ServerOptions { accounts: vec![Account::parse("the-right-one").unwrap()], ..options(store.path()) };
    let server = serve(options).await.unwrap();
    let client = client(&server.base_url());
    let file = open(&wheel(files.path(), "demo", "1.0", "x = 1\n"));
    let user = Credentials::Basic { username: "user".to_owned(), password: Secret::new("pw") };
    for (credentials, sentence) in [
        (Credentials::Anonymous, "Invalid or non-existent authentication information."),
        (token(), "Invalid or non-existent authentication information."),
        (user, "Username/Password authentication is no longer supported."),
    ] {
        let error = client.upload(&file, &credentials, &|_| {}).await.unwrap_err();
        assert!(
            matches!(&error, UploadError::Credentials { status: 403, message, .. }
            if message.starts_with(sentence)),
            "{error:?}"
        );
    }
    client.upload(&file, &Credentials::token(&Secret::new("the-right-one")), &|_| {}).await.unwrap();
    server.shutdown().await;
}

#[tokio::test]
async fn a_large_upload_that_is_refused_still_hears_why() {
    let store = tempdir().unwrap();
    let server = index(store.path()).await;
    let part = Part::bytes(vec![b'x'; 105 * 1024 * 1024]).file_name("demo-1.0-py3-none-any.whl");
    let form = form(&[("sha256_digest", &"00".repeat(32))]).part("content", part);
    let (status, sentence) = send(&server.base_url(), form).await;
    assert_eq!(status, 400);
    assert!(sentence.starts_with("File too large. Limit for project 'demo' is 100 MB."), "{sentence}");
    let part = Part::bytes(vec![b'x'; 8 * 1024 * 1024]).file_name("demo-1.0-py3-none-any.whl");
    let response = raw(&server.base_url(), Form::new().part("content", part), None, None).await;
    assert_eq!(response.status().as_u16(), 403);
    assert_eq!(fs_err::read_dir(store.path().join("incoming")).unwrap().count(), 0);
    server.shutdown().await;
}

#[tokio::test]
async fn a_description_that_does_not_render_is_refused_in_pypis_words() {
    let (store, files) = (tempdir().unwrap(), tempdir().unwrap());
    let server = index(store.path()).await;
    let path = wheel(files.path(), "demo", "1.0", "x = 1\n");
    let help = "See https://pypi.org/help/#description-content-type for more information.";
    for (fields, expected) in [
        (
            vec![("description", "``a"), ("description_content_type", "text/x-rst")],
            Some("The description failed to render for 'text/x-rst'."),
        ),
        (
            vec![("description", "``a")],
            Some("The description failed to render in the default format of reStructuredText."),
        ),
        (
            vec![("description", " \n"), ("description_content_type", "text/markdown")],
            Some("The description failed to render for 'text/markdown'."),
        ),
        (vec![("description", "``a"), ("description_content_type", "text/plain")], None),
    ] {
        let sha256 = open(&path).sha256().to_hex();
        let fields = [fields, vec![("sha256_digest", sha256.as_str())]].concat();
        let part = content(&path, "demo-1.0-py3-none-any.whl");
        let (status, said) = send(&server.base_url(), form(&fields).part("content", part)).await;
        match expected {
            Some(expected) => assert_eq!((status, said), (400, format!("{expected} {help}"))),
            None => assert_eq!(status, 200, "{said}"),
        }
    }
    server.shutdown().await;
}
