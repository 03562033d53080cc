//! Every rule on every file, before anything is sent: one error anywhere and nothing is.

use std::collections::BTreeMap;
use std::path::PathBuf;

use pyrel_dist::{CheckOptions, CheckReport, FileReport, ProjectFacts, Readings};
use pyrel_index::{IndexClient, UploadFile};
use pyrel_model::Level;

use super::ReleaseError;
use super::pipeline::Run;
use crate::blocking::blocking;
use crate::events::Event;
use crate::execute::with_causes;
use crate::journal::{KeptFile, Step};
use crate::online::online;
use crate::remote::IndexView;
use crate::run_dir::RunDirError;

impl Run<'_> {
    /// Returns the settings of the check, for files that are to be uploaded.
    pub(super) fn check_options(&self) -> CheckOptions {
        CheckOptions { for_upload: true, ..self.request.check.clone() }
    }

    /// Checks the kept files. A resumed run checks again, because what is sent is what was just checked.
    pub(super) async fn check(&mut self) -> Result<(), ReleaseError> {
        self.start(Step::Check);
        let files = self.files();
        let mut options = self.check_options();
        options.projects = files
            .iter()
            .map(|(file, path)| {
                let facts = ProjectFacts { name: file.package.clone(), version: Some(file.version.clone()) };
                (path.clone(), facts)
            })
            .collect();
        let strict = options.strict;
        // Attestations have no report of their own: each is judged with the file that it stands beside.
        let attestations = self.state().attestations.values().map(|kept| &kept.attestation);
        let attestations: Vec<PathBuf> = attestations.map(|name| self.dir.kept_path(name)).collect();
        let paths: Vec<PathBuf> = files.iter().map(|(_, path)| path.clone()).collect();
        let is_of = |readings: &Readings| readings.digests().map(|(path, _)| path).eq(&paths);
        let readings = self.readings.take().filter(is_of);
        let report = blocking(move || {
            let readings = readings.unwrap_or_else(|| Readings::of(&paths, &options));
            readings.with_attestations(&attestations).judge(&options)
        })
        .await;
        report.files.iter().for_each(|file| self.emit(&checked(file)));
        let (report, result) = blocking(move || {
            let result = judge(&files, &report, strict);
            (report, result)
        })
        .await;
        self.report.check = Some(report);
        let result = self.end(Step::Check, result)?;
        self.uploads = result;
        Ok(())
    }
}

impl Run<'_> {
    /// Judges the checked files by what an index has, before anything is sent to it.
    pub(super) async fn check_against(
        &mut self,
        client: &IndexClient,
        view: &IndexView,
    ) -> Result<(), ReleaseError> {
        let Some(report) = &self.report.check else { return Ok(()) };
        let online = online(client, view, report, (self.request.run.clock)()).await;
        if let Some(error) = online.unknown_names {
            let text = format!("whether names look like others on `{}` is not known", client.spec().name);
            self.emit(&Event::Note { message: format!("{text}: {}", with_causes(&error)) });
        }
        let Some(report) = &mut self.report.check else { return Ok(()) };
        report.judge_index(&online.facts, &self.request.check);
        let strict = self.request.check.strict;
        let failed: Vec<Event> = report.files.iter().filter(|file| !file.ok(strict)).map(checked).collect();
        failed.iter().for_each(|event| self.reporter.event(event));
        let errors = failed.len();
        if errors > 0 { Err(ReleaseError::Findings { errors, files: report.files.len() }) } else { Ok(()) }
    }
}

fn checked(file: &FileReport) -> Event {
    let count = |level| file.findings.iter().filter(|finding| finding.level == level).count();
    let (errors, warnings) = (count(Level::Error), count(Level::Warning));
    Event::Checked { filename: file.filename.clone(), errors, warnings }
}

/// Makes the uploads of files that passed, of the very bytes that did.
fn judge(
    files: &[(KeptFile, PathBuf)],
    report: &CheckReport,
    strict: bool,
) -> Result<BTreeMap<String, UploadFile>, ReleaseError> {
    let errors = report.files.iter().filter(|file| !file.ok(strict)).count();
    if errors > 0 {
        return Err(ReleaseError::Findings { errors, files: report.files.len() });
    }
    let mut uploads = BTreeMap::new();
    for ((kept, path), checked) in files.iter().zip(&report.files) {
        let Some(dist) = &checked.dist else {
            return Err(ReleaseError::Findings { errors: 1, files: report.files.len() });
        };
        if dist.sha256() != kept.sha256 {
            let (path, expected, found) = (path.clone(), kept.sha256, dist.sha256());
            return Err(RunDirError::Changed { path, expected, found }.into());
        }
        uploads.insert(kept.filename.clone(), UploadFile::from_dist(dist)?);
    }
    Ok(uploads)
}
