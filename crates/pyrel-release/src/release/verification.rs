//! Installing what was uploaded, and remembering what was proven.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use fs_err as fs;
use pyrel_model::{PackageName, Version};
use tempfile::TempDir;

use super::pipeline::Run;
use super::{ReleaseError, ReleaseTarget};
use crate::credentials::bare;
use crate::journal::{Phase, Record, Step};
use crate::run_dir::RunDirError;
use crate::verify::{VerifyReport, VerifyRequest, VerifyTarget, verify};

impl Run<'_> {
    /// Installs every package from the index and tries it, unless that was done before the run was resumed.
    pub(super) async fn verify(&mut self, phase: Phase, target: &ReleaseTarget) -> Result<(), ReleaseError> {
        let Some(settings) = self.request.verify.clone() else { return Ok(()) };
        let step = match phase {
            Phase::Stage => Step::VerifyStaged,
            Phase::Publish => Step::VerifyPublished,
        };
        if self.skips(step) {
            return Ok(());
        }
        self.start(step);
        let mut index = target.readable();
        if let Some(url) = &target.install_url {
            index.spec.simple_url = url.clone();
        }
        let room = self.environments()?;
        let request = VerifyRequest {
            index_url: bare(&index.spec.simple_url).to_string(),
            targets: self.verify_targets(phase),
            settings,
            work_dir: room.path().to_path_buf(),
        };
        let tried = verify(&index, &self.request.client, request, Arc::clone(&self.reporter)).await;
        drop(room);
        let report = match tried {
            Ok(report) => report,
            Err(source) => {
                let index = index.spec.name;
                return self.end(step, Err(ReleaseError::Index { index, source }));
            }
        };
        let result = self.remember(phase, &report);
        match phase {
            Phase::Stage => self.report.verified_staged = Some(report),
            Phase::Publish => self.report.verified_published = Some(report),
        }
        self.end(step, result)
    }

    /// Makes the room for environments, a new one for each attempt: when this program is killed, installers that
    /// it had started live on for a while, and write into the environments of the attempt that is over.
    fn environments(&self) -> Result<TempDir, ReleaseError> {
        let base = self.dir.path().join("environments");
        fs::create_dir_all(&base).map_err(RunDirError::from)?;
        Ok(tempfile::tempdir_in(&base).map_err(RunDirError::from)?)
    }

    fn remember(&mut self, phase: Phase, report: &VerifyReport) -> Result<(), ReleaseError> {
        let names: BTreeSet<PackageName> =
            report.packages.iter().map(|package| package.package.clone()).collect();
        let mut failed = Vec::new();
        for package in names {
            let ok = report.package_ok(&package);
            self.journal.record(Record::Verified { phase, package: package.clone(), ok })?;
            if !ok {
                failed.push(package);
            }
        }
        if failed.is_empty() { Ok(()) } else { Err(ReleaseError::Verification { phase, packages: failed }) }
    }

    /// Returns the packages that are still to be verified.
    fn verify_targets(&self, phase: Phase) -> Vec<VerifyTarget> {
        let versions: BTreeMap<PackageName, Version> =
            self.state().kept.values().map(|file| (file.package.clone(), file.version.clone())).collect();
        let done = self.state().phases.get(&phase);
        let is_done = |name: &PackageName| done.is_some_and(|state| state.verified.get(name) == Some(&true));
        versions
            .iter()
            .filter(|(name, _)| !is_done(name))
            .map(|(name, version)| VerifyTarget {
                package: name.clone(),
                version: version.clone(),
                needs: needs(name, &self.order, &versions),
            })
            .collect()
    }
}

/// Returns the packages of the release that one needs, directly or through others.
fn needs(
    name: &PackageName,
    order: &BTreeMap<PackageName, Vec<PackageName>>,
    versions: &BTreeMap<PackageName, Version>,
) -> Vec<(PackageName, Version)> {
    let mut open = vec![name];
    let mut seen = BTreeSet::from([name]);
    while let Some(next) = open.pop() {
        for other in order.get(next).into_iter().flatten() {
            if seen.insert(other) {
                open.push(other);
            }
        }
    }
    let others = seen.into_iter().filter(|other| *other != name);
    others.filter_map(|other| Some((other.clone(), versions.get(other)?.clone()))).collect()
}
