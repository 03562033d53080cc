//! Project names: the spelling a person chose and the normal form that identifies the project.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use serde::{Serialize, Serializer};

/// A valid project name.
///
/// Two names are equal when their normal forms are (PEP 503): `My.Pkg` is `my-pkg`. The spelling as written is
/// kept, because metadata carries it.
#[derive(Debug, Clone)]
pub struct PackageName {
    written: String,
    normalized: String,
}

/// A name that no index would take.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "invalid project name, which must consist of ASCII letters, digits, `.`, `_`, and `-` and start and end with a letter or digit: `{0}`"
)]
pub struct InvalidName(pub String);

impl PackageName {
    /// Returns the spelling as written.
    #[must_use]
    pub fn as_written(&self) -> &str {
        &self.written
    }

    /// Returns the normal form of PEP 503: lower case, runs of `-`, `_`, and `.` as one `-`.
    #[must_use]
    pub fn normalized(&self) -> &str {
        &self.normalized
    }

    /// Returns the form used in file names: the normal form with `-` as `_` (PEP 625, wheel specification).
    #[must_use]
    pub fn file_stem(&self) -> String {
        self.normalized.replace('-', "_")
    }
}

/// Returns the PEP 503 normal form of any text, valid name or not.
#[must_use]
pub fn normalize(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut in_run = false;
    for c in text.chars() {
        if matches!(c, '-' | '_' | '.') {
            in_run = true;
            continue;
        }
        if in_run {
            out.push('-');
            in_run = false;
        }
        out.extend(c.to_lowercase());
    }
    if in_run {
        out.push('-');
    }
    out
}

/// Tells whether a text is a valid name: ASCII letters, digits, `._-`, alphanumeric at both ends.
#[must_use]
pub fn is_valid(text: &str) -> bool {
    let bytes = text.as_bytes();
    let inner = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    match (bytes.first(), bytes.last()) {
        (Some(first), Some(last)) => {
            first.is_ascii_alphanumeric() && last.is_ascii_alphanumeric() && bytes.iter().all(inner)
        }
        _ => false,
    }
}

impl FromStr for PackageName {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        if is_valid(text) {
            Ok(Self { written: text.to_owned(), normalized: normalize(text) })
        } else {
            Err(InvalidName(text.to_owned()))
        }
    }
}

impl fmt::Display for PackageName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

impl PartialEq for PackageName {
    fn eq(&self, other: &Self) -> bool {
        self.normalized == other.normalized
    }
}

impl Eq for PackageName {}

impl Hash for PackageName {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.normalized.hash(state);
    }
}

impl PartialOrd for PackageName {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for PackageName {
    fn cmp(&self, other: &Self) -> Ordering {
        self.normalized.cmp(&other.normalized)
    }
}

impl Serialize for PackageName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.written)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_name_are_equal() {
        let a: PackageName = "My.Pkg__x".parse().unwrap();
        let b: PackageName = "my-pkg-x".parse().unwrap();
        assert_eq!(a, b);
        assert_eq!(a.as_written(), "My.Pkg__x");
        assert_eq!(a.file_stem(), "my_pkg_x");
    }

    #[test]
    fn names_that_no_index_takes_are_refused() {
        for bad in ["", "-a", "a-", "a b", "ä", "a/b", "a\n"] {
            assert!(bad.parse::<PackageName>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn normal_form_keeps_separators_at_the_ends() {
        assert_eq!(normalize("_a__B."), "-a-b-");
    }
}
