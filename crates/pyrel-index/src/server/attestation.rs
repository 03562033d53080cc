//! The attestations of an upload (PEP 740): K3 to K5 here, the shape of each and its statement by the rules of `check`.
//! Signatures are not verified: that needs Sigstore's roots and log. Nor are identities: this index has no trusted
//! publishers, so that it takes attestations with any token, where PyPI insists on one of theirs (K1).

use std::path::{Path, PathBuf};

use fs_err as fs;
use serde_json::{Value, json};

use super::refusal::Refusal;

/// The most attestations that a file may have.
const MOST: usize = 2;
const PREFIX: &str = "Invalid attestations supplied during upload: ";

/// Reads the form field: the attestations, none when it is absent.
pub(super) fn read(field: Option<&str>) -> Result<Vec<Value>, Refusal> {
    let Some(text) = field else { return Ok(Vec::new()) };
    let attestations: Vec<Value> = serde_json::from_str(text)
        .map_err(|error| refuse(&format!("Malformed attestations: it is no JSON array: {error}")))?;
    match attestations.len() {
        0 => Err(refuse("Malformed attestations: an empty attestation set is not permitted")),
        1..=MOST => Ok(attestations),
        _ => Err(refuse(&format!("A maximum of {MOST} attestations per file are supported"))),
    }
}

fn refuse(text: &str) -> Refusal {
    Refusal::bad(format!("{PREFIX}{text}"))
}

/// Writes each beside its file, under the names by which `check` knows them. Returns where they are.
pub(super) fn write_beside(file: &Path, attestations: &[Value]) -> std::io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for (number, attestation) in attestations.iter().enumerate() {
        let mut name = file.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{number}.attestation"));
        let path = file.with_file_name(name);
        fs::write(&path, attestation.to_string())?;
        paths.push(path);
    }
    Ok(paths)
}

/// Returns the document that is served for a file (PEP 740, "provenance objects").
pub(super) fn provenance(attestations: &[Value]) -> Value {
    json!({
        "version": 1,
        "attestation_bundles": [{
            // Who signed is written in the certificate, which nobody has verified here.
            "publisher": { "kind": "Unverified", "claims": null },
            "attestations": attestations,
        }],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_of_the_wrong_size_are_refused() {
        let said = |text: &str| read(Some(text)).unwrap_err().message;
        assert!(
            said("{").starts_with("Invalid attestations supplied during upload: Malformed attestations:")
        );
        assert!(said("{}").contains("no JSON array"));
        assert!(said("[]").ends_with("an empty attestation set is not permitted"));
        assert!(said("[{}, {}, {}]").ends_with("A maximum of 2 attestations per file are supported"));
        assert_eq!(read(Some("[{}, {}]")).unwrap().len(), 2);
        assert_eq!(read(None).unwrap().len(), 0);
    }
}
