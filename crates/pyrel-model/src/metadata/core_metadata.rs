//! A parsed `METADATA` or `PKG-INFO`: the value that rules judge and that uploads send.

use super::field::{FIELDS, Field};
use super::header::{InvalidMetadata, split};
use crate::name::InvalidName;
use crate::version::InvalidVersion;
use crate::{PackageName, Version};

/// Core metadata as a list of fields in file order, plus the description.
///
/// Nothing is judged here beyond the layout of the file: unknown fields, doubles, and invalid values are kept
/// so that a rule can name them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CoreMetadata {
    headers: Vec<(String, String)>,
    body: String,
}

/// A required field that is absent or invalid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MissingField {
    /// The field is absent or empty.
    #[error("metadata has no `{0}` field")]
    Absent(&'static str),
    /// `Name` is invalid.
    #[error(transparent)]
    Name(#[from] InvalidName),
    /// `Version` is invalid.
    #[error(transparent)]
    Version(#[from] InvalidVersion),
}

impl CoreMetadata {
    /// Parses the bytes of a `METADATA` or `PKG-INFO` file.
    ///
    /// # Errors
    /// When the bytes are not UTF-8 or a header line is malformed.
    pub fn parse(bytes: &[u8]) -> Result<Self, InvalidMetadata> {
        let parts = split(bytes)?;
        Ok(Self { headers: parts.headers, body: parts.body })
    }

    /// Returns every header as `(field, value)` in file order.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Returns the first value of a field, by its header in any case.
    #[must_use]
    pub fn get(&self, header: &str) -> Option<&str> {
        self.headers().find(|(name, _)| name.eq_ignore_ascii_case(header)).map(|(_, value)| value)
    }

    /// Returns all values of a field, by its header in any case, in file order.
    pub fn get_all<'a>(&'a self, header: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers
            .iter()
            .filter(move |(name, _)| name.eq_ignore_ascii_case(header))
            .map(|(_, value)| value.as_str())
    }

    /// Returns the text after the blank line, exactly.
    #[must_use]
    pub fn body(&self) -> &str {
        &self.body
    }

    /// Returns the description: the body, or else the `Description` header.
    #[must_use]
    pub fn description(&self) -> Option<&str> {
        if self.body.is_empty() { self.get("Description") } else { Some(&self.body) }
    }

    /// Returns the project name.
    ///
    /// # Errors
    /// When the field is absent or invalid.
    pub fn name(&self) -> Result<PackageName, MissingField> {
        let text = self.get("Name").filter(|text| !text.is_empty()).ok_or(MissingField::Absent("Name"))?;
        Ok(text.parse()?)
    }

    /// Returns the version.
    ///
    /// # Errors
    /// When the field is absent or invalid.
    pub fn version(&self) -> Result<Version, MissingField> {
        let text =
            self.get("Version").filter(|text| !text.is_empty()).ok_or(MissingField::Absent("Version"))?;
        Ok(text.parse()?)
    }

    /// Returns the fields as parts of an upload form, in the order of the specification.
    ///
    /// Fields that the legacy API does not know are left out; empty values too, as an index treats them as
    /// absent; and `License-File` below metadata version 2.4, where old setuptools wrote it before it was a field
    /// and an index refuses it (twine leaves it out as well).
    #[must_use]
    pub fn to_form(&self) -> Vec<(&'static str, String)> {
        let mut form = Vec::new();
        for field in FIELDS {
            if field.header == "Description" {
                form.extend(self.description().map(|text| (field.form, text.to_owned())));
            } else {
                form.extend(self.get_all(field.header).map(|value| (field.form, value.to_owned())));
            }
        }
        let early =
            matches!(self.get("Metadata-Version"), Some("1.0" | "1.1" | "1.2" | "2.1" | "2.2" | "2.3"));
        form.retain(|(name, value)| !(value.is_empty() || early && *name == "license_file"));
        form
    }

    /// Returns the headers that are no field of the specification, in file order.
    pub fn unknown_headers(&self) -> impl Iterator<Item = &str> {
        self.headers().map(|(name, _)| name).filter(|name| Field::by_header(name).is_none())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "Metadata-Version: 2.4\nName: Demo\nVersion: 1.0\nLicense: one\n        two\n\
        Classifier: B\nClassifier: A\nAuthor-Email: a@example.org\nX-Own: 1\n\n# Title\n\nText\n";

    #[test]
    fn fields_continuations_and_body() {
        let metadata = CoreMetadata::parse(TEXT.as_bytes()).unwrap();
        assert_eq!(metadata.get("license"), Some("one\n        two"));
        assert_eq!(metadata.get_all("classifier").collect::<Vec<_>>(), ["B", "A"]);
        assert_eq!(metadata.description(), Some("# Title\n\nText\n"));
        assert_eq!(metadata.unknown_headers().collect::<Vec<_>>(), ["X-Own"]);
        assert_eq!(metadata.name().unwrap().as_written(), "Demo");
    }

    #[test]
    fn the_form_has_the_names_of_the_upload_api() {
        let form = CoreMetadata::parse(TEXT.as_bytes()).unwrap().to_form();
        assert!(form.contains(&("author_email", "a@example.org".to_owned())));
        assert!(form.contains(&("description", "# Title\n\nText\n".to_owned())));
        assert_eq!(form.iter().filter(|(name, _)| *name == "classifiers").count(), 2);
        assert!(!form.iter().any(|(_, value)| value == "1"), "unknown fields stay out");
    }

    #[test]
    fn a_licence_file_is_sent_from_the_version_that_knows_it() {
        let sends = |version: &str| {
            let text = format!("Metadata-Version: {version}\nName: a\nVersion: 1\nLicense-File: LICENSE\n");
            let form = CoreMetadata::parse(text.as_bytes()).unwrap().to_form();
            form.iter().any(|(name, _)| *name == "license_file")
        };
        assert_eq!(["2.1", "2.3", "2.4", "2.5"].map(sends), [false, false, true, true]);
    }

    #[test]
    fn crlf_and_a_missing_body_are_fine() {
        let metadata = CoreMetadata::parse(b"Name: a\r\nVersion: 1\r\n\r\n").unwrap();
        assert_eq!((metadata.get("Name"), metadata.description()), (Some("a"), None));
    }

    #[test]
    fn broken_layout_is_an_error_with_its_line() {
        assert_eq!(CoreMetadata::parse(b"Name: a\n\xff"), Err(InvalidMetadata::Encoding(8)));
        assert!(matches!(
            CoreMetadata::parse(b"Name: a\nnonsense\n"),
            Err(InvalidMetadata::Header { line: 2, .. })
        ));
        assert!(matches!(CoreMetadata::parse(b" lead\n"), Err(InvalidMetadata::Header { line: 1, .. })));
    }
}
