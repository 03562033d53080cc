//! Versions by PEP 440: the spelling as written and the normal form.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use serde::{Serialize, Serializer};

/// A valid version. `1.0` and `1.0.0` are equal; `Display` prints the normal form (`v1.0-RC1` is `1.0rc1`).
#[derive(Debug, Clone)]
pub struct Version {
    written: String,
    parsed: pep440_rs::Version,
}

/// A text that is no PEP 440 version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid version (PEP 440): `{0}`")]
pub struct InvalidVersion(pub String);

impl Version {
    /// Returns the spelling as written, white space at the ends removed.
    #[must_use]
    pub fn as_written(&self) -> &str {
        &self.written
    }

    /// Returns the normal form of PEP 440, trailing zeros kept.
    #[must_use]
    pub fn normalized(&self) -> String {
        self.parsed.to_string()
    }

    /// Tells whether the version is a pre-release or a development release.
    #[must_use]
    pub fn is_pre_release(&self) -> bool {
        self.parsed.any_prerelease()
    }

    /// Tells whether the version has a local segment (`+…`), which no public index takes.
    #[must_use]
    pub fn is_local(&self) -> bool {
        self.parsed.is_local()
    }

    /// Returns the release segment (`[1, 2, 3]` for `1.2.3rc1`).
    #[must_use]
    pub fn release(&self) -> Vec<u64> {
        self.parsed.release().to_vec()
    }

    /// Returns the version of the underlying library, for specifier tests.
    #[must_use]
    pub fn as_pep440(&self) -> &pep440_rs::Version {
        &self.parsed
    }
}

impl FromStr for Version {
    type Err = InvalidVersion;

    fn from_str(text: &str) -> Result<Self, InvalidVersion> {
        let trimmed = text.trim();
        match pep440_rs::Version::from_str(trimmed) {
            Ok(parsed) => Ok(Self { written: trimmed.to_owned(), parsed }),
            Err(_) => Err(InvalidVersion(text.to_owned())),
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.parsed)
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.parsed == other.parsed
    }
}

impl Eq for Version {}

impl Hash for Version {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.parsed.hash(state);
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        self.parsed.cmp(&other.parsed)
    }
}

impl Serialize for Version {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.parsed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_the_normal_form_and_keeps_the_spelling() {
        for (written, normal) in [
            ("v1.0-RC.1", "1.0rc1"),
            (" 1.0.0 ", "1.0.0"),
            ("1.0-1", "1.0.post1"),
            ("2!1.0+Ab-1", "2!1.0+ab.1"),
            ("1.0alpha", "1.0a0"),
        ] {
            let version: Version = written.parse().unwrap();
            assert_eq!(version.to_string(), normal);
            assert_eq!(version.as_written(), written.trim());
        }
    }

    #[test]
    fn equality_ignores_trailing_zeros() {
        assert_eq!("1.0".parse::<Version>().unwrap(), "1.0.0".parse().unwrap());
        assert!("1.0rc1".parse::<Version>().unwrap() < "1.0".parse().unwrap());
    }

    #[test]
    fn refuses_what_is_no_version() {
        for bad in ["", "1.0.x", "one", "1_0"] {
            assert!(bad.parse::<Version>().is_err(), "{bad:?}");
        }
    }
}
