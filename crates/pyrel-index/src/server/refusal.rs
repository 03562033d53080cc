//! A refusal as PyPI words it: the sentence in the reason phrase and in a JSON, HTML, or plain body, whichever
//! the client reads.

use axum::body::Body;
use axum::http::header::{ACCEPT, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode};
use hyper::ext::ReasonPhrase;

use super::accept::preferred;
use crate::wire::{clean, escape};

/// A status and the sentence that says why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    pub(super) message: String,
}

impl Refusal {
    /// Refuses with 400.
    pub(super) fn bad(message: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, message: message.into() }
    }

    /// Refuses with 403.
    pub(super) fn forbidden(message: impl Into<String>) -> Self {
        Self { status: StatusCode::FORBIDDEN, message: message.into() }
    }

    /// Makes the answer in the form that the request accepts.
    pub(super) fn respond(&self, request: &HeaderMap) -> Response<Body> {
        let code = format!("{} {}", self.status.as_u16(), self.message);
        let title = self.status.canonical_reason().unwrap_or("Error");
        let accept = request.get(ACCEPT).and_then(|value| value.to_str().ok());
        let offers = ["text/html", "application/json", "text/plain"];
        let offer = accept.map_or(2, |accept| preferred(Some(accept), &offers).unwrap_or(0));
        let (media, body) = match offers[offer] {
            "application/json" => {
                let sentence = format!("The server could not accept the upload.\n\n\n{}\n\n", self.message);
                let body = serde_json::json!({ "code": code, "message": sentence, "title": title });
                ("application/json", body.to_string())
            }
            "text/html" => {
                let shown = escape(&code);
                let page = format!(
                    "<!DOCTYPE html>\n<html>\n<head><title>{shown}</title></head>\n\
                     <body><h1>{shown}</h1></body>\n</html>\n"
                );
                ("text/html; charset=utf-8", page)
            }
            _ => ("text/plain; charset=utf-8", format!("{code}\n\n")),
        };
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = self.status;
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media));
        if let Some(phrase) = reason_phrase(&self.message) {
            response.extensions_mut().insert(phrase);
        }
        response
    }
}

/// Returns the sentence as a reason phrase: one line, what is not ASCII as `?`.
fn reason_phrase(message: &str) -> Option<ReasonPhrase> {
    let ascii: String = clean(message).chars().map(|c| if c.is_ascii() { c } else { '?' }).collect();
    ReasonPhrase::try_from(ascii.into_bytes()).ok()
}
