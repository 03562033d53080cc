//! One dependency: name, extras, version specifiers or URL, marker.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use super::scanner::Scanner;
use super::{Marker, Specifier, SpecifierSet};
use crate::{PackageName, name};

/// A requirement (PEP 508). `Display` prints it as `packaging` does.
#[derive(Debug, Clone)]
pub struct Requirement {
    /// The project required.
    pub name: PackageName,
    /// Extras in the order and spelling as written.
    pub extras: Vec<String>,
    /// The versions that satisfy it; empty means any.
    pub specifiers: SpecifierSet,
    /// A direct reference (`name @ url`), which no public index takes.
    pub url: Option<String>,
    /// When it applies.
    pub marker: Option<Marker>,
    written: String,
}

/// A text that is no requirement.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid requirement (PEP 508), {reason} at column {column}: `{text}`")]
pub struct InvalidRequirement {
    /// The whole text.
    pub text: String,
    /// What was expected or wrong.
    pub reason: &'static str,
    /// Where, in bytes from 1.
    pub column: usize,
}

impl Requirement {
    /// Returns the text as written, white space at the ends removed.
    #[must_use]
    pub fn as_written(&self) -> &str {
        &self.written
    }

    fn scan(scanner: &mut Scanner<'_>, text: &str) -> Result<Self, &'static str> {
        scanner.skip_space();
        let word = scanner.take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'));
        let name: PackageName = word.parse().map_err(|_| "expected a project name")?;
        scanner.skip_space();
        let extras = scan_extras(scanner)?;
        scanner.skip_space();
        let (specifiers, url) = if scanner.take("@") {
            (SpecifierSet::default(), Some(scan_url(scanner)?))
        } else {
            (scan_specifiers(scanner)?, None)
        };
        scanner.skip_space();
        let marker = if scanner.take(";") {
            Some(Marker::scan(scanner).ok_or("expected a marker expression")?)
        } else {
            None
        };
        scanner.skip_space();
        if !scanner.is_done() {
            return Err("unexpected text");
        }
        Ok(Self { name, extras, specifiers, url, marker, written: text.trim().to_owned() })
    }
}

fn scan_extras(scanner: &mut Scanner<'_>) -> Result<Vec<String>, &'static str> {
    let mut extras = Vec::new();
    if !scanner.take("[") {
        return Ok(extras);
    }
    loop {
        scanner.skip_space();
        if scanner.take("]") {
            return if extras.is_empty() { Ok(extras) } else { Err("expected an extra after `,`") };
        }
        let extra = scanner.take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'));
        if !name::is_valid(extra) {
            return Err("expected an extra");
        }
        extras.push(extra.to_owned());
        scanner.skip_space();
        if scanner.take("]") {
            return Ok(extras);
        }
        if !scanner.take(",") {
            return Err("expected `,` or `]`");
        }
    }
}

fn scan_url(scanner: &mut Scanner<'_>) -> Result<String, &'static str> {
    scanner.skip_space();
    let url = scanner.take_while(|c| !matches!(c, ' ' | '\t'));
    if url.is_empty() { Err("expected a URL after `@`") } else { Ok(url.to_owned()) }
}

fn scan_specifiers(scanner: &mut Scanner<'_>) -> Result<SpecifierSet, &'static str> {
    let in_brackets = scanner.take("(");
    let text = scanner.rest();
    let start = scanner.position();
    let mut specifiers = Vec::new();
    loop {
        scanner.skip_space();
        match Specifier::scan(scanner).map_err(|_| "invalid version specifier")? {
            Some(specifier) => specifiers.push(specifier),
            None => break,
        }
        scanner.skip_space();
        if !scanner.take(",") {
            break;
        }
    }
    let written = &text[..scanner.position() - start];
    if in_brackets {
        scanner.skip_space();
        if !scanner.take(")") {
            return Err("expected `)`");
        }
    }
    Ok(SpecifierSet::from_scanned(specifiers, written))
}

impl FromStr for Requirement {
    type Err = InvalidRequirement;

    fn from_str(text: &str) -> Result<Self, InvalidRequirement> {
        let mut scanner = Scanner::new(text);
        Self::scan(&mut scanner, text).map_err(|reason| InvalidRequirement {
            text: text.to_owned(),
            reason,
            column: scanner.position() + 1,
        })
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name.as_written())?;
        if !self.extras.is_empty() {
            let mut extras = self.extras.clone();
            extras.sort();
            extras.dedup();
            write!(f, "[{}]", extras.join(","))?;
        }
        if let Some(url) = &self.url {
            write!(f, " @ {url}")?;
        } else {
            write!(f, "{}", self.specifiers)?;
        }
        if let Some(marker) = &self.marker {
            f.write_str(if self.url.is_some() { " ; " } else { "; " })?;
            write!(f, "{marker}")?;
        }
        Ok(())
    }
}

impl PartialEq for Requirement {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
            && self.extras == other.extras
            && self.specifiers == other.specifiers
            && self.url == other.url
            && self.marker == other.marker
    }
}

impl Eq for Requirement {}

impl Serialize for Requirement {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.written)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn print(text: &str) -> String {
        text.parse::<Requirement>().map_or_else(|error| error.to_string(), |parsed| parsed.to_string())
    }

    #[test]
    fn prints_as_packaging_does() {
        for (text, printed) in [
            ("requests", "requests"),
            (
                "Foo_Bar [b, a] >=1.0, <2 ; python_version<'3.12'",
                "Foo_Bar[a,b]<2,>=1.0; python_version < \"3.12\"",
            ),
            ("foo (>=1)", "foo>=1"),
            ("foo()", "foo"),
            (
                "foo @ https://example.org/a.whl ; os_name == 'nt'",
                "foo @ https://example.org/a.whl ; os_name == \"nt\"",
            ),
            ("foo>=1,", "foo>=1"),
            ("foo[]", "foo"),
            ("foo===1.0,!=2", "foo!=2,===1.0"),
        ] {
            assert_eq!(print(text), printed);
        }
    }

    #[test]
    fn printing_and_parsing_again_is_identity() {
        for text in ["a[x,y]~=1.0; extra == 'q'", "b==1.*", "c @ file:///x"] {
            let once = print(text);
            assert_eq!(print(&once), once);
        }
    }

    #[test]
    fn faults_name_the_column() {
        assert_eq!(
            print("foo >=1.*"),
            "invalid requirement (PEP 508), invalid version specifier at column 10: `foo >=1.*`"
        );
        for bad in [
            "",
            "-x",
            "foo bar",
            "foo[",
            "foo[a,]",
            "foo (>=1",
            "foo @",
            "foo; os == 'x'",
            "foo ~=1",
            "foo $",
        ] {
            assert!(bad.parse::<Requirement>().is_err(), "{bad}");
        }
    }
}
