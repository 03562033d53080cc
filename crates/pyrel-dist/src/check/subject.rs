//! What a rule may look at: one file as read, the files checked with it, and the facts of its project.

use std::collections::BTreeMap;

use pyrel_model::{ArtifactKind, CoreMetadata, DistFilename, PackageName};

use super::attestation::Attestation;
use super::driver::ProjectFacts;
use super::index_facts::{IndexFacts, IndexFile};
use super::package_facts::PackageFacts;
use super::peers::Peers;
use super::server_form::ServerForm;
use crate::fault::{Fault, FaultKind};
use crate::reading::Reading;

/// The subject of a rule.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    pub(crate) reading: &'a Reading,
    /// The form that would be sent, where the metadata are known.
    pub(crate) form: Option<&'a ServerForm>,
    /// Names of all files of the same check.
    pub(crate) siblings: &'a [String],
    pub(crate) project: Option<&'a ProjectFacts>,
    /// What the index has of the project, when it was asked.
    pub(crate) index: Option<&'a IndexFacts>,
    /// What the workspace knows of the package, when it is one of a workspace.
    pub(crate) package: Option<&'a PackageFacts>,
    /// What the workspace knows of all its packages.
    pub(crate) packages: &'a BTreeMap<PackageName, PackageFacts>,
    /// The files checked with it.
    pub(crate) peers: &'a Peers<'a>,
    /// The attestations that are given with the file.
    pub(crate) attestations: &'a [Attestation],
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

    /// Returns the name of the project, as the file name has it.
    pub(crate) fn name(&self) -> Option<&'a PackageName> {
        self.reading.parsed.as_ref().ok().map(DistFilename::name)
    }

    pub(crate) fn metadata(&self) -> Option<&'a CoreMetadata> {
        self.reading.core_metadata()
    }

    /// Returns the value of a metadata field as the server sees it in the form that would be sent.
    pub(crate) fn field(&self, header: &str) -> Option<&'a str> {
        self.form?.field(header)
    }

    /// Returns the values of a repeatable metadata field as the server sees them.
    pub(crate) fn fields(&self, header: &str) -> Vec<&'a str> {
        self.form.map(|form| form.values(header)).unwrap_or_default().iter().map(String::as_str).collect()
    }

    /// Returns the files that the index has of the same release; versions that differ in zeros at the end are one.
    pub(crate) fn files_of_release(&self) -> Vec<&'a IndexFile> {
        let (Some(facts), Some(Ok(own))) = (self.index, self.metadata().map(|metadata| metadata.version()))
        else {
            return Vec::new();
        };
        let is_own = |file: &&IndexFile| {
            file.filename.parse::<DistFilename>().is_ok_and(|other| *other.version() == own)
        };
        facts.files.iter().filter(is_own).collect()
    }

    pub(crate) fn faults(&self, kind: FaultKind) -> impl Iterator<Item = &'a Fault> {
        self.reading.archive.faults.iter().filter(move |fault| fault.kind == kind)
    }

    /// Tells whether the whole list of members is known, so that the absence of one means something.
    pub(crate) fn is_complete(&self) -> bool {
        self.reading.archive.complete
    }
}
