//! Attestation files by their names: `FILE.KIND.attestation` beside `FILE`, as the publishing action of PyPI and twine
//! name them. What they hold is for the check.

use std::io;
use std::path::{Path, PathBuf};

use fs_err as fs;
use pyrel_model::Sha256;
use sha2::Digest as _;

const SUFFIX: &str = ".attestation";
/// The largest attestation that is taken, in bytes; real ones have about ten thousand.
const LARGEST: u64 = 1024 * 1024;

/// An attestation file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FoundAttestation {
    /// Its own name.
    pub(crate) filename: String,
    /// Where it is.
    pub(crate) path: PathBuf,
    /// Its SHA-256.
    pub(crate) sha256: Sha256,
}

/// Returns the name under which the attestation of publishing stands beside a file.
pub(crate) fn publish_attestation(filename: &str) -> String {
    format!("{filename}.publish{SUFFIX}")
}

/// Returns where the attestations beside a built file are, sorted by name.
///
/// # Errors
/// Fails when the directory or an attestation cannot be read, and when one is larger than any can be.
pub fn attestations_beside(file: &Path) -> io::Result<Vec<PathBuf>> {
    Ok(beside(file)?.into_iter().map(|found| found.path).collect())
}

/// Returns the attestations beside a built file, sorted by name.
///
/// # Errors
/// Fails when the directory or an attestation cannot be read, and when one is larger than any can be.
pub(crate) fn beside(file: &Path) -> io::Result<Vec<FoundAttestation>> {
    let (Some(directory), Some(name)) = (file.parent(), file.file_name().and_then(|name| name.to_str()))
    else {
        return Ok(Vec::new());
    };
    let mut found = Vec::new();
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let Some(filename) = entry.file_name().to_str().map(str::to_owned) else { continue };
        if !is_about(&filename, name) {
            continue;
        }
        let path = entry.path();
        let size = fs::metadata(&path)?.len();
        if size > LARGEST {
            let text =
                format!("an attestation has at most {LARGEST} bytes, this one {size}: {}", path.display());
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, text));
        }
        let sha256 = Sha256::new(sha2::Sha256::digest(fs::read(&path)?).into());
        found.push(FoundAttestation { filename, path, sha256 });
    }
    found.sort_by(|a, b| a.filename.cmp(&b.filename));
    Ok(found)
}

/// Tells whether a file is named as an attestation of another.
fn is_about(filename: &str, dist: &str) -> bool {
    let kind = filename.strip_suffix(SUFFIX).and_then(|rest| rest.strip_prefix(dist)?.strip_prefix('.'));
    kind.is_some_and(|kind| !kind.is_empty() && !kind.contains('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attestations_are_known_by_their_names() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("a-1.0.tar.gz");
        for name in [
            "a-1.0.tar.gz",
            "a-1.0.tar.gz.slsa.attestation",
            "a-1.0.tar.gz.publish.attestation",
            "a-1.0.tar.gz.attestation",
            "a-1.0.tar.gz..attestation",
            "a-1.0.tar.gz.asc",
            "a-1.0-py3-none-any.whl.publish.attestation",
            "xa-1.0.tar.gz.publish.attestation",
        ] {
            fs::write(directory.path().join(name), name).unwrap();
        }
        let found = beside(&file).unwrap();
        let names: Vec<&str> = found.iter().map(|found| found.filename.as_str()).collect();
        assert_eq!(names, ["a-1.0.tar.gz.publish.attestation", "a-1.0.tar.gz.slsa.attestation"]);
        assert_eq!(names[0], publish_attestation("a-1.0.tar.gz"));
    }

    #[test]
    fn what_is_too_large_is_none() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("a-1.0.tar.gz");
        let long = fs::File::create(directory.path().join("a-1.0.tar.gz.publish.attestation")).unwrap();
        long.set_len(LARGEST + 1).unwrap();
        assert!(beside(&file).unwrap_err().to_string().contains("publish.attestation"));
    }
}
