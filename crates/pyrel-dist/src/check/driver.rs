//! Runs the rules over files. Alone decides level, suppression, and order; rules only report.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use pyrel_model::{Level, PackageName, Version};
use rayon::prelude::*;

use super::finding::{Finding, Findings, Problem};
use super::report::{CheckReport, FileReport};
use super::rule::Rule;
use super::rules::{RULES, unreadable_file};
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
}

/// Checks files, in parallel. Reports come in the order of `paths`; a file that cannot be read has a finding.
#[must_use]
pub fn check_files(paths: &[PathBuf], options: &CheckOptions) -> CheckReport {
    let names: Vec<String> = paths.iter().map(|path| filename(path)).collect();
    let files = paths.par_iter().map(|path| check_file(path, &names, options)).collect();
    CheckReport { files }
}

fn filename(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

fn check_file(path: &Path, siblings: &[String], options: &CheckOptions) -> FileReport {
    let reading = match Reading::of(path, &options.limits) {
        Ok(reading) => reading,
        Err(error) => {
            let problem = unreadable_file::problem(path, &error);
            let findings = levelled(&unreadable_file::RULE, vec![problem], options);
            return FileReport {
                path: path.to_path_buf(),
                filename: filename(path),
                sha256: None,
                findings,
                dist: None,
            };
        }
    };
    let findings = run_rules(&reading, siblings, options);
    FileReport {
        path: path.to_path_buf(),
        filename: reading.filename.clone(),
        sha256: Some(reading.digests.sha256),
        findings,
        dist: Dist::from_reading(reading).ok(),
    }
}

fn run_rules(reading: &Reading, siblings: &[String], options: &CheckOptions) -> Vec<Finding> {
    let project = options.projects.get(&reading.path);
    let subject = Subject { reading, siblings, project };
    let mut all = Vec::new();
    for rule in RULES {
        let mut findings = Findings::default();
        (rule.check)(&subject, &mut findings);
        all.extend(levelled(rule, findings.into_problems(), options));
    }
    all.sort_by(|a, b| b.level.cmp(&a.level).then_with(|| a.rule.cmp(b.rule)));
    all
}

fn levelled(rule: &Rule, problems: Vec<Problem>, options: &CheckOptions) -> Vec<Finding> {
    let Some(level) = options.levels.get(rule.name).copied().unwrap_or(Some(rule.level)) else {
        return Vec::new();
    };
    let finding = |problem: Problem| Finding {
        rule: rule.name,
        level,
        message: problem.message,
        hint: problem.hint,
        source: rule.source,
        location: problem.location,
    };
    problems.into_iter().map(finding).collect()
}
