//! Trusted publishing on the wire: the audience that an index wants, the identity that a CI hands out over HTTP,
//! and the exchange of one for a token. Decides nothing about which identity is used, or when.

use std::time::Duration;

use pyrel_model::Secret;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, DATE, HeaderMap, HeaderValue};
use reqwest::{Method, RequestBuilder, StatusCode};
use serde::Deserialize;
use url::Url;

use super::certificates::SetupError;
use super::error::Cause;
use super::exchange::{Answer, Exchange, Failed, once, patiently};
use super::index_client::IndexClient;
use crate::wire::{is_loopback, shown};

/// How long a minted token lives when the answer does not tell: PyPI's tokens live this long.
const LIFETIME: Duration = Duration::from_mins(15);

/// A token that an index minted for an identity.
#[derive(Debug, Clone)]
pub struct MintedToken {
    /// The token, to be used with the user name `__token__`.
    pub token: Secret,
    /// How long it was valid when it was handed out.
    pub lifetime: Duration,
}

/// One reason why an index does not take an identity.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct MintReason {
    /// A code such as `invalid-publisher`.
    #[serde(default)]
    pub code: String,
    /// What the index says.
    #[serde(default)]
    pub description: String,
}

/// Why no token was minted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MintError {
    /// The index has no trusted publishing, or has it switched off.
    #[error("the index offers no trusted publishing at `{url}`: {message}")]
    NotOffered {
        /// The URL that was asked.
        url: String,
        /// The answer.
        message: String,
    },
    /// The index does not take the identity.
    #[error("the index does not take the identity: {}", reasons(.0))]
    Refused(Vec<MintReason>),
    /// The CI does not hand out an identity.
    #[error("the identity service answers {status}: {message}")]
    NoIdentity {
        /// The HTTP status.
        status: u16,
        /// The answer.
        message: String,
    },
    /// Nobody answers.
    #[error("cannot reach `{url}`")]
    Unreachable {
        /// The URL.
        url: String,
        /// The last failure.
        #[source]
        source: Cause,
    },
    /// The answer makes no sense.
    #[error("`{url}` does not answer as trusted publishing does: {detail}")]
    Protocol {
        /// The URL.
        url: String,
        /// What is wrong with the answer.
        detail: String,
    },
    /// An identity or a token would go unencrypted to another machine. Nothing was sent.
    #[error("an identity would go unencrypted to `{url}`")]
    Insecure {
        /// The URL.
        url: String,
    },
    /// HTTP or TLS could not be set up.
    #[error("cannot set up HTTP")]
    Setup(#[source] SetupError),
}

fn reasons(all: &[MintReason]) -> String {
    all.iter()
        .map(|reason| match (reason.code.as_str(), reason.description.as_str()) {
            (code, "") => code.to_owned(),
            ("", description) => description.to_owned(),
            (code, description) => format!("{description} (`{code}`)"),
        })
        .collect::<Vec<_>>()
        .join("; ")
}

#[derive(Deserialize)]
struct Audience {
    audience: String,
}

#[derive(Deserialize)]
struct Identity {
    value: String,
}

#[derive(Deserialize)]
struct Minted {
    #[serde(default)]
    token: String,
    expires: Option<i64>,
}

#[derive(Deserialize)]
struct MintRefusal {
    #[serde(default)]
    message: String,
    #[serde(default)]
    errors: Vec<MintReason>,
}

impl IndexClient {
    /// Asks the index for whom an identity must be made out: `GET /_/oidc/audience` of the upload host.
    ///
    /// # Errors
    /// When the index has no trusted publishing, cannot be reached, or answers nonsense.
    pub async fn trusted_audience(&self) -> Result<String, MintError> {
        let url = self.oidc("audience");
        let answer = self.exchange(&url, |client| client.oidc_request(Method::GET, &url)).await?;
        match answer.status {
            StatusCode::OK => parsed::<Audience>(&url, &answer).map(|answer| answer.audience),
            _ => Err(MintError::NotOffered { url: shown(&url), message: message(&answer) }),
        }
    }

    /// Asks the identity service of GitHub Actions for an identity token with exactly that audience.
    ///
    /// # Errors
    /// When the service refuses, cannot be reached, or answers nonsense.
    pub async fn github_identity(
        &self,
        service: &Url,
        bearer: &Secret,
        audience: &str,
    ) -> Result<Secret, MintError> {
        let mut url = service.clone();
        url.query_pairs_mut().append_pair("audience", audience);
        let header = sensitive(&format!("Bearer {}", bearer.expose()))
            .ok_or_else(|| protocol(service, "the request token is no text for a header"))?;
        let request =
            |client: &Self| Ok(client.oidc_request(Method::GET, &url)?.header(AUTHORIZATION, header.clone()));
        let answer = self.exchange(service, request).await?;
        if answer.status != StatusCode::OK {
            return Err(MintError::NoIdentity { status: answer.status.as_u16(), message: message(&answer) });
        }
        parsed::<Identity>(service, &answer).map(|answer| Secret::new(answer.value))
    }

    /// Exchanges an identity for a token: `POST /_/oidc/mint-token`. Sent once, because an identity is good for one
    /// attempt; `Unreachable` is worth another with a new identity.
    ///
    /// # Errors
    /// When the index does not take the identity, cannot be reached, or answers nonsense.
    pub async fn mint(&self, identity: &Secret) -> Result<MintedToken, MintError> {
        let url = self.oidc("mint-token");
        let body = serde_json::json!({ "token": identity.expose() }).to_string();
        let request =
            self.oidc_request(Method::POST, &url)?.header(CONTENT_TYPE, "application/json").body(body);
        let answer = match once(request, self.options()).await {
            Exchange::Answered(answer) => answer,
            Exchange::Again(source, _) => return Err(MintError::Unreachable { url: shown(&url), source }),
        };
        match answer.status {
            StatusCode::OK => {
                let minted = parsed::<Minted>(&url, &answer)?;
                if minted.token.is_empty() {
                    return Err(protocol(&url, "the answer holds no token"));
                }
                let lifetime = lifetime(minted.expires, &answer.headers);
                Ok(MintedToken { token: Secret::new(minted.token), lifetime })
            }
            StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => {
                Err(MintError::NotOffered { url: shown(&url), message: message(&answer) })
            }
            _ => Err(refusal(&answer)),
        }
    }

    /// Sends until somebody answers or patience ends.
    async fn exchange(
        &self,
        url: &Url,
        request: impl Fn(&Self) -> Result<RequestBuilder, MintError>,
    ) -> Result<Answer, MintError> {
        patiently(self.options(), || request(self)).await.map_err(|failed| match failed {
            Failed::Silent(source) => MintError::Unreachable { url: shown(url), source },
            Failed::Unsent(error) => error,
        })
    }

    fn oidc_request(&self, method: Method, url: &Url) -> Result<RequestBuilder, MintError> {
        if url.scheme() != "https" && !is_loopback(url) {
            return Err(MintError::Insecure { url: shown(url) });
        }
        let request = self.transport().request(self.options(), method, url).map_err(MintError::Setup)?;
        Ok(request.header(ACCEPT, "application/json"))
    }

    fn oidc(&self, endpoint: &str) -> Url {
        let mut url = self.spec().upload_url.clone();
        url.set_path(&format!("/_/oidc/{endpoint}"));
        url.set_query(None);
        url.set_fragment(None);
        url
    }
}

fn parsed<'a, T: Deserialize<'a>>(url: &Url, answer: &'a Answer) -> Result<T, MintError> {
    // What serde says may quote the answer, which may hold a token.
    serde_json::from_slice(&answer.body).map_err(|_| protocol(url, "the answer is not the JSON expected"))
}

fn protocol(url: &Url, detail: &str) -> MintError {
    MintError::Protocol { url: shown(url), detail: detail.to_owned() }
}

/// Returns what an answer says in one line; an HTML page says its status.
fn message(answer: &Answer) -> String {
    let text = serde_json::from_slice::<MintRefusal>(&answer.body)
        .map(|refusal| refusal.message)
        .unwrap_or_default();
    if text.is_empty() { answer.status.to_string() } else { text }
}

fn refusal(answer: &Answer) -> MintError {
    let reasons = serde_json::from_slice::<MintRefusal>(&answer.body).map(|refusal| refusal.errors);
    let reasons = reasons.ok().filter(|reasons| !reasons.is_empty());
    MintError::Refused(reasons.unwrap_or_else(|| {
        vec![MintReason { code: answer.status.as_u16().to_string(), description: message(answer) }]
    }))
}

/// How long a token lives, measured by the index's own clock.
fn lifetime(expires: Option<i64>, headers: &HeaderMap) -> Duration {
    let date = headers.get(DATE).and_then(|date| date.to_str().ok());
    let now =
        date.and_then(|date| jiff::fmt::rfc2822::parse(date).ok()).map(|now| now.timestamp().as_second());
    match (expires, now) {
        (Some(expires), Some(now)) => Duration::from_secs(u64::try_from(expires - now).unwrap_or(0)),
        _ => LIFETIME,
    }
}

fn sensitive(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::try_from(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Answer {
        let status = StatusCode::from_u16(status).unwrap();
        Answer { status, headers: HeaderMap::new(), body: body.into() }
    }

    #[test]
    fn a_refusal_tells_every_reason_and_its_code() {
        let body = r#"{"message":"Token request failed","errors":[{"code":"invalid-publisher","description":"no match"},
            {"code":"","description":"more"},{"code":"only-code","description":""}]}"#;
        let error = refusal(&answer(422, body)).to_string();
        assert_eq!(
            error,
            "the index does not take the identity: no match (`invalid-publisher`); more; only-code"
        );
        let error = refusal(&answer(403, "<html>")).to_string();
        assert_eq!(error, "the index does not take the identity: 403 Forbidden (`403`)");
    }

    #[test]
    fn a_lifetime_is_measured_by_the_clock_of_the_index() {
        let mut headers = HeaderMap::new();
        assert_eq!(lifetime(Some(1_700_000_000), &headers), LIFETIME);
        headers.insert(DATE, HeaderValue::from_static("Tue, 14 Nov 2023 22:13:20 GMT"));
        assert_eq!(lifetime(Some(1_700_000_090), &headers), Duration::from_secs(90));
        assert_eq!(lifetime(Some(1_600_000_000), &headers), Duration::ZERO);
        assert_eq!(lifetime(None, &headers), LIFETIME);
    }
}
