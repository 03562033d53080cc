//! What a rule may look at: one file as read, the files checked with it, and the facts of its project.

use pyrel_model::{ArtifactKind, CoreMetadata};

use super::driver::ProjectFacts;
use crate::fault::{Fault, FaultKind};
use crate::reading::Reading;

/// The subject of a rule.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    pub(crate) reading: &'a Reading,
    /// Names of all files of the same check.
    pub(crate) siblings: &'a [String],
    pub(crate) project: Option<&'a ProjectFacts>,
}

impl<'a> Subject<'a> {
    pub(crate) fn is_wheel(&self) -> bool {
        self.reading.kind == Some(ArtifactKind::Wheel)
    }

    pub(crate) fn is_sdist(&self) -> bool {
        self.reading.kind == Some(ArtifactKind::Sdist)
    }

    pub(crate) fn filename(&self) -> &'a str {
        &self.reading.filename
    }

    pub(crate) fn metadata(&self) -> Option<&'a CoreMetadata> {
        self.reading.core_metadata()
    }

    /// Returns the value of a metadata field as the server sees it: the last one sent, absent when it is empty
    /// or `UNKNOWN`.
    pub(crate) fn field(&self, header: &str) -> Option<&'a str> {
        let metadata = self.metadata()?;
        let value = if header == "Description" { metadata.description() } else { metadata.get(header) };
        value.filter(|value| !value.is_empty() && value.trim() != "UNKNOWN")
    }

    /// Returns the values of a repeatable metadata field as the server sees them.
    pub(crate) fn fields(&self, header: &str) -> Vec<&'a str> {
        let Some(metadata) = self.metadata() else { return Vec::new() };
        let values: Vec<&str> = metadata
            .headers()
            .filter(|(name, _)| name.eq_ignore_ascii_case(header))
            .map(|(_, value)| value)
            .filter(|value| !value.is_empty())
            .collect();
        match values.last() {
            Some(last) if last.trim() == "UNKNOWN" => Vec::new(),
            _ => values,
        }
    }

    /// Returns the licence files that a client sends: below metadata 2.4 the field is an old habit and stays out.
    pub(crate) fn license_files(&self) -> Vec<&'a str> {
        match self.field("Metadata-Version") {
            Some("1.0" | "1.1" | "1.2" | "2.1" | "2.2" | "2.3") => Vec::new(),
            _ => self.fields("License-File"),
        }
    }

    pub(crate) fn faults(&self, kind: FaultKind) -> impl Iterator<Item = &'a Fault> {
        self.reading.archive.faults.iter().filter(move |fault| fault.kind == kind)
    }

    /// Tells whether the whole list of members is known, so that the absence of one means something.
    pub(crate) fn is_complete(&self) -> bool {
        self.reading.archive.complete
    }
}
