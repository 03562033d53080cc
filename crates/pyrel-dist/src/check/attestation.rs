//! An attestation file (PEP 740) that goes with a distribution: its parse as PyPI makes it, as far as it needs neither
//! network nor signatures. Judges nothing.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fs_err as fs;
use serde_json::Value;

/// The largest attestation that is read, in bytes; real ones have about ten thousand.
const LARGEST: u64 = 1024 * 1024;

/// One attestation file.
#[derive(Debug, Clone)]
pub(crate) struct Attestation {
    /// The name of the file.
    pub(crate) filename: String,
    /// Its statement, or what is wrong with its shape.
    pub(crate) statement: Result<Statement, String>,
}

/// The statement that is signed, in the in-toto format.
#[derive(Debug, Clone)]
pub(crate) struct Statement {
    value: Value,
}

impl Attestation {
    /// Returns the name of the distribution that a file attests, when the name of the file says that it does.
    pub(crate) fn subject_of(filename: &str) -> Option<&str> {
        let (dist, kind) = filename.strip_suffix(".attestation")?.rsplit_once('.')?;
        (!kind.is_empty() && !dist.is_empty()).then_some(dist)
    }

    /// Reads a file. What cannot be read is a fault of its shape.
    pub(crate) fn read(path: &Path) -> Self {
        let filename = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        Self { filename, statement: bytes_of(path).and_then(|bytes| parse(&bytes)) }
    }
}

fn bytes_of(path: &Path) -> Result<Vec<u8>, String> {
    let size = fs::metadata(path).map_err(|error| error.to_string())?.len();
    if size > LARGEST {
        return Err(format!("the file is larger than {LARGEST} bytes"));
    }
    fs::read(path).map_err(|error| error.to_string())
}

fn parse(bytes: &[u8]) -> Result<Statement, String> {
    let value: Value = serde_json::from_slice(bytes).map_err(|error| format!("it is not JSON: {error}"))?;
    if !value.is_object() {
        return Err("it is no JSON object".to_owned());
    }
    if value["version"].as_f64() != Some(1.0) {
        return Err("`version` is not 1".to_owned());
    }
    let material = &value["verification_material"];
    base64_of(&material["certificate"], "verification_material.certificate")?;
    let entries = material["transparency_entries"].as_array();
    if entries.is_none_or(|entries| entries.is_empty() || !entries.iter().all(Value::is_object)) {
        return Err(
            "`verification_material.transparency_entries` is no list of entries, or has none".to_owned()
        );
    }
    base64_of(&value["envelope"]["signature"], "envelope.signature")?;
    let statement = base64_of(&value["envelope"]["statement"], "envelope.statement")?;
    // The statement is looked at much later, so that nonsense in it is no fault of the shape.
    Ok(Statement { value: serde_json::from_slice(&statement).unwrap_or(Value::Null) })
}

fn base64_of(value: &Value, field: &str) -> Result<Vec<u8>, String> {
    let text = value.as_str().ok_or_else(|| format!("`{field}` is missing"))?;
    let text: String = text.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    STANDARD.decode(text).map_err(|error| format!("`{field}` is not base64: {error}"))
}

impl Statement {
    /// Returns the type of the predicate.
    pub(crate) fn predicate_type(&self) -> Option<&str> {
        self.value["predicateType"].as_str()
    }

    /// Returns what is wrong with the subject of a statement about a file.
    pub(crate) fn fault(&self, filename: &str, sha256: &str) -> Option<String> {
        let Some(subjects) = self.value["subject"].as_array() else {
            return Some("invalid statement: it has no `subject`".to_owned());
        };
        let [subject] = subjects.as_slice() else {
            return Some("too many subjects in statement (must be exactly one)".to_owned());
        };
        let Some(name) = subject["name"].as_str().filter(|name| !name.is_empty()) else {
            return Some("invalid subject: missing name".to_owned());
        };
        if !same_dist(name, filename) {
            return Some(format!("subject does not match distribution name: {name} != {filename}"));
        }
        let digest = subject["digest"]["sha256"].as_str();
        (digest != Some(sha256)).then(|| "subject does not match distribution digest".to_owned())
    }
}

/// Names are compared once parsed, so that another spelling of the same project and version is no difference.
fn same_dist(a: &str, b: &str) -> bool {
    use pyrel_model::DistFilename;
    a == b
        || match (a.parse::<DistFilename>(), b.parse::<DistFilename>()) {
            (Ok(DistFilename::Sdist(a)), Ok(DistFilename::Sdist(b))) => {
                (a.name, a.version) == (b.name, b.version)
            }
            (Ok(DistFilename::Wheel(a)), Ok(DistFilename::Wheel(b))) => {
                let tags = a.tags.expand() == b.tags.expand();
                (a.name, a.version, a.build) == (b.name, b.version, b.build) && tags
            }
            _ => false,
        }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Makes an attestation of the right shape around a statement.
    pub(crate) fn attestation_of(statement: &Value) -> Value {
        serde_json::json!({
            "version": 1,
            "verification_material": {"certificate": "MAA=", "transparency_entries": [{"logIndex": "1"}]},
            "envelope": {"statement": STANDARD.encode(statement.to_string()), "signature": "MAA="},
        })
    }

    #[test]
    fn the_shape_is_tested_field_by_field() {
        let good = attestation_of(&serde_json::json!({"subject": []}));
        assert!(parse(good.to_string().as_bytes()).is_ok());
        for (pointer, part) in [
            ("/version", "`version` is not 1"),
            ("/verification_material/certificate", "certificate` is missing"),
            ("/verification_material/transparency_entries", "or has none"),
            ("/envelope/statement", "statement` is missing"),
            ("/envelope/signature", "signature` is missing"),
        ] {
            let mut bad = good.clone();
            *bad.pointer_mut(pointer).unwrap() = Value::Null;
            let fault = parse(bad.to_string().as_bytes()).unwrap_err();
            assert!(fault.contains(part), "{fault}");
        }
        assert!(parse(b"[]").unwrap_err().contains("no JSON object"));
        assert!(parse(b"{").unwrap_err().contains("not JSON"));
        assert!(parse("[".repeat(100_000).as_bytes()).is_err(), "nesting is bounded");
    }

    #[test]
    fn the_subject_of_a_file_name() {
        let of = Attestation::subject_of;
        assert_eq!(of("a-1.tar.gz.publish.attestation"), Some("a-1.tar.gz"));
        assert_eq!(of("a-1.tar.gz.slsa.attestation"), Some("a-1.tar.gz"));
        assert_eq!(of("a-1.tar.gz"), None);
        assert_eq!(of(".attestation"), None);
    }

    #[test]
    fn the_subject_is_compared_once_parsed() {
        let statement = |subject: Value| Statement { value: serde_json::json!({"subject": subject}) };
        let digest = serde_json::json!({"sha256": "ab"});
        let fault = |subject: Value| statement(subject).fault("a_b-1.0.tar.gz", "ab");
        assert_eq!(fault(serde_json::json!([{"name": "A.b-1.0.0.tar.gz", "digest": digest}])), None);
        for (subject, part) in [
            (Value::Null, "invalid statement"),
            (serde_json::json!([]), "must be exactly one"),
            (serde_json::json!([{"digest": digest}]), "missing name"),
            (
                serde_json::json!([{"name": "c-1.0.tar.gz", "digest": digest}]),
                "c-1.0.tar.gz != a_b-1.0.tar.gz",
            ),
            (serde_json::json!([{"name": "a_b-1.0.tar.gz"}]), "distribution digest"),
        ] {
            let found = fault(subject).unwrap();
            assert!(found.contains(part), "{found}");
        }
    }
}
