//! The client of one index: where it is and how patient requests to it are.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use url::Url;

use super::certificates::{Certificates, Trust};
use super::credentials::Credentials;
use super::error::ClientError;
use super::read_access::{KeyFinder, ReadAccess};
use super::retry::RetryPolicy;
use super::transport::{Transport, is_plain};
use crate::wire::{is_loopback, shown};

/// An index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexSpec {
    /// The name that people use for it, such as `testpypi`.
    pub name: String,
    /// Where files are uploaded to, such as `https://upload.pypi.org/legacy/`.
    pub upload_url: Url,
    /// Where the simple API is, such as `https://pypi.org/simple/`.
    pub simple_url: Url,
    /// Whether uploads are for everybody and for ever.
    pub production: bool,
}

/// How requests are made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientOptions {
    /// The `User-Agent` header.
    pub user_agent: String,
    /// How long a connection may take to open.
    pub connect_timeout: Duration,
    /// How long the other side may be silent: between two pieces of an answer, or while it takes nothing of an
    /// upload.
    pub read_timeout: Duration,
    /// When to try again.
    pub retries: RetryPolicy,
    /// Certificates by the names of indexes; the others trust what the system trusts.
    pub certificates: BTreeMap<String, Certificates>,
}

impl Default for ClientOptions {
    /// `pyrel/VERSION (OS; ARCHITECTURE)`, 10 seconds to connect, two minutes of silence, default retries.
    fn default() -> Self {
        Self {
            user_agent: format!(
                "pyrel/{} ({}; {})",
                env!("CARGO_PKG_VERSION"),
                std::env::consts::OS,
                std::env::consts::ARCH
            ),
            connect_timeout: Duration::from_secs(10),
            read_timeout: Duration::from_mins(2),
            retries: RetryPolicy::default(),
            certificates: BTreeMap::new(),
        }
    }
}

/// A client of one index. Opens no connection before the first request; cheap to make.
#[derive(Debug)]
pub struct IndexClient {
    spec: IndexSpec,
    options: ClientOptions,
    access: ReadAccess,
    upload_credentials: Credentials,
    transport: Transport,
}

impl IndexClient {
    /// Makes a client. Credentials in the URLs are taken out of them and used: those of the upload URL when an
    /// upload brings none, those of the simple URL for reading.
    ///
    /// # Errors
    /// When a URL is not HTTP, when credentials in one would go unencrypted to another machine, or when a file of
    /// certificates cannot be used.
    pub fn new(mut spec: IndexSpec, options: ClientOptions) -> Result<Self, ClientError> {
        let upload_credentials = taken(&mut spec.upload_url)?;
        let access = ReadAccess::new(taken(&mut spec.simple_url)?);
        if !spec.simple_url.path().ends_with('/') {
            let path = format!("{}/", spec.simple_url.path());
            spec.simple_url.set_path(&path);
        }
        let trust = match options.certificates.get(&spec.name) {
            Some(files) if is_plain(&spec.upload_url) && is_plain(&spec.simple_url) => {
                Trust::Unread(files.clone())
            }
            Some(files) => Trust::read(files).map_err(ClientError::of_setup)?,
            None => Trust::default(),
        };
        Ok(Self { spec, options, access, upload_credentials, transport: Transport::new(trust) })
    }

    /// Names who finds credentials for reading once the index has refused to show a page without, as private indexes do.
    /// They go to the origin of the simple API alone, and only when uploads go there too, because another origin may be
    /// somebody else. Nobody is asked when the simple URL brought credentials of its own.
    #[must_use]
    pub fn with_keys(self, finder: Arc<dyn KeyFinder>) -> Self {
        Self { access: self.access.with_finder(finder), ..self }
    }

    /// Names the credentials that this client uploads with. What the index [has](Self::own_project) is asked with them
    /// from the first, where uploads and the simple API are at one origin and the index is one that may hide something.
    #[must_use]
    pub fn with_account(self, credentials: Credentials) -> Self {
        Self { access: self.access.with_those_at_hand(credentials), ..self }
    }

    /// Returns the index, its URLs without credentials.
    #[must_use]
    pub fn spec(&self) -> &IndexSpec {
        &self.spec
    }

    pub(super) fn options(&self) -> &ClientOptions {
        &self.options
    }

    pub(super) fn transport(&self) -> &Transport {
        &self.transport
    }

    /// Tells whether readings prove themselves by now: always, where the simple URL brought credentials, and else once
    /// the index has refused one without.
    #[must_use]
    pub fn reads_with_credentials(&self) -> bool {
        *self.access.current() != Credentials::Anonymous
    }

    pub(super) fn access(&self) -> &ReadAccess {
        &self.access
    }

    /// Tells whether everybody may read this index: PyPI and TestPyPI hide nothing.
    pub(super) fn is_public(&self) -> bool {
        let host = self.spec.simple_url.host_str().unwrap_or_default();
        host == "pypi.org" || host.ends_with(".pypi.org")
    }

    /// Returns the given credentials, or those of the upload URL when none are given.
    pub(super) fn upload_credentials<'c>(&'c self, given: &'c Credentials) -> &'c Credentials {
        match given {
            Credentials::Anonymous => &self.upload_credentials,
            Credentials::Basic { .. } => given,
        }
    }
}

fn taken(url: &mut Url) -> Result<Credentials, ClientError> {
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err(ClientError::Scheme { url: shown(url) });
    }
    let credentials = Credentials::take_from(url);
    refuse_insecure(url, &credentials)?;
    Ok(credentials)
}

fn refuse_insecure(url: &Url, credentials: &Credentials) -> Result<(), ClientError> {
    if may_carry(url, credentials) { Ok(()) } else { Err(ClientError::Insecure { url: shown(url) }) }
}

/// Tells whether credentials may go to a URL: over TLS, or to this machine.
pub(super) fn may_carry(url: &Url, credentials: &Credentials) -> bool {
    *credentials == Credentials::Anonymous || url.scheme() == "https" || is_loopback(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(upload: &str, simple: &str) -> Result<IndexClient, ClientError> {
        let spec = IndexSpec {
            name: "x".to_owned(),
            upload_url: upload.parse().unwrap(),
            simple_url: simple.parse().unwrap(),
            production: false,
        };
        IndexClient::new(spec, ClientOptions::default())
    }

    #[test]
    fn credentials_leave_the_urls() {
        let client = client("https://u:p@index.example/up", "https://r:q@index.example/simple").unwrap();
        assert_eq!(client.spec().upload_url.as_str(), "https://index.example/up");
        assert_eq!(client.spec().simple_url.as_str(), "https://index.example/simple/");
        assert_eq!(client.access().current().account_kind(), "password");
        assert_eq!(client.upload_credentials(&Credentials::Anonymous).account_kind(), "password");
        assert!(!format!("{client:?}").contains("\"q\""));
    }

    #[test]
    fn certificates_are_read_beforehand_unless_nothing_is_encrypted() {
        let made = |url: &str| {
            let certificates = Certificates { authorities: Some("no/such/file.pem".into()), client: None };
            let options = ClientOptions {
                certificates: [("x".to_owned(), certificates)].into(),
                ..ClientOptions::default()
            };
            let (upload_url, simple_url) = (url.parse().unwrap(), url.parse().unwrap());
            IndexClient::new(
                IndexSpec { name: "x".to_owned(), upload_url, simple_url, production: false },
                options,
            )
        };
        let error = made("https://127.0.0.1/").unwrap_err();
        assert!(matches!(error, ClientError::Certificates { .. }), "{error}");
        let client = made("http://127.0.0.1/").unwrap();
        let request = |url: &str| {
            client.transport().request(client.options(), reqwest::Method::GET, &url.parse().unwrap())
        };
        assert!(request("http://127.0.0.1/simple/").is_ok());
        let error = request("https://index.example/a.whl").unwrap_err();
        assert!(error.to_string().contains("file.pem"), "a page may point to another machine: {error}");
    }

    #[test]
    fn plain_http_carries_credentials_to_this_machine_only() {
        assert!(client("http://u:p@127.0.0.1:1/", "http://localhost/simple/").is_ok());
        let error = client("http://u:p@index.example/", "https://index.example/").unwrap_err();
        assert_eq!(error.to_string(), "credentials would go unencrypted to `http://index.example/`");
        assert!(error.hint().is_some());
        let error = client("ftp://index.example/", "https://index.example/").unwrap_err();
        assert!(matches!(error, ClientError::Scheme { .. }));
    }
}
