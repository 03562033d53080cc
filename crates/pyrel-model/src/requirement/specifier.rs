//! Version specifiers (PEP 440): one comparison, and sets of them.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use super::scanner::Scanner;
use crate::Version;

const OPERATORS: [&str; 8] = ["===", "==", "~=", "!=", "<=", ">=", "<", ">"];

/// One comparison, such as `>=1.0`; the version text is kept as written.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Specifier {
    operator: &'static str,
    version: String,
}

/// A text that is no specifier (set).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid version specifier (PEP 440): `{0}`")]
pub struct InvalidSpecifier(pub String);

impl Specifier {
    /// Returns the operator: `===`, `==`, `~=`, `!=`, `<=`, `>=`, `<`, or `>`.
    #[must_use]
    pub fn operator(&self) -> &'static str {
        self.operator
    }

    /// Returns the version text as written, such as `1.0` or `1.*`.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Reads one specifier at the cursor; `None` when no operator comes next.
    pub(super) fn scan(scanner: &mut Scanner<'_>) -> Result<Option<Self>, InvalidSpecifier> {
        let start = scanner.rest();
        let Some(operator) = OPERATORS.into_iter().find(|operator| scanner.take(operator)) else {
            return Ok(None);
        };
        scanner.skip_space();
        let text = if operator == "===" {
            scanner.take_while(|c| !c.is_whitespace() && !matches!(c, ';' | ')' | ','))
        } else {
            scanner
                .take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '*' | '+' | '!' | '-' | '_'))
        };
        let specifier = Self { operator, version: text.to_owned() };
        if specifier.is_valid() {
            Ok(Some(specifier))
        } else {
            Err(InvalidSpecifier(start.trim().to_owned()))
        }
    }

    fn is_valid(&self) -> bool {
        if self.operator == "===" {
            return !self.version.is_empty();
        }
        !self.version.is_empty() && self.to_pep440().is_some()
    }

    fn to_pep440(&self) -> Option<pep440_rs::VersionSpecifier> {
        pep440_rs::VersionSpecifier::from_str(&self.to_string()).ok()
    }

    /// Tells whether the version satisfies this comparison; pre-releases are not treated specially.
    #[must_use]
    pub fn contains(&self, version: &Version) -> bool {
        match self.to_pep440() {
            Some(specifier) => specifier.contains(version.as_pep440()),
            None => self.operator == "===" && self.version.eq_ignore_ascii_case(version.as_written()),
        }
    }
}

impl fmt::Display for Specifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.operator, self.version)
    }
}

/// A set of comparisons that must all hold.
///
/// `Display` prints as `packaging` does: without spaces, without doubles, sorted as text.
#[derive(Debug, Clone, Default)]
pub struct SpecifierSet {
    specifiers: Vec<Specifier>,
    written: String,
}

impl SpecifierSet {
    pub(super) fn from_scanned(specifiers: Vec<Specifier>, written: &str) -> Self {
        Self { specifiers, written: written.trim().to_owned() }
    }

    /// Returns the comparisons in the order as written.
    #[must_use]
    pub fn specifiers(&self) -> &[Specifier] {
        &self.specifiers
    }

    /// Returns the text as written, white space at the ends removed.
    #[must_use]
    pub fn as_written(&self) -> &str {
        &self.written
    }

    /// Tells whether there is no comparison at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.specifiers.is_empty()
    }

    /// Tells whether the version satisfies every comparison; pre-releases are not treated specially.
    #[must_use]
    pub fn contains(&self, version: &Version) -> bool {
        self.specifiers.iter().all(|specifier| specifier.contains(version))
    }
}

impl FromStr for SpecifierSet {
    type Err = InvalidSpecifier;

    fn from_str(text: &str) -> Result<Self, InvalidSpecifier> {
        let fail = || InvalidSpecifier(text.to_owned());
        let mut specifiers = Vec::new();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let mut scanner = Scanner::new(part);
            let specifier = Specifier::scan(&mut scanner).map_err(|_| fail())?.ok_or_else(fail)?;
            if !scanner.is_done() {
                return Err(fail());
            }
            specifiers.push(specifier);
        }
        Ok(Self::from_scanned(specifiers, text))
    }
}

impl fmt::Display for SpecifierSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts: Vec<String> = self.specifiers.iter().map(ToString::to_string).collect();
        parts.sort();
        parts.dedup();
        f.write_str(&parts.join(","))
    }
}

impl PartialEq for SpecifierSet {
    fn eq(&self, other: &Self) -> bool {
        self.to_string() == other.to_string()
    }
}

impl Eq for SpecifierSet {}

impl Serialize for SpecifierSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.written)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_sorted_without_spaces() {
        let set: SpecifierSet = ">=3.9, <4 , >=3.9".parse().unwrap();
        assert_eq!(set.to_string(), "<4,>=3.9");
        assert_eq!(set.as_written(), ">=3.9, <4 , >=3.9");
    }

    #[test]
    fn tests_versions() {
        let set: SpecifierSet = ">=3.9,!=3.10.*".parse().unwrap();
        assert!(set.contains(&"3.9.1".parse().unwrap()));
        assert!(!set.contains(&"3.10.2".parse().unwrap()));
    }

    #[test]
    fn refuses_what_packaging_refuses() {
        for bad in ["3.8", "^3.8", "*", ">=3.8.*", "~=1", ">=", "> = 1", ">=1 <2", "==="] {
            assert!(bad.parse::<SpecifierSet>().is_err(), "{bad}");
        }
        for good in ["", " ", "==1.*", "===anything", "~=1.0", "==1.0+local", ">=1,"] {
            assert!(good.parse::<SpecifierSet>().is_ok(), "{good}");
        }
    }
}
