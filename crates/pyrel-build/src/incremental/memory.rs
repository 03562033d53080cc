//! Where records of builds are kept: one file a package under `.pyrel/build` at the workspace root.

use std::io;
use std::path::{Path, PathBuf};

use fs_err as fs;
use pyrel_model::Artifact;
use pyrel_project::own_folder;

use super::Trace;
use super::record::Record;
use super::stamp::{Moment, Stamp};
use crate::request::BuildRequest;

/// Remembers native builds, so that an unchanged package need not be built again.
///
/// A record that cannot be read or written never fails a build: the package is built as if there were none.
#[derive(Debug)]
pub struct BuildMemory {
    folder: PathBuf,
    tool: String,
    recalls: bool,
}

impl BuildMemory {
    /// Opens the memory of a workspace, making its folder. `tool` names the very program that builds: another
    /// one may make other bytes.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn open(root: &Path, tool: impl Into<String>) -> io::Result<Self> {
        let folder = own_folder(root)?.join("build");
        fs::create_dir_all(&folder)?;
        Ok(Self { folder, tool: tool.into(), recalls: true })
    }

    /// Makes every package be built, whatever is known about it; what is built is remembered.
    #[must_use]
    pub fn rebuilding(mut self) -> Self {
        self.recalls = false;
        self
    }

    /// Returns the moment by the clock of the file system; `None` when it cannot be told.
    ///
    /// Setting any time of a file makes the file system note when that was. One file serves all, because some file
    /// systems take long to find a place for a new one where many were just removed.
    pub(crate) fn now(&self) -> Option<Moment> {
        let path = self.folder.join("clock");
        let file = fs::OpenOptions::new().create(true).truncate(false).write(true).open(&path).ok()?;
        file.file().set_modified(std::time::SystemTime::UNIX_EPOCH).ok()?;
        Stamp::of(&path)?.changed()
    }

    /// Returns the files that an earlier build left, if a build now would make the same.
    pub(crate) fn recall(&self, request: &BuildRequest<'_>) -> Option<Vec<Artifact>> {
        if !self.recalls || request.force_pep517 {
            return None;
        }
        let text = fs::read(self.path(request)).ok()?;
        let mut record: Record = serde_json::from_slice(&text).ok()?;
        let artifacts = record.still_holds(request, &self.tool)?;
        if record.is_unsettled() {
            let now = self.now();
            if !record.outputs_have_their_bytes() {
                return None;
            }
            record.settle(now);
            self.store(request, &record);
        }
        Some(artifacts)
    }

    /// Writes down a native build that began at `start` and looked at the paths of the trace.
    pub(crate) fn keep(
        &self,
        request: &BuildRequest<'_>,
        (start, trace): (Option<Moment>, Option<Trace>),
        artifacts: &[Artifact],
    ) {
        let record = start
            .zip(trace)
            .and_then(|(start, trace)| trace.into_sights(start))
            .and_then(|inputs| Record::of(request, &self.tool, inputs, artifacts));
        match record {
            Some(record) => self.store(request, &record),
            None => {
                // A record of an older build must not outlive the files that it speaks of.
                let path = self.path(request);
                if let Err(error) = fs::remove_file(&path)
                    && error.kind() != io::ErrorKind::NotFound
                {
                    tracing::warn!(%error, "an old record of a build stays");
                }
            }
        }
    }

    fn store(&self, request: &BuildRequest<'_>, record: &Record) {
        if let Err(error) = self.write(&self.path(request), record) {
            tracing::warn!(%error, "the build is not remembered");
        }
    }

    /// Writes in place: what is torn by a kill is no JSON, and as good as no record.
    fn write(&self, path: &Path, record: &Record) -> io::Result<()> {
        fs::write(path, serde_json::to_vec(record)?)
    }

    fn path(&self, request: &BuildRequest<'_>) -> PathBuf {
        self.folder.join(format!("{}.json", request.package.name.normalized()))
    }
}
