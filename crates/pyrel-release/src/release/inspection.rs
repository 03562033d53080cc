//! The files of a run looked at where they are: found, or built into a place that goes away, with their attestations,
//! and checked. Nothing is kept with any run.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use fs_err as fs;
use pyrel_dist::{CheckOptions, CheckReport, ProjectFacts, check_files};
use pyrel_project::Package;

use super::gather::build_files;
use super::{BuildOptions, ReleaseError};
use crate::attest::beside;
use crate::blocking::blocking;
use crate::collect::{Collected, collect};
use crate::events::Reporter;
use crate::journal::{KeptAttestation, KeptFile};
use crate::run_dir::RunDirError;

/// The files of a run that does not happen.
#[derive(Debug)]
pub(super) struct Inspection {
    /// The files that could be read, with where they are.
    pub(super) files: Vec<(KeptFile, PathBuf)>,
    /// The attestations beside them, by their own names.
    pub(super) attestations: BTreeMap<String, KeptAttestation>,
    /// What the check found.
    pub(super) report: CheckReport,
    /// The settings of the check, with what is expected of each file.
    pub(super) options: CheckOptions,
    /// Where the files are, when they were built for this alone.
    _place: Option<tempfile::TempDir>,
}

/// What is looked at.
pub(super) struct Inspected<'a> {
    /// The packages, none of them private.
    pub(super) packages: &'a [&'a Package],
    /// The directories of all packages of the workspace.
    pub(super) directories: &'a [&'a Path],
    /// How to check.
    pub(super) check: &'a CheckOptions,
    /// Whether attestations count.
    pub(super) attests: bool,
}

/// A file with the project that it is of.
type Owned = (PathBuf, ProjectFacts);

impl Inspected<'_> {
    /// Takes the files in `dist`.
    pub(super) async fn found(&self) -> Result<Inspection, ReleaseError> {
        let found = collect(self.packages, self.directories).map_err(ReleaseError::Collect)?;
        let facts =
            |file: Collected| (file.path, ProjectFacts { name: file.package, version: Some(file.version) });
        self.checked(found.into_iter().map(facts).collect(), None).await
    }

    /// Builds the files in a place of their own.
    pub(super) async fn built(
        &self,
        options: &BuildOptions,
        reporter: Arc<dyn Reporter>,
    ) -> Result<Inspection, ReleaseError> {
        let place = tempfile::tempdir().map_err(RunDirError::from)?;
        let root = place.path().to_path_buf();
        let out = move |package: &Package| root.join(package.name.normalized());
        let mut files = Vec::new();
        for artifact in build_files(self.packages, options, out, reporter).await? {
            let owner = self.packages.iter().find(|package| package.name == artifact.package);
            if let (true, Some(owner), Some(name)) = (self.attests, owner, artifact.path.file_name()) {
                for found in beside_if_any(&owner.dist_dir().join(name))? {
                    fs::copy(&found.path, artifact.path.with_file_name(&found.filename))
                        .map_err(RunDirError::from)?;
                }
            }
            let facts = ProjectFacts { name: artifact.package, version: Some(artifact.version) };
            files.push((artifact.path, facts));
        }
        self.checked(files, Some(place)).await
    }

    async fn checked(
        &self,
        files: Vec<Owned>,
        place: Option<tempfile::TempDir>,
    ) -> Result<Inspection, ReleaseError> {
        let mut attestations = BTreeMap::new();
        let mut paths: Vec<PathBuf> = files.iter().map(|(path, _)| path.clone()).collect();
        if self.attests {
            for (path, _) in &files {
                let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                for found in beside_if_any(path)? {
                    let (attestation, sha256) = (found.filename, found.sha256);
                    paths.push(found.path);
                    let kept = KeptAttestation { file: file.clone(), attestation, sha256, signed: false };
                    attestations.insert(kept.attestation.clone(), kept);
                }
            }
        }
        let mut options = self.check.clone();
        options.projects.extend(files);
        let (report, files, options) = blocking(move || {
            let report = check_files(&paths, &options);
            let files = measured(&report, &options);
            (report, files, options)
        })
        .await;
        Ok(Inspection { files, attestations, report, options, _place: place })
    }
}

fn beside_if_any(path: &Path) -> Result<Vec<crate::attest::FoundAttestation>, RunDirError> {
    if path.parent().is_some_and(Path::is_dir) { Ok(beside(path)?) } else { Ok(Vec::new()) }
}

fn measured(report: &CheckReport, options: &CheckOptions) -> Vec<(KeptFile, PathBuf)> {
    let measure = |file: &pyrel_dist::FileReport| {
        let (dist, facts) = (file.dist.as_ref()?, options.projects.get(&file.path)?);
        let kept = KeptFile {
            package: facts.name.clone(),
            version: facts.version.clone()?,
            filename: dist.file_name().to_owned(),
            kind: dist.kind(),
            size: dist.size(),
            sha256: dist.sha256(),
        };
        Some((kept, file.path.clone()))
    };
    report.files.iter().filter_map(measure).collect()
}
