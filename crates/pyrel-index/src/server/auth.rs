//! Who may upload: PyPI's gate (R4, R5) and its limit of tokens to projects (P11), with the accounts of this index
//! in place of PyPI's. And who may read, where the index is private, which PyPI is not.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderValue, Method, Response, StatusCode};
use axum::middleware::Next;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pyrel_model::{PackageName, Secret};

use super::account::Account;
use super::refusal::Refusal;
use super::repr::repr;
use super::router::App;

const NO_PASSWORDS: &str = "Username/Password authentication is no longer supported. Migrate to API Tokens or \
    Trusted Publishers instead. See https://pypi.org/help/#apitoken and https://pypi.org/help/#trusted-publishers";
const INVALID: &str = "Invalid or non-existent authentication information. \
    See https://pypi.org/help/#invalid-auth for more information.";

/// What a request may do.
#[derive(Debug, Clone, Copy)]
pub(super) enum Grant<'a> {
    /// The index is open to all.
    Open,
    /// The request showed the token of an account.
    Account(&'a Account),
}

/// Lets members alone read a private index; uploads have a gate of their own.
pub(super) async fn guard(State(app): State<Arc<App>>, request: Request, next: Next) -> Response<Body> {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    if !(app.is_private && reads) {
        return next.run(request).await;
    }
    let Err(refusal) = authorize(request.headers(), &app.accounts) else { return next.run(request).await };
    let refusal = Refusal { status: StatusCode::UNAUTHORIZED, ..refusal };
    let mut response = refusal.respond(request.headers());
    response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"index\""));
    response
}

/// Judges the `Authorization` header. Without accounts, any token that is not empty will do.
pub(super) fn authorize<'a>(headers: &HeaderMap, accounts: &'a [Account]) -> Result<Grant<'a>, Refusal> {
    let value = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let (scheme, rest) = value.split_once(' ').unwrap_or((value, ""));
    let given = match scheme.to_ascii_lowercase().as_str() {
        "basic" => basic(rest.trim())?,
        "bearer" | "token" => Secret::new(rest),
        _ => return Err(Refusal::forbidden(INVALID)),
    };
    if accounts.is_empty() && !given.is_empty() {
        return Ok(Grant::Open);
    }
    let account = accounts.iter().find(|account| account.has(&given));
    account.map(Grant::Account).ok_or_else(|| Refusal::forbidden(INVALID))
}

impl Grant<'_> {
    /// P11: refuses a project that the token is not for.
    pub(super) fn admits(&self, project: &PackageName) -> Result<(), Refusal> {
        match self {
            Self::Account(account) if !account.covers(project) => Err(Refusal::forbidden(format!(
                "Invalid API Token: project-scoped token is not valid for project: {}",
                repr(project.as_written())
            ))),
            _ => Ok(()),
        }
    }
}

fn basic(pair: &str) -> Result<Secret, Refusal> {
    let bytes = STANDARD.decode(pair).map_err(|_| Refusal::forbidden(INVALID))?;
    let pair = String::from_utf8(bytes).map_err(|_| Refusal::forbidden(INVALID))?;
    match pair.split_once(':') {
        Some(("__token__", password)) => Ok(Secret::new(password.trim())),
        Some(_) => Err(Refusal::forbidden(NO_PASSWORDS)),
        None => Err(Refusal::forbidden(INVALID)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(header: Option<&str>, token: Option<&str>) -> Result<(), String> {
        let mut headers = HeaderMap::new();
        headers.extend(header.map(|header| (AUTHORIZATION, header.parse().unwrap())));
        let accounts: Vec<Account> = token.map(|text| Account::parse(text).unwrap()).into_iter().collect();
        let project = "demo".parse().unwrap();
        let judged = authorize(&headers, &accounts).and_then(|grant| grant.admits(&project));
        judged.map_err(|refusal| refusal.message)
    }

    fn pair(text: &str) -> String {
        format!("Basic {}", STANDARD.encode(text))
    }

    #[test]
    fn tokens_pass_and_passwords_do_not() {
        assert_eq!(judge(Some(&pair("__token__: any \n")), None), Ok(()));
        assert_eq!(judge(Some("Bearer any"), None), Ok(()));
        assert_eq!(judge(Some(&pair("__token__:right")), Some("right")), Ok(()));
        assert_eq!(judge(Some(&pair("__token__:wrong")), Some("right")).unwrap_err(), INVALID);
        assert_eq!(judge(Some(&pair("user:any")), None).unwrap_err(), NO_PASSWORDS);
        assert_eq!(judge(Some("Bearer right"), Some("right=other,demo")), Ok(()));
        assert_eq!(
            judge(Some("Bearer right"), Some("right=other")).unwrap_err(),
            "Invalid API Token: project-scoped token is not valid for project: 'demo'"
        );
        for bad in [
            None,
            Some(pair("__token__:")),
            Some("Basic %".to_owned()),
            Some(pair("x")),
            Some("x".to_owned()),
        ] {
            assert_eq!(judge(bad.as_deref(), None).unwrap_err(), INVALID, "{bad:?}");
        }
    }
}
