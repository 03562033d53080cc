//! Runs the rules over files. Alone decides level, suppression, and order; rules only report.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use pyrel_model::{Level, PackageName, Version};
use rayon::prelude::*;

use super::attestation::Attestation;
use super::finding::{Finding, Findings, Problem};
use super::index_facts::IndexFacts;
use super::report::{CheckReport, FileReport};
use super::rule::Rule;
use super::rules::{RULES, attestation_orphan, metadata_braces, unreadable_file};
use super::server_form::ServerForm;
use super::subject::Subject;
use crate::dist::Dist;
use crate::limits::Limits;
use crate::reading::Reading;

/// What the project of a file says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectFacts {
    /// Its name.
    pub name: PackageName,
    /// Its current version, when known.
    pub version: Option<Version>,
}

/// Settings of a check.
#[derive(Debug, Clone, Default)]
pub struct CheckOptions {
    /// Whether a warning fails a file.
    pub strict: bool,
    /// The user's level of a rule by its name; `None` turns it off.
    pub levels: BTreeMap<String, Option<Level>>,
    /// How much of an archive is read.
    pub limits: Limits,
    /// What is expected of a file, by its path as given to [`check_files`].
    pub projects: BTreeMap<PathBuf, ProjectFacts>,
    /// What the index to upload to has of each project, when it was asked.
    pub index: BTreeMap<PackageName, IndexFacts>,
}

/// Checks files, in parallel. Reports come in the order of `paths`; a file that cannot be read has a finding.
///
/// Attestations (`{file}.publish.attestation`) are judged with the file that they stand beside, and have a report of
/// their own only when that file is not among `paths`.
#[must_use]
pub fn check_files(paths: &[PathBuf], options: &CheckOptions) -> CheckReport {
    let mut batch = Batch { options, siblings: Vec::new(), attestations: BTreeMap::new() };
    let mut subjects: Vec<&PathBuf> = Vec::new();
    for path in paths {
        match attested(path).filter(|dist| paths.contains(dist)) {
            Some(dist) => batch.attestations.entry(dist).or_default().push(Attestation::read(path)),
            None => subjects.push(path),
        }
    }
    batch.siblings = subjects.iter().map(|path| filename(path)).collect();
    CheckReport { files: subjects.par_iter().map(|path| batch.check(path)).collect() }
}

/// Returns the distribution that an attestation file stands beside.
fn attested(path: &Path) -> Option<PathBuf> {
    let name = filename(path);
    Attestation::subject_of(&name).map(|dist| path.with_file_name(dist))
}

fn filename(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// What the files of one check share.
struct Batch<'a> {
    options: &'a CheckOptions,
    siblings: Vec<String>,
    attestations: BTreeMap<PathBuf, Vec<Attestation>>,
}

impl Batch<'_> {
    fn check(&self, path: &Path) -> FileReport {
        if let Some(dist) = attested(path) {
            let problem = attestation_orphan::problem(path, &filename(&dist));
            return self.only(path, &attestation_orphan::RULE, problem);
        }
        let reading = match Reading::of(path, &self.options.limits) {
            Ok(reading) => reading,
            Err(error) => {
                let problem = unreadable_file::problem(path, &error);
                return self.only(path, &unreadable_file::RULE, problem);
            }
        };
        let findings = self.run_rules(&reading);
        FileReport {
            path: path.to_path_buf(),
            filename: reading.filename.clone(),
            sha256: Some(reading.digests.sha256),
            findings,
            dist: Dist::from_reading(reading).ok(),
        }
    }

    /// Reports a file of which nothing but one problem is known.
    fn only(&self, path: &Path, rule: &Rule, problem: Problem) -> FileReport {
        FileReport {
            path: path.to_path_buf(),
            filename: filename(path),
            sha256: None,
            findings: levelled(rule, vec![problem], self.options),
            dist: None,
        }
    }

    fn run_rules(&self, reading: &Reading) -> Vec<Finding> {
        let form = ServerForm::of(reading);
        let name = reading.core_metadata().and_then(|metadata| metadata.name().ok());
        let subject = Subject {
            reading,
            form: form.as_ref(),
            siblings: &self.siblings,
            project: self.options.projects.get(&reading.path),
            index: name.and_then(|name| self.options.index.get(&name)),
            attestations: self.attestations.get(&reading.path).map(Vec::as_slice).unwrap_or_default(),
        };
        let mut all = Vec::new();
        for rule in RULES {
            let mut findings = Findings::default();
            (rule.check)(&subject, &mut findings);
            let (crashes, problems) = findings.into_problems().into_iter().partition(|problem| problem.crash);
            all.extend(levelled(rule, problems, self.options));
            all.extend(levelled(&metadata_braces::RULE, crashes, self.options));
        }
        all.sort_by(|a, b| b.level.cmp(&a.level).then_with(|| a.rule.cmp(b.rule)));
        all
    }
}

fn levelled(rule: &Rule, problems: Vec<Problem>, options: &CheckOptions) -> Vec<Finding> {
    let wanted = options.levels.get(rule.name).copied();
    if wanted == Some(None) {
        return Vec::new();
    }
    let finding = |problem: Problem| Finding {
        rule: rule.name,
        level: wanted.flatten().or(problem.level).unwrap_or(rule.level),
        message: problem.message,
        hint: problem.hint,
        source: rule.source,
        location: problem.location,
    };
    problems.into_iter().map(finding).collect()
}
