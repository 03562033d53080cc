//! The requests: one to Fulcio for a certificate, one to Rekor for each signature.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pyrel_model::{Secret, Sha256};
use reqwest::header::{ACCEPT, CONTENT_TYPE, LOCATION};
use reqwest::{Method, RequestBuilder, StatusCode};
use serde::Deserialize;
use serde_json::json;
use url::Url;

use super::super::certificates::Trust;
use super::super::exchange::{Answer, Failed, patiently};
use super::super::index_client::ClientOptions;
use super::super::transport::Transport;
use super::csr;
use super::entry::entry;
use super::error::SigstoreError;
use super::key::{Key, KeyFault};
use super::statement::{encoding, envelope, statement};
use crate::wire::{is_loopback, message_of, shown};

/// Sigstore's public authority, the only one whose certificates PyPI takes.
const FULCIO: &str = "https://fulcio.sigstore.dev";
/// Sigstore's public log, likewise.
const REKOR: &str = "https://rekor.sigstore.dev";

/// Where Sigstore is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SigstoreEndpoints {
    /// The authority that makes certificates for identities.
    pub fulcio: Url,
    /// The log of signatures.
    pub rekor: Url,
}

impl SigstoreEndpoints {
    /// Takes the given addresses, and those of Sigstore's public instance where none is given.
    ///
    /// # Errors
    /// Returns the text that is no URL.
    pub fn new(fulcio: Option<&str>, rekor: Option<&str>) -> Result<Self, String> {
        let parse = |text: &str| Url::parse(text).map_err(|error| format!("`{text}` is no URL: {error}"));
        Ok(Self { fulcio: parse(fulcio.unwrap_or(FULCIO))?, rekor: parse(rekor.unwrap_or(REKOR))? })
    }
}

/// A key with its certificate, which is good for about ten minutes.
#[derive(Debug)]
pub struct SigningSession {
    key: Key,
    certificate: Vec<u8>,
}

/// A client of Sigstore. Opens no connection before the first request.
#[derive(Debug)]
pub struct SigstoreClient {
    endpoints: SigstoreEndpoints,
    options: ClientOptions,
    transport: Transport,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Certified {
    signed_certificate_embedded_sct: Option<Signed>,
}

#[derive(Deserialize)]
struct Signed {
    chain: Chain,
}

#[derive(Deserialize)]
struct Chain {
    certificates: Vec<String>,
}

impl From<KeyFault> for SigstoreError {
    fn from(_: KeyFault) -> Self {
        Self::Key
    }
}

impl SigstoreClient {
    /// The audience that identity tokens for Sigstore are made out for.
    pub const AUDIENCE: &str = "sigstore";

    /// Makes a client that trusts the system's authorities.
    #[must_use]
    pub fn new(endpoints: SigstoreEndpoints, options: ClientOptions) -> Self {
        Self { endpoints, options, transport: Transport::new(Trust::default()) }
    }

    /// Makes a key and gets a certificate for it: `POST /api/v2/signingCert`.
    ///
    /// # Errors
    /// When the authority does not take the identity, cannot be reached, or answers nonsense.
    pub async fn certify(&self, identity: &Secret) -> Result<SigningSession, SigstoreError> {
        let url = under(&self.endpoints.fulcio, "/api/v2/signingCert");
        let key = Key::generate()?;
        let body = json!({
            "credentials": { "oidcIdentityToken": identity.expose() },
            "certificateSigningRequest": STANDARD.encode(csr::request(&key)?),
        });
        let answer = self.send(Method::POST, &url, Some(&body.to_string())).await?;
        if !answer.status.is_success() {
            return Err(refused(&url, &answer));
        }
        let nonsense = |detail: &str| protocol(&url, detail.to_owned());
        let told: Certified = serde_json::from_slice(&answer.body)
            .map_err(|_| nonsense("the answer is not the JSON expected"))?;
        let signed = told
            .signed_certificate_embedded_sct
            .ok_or_else(|| nonsense("the certificate has no timestamp of a log in it"))?;
        let certificate = signed.chain.certificates.first().and_then(|text| csr::certificate(text));
        let certificate = certificate.ok_or_else(|| nonsense("the chain has no certificate"))?;
        let public = key.public();
        if !certificate.windows(public.len()).any(|part| part == public) {
            return Err(nonsense("the certificate is for another key"));
        }
        Ok(SigningSession { key, certificate })
    }

    /// Signs that a file was published, and enters the signature into the log: `POST /api/v1/log/entries`. Returns the
    /// attestation as JSON.
    ///
    /// # Errors
    /// When the log does not take the signature, cannot be reached, or answers nonsense.
    pub async fn attest(
        &self,
        session: &SigningSession,
        filename: &str,
        sha256: &Sha256,
    ) -> Result<String, SigstoreError> {
        let url = under(&self.endpoints.rekor, "/api/v1/log/entries");
        let statement = statement(filename, sha256);
        let signature = session.key.sign(&encoding(&statement))?;
        let body = json!({
            "apiVersion": "0.0.1",
            "kind": "dsse",
            "spec": { "proposedContent": {
                "envelope": envelope(&statement, &signature),
                "verifiers": [STANDARD.encode(csr::pem("CERTIFICATE", &session.certificate))],
            }},
        });
        let mut answer = self.send(Method::POST, &url, Some(&body.to_string())).await?;
        if answer.status == StatusCode::CONFLICT {
            // An answer that was lost: the entry is there.
            let there = answer.headers.get(LOCATION).and_then(|location| location.to_str().ok());
            let there = there.and_then(|location| url.join(location).ok());
            let there =
                there.filter(|there| there.origin() == url.origin()).ok_or_else(|| refused(&url, &answer))?;
            answer = self.send(Method::GET, &there, None).await?;
        }
        if !answer.status.is_success() {
            return Err(refused(&url, &answer));
        }
        let entry = entry(&answer.body, &statement, &signature)
            .map_err(|fault| protocol(&url, format!("the entry is not usable: {fault}")))?;
        let attestation = json!({
            "version": 1,
            "verification_material": {
                "certificate": STANDARD.encode(&session.certificate),
                "transparency_entries": [entry],
            },
            "envelope": {
                "statement": STANDARD.encode(&statement),
                "signature": STANDARD.encode(&signature),
            },
        });
        Ok(attestation.to_string())
    }

    async fn send(&self, method: Method, url: &Url, body: Option<&str>) -> Result<Answer, SigstoreError> {
        if url.scheme() != "https" && !is_loopback(url) {
            return Err(SigstoreError::Insecure { url: shown(url) });
        }
        let request = || -> Result<RequestBuilder, SigstoreError> {
            let request = self.transport.request(&self.options, method.clone(), url);
            let request = request.map_err(SigstoreError::Setup)?.header(ACCEPT, "application/json");
            Ok(match body {
                Some(body) => request.header(CONTENT_TYPE, "application/json").body(body.to_owned()),
                None => request,
            })
        };
        patiently(&self.options, request).await.map_err(|failed| match failed {
            Failed::Unsent(error) => error,
            Failed::Silent(source) => SigstoreError::Unreachable { url: shown(url), source },
        })
    }
}

fn under(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    let path = format!("{}{path}", base.path().trim_end_matches('/'));
    url.set_path(&path);
    url
}

fn refused(url: &Url, answer: &Answer) -> SigstoreError {
    let message = message_of(answer.status, None, &answer.body);
    SigstoreError::Refused { url: shown(url), status: answer.status.as_u16(), message }
}

fn protocol(url: &Url, detail: String) -> SigstoreError {
    SigstoreError::Protocol { url: shown(url), detail }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_go_under_the_address() {
        let endpoints = SigstoreEndpoints::new(None, Some("http://127.0.0.1:1/rekor/")).unwrap();
        assert_eq!(endpoints.fulcio.scheme(), "https");
        assert_eq!(under(&endpoints.rekor, "/api").as_str(), "http://127.0.0.1:1/rekor/api");
        assert_eq!(under(&"https://a.example".parse().unwrap(), "/api").as_str(), "https://a.example/api");
        assert!(SigstoreEndpoints::new(Some("nowhere"), None).unwrap_err().contains("`nowhere`"));
    }

    #[tokio::test]
    async fn an_identity_does_not_go_unencrypted_to_another_machine() {
        let endpoints = SigstoreEndpoints::new(Some("http://fulcio.example"), None).unwrap();
        let client = SigstoreClient::new(endpoints, ClientOptions::default());
        let error = client.certify(&Secret::new("not-a-real-token")).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "an identity would go unencrypted to `http://fulcio.example/api/v2/signingCert`"
        );
        assert!(error.hint().is_some());
    }
}
