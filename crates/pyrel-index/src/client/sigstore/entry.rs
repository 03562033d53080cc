//! An entry of Rekor's log: from the form in which the log tells it to the form that an attestation holds (Sigstore's
//! `TransparencyLogEntry` in JSON). Makes sure that the log wrote down what was sent.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pyrel_model::Sha256;
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::Digest as _;

/// What the log tells of an entry.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Told {
    body: String,
    integrated_time: i64,
    #[serde(rename = "logID")]
    log_id: String,
    log_index: u64,
    verification: Verification,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Verification {
    inclusion_proof: Proof,
    signed_entry_timestamp: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Proof {
    checkpoint: String,
    hashes: Vec<String>,
    log_index: u64,
    root_hash: String,
    tree_size: u64,
}

/// Returns the entry of an answer of the log, which must be about this payload and this signature.
///
/// # Errors
/// Says what is wrong with the answer.
pub(super) fn entry(answer: &[u8], payload: &[u8], signature: &[u8]) -> Result<Value, String> {
    let all: serde_json::Map<String, Value> =
        serde_json::from_slice(answer).map_err(|error| format!("it is no entry of a log: {error}"))?;
    let mut entries = all.into_iter();
    let (Some((_, told)), None) = (entries.next(), entries.next()) else {
        return Err("it is not exactly one entry".to_owned());
    };
    let told: Told =
        serde_json::from_value(told).map_err(|error| format!("it is no entry of a log: {error}"))?;
    require_same(&told.body, payload, signature)?;
    let proof = &told.verification.inclusion_proof;
    let hashes = proof.hashes.iter().map(|hash| recoded(hash)).collect::<Result<Vec<_>, _>>()?;
    Ok(json!({
        "logIndex": told.log_index.to_string(),
        "logId": { "keyId": recoded(&told.log_id)? },
        "kindVersion": { "kind": "dsse", "version": "0.0.1" },
        "integratedTime": told.integrated_time.to_string(),
        "inclusionPromise": { "signedEntryTimestamp": told.verification.signed_entry_timestamp },
        "inclusionProof": {
            "logIndex": proof.log_index.to_string(),
            "rootHash": recoded(&proof.root_hash)?,
            "treeSize": proof.tree_size.to_string(),
            "hashes": hashes,
            "checkpoint": { "envelope": proof.checkpoint },
        },
        "canonicalizedBody": told.body,
    }))
}

/// Compares what the log wrote down with what was sent.
fn require_same(body: &str, payload: &[u8], signature: &[u8]) -> Result<(), String> {
    let decoded = STANDARD.decode(body).map_err(|error| format!("its body is not base64: {error}"))?;
    let body: Value =
        serde_json::from_slice(&decoded).map_err(|error| format!("its body is not JSON: {error}"))?;
    if (&body["kind"], &body["apiVersion"]) != (&json!("dsse"), &json!("0.0.1")) {
        return Err("its body is of another kind than `dsse` 0.0.1".to_owned());
    }
    let sha256 = Sha256::new(sha2::Sha256::digest(payload).into()).to_hex();
    let wanted = (json!({ "algorithm": "sha256", "value": sha256 }), json!(STANDARD.encode(signature)));
    let spec = &body["spec"];
    if (&spec["payloadHash"], &spec["signatures"][0]["signature"]) == (&wanted.0, &wanted.1) {
        Ok(())
    } else {
        Err("its body is about something else than what was sent".to_owned())
    }
}

/// From hexadecimal digits to base64.
fn recoded(hex: &str) -> Result<String, String> {
    let digits = hex.as_bytes().chunks(2).map(|pair| {
        let pair = std::str::from_utf8(pair).ok().filter(|pair| pair.len() == 2)?;
        u8::from_str_radix(pair, 16).ok()
    });
    let bytes: Option<Vec<u8>> = digits.collect();
    bytes
        .map(|bytes| STANDARD.encode(bytes))
        .ok_or_else(|| format!("it has a hash that is not hexadecimal: {hex}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(body: &Value) -> Value {
        json!({ "aa": {
            "body": STANDARD.encode(body.to_string()), "integratedTime": 7, "logID": "0aff", "logIndex": 12,
            "verification": {
                "inclusionProof": {
                    "checkpoint": "log\n1\n", "hashes": ["00ff"], "logIndex": 3, "rootHash": "0102", "treeSize": 4
                },
                "signedEntryTimestamp": "c2V0"
            }
        }})
    }

    fn body(payload: &[u8], signature: &[u8]) -> Value {
        let sha256 = Sha256::new(sha2::Sha256::digest(payload).into()).to_hex();
        json!({ "apiVersion": "0.0.1", "kind": "dsse", "spec": {
            "payloadHash": { "algorithm": "sha256", "value": sha256 },
            "signatures": [{ "signature": STANDARD.encode(signature), "verifier": "" }],
        }})
    }

    #[test]
    fn an_entry_is_told_in_the_other_form() {
        let answer = told(&body(b"p", b"s")).to_string();
        let entry = entry(answer.as_bytes(), b"p", b"s").unwrap();
        assert_eq!(entry["logIndex"], "12");
        assert_eq!(entry["logId"]["keyId"], "Cv8=");
        assert_eq!(entry["integratedTime"], "7");
        assert_eq!(entry["inclusionProof"]["hashes"], json!(["AP8="]));
        assert_eq!(entry["inclusionProof"]["treeSize"], "4");
        assert_eq!(entry["inclusionProof"]["checkpoint"]["envelope"], "log\n1\n");
        assert_eq!(entry["inclusionPromise"]["signedEntryTimestamp"], "c2V0");
    }

    #[test]
    fn an_entry_about_something_else_is_refused() {
        let fault = |answer: &Value| entry(answer.to_string().as_bytes(), b"p", b"s").unwrap_err();
        assert!(fault(&told(&body(b"other", b"s"))).contains("something else"));
        assert!(fault(&told(&body(b"p", b"other"))).contains("something else"));
        let mut kind = body(b"p", b"s");
        kind["kind"] = json!("hashedrekord");
        assert!(fault(&told(&kind)).contains("another kind"));
        assert!(fault(&json!({})).contains("exactly one"));
        assert!(fault(&json!({ "aa": {} })).contains("no entry"));
        let mut odd = told(&body(b"p", b"s"));
        odd["aa"]["logID"] = json!("0");
        assert!(fault(&odd).contains("not hexadecimal"));
    }
}
