//! Runs the rules over files. Alone decides level, suppression, and order; rules only report.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use pyrel_model::{DistFilename, Level, PackageName, Sha256, Version};
use rayon::prelude::*;

use super::attestation::Attestation;
use super::finding::{Finding, Findings, Problem};
use super::package_facts::PackageFacts;
use super::peers::Peers;
use super::place;
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
    /// Whether the files are about to be uploaded: the digests that only an upload needs are made while they are read.
    pub for_upload: bool,
    /// What is expected of a file, by its path as given to [`check_files`].
    pub projects: BTreeMap<PathBuf, ProjectFacts>,
    /// What the workspace knows of its packages.
    pub packages: BTreeMap<PackageName, PackageFacts>,
}

/// Checks files, in parallel. Reports come in the order of `paths`; a file that cannot be read has a finding.
///
/// Attestations (`{file}.publish.attestation`) are judged with the file that they stand beside, and have a report of
/// their own only when that file is not among `paths`.
#[must_use]
pub fn check_files(paths: &[PathBuf], options: &CheckOptions) -> CheckReport {
    let is_beside = |path: &&PathBuf| attested(path).is_some_and(|dist| paths.contains(&dist));
    let (attestations, files): (Vec<_>, Vec<_>) = paths.iter().partition(is_beside);
    let files: Vec<PathBuf> = files.into_iter().cloned().collect();
    Readings::of(&files, options).with_attestations(attestations).judge(options)
}

/// Files that were read for a check, and are not judged yet.
#[derive(Debug)]
pub struct Readings {
    files: Vec<(PathBuf, Input)>,
    attestations: BTreeMap<PathBuf, Vec<Attestation>>,
}

impl Readings {
    /// Reads files, in parallel: the first half of [`check_files`]. Of the settings those matter that say how much is
    /// read, and whether what an upload needs is made on the way.
    #[must_use]
    pub fn of(paths: &[PathBuf], options: &CheckOptions) -> Self {
        let files = paths.par_iter().map(|path| (path.clone(), Input::read(path, options))).collect();
        Self { files, attestations: BTreeMap::new() }
    }

    /// Reads attestations, which stand beside files that were read.
    #[must_use]
    pub fn with_attestations<'p>(mut self, paths: impl IntoIterator<Item = &'p PathBuf>) -> Self {
        for path in paths {
            if let Some(dist) = attested(path) {
                self.attestations.entry(dist).or_default().push(Attestation::read(path));
            }
        }
        self
    }

    /// Returns the size in bytes and the SHA-256 of each file, in the order in which the files were given; none of a
    /// file that could not be read.
    pub fn digests(&self) -> impl Iterator<Item = (&Path, Option<(u64, Sha256)>)> {
        self.files.iter().map(|(path, input)| {
            let digests = input.reading().map(|reading| reading.digests);
            (path.as_path(), digests.map(|digests| (digests.size, digests.sha256)))
        })
    }

    /// Judges the files: the second half of [`check_files`].
    #[must_use]
    pub fn judge(self, options: &CheckOptions) -> CheckReport {
        let Self { files, attestations } = self;
        let siblings = files.iter().map(|(path, _)| filename(path)).collect();
        let peers = Peers::of(files.iter().filter_map(|(_, input)| input.reading()), &options.packages);
        let batch = Batch { options, siblings, attestations, peers };
        let findings: Vec<Vec<Finding>> =
            files.par_iter().map(|(path, input)| batch.judge(path, input)).collect();
        drop(batch);
        let reports = files.into_iter().zip(findings);
        CheckReport {
            files: reports.map(|((path, input), findings)| input.report(&path, findings)).collect(),
        }
    }
}

/// One file to judge.
#[derive(Debug)]
enum Input {
    Read(Box<Reading>),
    Unreadable(io::Error),
    /// An attestation without the file that it stands beside, which has this name.
    Orphan(String),
}

impl Input {
    fn read(path: &Path, options: &CheckOptions) -> Self {
        match attested(path) {
            Some(dist) => Self::Orphan(filename(&dist)),
            None => {
                let read = if options.for_upload { Reading::for_upload } else { Reading::of };
                read(path, &options.limits)
                    .map_or_else(Self::Unreadable, |reading| Self::Read(Box::new(reading)))
            }
        }
    }

    fn reading(&self) -> Option<&Reading> {
        match self {
            Self::Read(reading) => Some(reading),
            Self::Unreadable(_) | Self::Orphan(_) => None,
        }
    }

    fn report(self, path: &Path, findings: Vec<Finding>) -> FileReport {
        let (sha256, dist) = match self {
            Self::Read(reading) => (Some(reading.digests.sha256), Dist::from_reading(*reading).ok()),
            Self::Unreadable(_) | Self::Orphan(_) => (None, None),
        };
        FileReport { path: path.to_path_buf(), filename: filename(path), sha256, findings, dist }
    }
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
    peers: Peers<'a>,
}

impl Batch<'_> {
    fn judge(&self, path: &Path, input: &Input) -> Vec<Finding> {
        let only = |rule, problem| levelled(rule, vec![problem], self.options, None);
        match input {
            Input::Read(reading) => self.run_rules(reading),
            Input::Unreadable(error) => only(&unreadable_file::RULE, unreadable_file::problem(path, error)),
            Input::Orphan(dist) => only(&attestation_orphan::RULE, attestation_orphan::problem(path, dist)),
        }
    }

    fn run_rules(&self, reading: &Reading) -> Vec<Finding> {
        let form = ServerForm::of(reading);
        let own = reading.parsed.as_ref().ok().map(DistFilename::name);
        let subject = Subject {
            reading,
            package: own.and_then(|name| self.options.packages.get(name)),
            packages: &self.options.packages,
            peers: &self.peers,
            form: form.as_ref(),
            siblings: &self.siblings,
            project: self.options.projects.get(&reading.path),
            index: None,
            attestations: self.attestations.get(&reading.path).map(Vec::as_slice).unwrap_or_default(),
        };
        let mut all: Vec<Finding> = RULES.iter().flat_map(|rule| run(rule, &subject, self.options)).collect();
        sort(&mut all);
        all
    }
}

/// Runs one rule.
pub(super) fn run(rule: &'static Rule, subject: &Subject<'_>, options: &CheckOptions) -> Vec<Finding> {
    let mut findings = Findings::default();
    (rule.check)(subject, &mut findings);
    let (crashes, problems) = findings.into_problems().into_iter().partition(|problem| problem.crash);
    let mut all = levelled(rule, problems, options, Some(subject));
    all.extend(levelled(&metadata_braces::RULE, crashes, options, Some(subject)));
    all
}

/// Puts findings into the order of reports: errors first, then by rule.
pub(super) fn sort(findings: &mut [Finding]) {
    findings.sort_by(|a, b| b.level.cmp(&a.level).then_with(|| a.rule.cmp(b.rule)));
}

fn levelled(
    rule: &Rule,
    problems: Vec<Problem>,
    options: &CheckOptions,
    subject: Option<&Subject<'_>>,
) -> Vec<Finding> {
    let of_package = subject.and_then(|subject| subject.package?.levels.get(rule.name));
    let wanted = of_package.or_else(|| options.levels.get(rule.name)).copied();
    if wanted == Some(None) {
        return Vec::new();
    }
    let finding = |problem: Problem| Finding {
        rule: rule.name,
        level: wanted.flatten().or(problem.level).unwrap_or(rule.level),
        place: subject.and_then(|subject| place::of(&problem, subject.reading)),
        message: problem.message,
        hint: problem.hint,
        source: rule.source,
        location: problem.location,
    };
    problems.into_iter().map(finding).collect()
}
