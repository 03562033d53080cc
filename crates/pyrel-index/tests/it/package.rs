//! Small wheels and sdists, clients, and servers for the tests.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use pyrel_dist::{Dist, Limits};
use pyrel_index::{
    ClientOptions, Credentials, IndexClient, IndexSpec, RetryPolicy, RunningServer, ServerOptions,
    UploadFile, serve,
};
use pyrel_model::Secret;
use tempfile::TempDir;
use url::Url;

/// Returns the text of a `METADATA`.
pub(crate) fn metadata(name: &str, version: &str) -> String {
    format!(
        "Metadata-Version: 2.1\nName: {name}\nVersion: {version}\nSummary: A <small> thing & more\n\
         Author-email: An Author <author@example.org>\nRequires-Python: >=3.9\n\
         Description-Content-Type: text/plain\n\nLong <script>alert(1)</script> text\n"
    )
}

/// Writes a valid wheel whose module holds `content`; returns its path.
pub(crate) fn wheel(dir: &Path, name: &str, version: &str, content: &str) -> PathBuf {
    let stem = name.to_lowercase().replace(['-', '.'], "_");
    let info = format!("{stem}-{version}.dist-info");
    let members = [
        (format!("{stem}/__init__.py"), content.to_owned()),
        (format!("{info}/METADATA"), metadata(name, version)),
        (
            format!("{info}/WHEEL"),
            "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n".to_owned(),
        ),
    ];
    let mut record: String = members.iter().map(|(path, text)| record_line(path, text)).collect();
    record.push_str(&format!("{info}/RECORD,,\n"));
    let path = dir.join(format!("{stem}-{version}-py3-none-any.whl"));
    let mut zip = zip::ZipWriter::new(fs_err::File::create(&path).unwrap());
    let options = zip::write::SimpleFileOptions::default();
    for (member, text) in members.iter().chain([&(format!("{info}/RECORD"), record)]) {
        zip.start_file(member.as_str(), options).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap();
    path
}

fn record_line(path: &str, text: &str) -> String {
    use base64::Engine as _;
    use sha2::Digest as _;
    let hash = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(sha2::Sha256::digest(text));
    format!("{path},sha256={hash},{}\n", text.len())
}

/// Writes a valid sdist; returns its path.
pub(crate) fn sdist(dir: &Path, name: &str, version: &str) -> PathBuf {
    let stem = format!("{}-{version}", name.to_lowercase().replace(['-', '.'], "_"));
    let path = dir.join(format!("{stem}.tar.gz"));
    let gzip =
        flate2::write::GzEncoder::new(fs_err::File::create(&path).unwrap(), flate2::Compression::fast());
    let mut tar = tar::Builder::new(gzip);
    let pyproject = "[build-system]\nrequires = []\nbuild-backend = \"x\"\n".to_owned();
    for (member, text) in [("PKG-INFO", metadata(name, version)), ("pyproject.toml", pyproject)] {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, format!("{stem}/{member}"), text.as_bytes()).unwrap();
    }
    tar.into_inner().unwrap().finish().unwrap();
    path
}

/// Opens a distribution as the check does.
pub(crate) fn open(path: &Path) -> UploadFile {
    UploadFile::from_dist(&Dist::open(path, &Limits::default()).unwrap()).unwrap()
}

/// A wheel of the project `demo`, version 1.0, ready for upload. The directory must outlive the upload.
pub(crate) fn demo() -> (TempDir, UploadFile) {
    let dir = tempfile::tempdir().unwrap();
    let file = open(&wheel(dir.path(), "demo", "1.0", "x = 1\n"));
    (dir, file)
}

/// Serves a directory without overlay; any token will do.
pub(crate) async fn index(dir: &Path) -> RunningServer {
    serve(options(dir)).await.unwrap()
}

/// The options of [`index`].
pub(crate) fn options(dir: &Path) -> ServerOptions {
    ServerOptions::new(dir.to_path_buf(), ([127, 0, 0, 1], 0).into())
}

/// A client of the server at `base`, laid out as the embedded index is. Three attempts without noticeable
/// pauses.
pub(crate) fn client(base: &Url) -> IndexClient {
    client_with(base, Duration::from_secs(20))
}

/// The same with little patience for a silent server.
pub(crate) fn impatient_client(base: &Url) -> IndexClient {
    client_with(base, Duration::from_millis(300))
}

fn client_with(base: &Url, read_timeout: Duration) -> IndexClient {
    let spec = IndexSpec {
        name: "test".to_owned(),
        upload_url: base.join("legacy/").unwrap(),
        simple_url: base.join("simple/").unwrap(),
        production: false,
    };
    let retries = RetryPolicy {
        attempts: 3,
        base: Duration::from_millis(2),
        max: Duration::from_secs(2),
        ..RetryPolicy::default()
    };
    let connect_timeout = read_timeout;
    IndexClient::new(
        spec,
        ClientOptions { read_timeout, connect_timeout, retries, ..ClientOptions::default() },
    )
    .unwrap()
}

/// A token that is none.
pub(crate) fn token() -> Credentials {
    Credentials::token(&Secret::new("not-a-real-token"))
}
