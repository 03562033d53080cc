//! What is signed: the statement that this very file was published (in-toto statement version 1, with PyPI's own
//! predicate), inside an envelope (DSSE).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pyrel_model::Sha256;
use serde_json::json;

const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";
const PREDICATE: &str = "https://docs.pypi.org/attestations/publish/v1";

/// Returns the statement about a file.
pub(super) fn statement(filename: &str, sha256: &Sha256) -> Vec<u8> {
    let statement = json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{ "name": filename, "digest": { "sha256": sha256.to_hex() } }],
        "predicateType": PREDICATE,
        "predicate": null,
    });
    statement.to_string().into_bytes()
}

/// Returns the bytes that a signature of an envelope is over (DSSE 1.0, "pre-authentication encoding").
pub(super) fn encoding(payload: &[u8]) -> Vec<u8> {
    let head = format!("DSSEv1 {} {PAYLOAD_TYPE} {} ", PAYLOAD_TYPE.len(), payload.len());
    [head.as_bytes(), payload].concat()
}

/// Returns the envelope of a payload and its signature as JSON.
pub(super) fn envelope(payload: &[u8], signature: &[u8]) -> String {
    let envelope = json!({
        "payload": STANDARD.encode(payload),
        "payloadType": PAYLOAD_TYPE,
        "signatures": [{ "sig": STANDARD.encode(signature) }],
    });
    envelope.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_encoding_is_that_of_the_specification() {
        assert_eq!(encoding(b"hello"), b"DSSEv1 28 application/vnd.in-toto+json 5 hello");
    }

    #[test]
    fn a_statement_has_one_subject() {
        let text = String::from_utf8(statement("a-1.tar.gz", &Sha256::new([1; 32]))).unwrap();
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["subject"].as_array().unwrap().len(), 1);
        assert_eq!(value["subject"][0]["digest"]["sha256"], "01".repeat(32));
        assert!(value["predicate"].is_null() && value.get("predicate").is_some());
    }
}
