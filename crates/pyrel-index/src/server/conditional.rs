//! Answers that a reader need not fetch twice: an entity tag from the bytes, and 304 for who has them.

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode};
use pyrel_model::Sha256;
use sha2::Digest as _;

/// Returns the strong entity tag of bytes with this hash.
pub(super) fn tag_of(sha256: &Sha256) -> HeaderValue {
    HeaderValue::try_from(format!("\"{sha256}\"")).expect("a quoted hash is a header value")
}

/// Tells whether a request says that it has the entity already (RFC 9110, 13.1.2: a list, compared weakly).
pub(super) fn is_known(request: &HeaderMap, tag: &HeaderValue) -> bool {
    let tag = tag.to_str().unwrap_or_default();
    request.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok()).any(|list| {
        list.split(',').map(str::trim).any(|one| one == "*" || one.strip_prefix("W/").unwrap_or(one) == tag)
    })
}

/// Returns an answer without body for who has the entity.
pub(super) fn not_modified(tag: HeaderValue) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NOT_MODIFIED;
    response.headers_mut().insert(ETAG, tag);
    response
}

/// Returns a text, or 304 when the request has it already.
pub(super) fn answer(request: &HeaderMap, media: &'static str, text: String) -> Response<Body> {
    let tag = tag_of(&Sha256::new(sha2::Sha256::digest(&text).into()));
    if is_known(request, &tag) {
        return not_modified(tag);
    }
    let mut response = Response::new(Body::from(text));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media));
    response.headers_mut().insert(ETAG, tag);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_readers_say_that_they_have() {
        let tag = HeaderValue::from_static("\"ab\"");
        let known = |list: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(IF_NONE_MATCH, HeaderValue::from_static(list));
            is_known(&headers, &tag)
        };
        for list in ["\"ab\"", "W/\"ab\"", "\"x\", \"ab\"", "*"] {
            assert!(known(list), "{list}");
        }
        for list in ["\"x\"", "ab", ""] {
            assert!(!known(list), "{list}");
        }
        assert!(!is_known(&HeaderMap::new(), &tag));
    }
}
