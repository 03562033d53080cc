//! Who may upload: PyPI's gate (R4, R5) with a token of this index in place of PyPI's accounts.

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pyrel_model::Secret;
use sha2::{Digest as _, Sha256};

use super::refusal::Refusal;

const NO_PASSWORDS: &str = "Username/Password authentication is no longer supported. Migrate to API Tokens or \
    Trusted Publishers instead. See https://pypi.org/help/#apitoken and https://pypi.org/help/#trusted-publishers";
const INVALID: &str = "Invalid or non-existent authentication information. \
    See https://pypi.org/help/#invalid-auth for more information.";

/// Judges the `Authorization` header. With no token set, any that is not empty will do.
pub(super) fn authorize(headers: &HeaderMap, token: Option<&Secret>) -> Result<(), Refusal> {
    let value = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let (scheme, rest) = value.split_once(' ').unwrap_or((value, ""));
    let given = match scheme.to_ascii_lowercase().as_str() {
        "basic" => basic(rest.trim())?,
        "bearer" | "token" => Secret::new(rest),
        _ => return Err(Refusal::forbidden(INVALID)),
    };
    let valid = match token {
        None => !given.is_empty(),
        Some(token) => same(&given, token),
    };
    if valid { Ok(()) } else { Err(Refusal::forbidden(INVALID)) }
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

/// Compares by digest, so that the time taken tells nothing about the token.
fn same(a: &Secret, b: &Secret) -> bool {
    Sha256::digest(a.expose()) == Sha256::digest(b.expose().trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(header: Option<&str>, token: Option<&str>) -> Result<(), String> {
        let mut headers = HeaderMap::new();
        headers.extend(header.map(|header| (AUTHORIZATION, header.parse().unwrap())));
        let token = token.map(Secret::new);
        authorize(&headers, token.as_ref()).map_err(|refusal| refusal.message)
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
